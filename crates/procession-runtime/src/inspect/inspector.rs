use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use procession_core::{
    Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use serde::Deserialize;

use super::{
    Description, DescriptionError,
    facts::{Facts, OpenInstance, Pending, has_handler, waits_in},
    wakes::Awaited,
};
use crate::store::{
    EffectCall, Hold, Parked, ParkedOf, ParkedPages, ParkedReason, Progress, Store, StoreError, TimersOf,
};

/// Looks at processes, from outside: with the log, the tables around it, and what the application says of itself.
///
/// ```
/// use std::sync::Arc;
/// use procession_core::{Application, Module, doc::CleanRoom};
/// use procession_runtime::{MemoryStore, Runtime, inspect::{Inspector, ProcessState}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// let store = MemoryStore::new();
/// let runtime = Runtime::start(&hotel, store.clone()).await?;
/// let process = runtime.execute(CleanRoom { room: 7 }).await?.process;
///
/// let inspector = Inspector::of(Arc::new(store)).await?;
/// let standing = inspector.process(process).await?.ok_or("it is there")?;
/// assert_eq!(standing.state, ProcessState::Ended);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Inspector {
    pub(super) store: Arc<dyn Store>,
    pub(super) description: Arc<Description>,
    is_described: bool,
}

/// Why a store cannot be inspected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// What the application says of itself cannot be read.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// What a runtime has noted beside the log cannot be read.
    #[error("the note `{name}` cannot be read: {reason}; it is written anew when the application runs")]
    Note {
        /// The name of the note.
        name: String,
        /// Why not.
        reason: String,
    },
    /// Without it, instances that wait are not seen.
    #[error(
        "the application has not said what it is made of, so that it is not known what has ended; start it once"
    )]
    Undescribed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is small, and tells of all processes.
pub(super) struct Surroundings {
    progress: Progress,
    calls: Vec<EffectCall>,
    holds: Vec<(ProcessId, Hold)>,
}

/// How many entries are read at once.
pub(super) const ENTRIES_PER_READ: usize = 2048;
/// A process that goes on all the time is never seen twice alike.
const MOST_LOOKS: usize = 10;

impl Inspector {
    /// Looks at a store.
    ///
    /// # Errors
    /// When the store fails, or what the application says of itself cannot be read.
    pub async fn of(store: Arc<dyn Store>) -> Result<Self, InspectError> {
        let note = store.note(Description::NOTE.into()).await?;
        let description = note.as_deref().map(Description::read).transpose()?;
        let is_described = description.is_some();
        Ok(Self { store, description: Arc::new(description.unwrap_or_default()), is_described })
    }

    /// What the application says of itself. None if no runtime of a release that does so was ever started on the store; then
    /// instances that wait are not seen, and events are taken to concern nobody.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.is_described.then_some(&*self.description)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What is open of one process, read until it is the same twice in a row. None if it never is: then it goes on.
    pub(super) async fn steady_facts(&self, process: ProcessId) -> Result<Option<Facts>, StoreError> {
        let mut before = None;
        for _ in 0..MOST_LOOKS {
            let now =
                (self.store.process(process).await?, self.facts(process, &self.surroundings().await?).await?);
            if before.as_ref() == Some(&now) {
                return Ok(Some(now.1));
            }
            before = Some(now);
        }
        Ok(before.map(|(_, facts)| facts))
    }

    /// What is read once for all processes that are looked at.
    pub(super) async fn surroundings(&self) -> Result<Surroundings, StoreError> {
        let progress = self.store.progress().await?;
        Ok(Surroundings { progress, calls: self.store.calls().await?, holds: self.store.holds().await? })
    }

    /// What is open of one process.
    pub(super) async fn facts(
        &self,
        process: ProcessId,
        Surroundings { progress, calls, holds }: &Surroundings,
    ) -> Result<Facts, StoreError> {
        let mut facts = Facts::default();
        self.read_parked(process, &mut facts).await?;
        facts.calls = calls.iter().filter(|it| it.process == process).cloned().collect();
        let timers = self.store.timers(TimersOf::Process(process), usize::MAX).await?;
        facts.timer_count = timers.len() as u64;
        facts.timer = timers.into_iter().next();
        facts.hold = holds.iter().find(|(it, _)| *it == process).map(|(_, it)| *it);
        let mut begun: Vec<(Stream, Version)> = Vec::new();
        let mut after = Position::START;
        loop {
            let entries = self.store.read_process(process, after, ENTRIES_PER_READ).await?;
            for entry in &entries {
                self.note_beginning(entry, &mut begun);
                let partition = waits_in(entry, progress).filter(|_| has_handler(entry, &self.description));
                if let Some(partition) = partition {
                    facts.pending_count += 1;
                    facts.pending.get_or_insert(Pending { position: entry.position, partition });
                }
            }
            after = entries.last().map_or(after, |it| it.position);
            if entries.len() < ENTRIES_PER_READ {
                break;
            }
        }
        for (stream, version) in begun {
            facts.instances.extend(self.open_instance(stream, version).await?);
        }
        self.read_steps(&mut facts.instances).await?;
        Ok(facts)
    }

    async fn read_parked(&self, process: ProcessId, facts: &mut Facts) -> Result<(), StoreError> {
        let mut pages = ParkedPages::of_process(&*self.store, process);
        let mut blockers: BTreeMap<(String, Stream), Option<Parked>> = BTreeMap::new();
        while let Some(page) = pages.next().await? {
            for row in page {
                let mut blocker = None;
                if row.reason == ParkedReason::Behind {
                    let place = (row.handler.to_string(), row.stream.clone());
                    if !blockers.contains_key(&place) {
                        blockers.insert(place.clone(), self.blocker(&place).await?);
                    }
                    blocker = blockers.get(&place).and_then(Option::as_ref);
                }
                facts.is_parked(row, blocker);
            }
        }
        Ok(())
    }

    /// The first message of a stream that has failed. Nearly always it is the first one that is parked.
    async fn blocker(&self, (handler, stream): &(String, Stream)) -> Result<Option<Parked>, StoreError> {
        let of = ParkedOf::Stream { handler: handler.clone(), stream: stream.clone() };
        let mut limit = 1;
        loop {
            let rows = self.store.parked(of.clone(), limit).await?;
            let is_all = rows.len() < limit;
            let failed = rows.into_iter().find(|it| it.reason == ParkedReason::Failed);
            if is_all || failed.is_some() {
                return Ok(failed);
            }
            limit = limit.saturating_mul(64);
        }
    }

    /// Remembers the streams that this process has begun, and how far it knows them.
    fn note_beginning(&self, entry: &Recorded, begun: &mut Vec<(Stream, Version)>) {
        let Some(version) = entry.version else { return };
        let stream = &entry.entry.stream;
        if version == Version::NONE.next() && self.description.life(stream.category()).is_some() {
            begun.push((stream.clone(), version));
        } else if let Some(known) = begun.iter_mut().find(|(it, _)| it == stream) {
            known.1 = version;
        }
    }

    /// The instance, if it has not ended.
    async fn open_instance(
        &self,
        stream: Stream,
        known: Version,
    ) -> Result<Option<OpenInstance>, StoreError> {
        let mut after = Version(known.0.saturating_sub(1));
        let mut newest = None;
        loop {
            let events = self.store.read_stream(stream.clone(), after, ENTRIES_PER_READ).await?;
            let is_last = events.len() < ENTRIES_PER_READ;
            newest = events.into_iter().next_back().or(newest);
            after = newest.as_ref().and_then(|it| it.version).unwrap_or(after);
            if is_last {
                break;
            }
        }
        let Some(newest) = newest else { return Ok(None) };
        let life = self.description.life(stream.category());
        if life.is_none_or(|it| it.ends_with.iter().any(|end| *end == newest.entry.name)) {
            return Ok(None);
        }
        Ok(Some(OpenInstance::of(&newest, &self.awaited(stream.category()))))
    }

    /// What instances of a category wait for, as far as their category tells.
    pub(super) fn awaited(&self, category: &str) -> Awaited {
        self.description.awaited(category, self.description.taken_by(category))
    }

    /// Whether what an instance waits for is told by its own stream: that of a linear saga.
    pub(super) fn has_steps(&self, instance: &OpenInstance) -> bool {
        self.description.life(instance.stream.category()).is_some_and(|it| !it.steps.is_empty())
    }

    /// Finds out of which steps the linear sagas wait for an answer.
    pub(super) async fn read_steps(&self, instances: &mut [OpenInstance]) -> Result<(), StoreError> {
        for instance in instances {
            let category = instance.stream.category().to_owned();
            let Some(life) = self.description.life(&category).filter(|it| !it.steps.is_empty()) else {
                continue;
            };
            let (mut after, mut steps) = (Version::NONE, Steps::default());
            loop {
                let events = self.store.read_stream(instance.stream.clone(), after, ENTRIES_PER_READ).await?;
                events.iter().for_each(|it| steps.take(it));
                after = events.last().and_then(|it| it.version).unwrap_or(after);
                if events.len() < ENTRIES_PER_READ {
                    break;
                }
            }
            let forward = life.steps.iter().filter(|it| steps.running.contains(&it.name));
            let back = life.steps.iter().filter(|it| steps.undone.contains(&it.name));
            let awaits =
                forward.flat_map(|it| &it.answers).chain(back.filter_map(|it| it.undone_on.as_ref()));
            let awaited = self.description.awaited(&category, awaits.cloned().collect());
            instance.can_be_woken = !awaited.wakes.is_empty();
            instance.awaits = awaited.messages;
        }
        Ok(())
    }
}

/// The steps of a linear saga that wait for an answer.
#[derive(Default)]
struct Steps {
    running: BTreeSet<String>,
    undone: BTreeSet<String>,
}

impl Steps {
    fn take(&mut self, event: &Recorded) {
        #[derive(Deserialize)]
        struct OfStep {
            step: String,
        }
        let Ok(OfStep { step }) = serde_json::from_str(&event.entry.payload) else { return };
        match &*event.entry.name {
            "StepStarted" => _ = self.running.insert(step),
            "StepCompleted" | "StepFailed" | "StepTimedOut" | "StepRetryScheduled" => {
                _ = self.running.remove(&step);
            }
            "CompensationStarted" => _ = self.undone.insert(step),
            "StepCompensated" => _ = self.undone.remove(&step),
            _ => {}
        }
    }
}
