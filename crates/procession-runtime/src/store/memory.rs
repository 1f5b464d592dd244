use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::Timestamp;
use procession_core::{
    Partition, Stream, Version,
    log::{Kind, Position, ProcessId, Recorded},
};

use tokio::sync::watch;

use super::{
    Answer, Archived, Batch, Committed, Conflict, Delivery, EffectCall, Expected, Generation, Hold, KeyRange,
    NewEntry, Ownership, Parked, ParkedOf, ParkedStream, ProcessExtent, ProcessLimits, Progress, Projections,
    Reference, Row, RowsOf, Store, StoreError, Timer, TimersOf, ToArchive, memory_nodes::Members,
    memory_projections::ReadModels, nodes::Nodes, timers::Timers,
};

/// A store that forgets everything when it is dropped. It keeps every rule that the durable ones keep.
///
/// Clones share one log, as two openings of one file would.
#[derive(Clone)]
pub struct MemoryStore {
    partitions: u16,
    max_payload_bytes: usize,
    has_nodes: bool,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
pub(super) struct Inner {
    /// By position; none where an entry is archived.
    pub(super) log: Vec<Option<Recorded>>,
    streams: BTreeMap<Stream, Vec<usize>>,
    pub(super) processes: BTreeMap<ProcessId, Vec<usize>>,
    keys: HashMap<Arc<str>, Position>,
    pub(super) checkpoints: Vec<(u64, Position)>,
    pub(super) parked: BTreeMap<Delivery, Parked>,
    pub(super) calls: BTreeMap<Delivery, EffectCall>,
    holds: BTreeMap<ProcessId, Hold>,
    archived: BTreeMap<(ProcessId, Position), Archived>,
    notes: BTreeMap<String, String>,
    pub(super) timers: Timers,
    pub(super) members: Members,
    read_models: ReadModels,
    grown: watch::Sender<Position>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store with 16 partitions, that takes payloads of up to 16 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(16, 16 * 1024 * 1024)
    }

    /// An empty store with a number of partitions (at least 1) and a limit for payloads.
    #[must_use]
    pub fn with_limits(partitions: u16, max_payload_bytes: usize) -> Self {
        let partitions = partitions.max(1);
        let checkpoints = vec![(0, Position::START); usize::from(partitions)];
        let inner = Inner { checkpoints, ..Inner::default() };
        Self { partitions, max_payload_bytes, has_nodes: false, inner: Arc::new(Mutex::new(inner)) }
    }

    /// Lets several runtimes share the work, each with a clone of the store: for tests of what then happens.
    #[must_use]
    pub fn with_nodes(self) -> Self {
        Self { has_nodes: true, ..self }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        // No call panics while it holds the lock, and a batch is checked before anything of it is written.
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

pub(super) fn answer<T: Send + 'static>(result: Result<T, StoreError>) -> Answer<T> {
    Box::pin(ready(result))
}

impl Store for MemoryStore {
    fn name(&self) -> String {
        "memory".into()
    }

    fn partitions(&self) -> u16 {
        self.partitions
    }

    fn max_payload_bytes(&self) -> usize {
        self.max_payload_bytes
    }

    fn commit(&self, batch: Batch) -> Answer<Committed> {
        let mut inner = self.inner();
        let checked = inner.check(&batch, self.max_payload_bytes);
        answer(checked.map(|versions| inner.apply(batch, versions)))
    }

    fn acquire(&self, partitions: Vec<Partition>) -> Answer<Vec<Ownership>> {
        let mut inner = self.inner();
        let mut checkpoints = inner.checkpoints.clone();
        let acquired = partitions.into_iter().map(|partition| {
            let unknown = || StoreError::Permanent(format!("this store has no partition {partition}"));
            let (token, checkpoint) = checkpoints.get_mut(partition.index()).ok_or_else(unknown)?;
            *token += 1;
            Ok(Ownership { partition, token: *token, checkpoint: *checkpoint })
        });
        let acquired: Result<Vec<_>, _> = acquired.collect();
        if acquired.is_ok() {
            inner.checkpoints = checkpoints;
        }
        answer(acquired)
    }

    fn progress(&self) -> Answer<Progress> {
        let inner = self.inner();
        let checkpoints = inner.checkpoints.iter().map(|(_, checkpoint)| *checkpoint).collect();
        answer(Ok(Progress { head: inner.head(), checkpoints }))
    }

    fn read_log(&self, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        let inner = self.inner();
        let first = usize::try_from(after.0).unwrap_or(usize::MAX);
        answer(Ok(inner.log.iter().skip(first).flatten().take(limit).cloned().collect()))
    }

    fn read_stream(&self, stream: Stream, after: Version, limit: usize) -> Answer<Vec<Recorded>> {
        let inner = self.inner();
        let first = usize::try_from(after.0).unwrap_or(usize::MAX);
        let events = inner.streams.get(&stream).into_iter().flatten().skip(first).take(limit);
        answer(Ok(events.filter_map(|index| inner.entry(*index).cloned()).collect()))
    }

    fn read_process(&self, process: ProcessId, after: Position, limit: usize) -> Answer<Vec<Recorded>> {
        let inner = self.inner();
        let entries = inner.processes.get(&process).into_iter().flatten();
        let entries = entries.filter_map(|index| inner.entry(*index)).filter(|it| it.position > after);
        answer(Ok(entries.take(limit).cloned().collect()))
    }

    fn streams(&self, category: String, after: Option<String>, limit: usize) -> Answer<Vec<Stream>> {
        let inner = self.inner();
        let streams = inner.streams.keys().filter(|it| it.category() == category);
        let streams = streams.filter(|it| after.as_deref().is_none_or(|after| it.id() > after));
        answer(Ok(streams.take(limit).cloned().collect()))
    }

    fn find_key(&self, key: Arc<str>) -> Answer<Option<Position>> {
        answer(Ok(self.inner().keys.get(&key).copied()))
    }

    fn archived(&self, after: (ProcessId, Position), limit: usize) -> Answer<Vec<Archived>> {
        let inner = self.inner();
        let pieces = inner.archived.range((Bound::Excluded(after), Bound::Unbounded));
        answer(Ok(pieces.take(limit).map(|(_, it)| it.clone()).collect()))
    }

    fn id(&self) -> Answer<String> {
        answer(Ok("memory".into()))
    }

    fn read_entries(&self, positions: Vec<Position>) -> Answer<Vec<Recorded>> {
        let inner = self.inner();
        let index = |it: &Position| usize::try_from(it.0.checked_sub(1)?).ok();
        answer(Ok(positions.iter().filter_map(|it| inner.entry(index(it)?).cloned()).collect()))
    }

    fn grown(&self, beyond: Position) -> Answer<()> {
        let mut grown = self.inner().grown.subscribe();
        Box::pin(async move {
            let closed = |_| StoreError::Permanent("the store in memory is gone".into());
            grown.wait_for(|head| *head > beyond).await.map(drop).map_err(closed)
        })
    }

    fn processes(&self, before: Option<ProcessId>, limit: usize) -> Answer<Vec<ProcessExtent>> {
        let inner = self.inner();
        let before = before.unwrap_or(ProcessId(u64::MAX));
        let newest = inner.processes.range(..before).rev().take(limit);
        answer(Ok(newest.filter_map(|(id, entries)| inner.extent(*id, entries)).collect()))
    }

    fn process(&self, process: ProcessId) -> Answer<Option<ProcessExtent>> {
        let inner = self.inner();
        answer(Ok(inner.processes.get(&process).and_then(|entries| inner.extent(process, entries))))
    }

    fn open_streams(
        &self,
        category: String,
        ends: Vec<String>,
        after: Option<String>,
        limit: usize,
    ) -> Answer<Vec<Recorded>> {
        let inner = self.inner();
        let streams = inner.streams.iter().filter(|(it, _)| it.category() == category);
        let streams = streams.filter(|(it, _)| after.as_deref().is_none_or(|after| it.id() > after));
        let newest = streams.filter_map(|(_, events)| inner.entry(*events.last()?));
        let open = newest.filter(|it| !ends.iter().any(|end| *end == it.entry.name));
        answer(Ok(open.take(limit).cloned().collect()))
    }

    fn parked(&self, of: ParkedOf, limit: usize) -> Answer<Vec<Parked>> {
        let inner = self.inner();
        let after = match &of {
            ParkedOf::After(last) | ParkedOf::ProcessAfter(_, last) => Bound::Excluded(last.clone()),
            _ => Bound::Unbounded,
        };
        let is_meant = |it: &&Parked| match &of {
            ParkedOf::Everything | ParkedOf::After(_) => true,
            ParkedOf::Stream { handler, stream } => it.handler == *handler && it.stream == *stream,
            ParkedOf::Process(process) | ParkedOf::ProcessAfter(process, _) => it.process == *process,
        };
        let rows = inner.parked.range((after, Bound::Unbounded)).map(|(_, it)| it);
        answer(Ok(rows.filter(is_meant).take(limit).cloned().collect()))
    }

    fn calls(&self) -> Answer<Vec<EffectCall>> {
        answer(Ok(self.inner().calls.values().cloned().collect()))
    }

    fn holds(&self) -> Answer<Vec<(ProcessId, Hold)>> {
        answer(Ok(self.inner().holds.iter().map(|(process, hold)| (*process, *hold)).collect()))
    }

    fn note(&self, name: String) -> Answer<Option<String>> {
        answer(Ok(self.inner().notes.get(&name).cloned()))
    }

    fn notes(&self, prefix: String) -> Answer<Vec<(String, String)>> {
        let inner = self.inner();
        let notes = inner.notes.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        answer(Ok(notes.map(|(name, text)| (name.clone(), text.clone())).collect()))
    }

    fn timers(&self, of: TimersOf, limit: usize) -> Answer<Vec<Timer>> {
        let inner = self.inner();
        let is_meant = |it: &&Timer| match of {
            TimersOf::After(after) => after.is_none_or(|after| (it.due, it.id) > after),
            TimersOf::Process(process) => it.process == process,
            TimersOf::Id(id) => it.id == id,
        };
        answer(Ok(inner.timers.in_order().filter(is_meant).take(limit).cloned().collect()))
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        let inner = self.inner();
        let due = inner.timers.in_order().take_while(|it| it.due <= now);
        answer(Ok(due.take(limit).cloned().collect()))
    }

    fn next_due(&self) -> Answer<Option<Timestamp>> {
        answer(Ok(self.inner().timers.in_order().next().map(|it| it.due)))
    }

    fn acquire_projection(&self, projection: Arc<str>) -> Answer<u64> {
        answer(Ok(self.inner().read_models.acquire(&projection)))
    }

    fn projections(&self) -> Answer<Projections> {
        answer(Ok(self.inner().read_models.standings()))
    }

    fn rows(&self, of: RowsOf, keys: Vec<String>) -> Answer<Vec<Option<Row>>> {
        answer(Ok(self.inner().read_models.rows(&of, &keys)))
    }

    fn scan_rows(&self, of: RowsOf, range: KeyRange, limit: usize) -> Answer<Vec<(String, Row)>> {
        answer(Ok(self.inner().read_models.scan(&of, &range, limit)))
    }

    fn parked_streams(&self, generation: Generation, limit: usize) -> Answer<Vec<ParkedStream>> {
        answer(Ok(self.inner().read_models.parked(&generation, limit)))
    }

    fn nodes(&self) -> Option<Arc<dyn Nodes>> {
        self.has_nodes.then(|| Arc::new(self.clone()) as Arc<dyn Nodes>)
    }

    fn close(&self) -> Answer<()> {
        answer(Ok(()))
    }
}

impl Inner {
    pub(super) fn head(&self) -> Position {
        Position(self.log.len() as u64)
    }

    /// Checks a whole batch before anything of it is written. Gives the versions that its events will have.
    fn check(&self, batch: &Batch, max_payload_bytes: usize) -> Result<Vec<Option<Version>>, StoreError> {
        let head = self.head();
        if let Some(expected) = batch.after.filter(|it| *it != head) {
            return Err(Conflict::Head { expected, actual: head }.into());
        }
        self.check_sizes(batch, max_payload_bytes)?;
        self.check_processes(batch, head)?;
        self.check_keys(batch, head)?;
        batch.stood_on.iter().try_for_each(|(stream, version)| self.check_stood_on(stream, *version))?;
        let mut versions = HashMap::new();
        let entries = batch.entries.iter().map(|it| self.check_entry(it, &mut versions));
        let entries = entries.collect::<Result<_, _>>()?;
        let end = head.plus(batch.entries.len() as u64);
        self.check_moves(batch, end)?;
        self.read_models.check(&batch.read_models, end)?;
        batch.archived.iter().try_for_each(|it| it.check(self.to_archive(it, end)))?;
        Ok(entries)
    }

    fn entry(&self, index: usize) -> Option<&Recorded> {
        self.log.get(index)?.as_ref()
    }

    fn extent(&self, process: ProcessId, entries: &[usize]) -> Option<ProcessExtent> {
        let last = Position(*entries.last()? as u64 + 1);
        let timers = self.timers.count_of(process);
        Some(ProcessExtent { process, last, messages: entries.len() as u64, timers })
    }

    fn check_sizes(&self, batch: &Batch, limit: usize) -> Result<(), StoreError> {
        let entries = batch.entries.iter().map(|it| (&it.entry.name, &it.entry.payload));
        let timers = batch.timers.iter().map(|it| (&it.message.name, &it.message.payload));
        let mut large = entries.chain(timers).filter(|(_, payload)| payload.len() > limit);
        let was_accepted = |payload: &str| {
            let mut fired = batch.fired.iter().filter_map(|id| self.timers.get(*id));
            fired.any(|it| &*it.message.payload == payload)
        };
        match large.find(|(_, payload)| !was_accepted(payload)) {
            Some((name, payload)) => {
                Err(StoreError::TooLarge { name: name.to_string(), bytes: payload.len(), limit })
            }
            None => Ok(()),
        }
    }

    fn check_processes(&self, batch: &Batch, head: Position) -> Result<(), StoreError> {
        let resolve = |it: Reference| ProcessId(it.resolve(head).0);
        let (mut messages, mut timers) = (BTreeMap::new(), BTreeMap::new());
        for (position, new) in (head.0 + 1..).zip(&batch.entries) {
            let process = new.process.map_or(ProcessId(position), resolve);
            let written = || self.processes.get(&process).map_or(0, |it| it.len() as u64);
            *messages.entry(process).or_insert_with(written) += 1;
        }
        for process in batch.timers.iter().map(|it| resolve(it.process)) {
            let waiting = || self.timers.count_of(process);
            *timers.entry(process).or_insert_with(waiting) += 1;
        }
        let ProcessLimits { messages: most_messages, timers: most_timers } = batch.process_limits;
        let sizes = messages.into_iter().map(|it| ("messages", it, most_messages));
        let mut sizes = sizes.chain(timers.into_iter().map(|it| ("timers", it, most_timers)));
        match sizes.find(|(_, (_, size), limit)| size > limit) {
            Some((what, (process, size), limit)) => {
                Err(StoreError::ProcessTooLarge { process, what, size, limit })
            }
            None => Ok(()),
        }
    }

    fn to_archive(&self, it: &Archived, head: Position) -> ToArchive {
        let process = it.process;
        let partitions = self.checkpoints.iter().map(|(_, it)| *it);
        let read_models = self.read_models.standings().generations.into_iter();
        let read_models = read_models.filter(|it| it.state.is_read()).map(|it| it.checkpoint);
        ToArchive {
            waits: self.parked.values().any(|it| it.process == process)
                || self.calls.values().any(|it| it.process == process)
                || self.holds.contains_key(&process)
                || self.timers.count_of(process) > 0,
            handled: partitions.chain(read_models).min().unwrap_or_default(),
            head,
            entries: self.in_piece(it).len() as u64,
        }
    }

    /// Where the entries are that leave the log.
    fn in_piece(&self, it: &Archived) -> Vec<usize> {
        let entries = self.processes.get(&it.process).into_iter().flatten().copied();
        let leaves =
            |entry: &Recorded| it.covers(entry.process, entry.position) && !entry.entry.kind.is_kept();
        entries.filter(|index| self.entry(*index).is_some_and(leaves)).collect()
    }

    fn check_moves(&self, batch: &Batch, head: Position) -> Result<(), StoreError> {
        let mut moved: HashMap<Partition, Position> = HashMap::new();
        for it in &batch.checkpoints {
            let unknown = || StoreError::Permanent(format!("this store has no partition {}", it.partition));
            let (token, stored) = *self.checkpoints.get(it.partition.index()).ok_or_else(unknown)?;
            let actual = moved.get(&it.partition).copied().unwrap_or(stored);
            Conflict::check_move(it, token, actual, head)?;
            moved.insert(it.partition, it.to);
        }
        Ok(())
    }

    fn check_keys(&self, batch: &Batch, head: Position) -> Result<(), StoreError> {
        let mut seen = HashMap::new();
        for (position, key) in (head.0 + 1..).zip(batch.entries.iter().map(|it| &it.idempotency_key)) {
            let Some(key) = key else { continue };
            let earlier = self.keys.get(key).copied().or_else(|| seen.insert(key, Position(position)));
            if let Some(position) = earlier {
                return Err(StoreError::Duplicate { key: key.to_string(), position });
            }
        }
        Ok(())
    }

    fn check_stood_on(&self, stream: &Stream, expected: Version) -> Result<(), StoreError> {
        let actual = self.version(stream);
        if actual == expected {
            return Ok(());
        }
        Err(Conflict::Version { stream: stream.clone(), expected, actual }.into())
    }

    fn version(&self, stream: &Stream) -> Version {
        Version(self.streams.get(stream).map_or(0, |it| it.len() as u64))
    }

    fn check_entry<'a>(
        &self,
        new: &'a NewEntry,
        versions: &mut HashMap<&'a Stream, Version>,
    ) -> Result<Option<Version>, StoreError> {
        let entry = &new.entry;
        if entry.kind != Kind::Event {
            return Ok(None);
        }
        let actual = versions.entry(&entry.stream).or_insert_with(|| self.version(&entry.stream));
        match new.expected {
            Expected::Version(expected) if expected != *actual => {
                let (stream, actual) = (entry.stream.clone(), *actual);
                Err(Conflict::Version { stream, expected, actual }.into())
            }
            Expected::Version(_) | Expected::Any => {
                *actual = actual.next();
                Ok(Some(*actual))
            }
        }
    }

    fn apply(&mut self, batch: Batch, versions: Vec<Option<Version>>) -> Committed {
        let after = self.head();
        let resolve = |reference: Reference| reference.resolve(after);
        for (new, version) in batch.entries.into_iter().zip(versions) {
            let position = self.head().plus(1);
            let process = new.process.map_or(position, resolve).into();
            let causation = new.causation.map(resolve);
            if let Some(key) = new.idempotency_key {
                self.keys.insert(key, position);
            }
            if version.is_some() {
                self.streams.entry(new.entry.stream.clone()).or_default().push(self.log.len());
            }
            self.processes.entry(process).or_default().push(self.log.len());
            self.log.push(Some(Recorded { position, process, causation, version, entry: new.entry }));
        }
        for it in batch.checkpoints {
            if let Some((_, checkpoint)) = self.checkpoints.get_mut(it.partition.index()) {
                *checkpoint = it.to;
            }
        }
        self.change_deliveries(batch.released, batch.parked, batch.closed_calls, batch.calls);
        for (process, hold) in batch.holds {
            match hold {
                Some(hold) => _ = self.holds.insert(process, hold),
                None => _ = self.holds.remove(&process),
            }
        }
        for (name, text) in batch.notes {
            match text {
                Some(text) => _ = self.notes.insert(name.into(), text),
                None => _ = self.notes.remove(&*name),
            }
        }
        batch.fired.into_iter().for_each(|id| self.timers.remove(id));
        batch.cancelled.iter().for_each(|it| self.timers.cancel(it));
        batch.moved.into_iter().for_each(|(id, due)| self.timers.move_to(id, due));
        for timer in batch.timers {
            let (process, causation) = (resolve(timer.process).into(), resolve(timer.causation));
            self.timers.add(timer, process, causation);
        }
        self.read_models.apply(batch.read_models, after);
        for it in batch.archived {
            for index in self.in_piece(&it) {
                if let Some(entry) = self.log.get_mut(index) {
                    *entry = None;
                }
            }
            self.archived.insert((it.process, it.first), it);
        }
        self.grown.send_replace(self.head());
        Committed { after }
    }

    fn change_deliveries(
        &mut self,
        released: Vec<Delivery>,
        parked: Vec<Parked>,
        closed: Vec<Delivery>,
        calls: Vec<EffectCall>,
    ) {
        released.iter().for_each(|it| _ = self.parked.remove(it));
        for it in parked {
            self.parked.insert(Delivery { position: it.position, handler: it.handler.clone() }, it);
        }
        closed.iter().for_each(|it| _ = self.calls.remove(it));
        self.calls.extend(calls.into_iter().map(|it| (it.delivery.clone(), it)));
    }
}
