use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use procession::{
    Context, Engine, Handlers, InstanceState, Output, Stream, Version,
    history::layers,
    log::{Encoded, Entry, Kind, Position, ProcessId, Recorded},
    replay::Replay,
};

use crate::world::program;

/// Logs, with an empty line between: a line with the name of a program, and lines with entries of its log: kind, category,
/// id, sender, time, name, schema version and payload, with tabs between. Each entry is worked off with all that follows,
/// before the next one is taken.
///
/// # Panics
/// When something panics that is no handler, when a decision depends on how a state was loaded, or when the log cannot be
/// told.
pub fn engine(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    for log in text.split("\n\n") {
        let (name, entries) = log.split_once('\n').unwrap_or_default();
        if let Some(program) = program(name) {
            work_off(program.engine(), entries);
        }
    }
}

fn work_off(engine: &Engine, entries: &str) {
    let mut log = Log::new(engine);
    for entry in entries.lines().filter_map(entry) {
        log.write(entry, None);
        log.work_off();
    }
    log.tell();
}

fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(8, '\t');
    let kind = serde_json::from_str(&format!("\"{}\"", fields.next()?)).ok()?;
    let stream = Stream::new(fields.next()?.to_owned(), fields.next()?.to_owned()).ok()?;
    let sender =
        fields.next()?.split_once('/').map(|(category, id)| Stream::new(category.to_owned(), id.to_owned()));
    let at = Timestamp::from_second(fields.next()?.parse().ok()?).ok()?;
    let (name, schema_version) = (fields.next()?.to_owned().into(), fields.next()?.parse().ok()?);
    let payload = fields.next()?;
    let message = Encoded { name, schema_version, payload: payload.into() };
    let entry = Entry::new(kind, stream, message, at).sent_by(sender.and_then(Result::ok));
    (!asks_for_too_many(payload)).then_some(entry)
}

/// Whoever asks for four thousand million voters gets them, which takes a while.
fn asks_for_too_many(payload: &str) -> bool {
    let digits =
        |it: &str| it.trim_start_matches(['"', ':', ' ']).bytes().take_while(u8::is_ascii_digit).count();
    ["respondents", "voters"].iter().any(|name| payload.split(name).skip(1).any(|it| digits(it) > 2))
        || payload.contains("\\u")
}

/// A handler that goes on for ever is not what is looked for.
const LONGEST_LOG: usize = 300;

struct Log<'a> {
    engine: &'a Engine,
    entries: Vec<Recorded>,
    waiting: VecDeque<usize>,
    /// The events of each stream.
    streams: BTreeMap<Stream, Vec<usize>>,
    /// The states that live on.
    states: BTreeMap<Stream, InstanceState>,
    /// Streams whose events cannot be folded.
    broken: BTreeSet<Stream>,
}

impl<'a> Log<'a> {
    fn new(engine: &'a Engine) -> Self {
        let (entries, waiting, streams, states, broken) = Default::default();
        Self { engine, entries, waiting, streams, states, broken }
    }

    fn write(&mut self, entry: Entry, cause: Option<usize>) {
        let position = Position(self.entries.len() as u64 + 1);
        let cause = cause.and_then(|it| self.entries.get(it));
        let events = self.streams.entry(entry.stream.clone()).or_default();
        let version = (entry.kind == Kind::Event).then(|| {
            events.push(self.entries.len());
            Version(events.len() as u64)
        });
        self.waiting.push_back(self.entries.len());
        self.entries.push(Recorded {
            position,
            process: cause.map_or(ProcessId::from(position), |it| it.process),
            causation: cause.map(|it| it.position),
            version,
            entry: entry.into(),
        });
    }

    fn work_off(&mut self) {
        while let Some(index) = self.waiting.pop_front() {
            let Some(recorded) = self.entries.get(index).cloned() else { continue };
            if recorded.causation.is_none() && recorded.entry.kind == Kind::Event {
                // It was recorded by nobody here, so the state that lives on does not know it.
                self.states.remove(&recorded.entry.stream);
            }
            if self.entries.len() > LONGEST_LOG {
                continue;
            }
            match self.engine.handlers_of(&recorded.entry) {
                Handlers::Instance => self.decide(index, &recorded.entry),
                Handlers::Reactions(reactions) => {
                    for (_, react) in reactions {
                        let outputs = self.engine.react(react, &recorded.entry).unwrap_or_default();
                        self.write_all(index, &recorded.entry, None, outputs);
                    }
                }
                Handlers::Nobody => {}
            }
        }
    }

    fn decide(&mut self, index: usize, message: &Entry) {
        let stream = &message.stream;
        let Some(loaded) = self.load(stream) else { return };
        let mut state = self.states.remove(stream).unwrap_or_else(|| self.load(stream).unwrap());
        assert_eq!((state.version(), state.lifecycle()), (loaded.version(), loaded.lifecycle()), "{stream}");
        let context = Context::at(message.at);
        let decided = self.engine.decide(&state, message, &context);
        assert_eq!(self.engine.decide(&loaded, message, &context), decided, "{message:?}");
        let Ok(mut outputs) = decided else { return };
        let sender = state.is_process().then(|| stream.clone());
        // A state that cannot be folded is dropped, and with it what was decided.
        if self.engine.fold(&mut state, stream, &mut outputs).is_ok() {
            self.states.insert(stream.clone(), state);
            self.write_all(index, message, sender, outputs);
        }
    }

    /// The state of an instance, folded from its events.
    fn load(&mut self, stream: &Stream) -> Option<InstanceState> {
        if self.broken.contains(stream) {
            return None;
        }
        let mut state = self.engine.initial(stream.category()).ok()?;
        let mut events =
            self.streams.get(stream).into_iter().flatten().filter_map(|it| self.entries.get(*it));
        if events.any(|it| self.engine.evolve(&mut state, &it.entry).is_err()) {
            self.broken.insert(stream.clone());
            return None;
        }
        Some(state)
    }

    fn write_all(&mut self, cause: usize, of: &Entry, sender: Option<Stream>, outputs: Vec<Output>) {
        for output in outputs {
            let here = of.stream.clone();
            let (kind, stream, message, at) = match output {
                Output::Record(message) => (Kind::Event, here, message, of.at),
                Output::Publish(message) => (Kind::PublicEvent, here, message, of.at),
                Output::Reject(message) => (Kind::Rejection, here, message, of.at),
                Output::Ignore(message) => (Kind::Ignored, here, message, of.at),
                Output::Deliver { to, message } => (Kind::Input, to, message, of.at),
                // Its time comes at once, as if nobody had taken it back.
                Output::Send { to, message, after } => {
                    (Kind::Command, to, message, of.at.checked_add(after).unwrap_or(Timestamp::MAX))
                }
                Output::Cancel(cancellation) => {
                    _ = cancellation.takes_back(&of.name, &here, sender.as_ref());
                    continue;
                }
                // The world outside is not part of this one.
                Output::Call { .. } | Output::TakeBackCalls { .. } => continue,
            };
            let sender = sender.clone().filter(|_| kind == Kind::Command);
            self.write(Entry::new(kind, stream, message, at).sent_by(sender), Some(cause));
        }
    }

    /// The log is told to people, and decided again. It may differ, because some of it was decided by nobody.
    fn tell(&self) {
        let told: usize = layers(&self.entries).iter().map(|it| it.messages.len()).sum();
        assert_eq!(told, self.entries.len());
        let mut replay = Replay::new(self.engine);
        for recorded in &self.entries {
            _ = serde_json::to_string(recorded);
            _ = replay.next(recorded.clone());
        }
        _ = replay.finish();
    }
}
