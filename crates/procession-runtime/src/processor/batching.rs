use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use jiff::Timestamp;
use procession_core::{
    Cancellation, Failure, Output, Partition, Stream, Version, effect_handler,
    log::{Encoded, Entry, Kind, Position, ProcessId, Recorded},
};

use super::{
    backlog::Pending, commit::Outcome, finished::Finished, measured::Tally, replies::Reply, room::Room,
};
use crate::{
    Limits,
    request::Request,
    store::{
        Batch, CheckpointMove, Expected, NewEntry, NewTimer, Ownership, Parked, ParkedReason, Reference,
    },
};

/// A batch while it is built.
pub(super) struct Batching {
    pub(super) batch: Batch,
    pub(super) now: Timestamp,
    pub(super) answered: Vec<(Request, Outcome)>,
    pub(super) replies: Vec<Reply>,
    /// What calls of effects have said, to be recorded again if the batch fails.
    pub(super) finished: Vec<Finished>,
    pub(super) state_was_lost: bool,
    /// Messages of the backlog that were handled.
    pub(super) handled: usize,
    pub(super) bytes: usize,
    pub(super) tally: Tally,
    keys: BTreeSet<Arc<str>>,
    /// Streams whose first decision in the batch was looked at.
    stood_on: HashSet<Stream, RandomState>,
    after: Position,
    /// How far its processes may grow, if that is looked at.
    pub(super) room: Option<Room>,
    began: Instant,
    /// How often it was asked whether it is late.
    asked: u32,
}

/// Looking at the time costs something, so it is done for every so many messages.
const MESSAGES_PER_LOOK: u32 = 8;

/// The message whose handling causes others.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) position: Position,
    pub(super) process: ProcessId,
}

impl Batching {
    pub(super) fn after(head: Position, now: Timestamp) -> Self {
        Self {
            batch: Batch { after: Some(head), ..Batch::default() },
            now,
            answered: Vec::new(),
            replies: Vec::new(),
            finished: Vec::new(),
            state_was_lost: false,
            handled: 0,
            bytes: 0,
            tally: Tally::default(),
            keys: BTreeSet::new(),
            stood_on: HashSet::default(),
            after: head,
            room: None,
            began: Instant::now(),
            asked: 0,
        }
    }

    /// The position of its newest entry.
    pub(super) fn head(&self) -> Position {
        self.after.plus(self.batch.entries.len() as u64)
    }

    /// Whether a commit would neither change anything that must be durable now, nor answer anybody.
    ///
    /// A refusal changes nothing, but only the store can say whether what it stands on is still so.
    pub(super) fn is_empty(&self) -> bool {
        let Batch {
            entries,
            checkpoints,
            parked,
            released,
            calls,
            closed_calls,
            timers,
            fired,
            cancelled,
            moved,
            holds,
            notes,
            read_models,
            archived,
            after: _,
            stood_on: _,
            process_limits: _,
        } = &self.batch;
        self.handled == 0
            && self.answered.is_empty()
            && entries.is_empty()
            && checkpoints.is_empty()
            && parked.is_empty()
            && released.is_empty()
            && calls.is_empty()
            && closed_calls.is_empty()
            && timers.is_empty()
            && fired.is_empty()
            && cancelled.is_empty()
            && moved.is_empty()
            && holds.is_empty()
            && notes.is_empty()
            && read_models.is_empty()
            && archived.is_empty()
    }

    /// Adds an entry, and gives it as it waits to be handled.
    pub(super) fn push(
        &mut self,
        entry: Arc<Entry>,
        cause: Option<Cause>,
        expected: Expected,
        idempotency_key: Option<Arc<str>>,
    ) -> Pending {
        self.bytes += entry.payload.len();
        self.tally.written(&entry);
        self.keys.extend(idempotency_key.clone());
        self.batch.entries.push(NewEntry {
            entry: Arc::clone(&entry),
            process: cause.map(|it| Reference::Position(it.process.began_at())),
            causation: cause.map(|it| Reference::Position(it.position)),
            expected,
            idempotency_key,
        });
        let position = self.head();
        let process = cause.map_or(position.into(), |it| it.process);
        if let Some(room) = &mut self.room {
            room.add_message(process);
        }
        Pending { position, process, causation: cause.map(|it| it.position), entry }
    }

    /// Whether an entry with this idempotency key is in the batch already.
    pub(super) fn has_key(&self, key: Option<&Arc<str>>) -> bool {
        key.is_some_and(|key| self.keys.contains(key))
    }

    /// Adds commands that become due later, and takes back others: of this batch, or of the store.
    pub(super) fn change_timers(&mut self, emitted: Emitted, cause: Cause) {
        let process = Reference::Position(cause.process.began_at());
        let causation = Reference::Position(cause.position);
        for change in emitted.timers {
            match change {
                TimerChange::Later(Later { due, to, sender, message }) => {
                    self.bytes += message.payload.len();
                    if let Some(room) = &mut self.room {
                        room.add_timer(cause.process);
                    }
                    self.batch.timers.push(NewTimer { due, to, sender, message, process, causation });
                }
                TimerChange::Cancel(cancellation) => {
                    let taken_back =
                        |it: &NewTimer| cancellation.takes_back(&it.message.name, &it.to, it.sender.as_ref());
                    self.batch.timers.retain(|it| !taken_back(it));
                    self.batch.cancelled.push(cancellation);
                }
            }
        }
    }

    /// Those of its entries that somebody wants, as they will stand in the log.
    pub(super) fn entries(&self, is_wanted: impl Fn(&Entry) -> bool) -> Vec<Recorded> {
        let entries = (1..).zip(&self.batch.entries).filter(|(_, it)| is_wanted(&it.entry));
        let recorded = entries.map(|(place, new)| {
            let position = self.after.plus(place);
            Recorded {
                position,
                process: new.process.map_or(position, |it| it.resolve(self.after)).into(),
                causation: new.causation.map(|it| it.resolve(self.after)),
                version: new.version(),
                entry: Arc::clone(&new.entry),
            }
        });
        recorded.collect()
    }

    /// The entries from an index on, as they will stand in the log.
    pub(super) fn recorded_since(&self, first: usize, cause: Cause) -> Vec<Recorded> {
        let entries = self.batch.entries.iter().enumerate().skip(first);
        let recorded = entries.map(|(index, new)| Recorded {
            position: self.after.plus(index as u64 + 1),
            process: cause.process,
            causation: Some(cause.position),
            version: new.version(),
            entry: Arc::clone(&new.entry),
        });
        recorded.collect()
    }

    /// Whether it is large enough to be committed.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.handled >= limits.batch_messages
            || self.batch.entries.len() >= 4 * limits.batch_messages
            || self.bytes >= limits.batch_bytes
    }

    /// Whether filling it has taken long enough; to be asked once for each message.
    pub(super) fn is_late(&mut self, limits: &Limits) -> bool {
        self.asked += 1;
        self.asked.is_multiple_of(MESSAGES_PER_LOOK) && self.began.elapsed() >= limits.batch_time
    }

    /// Whether a process has room for what a decision emits; none is a process that a command would begin.
    pub(super) fn has_room(&self, process: Option<ProcessId>, outputs: &[Output]) -> Result<(), Failure> {
        self.room.as_ref().map_or(Ok(()), |it| it.check(process, outputs))
    }

    /// Whether a process has room for what a call of an effect sends, and for the entry that says what came of the call.
    pub(super) fn has_room_beside_a_result(
        &self,
        process: ProcessId,
        outputs: &[Output],
    ) -> Result<(), Failure> {
        self.room.as_ref().map_or(Ok(()), |it| it.check_beside_a_result(process, outputs))
    }

    /// Parks a message for one of its handlers: with its cause, or because it follows a parked one.
    pub(super) fn park(
        &mut self,
        message: Cause,
        handler: impl Into<Cow<'static, str>>,
        stream: &Stream,
        cause: Option<String>,
        retry_at: Option<Timestamp>,
    ) {
        self.batch.parked.push(Parked {
            position: message.position,
            handler: handler.into(),
            stream: stream.clone(),
            process: message.process,
            reason: if cause.is_some() { ParkedReason::Failed } else { ParkedReason::Behind },
            attempts: u32::from(cause.is_some()),
            cause,
            retry_at,
            edited: None,
            at: self.now,
        });
    }

    /// Lets a message wait for one of its handlers, because its process is suspended.
    pub(super) fn hold(&mut self, message: Cause, handler: impl Into<Cow<'static, str>>, stream: &Stream) {
        self.park(message, handler, stream, None, None);
        if let Some(parked) = self.batch.parked.last_mut() {
            parked.reason = ParkedReason::Suspended;
        }
    }

    /// A decision was made on this version of a stream. What records an event asks for the version by itself.
    pub(super) fn stands_on(&mut self, stream: &Stream, version: Version, records: bool) {
        if !self.stood_on.contains(stream) {
            self.stood_on.insert(stream.clone());
            self.batch.stood_on.extend((!records).then(|| (stream.clone(), version)));
        }
    }

    /// Lets the batch go to wherever the log ends: what refers to its own entries says which, and no longer where.
    pub(super) fn let_float(&mut self) {
        let after = self.after;
        let float = |it: &mut Reference| {
            if let Reference::Position(position) = *it
                && position > after
            {
                *it = Reference::Entry((position.0 - after.0 - 1) as usize);
            }
        };
        self.batch.after = None;
        for new in &mut self.batch.entries {
            new.process.iter_mut().chain(&mut new.causation).for_each(float);
        }
        for timer in &mut self.batch.timers {
            float(&mut timer.process);
            float(&mut timer.causation);
        }
        self.batch.read_models.parked.iter_mut().for_each(|it| float(&mut it.first));
    }

    pub(super) fn move_checkpoints(
        &mut self,
        moves: &[(Partition, Position, Position)],
        owned: &[Ownership],
    ) {
        let moves = moves.iter().filter_map(|&(partition, from, to)| {
            let token = owned.iter().find(|it| it.partition == partition)?.token;
            Some(CheckpointMove { partition, token, from, to })
        });
        self.batch.checkpoints.extend(moves);
    }
}

/// A command that becomes due later.
struct Later {
    due: Timestamp,
    to: Stream,
    sender: Option<Stream>,
    message: Encoded,
}

/// What a step appends to the log at once, what it sends later, and what it takes back.
#[derive(Default)]
pub(super) struct Emitted {
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) calls: Vec<CallChange>,
    timers: Vec<TimerChange>,
}

/// A call of an effect that is asked for, or not wanted any more.
pub(super) enum CallChange {
    Open { handler: String, stream: Stream },
    TakeBack { handler: String, stream: Stream },
}

/// Kept in order: what a step takes back may be what it has asked for before.
enum TimerChange {
    Later(Later),
    Cancel(Cancellation),
}

impl Emitted {
    /// The commands of a process manager's instance carry it as their `sender`.
    pub(super) fn of(outputs: Vec<Output>, stream: &Stream, sender: Option<&Stream>, now: Timestamp) -> Self {
        let mut emitted = Self { entries: Vec::with_capacity(outputs.len()), ..Self::default() };
        for output in outputs {
            let (kind, stream, message) = match output {
                Output::Record(message) => (Kind::Event, stream.clone(), message),
                Output::Publish(message) => (Kind::PublicEvent, stream.clone(), message),
                Output::Reject(message) => (Kind::Rejection, stream.clone(), message),
                Output::Ignore(message) => (Kind::Ignored, stream.clone(), message),
                Output::Deliver { to, message } => (Kind::Input, to, message),
                Output::Send { to, message, after } if after.is_zero() => {
                    let command = Entry::new(Kind::Command, to, message, now).sent_by(sender.cloned());
                    emitted.entries.push(Arc::new(command));
                    continue;
                }
                Output::Send { to, message, after } => {
                    let later = Later { due: due(now, after), to, sender: sender.cloned(), message };
                    emitted.timers.push(TimerChange::Later(later));
                    continue;
                }
                Output::Call { effect } => {
                    let (handler, stream) = (effect_handler(effect), stream.clone());
                    emitted.calls.push(CallChange::Open { handler, stream });
                    continue;
                }
                Output::TakeBackCalls { effect } => {
                    let (handler, stream) = (effect_handler(effect), stream.clone());
                    emitted.calls.push(CallChange::TakeBack { handler, stream });
                    continue;
                }
                Output::Cancel(cancellation) => {
                    emitted.timers.push(TimerChange::Cancel(cancellation));
                    continue;
                }
            };
            emitted.entries.push(Arc::new(Entry::new(kind, stream, message, now)));
        }
        emitted
    }
}

/// Ten years ahead is fine; what the calendar cannot hold becomes due at its end.
///
/// Between two of the microseconds that stores keep and handlers see, it becomes due at the later one.
fn due(now: Timestamp, after: Duration) -> Timestamp {
    let micros = after.as_nanos().div_ceil(1_000);
    let after = u64::try_from(micros).map_or(Duration::MAX, Duration::from_micros);
    // The calendar's last second is whole only: its microseconds can be asked for, but not be given.
    let last = Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or(Timestamp::MAX);
    now.checked_add(after).map_or(last, |it| it.min(last))
}
