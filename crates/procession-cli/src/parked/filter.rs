use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use procession::{
    Store,
    log::ProcessId,
    store::{Parked, ParkedOf},
};

use crate::{age::duration, error::CliError};

/// Which parked messages are meant: those that fit all that is given.
#[derive(Args)]
pub(super) struct Filter {
    /// The positions of the messages.
    positions: Vec<u64>,
    /// The handler, as it is listed: a category, `saga NAME`, `effect NAME`.
    #[arg(long)]
    handler: Option<String>,
    /// The category of the stream.
    #[arg(long)]
    category: Option<String>,
    /// The stream, as it is listed: category/id.
    #[arg(long)]
    stream: Option<String>,
    /// The process.
    #[arg(long)]
    process: Option<ProcessId>,
    /// Text in the cause.
    #[arg(long, value_name = "TEXT")]
    cause_contains: Option<String>,
    /// Parked longer ago: 10m, 1h, 7d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<Duration>,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        let Self { positions, handler, category, stream, process, cause_contains, older_than } = self;
        positions.is_empty()
            && handler.is_none()
            && category.is_none()
            && stream.is_none()
            && process.is_none()
            && cause_contains.is_none()
            && older_than.is_none()
    }

    pub(super) async fn find(&self, store: &dyn Store) -> Result<Vec<Parked>, CliError> {
        let of = self.process.map_or(ParkedOf::Everything, ParkedOf::Process);
        let (mut rows, now) = (store.parked(of, usize::MAX).await?, Timestamp::now());
        rows.retain(|it| {
            let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|it| it == found);
            (self.positions.is_empty() || self.positions.contains(&it.position.0))
                && is(&self.handler, &it.handler)
                && is(&self.category, it.stream.category())
                && is(&self.stream, &it.stream.to_string())
                && self
                    .cause_contains
                    .as_ref()
                    .is_none_or(|text| it.cause.as_ref().is_some_and(|cause| cause.contains(text)))
                && self.older_than.is_none_or(|age| now.duration_since(it.at).unsigned_abs() >= age)
        });
        Ok(rows)
    }
}
