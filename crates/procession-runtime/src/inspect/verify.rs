//! Whether a store keeps the promises of a log.

mod missing;

use std::collections::{BTreeMap, HashMap};

use procession_core::{
    Stream, Version,
    log::{Position, ProcessId, Recorded},
};
use serde::Serialize;

use self::missing::Missing;
use super::archived;
use crate::store::{ParkedPages, Progress, Store, StoreError, TimersOf};

/// A promise that a store has broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which promise.
    pub rule: Rule,
    /// Where in the log, if it is about an entry.
    pub position: Option<Position>,
    /// What was found.
    pub found: String,
}

/// What a store promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Positions are dense, but for those of entries that are archived.
    DensePositions,
    /// The versions of a stream are dense.
    DenseStreams,
    /// A cause stands in the log, before what it has caused, or is archived.
    CausesBefore,
    /// What is caused belongs to the process of its cause, and what is not begins a process.
    ProcessesByCause,
    /// No checkpoint is ahead of the log.
    CheckpointsBehindHead,
    /// What is noted of a process, how many entries it has and which is the last, agrees with the log and what is archived.
    ProcessExtents,
    /// As many entries are missing in the log as are archived.
    ArchivedEntries,
    /// What is parked, called, held, or waits for its time refers to entries that are there.
    TablesReferToEntries,
}

/// What was looked at, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many entries of the log were read.
    pub entries: u64,
    /// How many more are archived: in files in place of the log.
    pub archived: u64,
    /// How many streams have events.
    pub streams: u64,
    /// How many processes have entries in the log.
    pub processes: u64,
    /// The promises that are broken, at most [`Report::MOST_VIOLATIONS`] of them.
    pub violations: Vec<Violation>,
}

impl Report {
    /// How many violations are listed; a store that has more is no better known by them.
    pub const MOST_VIOLATIONS: usize = 1000;
}

const ROWS_PER_READ: usize = 4096;

/// Reads all of a store, and checks it. It may be in use meanwhile: what is appended later is not looked at.
///
/// It keeps 16 bytes for each entry in memory, some 40 for each process, those for each piece that is archived, and the name of
/// each stream.
///
/// # Errors
/// When the store fails.
pub async fn verify(store: &dyn Store) -> Result<Report, StoreError> {
    let Progress { head, checkpoints } = store.progress().await?;
    let mut reading = Reading::default();
    for (partition, checkpoint) in checkpoints.iter().enumerate().filter(|(_, it)| **it > head) {
        let found =
            format!("partition {partition} is handled up to {checkpoint}, and the log ends at {head}");
        reading.add(Rule::CheckpointsBehindHead, None, found);
    }
    let before = archived(store).await?;
    read_log(store, head, &mut reading).await?;
    let archived = Missing::between(before, archived(store).await?);
    archived.account_for(&mut reading);
    let processes = reading.extents.len() as u64;
    compare_extents(store, head, &archived, &mut reading).await?;
    look_up_references(store, &mut reading).await?;
    Ok(Report {
        entries: reading.processes.len() as u64,
        archived: archived.entries(),
        streams: reading.versions.len() as u64,
        processes,
        violations: reading.violations,
    })
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    /// The process of each entry, in the order of the log.
    processes: Vec<(Position, ProcessId)>,
    versions: HashMap<Stream, Version>,
    /// How many entries each process has, and which is the last.
    extents: BTreeMap<ProcessId, (u64, Position)>,
    /// Positions that nothing stands at: the first and the last of each gap.
    gaps: Vec<(Position, Position)>,
    /// Entries whose causes are not in the log.
    without_cause: Vec<(ProcessId, Position, Position)>,
    violations: Vec<Violation>,
}

async fn read_log(store: &dyn Store, head: Position, reading: &mut Reading) -> Result<(), StoreError> {
    let mut after = Position::START;
    while after < head {
        let entries = store.read_log(after, ROWS_PER_READ).await?;
        let Some(last) = entries.last().map(|it| it.position) else { break };
        for entry in entries.iter().filter(|it| it.position <= head) {
            if entry.position != after.plus(1) {
                reading.gaps.push((after.plus(1), Position(entry.position.0.saturating_sub(1))));
            }
            reading.take(entry);
            after = entry.position;
        }
        after = after.max(last);
    }
    if after < head {
        reading.add(Rule::DensePositions, Some(head), format!("nothing can be read after {after}"));
    }
    Ok(())
}

async fn compare_extents(
    store: &dyn Store,
    head: Position,
    archived: &Missing,
    reading: &mut Reading,
) -> Result<(), StoreError> {
    let mut missing = std::mem::take(&mut reading.extents);
    let mut before = None;
    loop {
        let extents = store.processes(before, ROWS_PER_READ).await?;
        let is_last = extents.len() < ROWS_PER_READ;
        before = extents.last().map(|it| it.process).or(before);
        for it in extents.iter().filter(|it| it.process.began_at() <= head) {
            let counted = missing.remove(&it.process).unwrap_or_default();
            let (messages, last) = archived.added_to(it.process, counted);
            // A process that goes on meanwhile, or is archived, has more, or less, than was read.
            let is_steady = it.last <= head && !archived.is_changing(it.process);
            if is_steady && (messages, last) != (it.messages, it.last) {
                let found = format!(
                    "process {} is noted with {} entries up to {}, and has {messages} up to {last}",
                    it.process, it.messages, it.last
                );
                reading.add(Rule::ProcessExtents, Some(it.process.began_at()), found);
            }
        }
        if is_last {
            break;
        }
    }
    for process in missing.into_keys() {
        let found = format!("process {process} is in the log, and is not noted");
        reading.add(Rule::ProcessExtents, Some(process.began_at()), found);
    }
    Ok(())
}

async fn look_up_references(store: &dyn Store, reading: &mut Reading) -> Result<(), StoreError> {
    let mut pages = ParkedPages::of(store);
    while let Some(page) = pages.next().await? {
        for it in page {
            let what = format!("a message parked for `{}`", it.handler);
            reading.look_up(&what, it.position, Some(it.process), store).await?;
        }
    }
    for it in store.calls().await? {
        let what = format!("a call of `{}`", it.delivery.handler);
        reading.look_up(&what, it.delivery.position, Some(it.process), store).await?;
    }
    for (process, hold) in store.holds().await? {
        reading.look_up(&format!("the hold of process {process}"), hold.operation, None, store).await?;
    }
    let mut after = None;
    loop {
        let timers = store.timers(TimersOf::After(after), ROWS_PER_READ).await?;
        for it in &timers {
            let what = format!("timer {}", it.id.0);
            reading.look_up(&what, it.causation, Some(it.process), store).await?;
        }
        after = timers.last().map(|it| (it.due, it.id)).or(after);
        if timers.len() < ROWS_PER_READ {
            return Ok(());
        }
    }
}

impl Reading {
    fn add(&mut self, rule: Rule, position: Option<Position>, found: String) {
        if self.violations.len() < Report::MOST_VIOLATIONS {
            self.violations.push(Violation { rule, position, found });
        }
    }

    fn process_at(&self, position: Position) -> Option<ProcessId> {
        let index = self.processes.binary_search_by_key(&position, |(it, _)| *it).ok()?;
        self.processes.get(index).map(|(_, process)| *process)
    }

    fn take(&mut self, entry: &Recorded) {
        let Recorded { position, process, causation, version, .. } = *entry;
        match causation {
            Some(cause) if cause >= position => {
                self.add(Rule::CausesBefore, Some(position), format!("its cause is {cause}"));
            }
            Some(cause) => match self.process_at(cause) {
                None => self.without_cause.push((process, position, cause)),
                Some(of) if of != process => {
                    let found = format!("it belongs to process {process}, and its cause {cause} to {of}");
                    self.add(Rule::ProcessesByCause, Some(position), found);
                }
                Some(_) => {}
            },
            None if process.began_at() != position => {
                let found = format!("it has no cause, and belongs to process {process}");
                self.add(Rule::ProcessesByCause, Some(position), found);
            }
            None => {}
        }
        if let Some(version) = version {
            let stream = &entry.entry.stream;
            let before = self.versions.insert(stream.clone(), version).unwrap_or(Version::NONE);
            if version != before.next() {
                let found = format!("{stream} has version {version} after {before}");
                self.add(Rule::DenseStreams, Some(position), found);
            }
        }
        self.processes.push((position, process));
        let extent = self.extents.entry(process).or_default();
        *extent = (extent.0 + 1, position);
    }

    async fn look_up(
        &mut self,
        what: &str,
        position: Position,
        process: Option<ProcessId>,
        store: &dyn Store,
    ) -> Result<(), StoreError> {
        let mut found = self.process_at(position);
        if found.is_none() {
            // It may have come after the log was read.
            found = store.read_entries(vec![position]).await?.first().map(|it| it.process);
        }
        let wrong = match (found, process) {
            (None, _) => format!("{what} refers to an entry that is not there"),
            (Some(of), Some(process)) if of != process => {
                format!("{what} is noted for process {process}, and belongs to {of}")
            }
            _ => return Ok(()),
        };
        self.add(Rule::TablesReferToEntries, Some(position), wrong);
        Ok(())
    }
}
