//! The log, decided again: every recorded decision must be the one that the handlers make from the same history.
//!
//! Deciders and sagas are pure, so handing them what they were given must give what they gave. A difference means
//! that the code has changed its mind about the past, or that the log was changed behind its back.

mod what_if;

pub use what_if::{AffectedProcess, OlderShape, WhatIf, WhatIfReport};

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    Context, Engine, Failure, Handlers, InstanceState, Output, Stream, Version,
    engine::ReactFn,
    log::{Encoded, Entry, Kind, Position, ProcessId, Recorded},
    repairs::{Repairs, is_decided},
};

/// Replays a log, entry by entry in log order.
pub struct Replay<'a> {
    engine: &'a Engine,
    states: BTreeMap<Stream, InstanceState>,
    versions: BTreeMap<Stream, Version>,
    messages: BTreeMap<Position, Recorded>,
    repairs: Repairs,
    parked: BTreeSet<(Position, String)>,
    /// Up to where processes are archived: of what stands before it, only what is kept is there.
    archived: BTreeMap<ProcessId, Position>,
    /// Who has reacted to an event already, of those that may do so later than others.
    reacted: BTreeSet<(Position, String)>,
    /// What was asked for later, by the message whose handling was compared.
    asked_for: BTreeMap<Position, Vec<Encoded>>,
    /// Where each stream's newest event stands.
    moved_on: BTreeMap<Stream, Position>,
    step: Vec<Recorded>,
    steps: u64,
}

/// A handler that reacts to an event, with its name.
type Reaction = (Cow<'static, str>, ReactFn);

/// What a replay found to be different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The handlers decide something else now.
    #[error("handling the message at {cause} recorded {recorded:?}; replayed, it gives {replayed:?}")]
    Decision {
        /// The message that was handled.
        cause: Position,
        /// What the log holds.
        recorded: Vec<String>,
        /// What the handlers return now.
        replayed: Vec<String>,
    },
    /// The handlers fail now.
    #[error("the message at {at} was handled; replayed, it fails: {failure}")]
    Failed {
        /// The message.
        at: Position,
        /// Why.
        failure: Failure,
    },
    /// An entry's cause is not in the log before it.
    #[error("the entry at {at} was caused by {cause}, which is not in the log before it")]
    NoCause {
        /// The entry.
        at: Position,
        /// Its cause.
        cause: Position,
    },
    /// A stream is not dense.
    #[error("the event at {at} is not the next one of {stream}")]
    NotDense {
        /// The event.
        at: Position,
        /// The stream.
        stream: Stream,
    },
}

impl<'a> Replay<'a> {
    /// A replay that has seen nothing.
    #[must_use]
    pub fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            states: BTreeMap::new(),
            versions: BTreeMap::new(),
            messages: BTreeMap::new(),
            repairs: Repairs::default(),
            parked: BTreeSet::new(),
            archived: BTreeMap::new(),
            reacted: BTreeSet::new(),
            asked_for: BTreeMap::new(),
            moved_on: BTreeMap::new(),
            step: Vec::new(),
            steps: 0,
        }
    }

    /// Leaves out what a handler did not do: its message was parked. Say so before the replay begins.
    #[must_use]
    pub fn without(mut self, parked: Position, handler: &str) -> Self {
        self.parked.insert((parked, handler.into()));
        self
    }

    /// Takes as it is recorded what a process has decided up to an entry: it is archived, and with it what was decided on. Say
    /// so before the replay begins.
    #[must_use]
    pub fn archived(mut self, process: ProcessId, up_to: Position) -> Self {
        let known = self.archived.entry(process).or_default();
        *known = up_to.max(*known);
        self
    }

    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// The first difference between what was recorded and what the handlers decide now.
    pub fn next(&mut self, entry: Recorded) -> Result<(), Difference> {
        if self.ends_step(&entry) {
            self.compare()?;
        }
        self.take(entry);
        Ok(())
    }

    /// Whether the entry does not belong to the step before it.
    fn ends_step(&self, entry: &Recorded) -> bool {
        !is_outcome(entry) || self.step.last().is_some_and(|last| last.causation != entry.causation)
    }

    fn take(&mut self, entry: Recorded) {
        self.repairs.note(&entry);
        if is_outcome(&entry) && self.is_decided(&entry) {
            self.step.push(entry.clone());
        }
        self.messages.insert(entry.position, entry);
    }

    /// Whether handlers have decided it. What the world has answered, that a handler has failed, what an operator asks for, and
    /// what follows from these, comes from outside.
    fn is_decided(&self, entry: &Recorded) -> bool {
        let is_told = |kind| matches!(kind, Kind::EffectResult | Kind::Failure | Kind::Operation);
        let cause = entry.causation.and_then(|it| self.messages.get(&it));
        is_decided(&entry.entry) && !cause.is_some_and(|it| is_told(it.entry.kind))
    }

    /// Ends the replay and returns how many decisions were compared.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn finish(mut self) -> Result<u64, Difference> {
        self.compare()?;
        Ok(self.steps)
    }

    /// Compares one recorded step, all entries in a row with one cause, with what the handlers make of the cause.
    fn compare(&mut self) -> Result<(), Difference> {
        let step = std::mem::take(&mut self.step);
        let Some(first) = step.first() else { return Ok(()) };
        let Some(at) = first.causation else { return Ok(()) };
        let cause = self.messages.get(&at).filter(|it| it.position < first.position);
        if cause.is_none() && self.is_archived(first.process, at) {
            return self.take_as_recorded(&step);
        }
        let cause = cause.ok_or(Difference::NoCause { at: first.position, cause: at })?.clone();
        if self.became_due(&cause, &step) {
            return Ok(());
        }
        let outputs = self.decide(&cause, &step).map_err(|failure| Difference::Failed { at, failure })?;
        let messages = |later| {
            let outputs = outputs.iter().filter(move |it| it.is_later() == later);
            outputs.filter_map(Output::message).cloned().collect::<Vec<_>>()
        };
        let (later, at_once) = (messages(true), messages(false));
        // What was asked for later may have become due right after the step, or stands in a step of its own.
        let is_same =
            step.len() >= at_once.len() && step.iter().zip(&at_once).all(|(it, now)| is_same(&it.entry, now));
        let became_due = if is_same { step.get(at_once.len()..).unwrap_or_default() } else { &step[..] };
        if !became_due.iter().all(|it| later.iter().any(|later| is_same_message(it, later))) {
            let recorded = step.iter().map(|it| format!("{} {}", it.entry.name, it.entry.payload)).collect();
            let replayed = at_once.iter().map(|it| format!("{} {}", it.name, it.payload)).collect();
            return Err(Difference::Decision { cause: at, recorded, replayed });
        }
        self.asked_for.entry(at).or_default().extend(later);
        self.steps += 1;
        step.iter().filter(|it| it.version.is_some()).try_for_each(|it| self.is_dense(it))
    }

    fn is_archived(&self, process: ProcessId, at: Position) -> bool {
        self.archived.get(&process).is_some_and(|up_to| at <= *up_to)
    }

    /// Folds the events of a step whose cause is archived.
    fn take_as_recorded(&mut self, step: &[Recorded]) -> Result<(), Difference> {
        for event in step.iter().filter(|it| it.version.is_some()) {
            let folded = state(&mut self.states, self.engine, &event.entry.stream)
                .and_then(|state| self.engine.evolve(state, &event.entry));
            folded.map_err(|failure| Difference::Failed { at: event.position, failure })?;
            self.is_dense(event)?;
        }
        Ok(())
    }

    /// A command that was asked for later is logged when it becomes due, in a step of its own. Who asked cannot be asked
    /// again, if it was asked before, or if its instance has recorded something since.
    fn became_due(&self, cause: &Recorded, step: &[Recorded]) -> bool {
        if let Some(asked) = self.asked_for.get(&cause.position) {
            return step.iter().all(|it| asked.iter().any(|asked| is_same_message(it, asked)));
        }
        let is_stateful = matches!(self.engine.handlers_of(&cause.entry), Handlers::Instance);
        let has_moved_on = self.moved_on.get(&cause.entry.stream).is_some_and(|it| *it > cause.position);
        let are_commands = step.iter().all(|it| it.entry.kind == Kind::Command && it.entry.sender.is_some());
        is_stateful && has_moved_on && are_commands
    }

    /// Asks the handlers, and folds what an instance records, as the runtime does.
    fn decide(&mut self, cause: &Recorded, step: &[Recorded]) -> Result<Vec<Output>, Failure> {
        let Some(first) = step.first() else { return Ok(Vec::new()) };
        if let Handlers::Reactions(reactions) = self.engine.handlers_of(&cause.entry) {
            return self.react(cause, reactions, step);
        }
        let stream = &cause.entry.stream;
        let state = state(&mut self.states, self.engine, stream)?;
        let message = self.repairs.as_seen_by(stream.category(), cause);
        let mut outputs = self.engine.decide(state, &message, &Context::at(first.entry.at))?;
        self.engine.fold(state, stream, &mut outputs)?;
        Ok(outputs)
    }

    /// Asks those who react to an event. One that has failed, or has waited, reacts in a step of its own, or never.
    fn react(
        &mut self,
        event: &Recorded,
        reactions: &[Reaction],
        step: &[Recorded],
    ) -> Result<Vec<Output>, Failure> {
        let (mut all, mut rest) = (Vec::new(), step);
        let who = |(handler, _): &Reaction| (event.position, handler.to_string());
        let may_wait = |it: &Reaction| self.parked.contains(&who(it)) || self.repairs.may_wait(&it.0, event);
        let waiting: BTreeSet<_> = reactions.iter().filter(|it| may_wait(it)).map(who).collect();
        let mut asked: Vec<&Reaction> = reactions.iter().collect();
        loop {
            let (before, mut later) = (asked.len(), Vec::new());
            for reaction in asked {
                let (handler, react) = reaction;
                let who = who(reaction);
                if self.reacted.contains(&who) {
                    continue;
                }
                let may_wait = waiting.contains(&who);
                let outputs = self.engine.react(react, &self.repairs.as_seen_by(handler, event));
                let recorded = outputs.as_ref().ok().and_then(|it| begins_with(rest, it));
                if may_wait && recorded.is_none() {
                    later.push(reaction);
                    continue;
                }
                rest = rest.get(recorded.unwrap_or(0)..).unwrap_or_default();
                all.extend(outputs?);
                // One that waits comes in another step, in which the others must not be asked again.
                if !waiting.is_empty() {
                    self.reacted.insert(who);
                }
            }
            // Those who have waited have reacted in any order.
            if later.is_empty() || later.len() == before {
                return Ok(all);
            }
            asked = later;
        }
    }

    /// Whether an event has the next version of its stream.
    fn is_dense(&mut self, event: &Recorded) -> Result<(), Difference> {
        self.moved_on.insert(event.entry.stream.clone(), event.position);
        let next = self.versions.entry(event.entry.stream.clone()).or_default();
        *next = next.next();
        if event.version != Some(*next) {
            return Err(Difference::NotDense { at: event.position, stream: event.entry.stream.clone() });
        }
        Ok(())
    }
}

/// Whether it came of a message. An executed command comes from outside, also when it answers a message.
fn is_outcome(entry: &Recorded) -> bool {
    entry.causation.is_some() && entry.entry.kind != Kind::ExecutedCommand
}

fn state<'s>(
    states: &'s mut BTreeMap<Stream, InstanceState>,
    engine: &Engine,
    stream: &Stream,
) -> Result<&'s mut InstanceState, Failure> {
    if !states.contains_key(stream) {
        states.insert(stream.clone(), engine.initial(stream.category())?);
    }
    states.get_mut(stream).ok_or_else(|| Failure::UnknownCategory { category: stream.category().into() })
}

impl Output {
    fn is_later(&self) -> bool {
        matches!(self, Self::Send { after, .. } if !after.is_zero())
    }
}

/// How many entries there are of what a handler returns at once, if the step begins with them.
fn begins_with(step: &[Recorded], outputs: &[Output]) -> Option<usize> {
    let at_once = outputs.iter().filter(|it| !it.is_later()).filter_map(Output::message);
    let mut count = 0;
    for now in at_once {
        step.get(count).filter(|it| is_same(&it.entry, now))?;
        count += 1;
    }
    Some(count)
}

/// Whether an entry is what the handlers would write now. What was written with an older shape is taken for the same: it
/// means what its upcast means, and was not to be written anew.
fn is_same(recorded: &Entry, now: &Encoded) -> bool {
    let is_older = recorded.schema_version < now.schema_version;
    recorded.name == now.name && (is_older || recorded.payload == now.payload)
}

fn is_same_message(recorded: &Recorded, now: &Encoded) -> bool {
    is_same(&recorded.entry, now)
}
