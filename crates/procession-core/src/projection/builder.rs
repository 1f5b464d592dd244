use std::sync::Arc;

use super::{ProjectionError, Rows, error::Why};
use crate::{Fact, Failure, MessageType, engine::decode, log::Entry};

/// Folds one event into rows; none is an event that was asked of rows that are not in memory yet.
pub(super) type ProjectFn = Arc<dyn Fn(&Entry, &mut Rows<'_>) -> Result<Option<()>, Failure> + Send + Sync>;

/// A read model, kept by folding events: of its own module, or public ones of others.
///
/// It is written as plain functions of an event and of the [`Rows`] that they change. They decide nothing, send nothing and
/// know no time but the event's, so they may be run again: after a crash, or to build the read model anew from the first event.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Module, Projection, doc::{CleanRoom, RoomCleaned}};
///
/// let cleanings = Projection::named("cleanings").on(|event: &RoomCleaned, rows| {
///     rows.update(event.room, |times: &mut u32| *times += 1)
/// });
/// let rooms = Module::named("rooms").handles::<CleanRoom>().projection(cleanings);
/// ```
#[derive(Clone)]
#[must_use = "a projection does nothing before it is part of a module"]
pub struct Projection {
    name: &'static str,
    version: u32,
    is_inline: bool,
    pub(super) handlers: Vec<ProjectionHandler>,
}

/// What one event does to the rows.
#[derive(Clone)]
pub(crate) struct ProjectionHandler {
    pub(crate) takes: MessageType,
    pub(super) project: ProjectFn,
}

impl Projection {
    /// A projection without events. Its name is that of the read model, and stands on the map.
    pub fn named(name: &'static str) -> Self {
        Self { name, version: 1, is_inline: false, handlers: Vec::new() }
    }

    /// Folds the events of one type.
    pub fn on<F: Fact>(
        mut self,
        project: impl Fn(&F, &mut Rows<'_>) -> Result<(), ProjectionError> + Send + Sync + 'static,
    ) -> Self {
        let project: ProjectFn = Arc::new(move |event, rows| {
            let event: F = decode(event.schema_version, &event.payload)?;
            match project(&event, rows) {
                Ok(()) => Ok(Some(())),
                Err(ProjectionError(Why::Unloaded)) => Ok(None),
                Err(ProjectionError(Why::Failed(failure))) => Err(failure),
            }
        });
        self.handlers.push(ProjectionHandler { takes: MessageType::of::<F>(), project });
        self
    }

    /// Which version of the functions this is, from 1. A read model of another version is built anew at the next start, beside the
    /// old one, which stays readable until then. Count it up when the functions or the shape of the rows have changed.
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Writes the rows in the very commit that records the events: who has been told of an event sees it in the read model. It
    /// makes every commit with such an event larger; without it the read model follows a moment later.
    pub fn inline(mut self) -> Self {
        self.is_inline = true;
        self
    }

    /// The name of the read model.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The version of its functions, as the code declares it.
    #[must_use]
    pub fn declared_version(&self) -> u32 {
        self.version
    }

    /// Whether the rows are written with the events.
    #[must_use]
    pub fn is_inline(&self) -> bool {
        self.is_inline
    }

    pub(crate) fn handlers(&self) -> &[ProjectionHandler] {
        &self.handlers
    }
}
