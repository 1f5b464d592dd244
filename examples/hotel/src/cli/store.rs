use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use hotel::{
    GuestStayId, Style,
    guest_stays::{GuestStay, Status},
    hotel,
};
use procession::{
    Instance, Reader, Runtime, Store,
    sqlite::{OpenError, SqliteStore},
};

use super::{CliError, Done, on_the_way};

/// Where the hotel keeps its books, and the style in which it works on them.
#[derive(Clone, Debug)]
pub(crate) struct StoreFile {
    path: PathBuf,
    style: Style,
}

impl Default for StoreFile {
    fn default() -> Self {
        Self::at("hotel.db")
    }
}

impl fmt::Display for StoreFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.path.display())
    }
}

impl FromStr for StoreFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, file) = text.split_once(':').unwrap_or(("", text));
        if ["postgres", "postgresql"].contains(&scheme) {
            return Err(
                "PostgreSQL is not in this build; write sqlite:FILE, for example sqlite:hotel.db".into()
            );
        }
        // SQLite gives meanings of its own to `:memory:` and `file:`, which are no files.
        let is_file = !file.is_empty() && !file.starts_with("//") && !file.starts_with([':']);
        if scheme != "sqlite" || !is_file || file.starts_with("file:") {
            return Err("write sqlite:FILE, for example sqlite:hotel.db".into());
        }
        Ok(Self::at(file))
    }
}

impl StoreFile {
    pub(crate) fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().into(), style: Style::default() }
    }

    pub(crate) fn in_style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// A file that belongs to the store.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Starts the hotel on the store, which is created if there is none.
    pub(crate) async fn open_or_create(&self) -> Result<Runtime, CliError> {
        let store = SqliteStore::open(&self.path)?;
        if let Err(error) = on_the_way::must_fit(&store, self.style).await {
            store.close().await?;
            return Err(error);
        }
        Ok(Runtime::start(&hotel(self.style)?, store).await?)
    }

    /// Starts the hotel on a store that must be there.
    pub(crate) async fn open(&self) -> Result<Runtime, CliError> {
        if !self.path.exists() {
            return Err(OpenError::Missing { path: self.path.clone() }.into());
        }
        self.open_or_create().await
    }

    /// Reads the store, also while another process writes it.
    pub(crate) fn read(&self) -> Result<Reader, CliError> {
        Ok(Reader::new(&hotel(self.style)?, Arc::new(SqliteStore::open_read_only(&self.path)?)))
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

#[cfg(test)]
mod tests {
    use super::StoreFile;

    #[test]
    fn only_a_file_is_a_store() {
        for text in ["sqlite:hotel.db", "sqlite:/var/lib/hotel.db", "sqlite:../a b.db"] {
            assert_eq!(text.parse::<StoreFile>().unwrap().to_string(), text);
        }
        for text in ["hotel.db", "sqlite:", "sqlite::memory:", "sqlite:file:x", "sqlite://x", "mysql:x", ""] {
            assert!(text.parse::<StoreFile>().is_err(), "{text:?}");
        }
        assert!("postgres://localhost/hotel".parse::<StoreFile>().unwrap_err().contains("not in this build"));
    }
}
