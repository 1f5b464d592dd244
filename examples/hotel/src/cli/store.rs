use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use hotel::{
    GuestStayId, Style, front_desk,
    guest_stays::{GuestStay, Status},
};
use procession::{Instance, Reader, Runtime, RuntimeBuilder, Store as _, StoreAddress, sqlite::OpenError};

use super::{CliError, Done, on_the_way};

/// Where the hotel keeps its books, and the style in which it works on them.
#[derive(Clone, Debug)]
pub(crate) struct StoreFile {
    address: StoreAddress,
    style: Style,
}

impl Default for StoreFile {
    fn default() -> Self {
        Self::at("hotel.db")
    }
}

impl fmt::Display for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

impl FromStr for StoreFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse().map_err(|error: procession::InvalidAddress| error.to_string())?;
        Ok(Self { address, style: Style::default() })
    }
}

impl StoreFile {
    pub(crate) fn at(path: impl AsRef<Path>) -> Self {
        Self { address: StoreAddress::Sqlite(path.as_ref().into()), style: Style::default() }
    }

    pub(crate) fn in_style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// A file that belongs to the store: beside it, or, if it is a database, in the folder of this process.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = match &self.address {
            StoreAddress::Sqlite(path) => path.clone().into_os_string(),
            _ => "hotel".into(),
        };
        path.push(suffix);
        path.into()
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Starts the hotel on the store, which is created if there is none.
    pub(crate) async fn open_or_create(&self) -> Result<Runtime, CliError> {
        self.open_or_create_as(Runtime::builder()).await
    }

    /// The same, as this runtime.
    pub(crate) async fn open_or_create_as(&self, runtime: RuntimeBuilder) -> Result<Runtime, CliError> {
        let store = self.address.open().await?;
        if let Err(error) = on_the_way::must_fit(&store, self.style).await {
            store.close().await?;
            return Err(error);
        }
        Ok(runtime.start(&front_desk(self.style)?, store).await?)
    }

    /// Starts the hotel on a store that must be there.
    pub(crate) async fn open(&self) -> Result<Runtime, CliError> {
        if let StoreAddress::Sqlite(path) = &self.address
            && !path.exists()
        {
            return Err(OpenError::Missing { path: path.clone() }.into());
        }
        self.open_or_create().await
    }

    /// Reads the store, also while another process writes it.
    pub(crate) async fn read(&self) -> Result<Reader, CliError> {
        Ok(Reader::new(&front_desk(self.style)?, self.address.open_read_only().await?))
    }

    /// The stays that must exist.
    pub(crate) async fn stays(
        &self,
        reader: &Reader,
        ids: &[GuestStayId],
    ) -> Result<Vec<Instance<GuestStay>>, CliError> {
        let stays = reader.instances_with_ids::<GuestStay>(ids).await?;
        let unknown = stays
            .iter()
            .filter(|it| it.state.status == Status::NotCheckedIn)
            .map(|it| format!("`{}`", it.id));
        let unknown: Vec<String> = unknown.collect();
        if unknown.is_empty() {
            return Ok(stays);
        }
        let what = if unknown.len() == 1 { "is no guest stay" } else { "are no guest stays" };
        Err(CliError::failed(format!("there {what} {} in {self}", unknown.join(", ")))
            .hint("`hotel stays` lists them; nothing was changed"))
    }
}

/// Does something with a running hotel, and closes it in any case.
pub(crate) async fn then_close(runtime: Runtime, work: impl AsyncFnOnce(&Runtime) -> Done) -> Done {
    let done = work(&runtime).await;
    let stopped = runtime.stop().await.map_err(|error| {
        CliError::failed(format!("the store could not be closed: {error}"))
            .hint("what was acknowledged is in the store; the next opening puts it in order")
    });
    done.and(stopped)
}
