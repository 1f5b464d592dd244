use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Difference, Replay};
use crate::{
    Application, Engine, Failure, Handlers, InstanceState, Lifecycle, Output, Stream, Version,
    log::{Encoded, Entry, Position, ProcessId, Recorded},
};

/// What would have been otherwise, if the handlers of today had been there from the beginning: every recorded decision is made
/// again, on the history as it is recorded.
///
/// It answers, before a deployment, what a changed handler would have done, which processes that still run are concerned, and
/// whether all that was written with older shapes can be read. Other than [`Replay`] it goes on after a difference, and also asks
/// those handlers that had nothing to say at the time. A message on which nothing is known to have been done yet is not asked
/// about, and neither are effects: their targets have answered.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Application, Module, doc::CleanRoom, replay::WhatIf};
///
/// let changed = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// let mut what_if = WhatIf::of(&changed);
/// # let log: Vec<procession::log::Recorded> = Vec::new();
/// log.into_iter().for_each(|it| what_if.next(it));
/// assert!(what_if.finish().differences.is_empty());
/// # Ok::<(), procession::WiringErrors>(())
/// ```
pub struct WhatIf<'a> {
    engine: &'a Engine,
    /// The schema versions of today.
    shapes: BTreeMap<&'static str, u16>,
    replay: Replay<'a>,
    /// Of each stream, in their order.
    events: BTreeMap<Stream, Vec<Position>>,
    /// Streams that cannot be read any more.
    unreadable: BTreeSet<Stream>,
    /// Messages from which something has come.
    answered: BTreeSet<Position>,
    report: WhatIfReport,
}

/// What would have been otherwise.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct WhatIfReport {
    /// How many decisions were the same.
    pub same: u64,
    /// All that would have been otherwise, in the order of the log.
    pub differences: Vec<Difference>,
    /// The processes in which something would have been otherwise.
    pub processes: BTreeMap<ProcessId, AffectedProcess>,
    /// What was written with an older shape than that of today, and was read.
    pub older_shapes: BTreeMap<String, OlderShape>,
    /// The processes that are archived: what they have decided is taken as it is recorded.
    pub archived: BTreeSet<ProcessId>,
}

/// A process in which something would have been otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AffectedProcess {
    /// How many of its decisions would have been others.
    pub differences: u64,
    /// Whether one of its instances has not ended: the changed handlers go on with it.
    pub is_running: bool,
    /// With which events its instances have ended.
    pub ended_with: BTreeSet<String>,
    /// With which events they would have ended in the decisions that are different.
    pub would_end_with: BTreeSet<String>,
}

/// Messages that were written with an older shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OlderShape {
    /// How many of them there are.
    pub messages: u64,
    /// The oldest shape.
    pub oldest: u16,
}

impl WhatIfReport {
    /// The differences that come from what cannot be read any more: an upcaster is missing, or a shape was changed without one.
    pub fn unreadable(&self) -> impl Iterator<Item = &Difference> {
        let cannot_be_read =
            |it: &&Difference| matches!(it, Difference::Failed { failure: Failure::Decode(_), .. });
        self.differences.iter().filter(cannot_be_read)
    }
}

impl<'a> WhatIf<'a> {
    /// The handlers of today, that have seen nothing.
    #[must_use]
    pub fn of(application: &'a Application) -> Self {
        let handlers = application.map().handlers().map(|(_, it)| it);
        let messages = handlers.flat_map(|it| it.emits.iter().map(|it| it.message).chain([it.takes]));
        let engine: &Engine = application.engine();
        Self {
            engine,
            shapes: messages.map(|it| (it.name, it.schema_version)).collect(),
            replay: Replay::new(engine),
            events: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            answered: BTreeSet::new(),
            report: WhatIfReport::default(),
        }
    }

    /// Leaves out what a handler did not do: its message was parked. Say so before the log comes.
    #[must_use]
    pub fn without(mut self, parked: Position, handler: &str) -> Self {
        self.replay = self.replay.without(parked, handler);
        self
    }

    /// Takes as it is recorded what an archived process has decided up to an entry. Say so before the log comes.
    #[must_use]
    pub fn archived(mut self, process: ProcessId, up_to: Position) -> Self {
        self.report.archived.insert(process);
        self.replay = self.replay.archived(process, up_to);
        self
    }

    /// Takes the next entry of the log.
    pub fn next(&mut self, entry: Recorded) {
        if self.replay.ends_step(&entry) {
            self.compare();
        }
        self.answered.extend(entry.causation);
        self.note_shape(&entry.entry);
        if entry.version.is_some() {
            self.events.entry(entry.entry.stream.clone()).or_default().push(entry.position);
        }
        self.replay.take(entry);
    }

    /// Ends it, when all of the log has been handled.
    #[must_use]
    pub fn finish(self) -> WhatIfReport {
        self.finish_where(|_| true)
    }

    /// Ends it, and asks about those events only that are known to be handled: on others nothing has been done *yet*.
    #[must_use]
    pub fn finish_where(mut self, is_handled: impl Fn(&Recorded) -> bool) -> WhatIfReport {
        self.compare();
        self.ask_the_silent(is_handled);
        self.report.same = self.replay.steps;
        self.tell_ends();
        self.report
    }

    fn note_shape(&mut self, entry: &Entry) {
        let version = entry.schema_version;
        if self.shapes.get(&*entry.name).is_none_or(|current| version >= *current) {
            return;
        }
        let oldest = OlderShape { messages: 0, oldest: version };
        let older = self.report.older_shapes.entry(entry.name.to_string()).or_insert(oldest);
        older.messages += 1;
        older.oldest = older.oldest.min(version);
    }

    fn compare(&mut self) {
        let last = self.replay.step.last().map(|it| it.position);
        if let Err(difference) = self.replay.compare() {
            self.differs(difference, last);
        }
    }

    /// Notes a difference, and goes on from what is recorded.
    fn differs(&mut self, difference: Difference, last: Option<Position>) {
        let at = match &difference {
            Difference::Decision { cause: at, .. }
            | Difference::Failed { at, .. }
            | Difference::NoCause { at, .. }
            | Difference::NotDense { at, .. } => *at,
        };
        if let Some(message) = self.replay.messages.get(&at).cloned() {
            let stream = &message.entry.stream;
            if self.unreadable.contains(stream) {
                return;
            }
            self.note(message.process, &message.entry.stream, &difference);
            self.fold_again(stream, last.unwrap_or(at));
        }
        self.report.differences.push(difference);
    }

    fn note(&mut self, process: ProcessId, stream: &Stream, difference: &Difference) {
        let affected = self.report.processes.entry(process).or_default();
        affected.differences += 1;
        if let Difference::Decision { replayed, .. } = difference {
            let ends = self.engine.ends().find(|(category, _)| *category == stream.category());
            let names = replayed.iter().filter_map(|it| it.split(' ').next());
            let ends = names.filter(|it| ends.is_some_and(|(_, ends)| ends.contains(it)));
            affected.would_end_with.extend(ends.map(ToOwned::to_owned));
        }
    }

    /// The state of a stream as it was recorded, up to a position.
    fn fold_again(&mut self, stream: &Stream, up_to: Position) {
        self.replay.states.remove(stream);
        let events = self.events.get(stream).map(Vec::as_slice).unwrap_or_default();
        let events: Vec<Position> = events.iter().copied().filter(|it| *it <= up_to).collect();
        let folded = self.folded(stream, &events);
        match folded {
            Ok(state) => _ = self.replay.states.insert(stream.clone(), state),
            Err(_) => _ = self.unreadable.insert(stream.clone()),
        }
        self.replay.versions.insert(stream.clone(), Version(events.len() as u64));
        if let Some(newest) = events.last() {
            self.replay.moved_on.insert(stream.clone(), *newest);
        }
    }

    fn folded(&self, stream: &Stream, events: &[Position]) -> Result<InstanceState, Failure> {
        let mut state = self.engine.initial(stream.category())?;
        for event in events.iter().filter_map(|it| self.replay.messages.get(it)) {
            self.engine.evolve(&mut state, &event.entry)?;
        }
        Ok(state)
    }

    /// Asks those who react to events on which nobody has done anything: perhaps somebody does today.
    fn ask_the_silent(&mut self, is_handled: impl Fn(&Recorded) -> bool) {
        let engine = self.engine;
        let messages = self.replay.messages.values();
        let messages = messages.filter(|it| !self.replay.is_archived(it.process, it.position));
        let silent = messages.filter(|it| !self.answered.contains(&it.position) && is_handled(it));
        let silent: Vec<Recorded> = silent.cloned().collect();
        for event in silent {
            let Handlers::Reactions(reactions) = engine.handlers_of(&event.entry) else { continue };
            let mut now = Vec::new();
            for (handler, react) in reactions {
                let is_parked = self.replay.parked.contains(&(event.position, handler.to_string()));
                if is_parked || self.replay.repairs.may_wait(handler, &event) {
                    continue;
                }
                match engine.react(react, &event.entry) {
                    Ok(outputs) => now.extend(outputs.into_iter().filter(|it| !it.is_later())),
                    Err(failure) => self.differs(Difference::Failed { at: event.position, failure }, None),
                }
            }
            let replayed: Vec<String> = now.iter().filter_map(Output::message).map(written).collect();
            if !replayed.is_empty() {
                let (cause, recorded) = (event.position, Vec::new());
                self.differs(Difference::Decision { cause, recorded, replayed }, None);
            }
        }
    }

    /// How the processes have ended in which something would have been otherwise.
    fn tell_ends(&mut self) {
        let ends: BTreeMap<_, _> = self.engine.ends().collect();
        for (stream, events) in &self.events {
            let Some(ends) = ends.get(stream.category()) else { continue };
            let messages = || events.iter().filter_map(|it| self.replay.messages.get(it));
            let Some(last) = messages().next_back() else { continue };
            let processes: BTreeSet<ProcessId> = messages().map(|it| it.process).collect();
            let end = ends.iter().find(|it| **it == last.entry.name);
            let lifecycle = end.map_or(Lifecycle::Running, |it| Lifecycle::Ended(it));
            for process in processes {
                let Some(affected) = self.report.processes.get_mut(&process) else { continue };
                match lifecycle {
                    Lifecycle::Ended(end) => _ = affected.ended_with.insert(end.into()),
                    _ => affected.is_running = true,
                }
            }
        }
    }
}

fn written(message: &Encoded) -> String {
    format!("{} {}", message.name, message.payload)
}
