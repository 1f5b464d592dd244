//! The log, decided again: every recorded decision must be the one that the handlers make from the same history.
//!
//! Deciders and sagas are pure, so handing them what they were given must give what they gave. A difference means
//! that the code has changed its mind about the past, or that the log was changed behind its back.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Context, Engine, Failure, Handlers, InstanceState, Output, Stream,
    log::{Entry, Kind, Position, Recorded},
};

/// Replays a log, entry by entry in log order.
pub struct Replay<'a> {
    engine: &'a Engine,
    states: BTreeMap<Stream, InstanceState>,
    messages: BTreeMap<Position, Recorded>,
    parked: BTreeSet<(Position, String)>,
    step: Vec<Recorded>,
    steps: u64,
}

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
            messages: BTreeMap::new(),
            parked: BTreeSet::new(),
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

    /// Takes the next entry of the log.
    ///
    /// # Errors
    /// The first difference between what was recorded and what the handlers decide now.
    pub fn next(&mut self, entry: Recorded) -> Result<(), Difference> {
        if self.step.last().is_some_and(|last| last.causation != entry.causation) {
            self.compare()?;
        }
        if entry.causation.is_some() {
            self.step.push(entry.clone());
        }
        self.messages.insert(entry.position, entry);
        Ok(())
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
        let cause = cause.ok_or(Difference::NoCause { at: first.position, cause: at })?.clone();
        let failed = |failure| Difference::Failed { at, failure };
        let recorded: Vec<_> = step.iter().map(|it| signature(&it.entry)).collect();
        let outputs = self.decide(&cause, first.entry.at).map_err(failed)?;
        let (later, at_once): (Vec<_>, Vec<_>) = outputs.iter().partition(|it| it.is_later());
        let replayed: Vec<_> = at_once.into_iter().map(output).collect();
        // A command that was asked for later was logged when it became due, in a step of its own.
        let became_due = recorded.iter().all(|it| later.iter().any(|later| output(later) == *it));
        if recorded != replayed && !became_due {
            return Err(Difference::Decision { cause: at, recorded, replayed });
        }
        self.steps += 1;
        for event in step.iter().filter(|it| it.entry.kind == Kind::Event) {
            self.fold(event)?;
        }
        Ok(())
    }

    fn decide(&mut self, cause: &Recorded, now: jiff::Timestamp) -> Result<Vec<Output>, Failure> {
        if cause.entry.kind.is_command() {
            let state = state(&mut self.states, self.engine, &cause.entry.stream)?;
            return self.engine.decide(state, &cause.entry, &Context::at(now));
        }
        let Handlers::Sagas(reactions) = self.engine.handlers_of(&cause.entry) else { return Ok(Vec::new()) };
        let handled =
            reactions.iter().filter(|(saga, _)| !self.parked.contains(&(cause.position, (*saga).into())));
        let steps: Result<Vec<_>, _> =
            handled.map(|(_, react)| self.engine.react(react, &cause.entry)).collect();
        Ok(steps?.into_iter().flatten().collect())
    }

    fn fold(&mut self, event: &Recorded) -> Result<(), Difference> {
        let failed = |failure| Difference::Failed { at: event.position, failure };
        let state = state(&mut self.states, self.engine, &event.entry.stream).map_err(failed)?;
        if event.version != Some(state.version().next()) {
            return Err(Difference::NotDense { at: event.position, stream: event.entry.stream.clone() });
        }
        self.engine.evolve(state, &event.entry).map_err(failed)
    }
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

fn signature(entry: &Entry) -> String {
    format!("{} {}", entry.name, entry.payload)
}

fn output(output: &Output) -> String {
    let (Output::Record(message) | Output::Reject(message) | Output::Send { message, .. }) = output;
    format!("{} {}", message.name, message.payload)
}
