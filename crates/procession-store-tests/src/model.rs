//! A store as a few plain collections, and random steps that change both it and a real one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use procession::{
    Cancellation,
    log::{Entry, Kind, Position},
};
use procession_runtime::store::{Batch, NewTimer, Ownership, Reference, Timer};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
};

use crate::batches::{
    NewEntryWith, batch, cancellation, checkpoint, entry, message, parked, second, stream, timer,
};

pub(crate) const STREAMS: [&str; 3] = ["a", "b", "it's \0"];

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Commit(RandomBatch),
    Acquire,
    Reopen,
}

#[derive(Clone, Debug)]
pub(crate) struct RandomBatch {
    entries: Vec<RandomEntry>,
    /// How far the checkpoint moves, and whether for its owner.
    moves: Option<(u64, bool)>,
    timers: Vec<RandomTimer>,
    /// How many of the oldest timers fire.
    fired: usize,
    cancelled: Vec<RandomCancellation>,
    parks: bool,
}

#[derive(Clone, Debug)]
struct RandomEntry {
    is_event: bool,
    stream: usize,
    /// How far the expected version is off; none for any version.
    version_off_by: Option<u64>,
    key: Option<u8>,
    cause: Option<usize>,
    sender: Option<usize>,
}

#[derive(Clone, Debug)]
struct RandomTimer {
    /// When it becomes due, in seconds.
    due: i64,
    to: usize,
    sender: Option<usize>,
}

/// Takes timers back: those for a stream, or those that a stream has sent to itself.
#[derive(Clone, Debug)]
enum RandomCancellation {
    To(usize),
    TimeoutsOf(usize),
}

/// Everything that the model holds.
#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) log: Vec<Logged>,
    pub(crate) versions: BTreeMap<usize, u64>,
    pub(crate) keys: BTreeMap<u8, u64>,
    pub(crate) checkpoint: u64,
    /// In the order of asking.
    pub(crate) timers: Vec<Waiting>,
    pub(crate) parked: usize,
    next_number: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logged {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) stream: usize,
    pub(crate) version: Option<u64>,
    pub(crate) process: u64,
    pub(crate) causation: Option<u64>,
    pub(crate) sender: Option<usize>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    /// In seconds.
    pub(crate) due: i64,
    pub(crate) to: usize,
    pub(crate) sender: Option<usize>,
}

/// What one commit would change.
pub(crate) struct Change {
    pub(crate) batch: Batch,
    pub(crate) after: Model,
    /// The rules that it breaks; a store may name any of them.
    pub(crate) broken: BTreeSet<&'static str>,
}

impl Model {
    pub(crate) fn change(&self, owner: Ownership, timers: &[Timer], new: &RandomBatch) -> Change {
        let mut it = Change { batch: batch([]), after: self.clone(), broken: BTreeSet::new() };
        new.entries.iter().for_each(|new| it.append(new, self.log.len()));
        if let Some((by, is_owner)) = new.moves {
            it.move_checkpoint(owner, by, is_owner);
        }
        for timer in timers.iter().take(new.fired) {
            it.batch.fired.push(timer.id);
            it.after.timers.retain(|waiting| waiting.number != number_of(timer));
        }
        new.cancelled.iter().for_each(|cancellation| it.cancel(cancellation));
        // Timers and parked messages name the first message of the log.
        if !self.log.is_empty() {
            new.timers.iter().for_each(|timer| it.ask_for(timer));
            if new.parks {
                it.batch.parked.push(parked(1, "a", Some("broken")));
                // Parked again it takes its own place.
                it.after.parked = 1;
            }
        }
        it
    }

    fn next_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

impl Change {
    fn append(&mut self, new: &RandomEntry, head: usize) {
        let position = self.after.log.len() as u64 + 1;
        let number = self.after.next_number();
        let kind = if new.is_event { Kind::Event } else { Kind::Command };
        let mut built = entry(kind, STREAMS[new.stream], message(number));
        let sender = new.sender.filter(|_| !new.is_event);
        if let Some(sender) = sender {
            built.entry = Arc::new(Entry::clone(&built.entry).sent_by(Some(stream(STREAMS[sender]))));
        }
        let version = self.after.versions.entry(new.stream).or_default();
        if let Some(off_by) = new.version_off_by.filter(|_| new.is_event) {
            built = built.expecting(*version + off_by);
            self.broken.extend((off_by > 0).then_some("version"));
        }
        *version += u64::from(new.is_event);
        let version = new.is_event.then_some(*version);
        if let Some(key) = new.key {
            built = built.keyed(&format!("key {key}"));
            self.broken.extend(self.after.keys.insert(key, position).map(|_| "key"));
        }
        let cause = new.cause.filter(|cause| *cause < self.after.log.len());
        let process = cause.map_or(position, |cause| self.after.log[cause].process);
        if let Some(cause) = cause {
            built = built.caused_by(reference(cause, head)).of_process(reference(process as usize - 1, head));
        }
        let causation = cause.map(|cause| cause as u64 + 1);
        self.after.log.push(Logged { number, kind, stream: new.stream, version, process, causation, sender });
        self.batch.entries.push(built);
    }

    fn move_checkpoint(&mut self, owner: Ownership, by: u64, is_owner: bool) {
        let (from, to) = (self.after.checkpoint, self.after.checkpoint + by);
        let token = if is_owner { owner.token } else { owner.token - 1 };
        self.batch.checkpoints.push(checkpoint(Ownership { token, ..owner }, from, to));
        self.broken.extend((!is_owner).then_some("owner"));
        self.broken.extend((to > self.after.log.len() as u64).then_some("ahead"));
        self.after.checkpoint = to;
    }

    fn ask_for(&mut self, new: &RandomTimer) {
        let number = self.after.next_number();
        let RandomTimer { due, to, sender } = *new;
        let asked = timer(STREAMS[to], second(due), number);
        self.batch.timers.push(NewTimer { sender: sender.map(|it| stream(STREAMS[it])), ..asked });
        self.after.timers.push(Waiting { number, due, to, sender });
    }

    fn cancel(&mut self, new: &RandomCancellation) {
        match *new {
            RandomCancellation::To(stream) => {
                self.batch.cancelled.push(cancellation(STREAMS[stream]));
                self.after.timers.retain(|it| it.to != stream);
            }
            RandomCancellation::TimeoutsOf(instance) => {
                self.batch.cancelled.push(Cancellation::TimeoutsOf(stream(STREAMS[instance])));
                self.after.timers.retain(|it| it.to != instance || it.sender != Some(instance));
            }
        }
    }
}

/// An entry of the log by its index: one of the same batch by its place there, an older one by its position.
fn reference(index: usize, head: usize) -> Reference {
    match index.checked_sub(head) {
        Some(of_batch) => Reference::Entry(of_batch),
        None => Reference::Position(Position(index as u64 + 1)),
    }
}

pub(crate) fn number_of(timer: &Timer) -> u64 {
    let payload: serde_json::Value = serde_json::from_str(&timer.message.payload).unwrap();
    payload["number"].as_u64().unwrap()
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let moves = proptest::option::of((0..4_u64, proptest::bool::weighted(0.8)));
    let timers = vec(random_timer(), 0..3);
    let cancelled = prop_oneof![3 => Just(Vec::new()), 1 => vec(random_cancellation(), 1..3)];
    let parts = (vec(random_entry(), 0..5), moves, timers, 0..3_usize, cancelled, any::<bool>());
    let commit = parts.prop_map(|(entries, moves, timers, fired, cancelled, parks)| {
        Step::Commit(RandomBatch { entries, moves, timers, fired, cancelled, parks })
    });
    prop_oneof![20 => commit, 2 => Just(Step::Acquire), 1 => Just(Step::Reopen)]
}

fn random_timer() -> impl Strategy<Value = RandomTimer> {
    let parts = (0..5_i64, 0..STREAMS.len(), random_sender());
    parts.prop_map(|(due, to, sender)| RandomTimer { due, to, sender })
}

fn random_cancellation() -> impl Strategy<Value = RandomCancellation> {
    (any::<bool>(), 0..STREAMS.len()).prop_map(|(timeouts, stream)| match timeouts {
        false => RandomCancellation::To(stream),
        true => RandomCancellation::TimeoutsOf(stream),
    })
}

fn random_sender() -> impl Strategy<Value = Option<usize>> {
    proptest::option::of(0..STREAMS.len())
}

fn random_entry() -> impl Strategy<Value = RandomEntry> {
    let off_by = prop_oneof![3 => Just(None), 6 => Just(Some(0)), 1 => Just(Some(1))];
    let key = prop_oneof![6 => Just(None), 1 => (0..20_u8).prop_map(Some)];
    let cause = proptest::option::of(0..40_usize);
    let parts = (any::<bool>(), 0..STREAMS.len(), off_by, key, cause, random_sender());
    parts.prop_map(|(is_event, stream, version_off_by, key, cause, sender)| RandomEntry {
        is_event,
        stream,
        version_off_by,
        key,
        cause,
        sender,
    })
}
