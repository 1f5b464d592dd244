use std::{collections::HashMap, rc::Rc, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Application, Cancellation, Context, Engine, Failure, Handlers, InstanceState, Output, ProcessMap, Stream,
    effect_handler,
    log::{Encoded, Entry, Kind},
};

use crate::{
    fingerprint::{Fingerprint, Symmetry, chain, fingerprint},
    ids::{CallId, DeliveryId, HistoryId, MessageId, ReactionId, ReactorId, StreamId, Table},
    modules::{Modules, OUTSIDE},
    state::{Delivery, Place, Queue, Source, Target},
};

/// What is promised of the order in which messages are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promise {
    /// As between modules with stores of their own: a handler gets the messages of one instance in their order, and those of
    /// several in any. The stricter world, and so the usual one.
    #[default]
    BetweenStores,
    /// As within one store: an instance handles what concerns it in the order in which it was written.
    OneStore,
}

/// Runs the handlers, each of them once for the same question: they are pure, and so the answer is the same.
pub(crate) struct Machine {
    pub(crate) engine: Arc<Engine>,
    pub(crate) map: ProcessMap,
    pub(crate) modules: Modules,
    pub(crate) promise: Promise,
    pub(crate) symmetry: Symmetry,
    pub(crate) streams: Table<StreamId, Stream>,
    pub(crate) messages: Table<MessageId, Message>,
    pub(crate) deliveries: Table<DeliveryId, Delivery>,
    pub(crate) reactions: Table<ReactionId, Reaction>,
    pub(crate) reactors: Table<ReactorId, String>,
    pub(crate) calls: Table<CallId, Call>,
    pub(crate) histories: Table<HistoryId, History>,
    pub(crate) handled: HashMap<(HistoryId, DeliveryId, Timestamp), Rc<Outcome>>,
    /// In every way in which those who are alike may be exchanged.
    prints: Prints,
}

/// A message with its address and time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) stream: StreamId,
    sender: Option<StreamId>,
    pub(crate) name: Arc<str>,
    schema_version: u16,
    pub(crate) payload: Arc<str>,
    pub(crate) at: Timestamp,
}

/// The events of a stream up to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum History {
    Empty,
    Then { before: HistoryId, event: MessageId },
}

/// A reaction to an event: who, and the how many-eth of those who react to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reaction {
    event: Arc<str>,
    index: usize,
    pub(crate) reactor: ReactorId,
    module: u16,
}

/// A call of an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) effect: &'static str,
    pub(crate) event: MessageId,
}

/// What comes of a message, or how its handler has failed.
pub(crate) type Outcome = Result<Handled, Failure>;

/// What comes of a message.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Handled {
    pub(crate) history: Option<(StreamId, HistoryId)>,
    pub(crate) emitted: Vec<Emitted>,
}

/// One thing that comes of a message.
#[derive(Debug, PartialEq)]
pub(crate) enum Emitted {
    /// An event, and who reacts to it.
    Event {
        event: MessageId,
        to: Vec<DeliveryId>,
    },
    /// A message is on its way to an instance.
    Message(DeliveryId),
    /// A command waits for its time.
    Later(DeliveryId),
    Cancel(Cancellation),
    Call(CallId),
    TakeBackCalls {
        effect: &'static str,
        stream: StreamId,
    },
    /// A "no", or that a process manager did not take the message.
    Refused(MessageId),
}

impl Handled {
    /// Whether nothing that waits is taken back by it.
    pub(crate) fn takes_nothing_back(&self) -> bool {
        !self.emitted.iter().any(|it| matches!(it, Emitted::Cancel(_) | Emitted::TakeBackCalls { .. }))
    }
}

#[derive(Default)]
struct Prints {
    streams: Vec<Vec<Fingerprint>>,
    messages: Vec<Vec<Fingerprint>>,
    deliveries: Vec<Vec<Fingerprint>>,
    histories: Vec<Vec<Fingerprint>>,
}

/// Who emits, and when.
#[derive(Clone, Copy)]
pub(crate) struct Emitter {
    pub(crate) stream: StreamId,
    pub(crate) source: Source,
    pub(crate) sender: Option<StreamId>,
    pub(crate) module: u16,
    pub(crate) now: Timestamp,
    pub(crate) again: bool,
}

impl Machine {
    pub(crate) fn of(application: &Application, promise: Promise, symmetry: Symmetry) -> Self {
        let mut machine = Self {
            engine: Arc::clone(application.engine()),
            map: application.map().clone(),
            modules: Modules::of(application.map()),
            promise,
            symmetry,
            streams: Table::new(),
            messages: Table::new(),
            deliveries: Table::new(),
            reactions: Table::new(),
            reactors: Table::new(),
            calls: Table::new(),
            histories: Table::new(),
            handled: HashMap::new(),
            prints: Prints::default(),
        };
        machine.history(History::Empty);
        machine
    }

    /// Lets its handler handle a message; late, when it looks at a clock that shows `not_before`.
    pub(crate) fn handle(
        &mut self,
        history: HistoryId,
        delivery: DeliveryId,
        not_before: Timestamp,
    ) -> Rc<Outcome> {
        let question = (history, delivery, not_before);
        if let Some(handled) = self.handled.get(&question) {
            return Rc::clone(handled);
        }
        let Delivery { message, to, again, .. } = self.deliveries[delivery];
        let outcome = match to {
            Target::Instance(stream) => self.decide(history, stream, message, not_before, again),
            Target::Reaction(reaction) => self.react(reaction, message, again),
        };
        let outcome = Rc::new(outcome);
        self.handled.insert(question, Rc::clone(&outcome));
        outcome
    }

    fn decide(
        &mut self,
        history: HistoryId,
        stream: StreamId,
        message: MessageId,
        not_before: Timestamp,
        again: bool,
    ) -> Outcome {
        let engine = Arc::clone(&self.engine);
        let mut state = self.folded(stream, history)?;
        // Time goes on as far as messages carry it: clocks of several nodes promise no more.
        let now = self.time_of(history).max(self.messages[message].at).max(not_before);
        let entry = self.entry(message);
        let mut outputs = engine.decide(&state, &entry, &Context::at(now))?;
        engine.fold(&mut state, &entry.stream, &mut outputs)?;
        let sender = state.is_process().then_some(stream);
        let module = self.modules.of_category(entry.stream.category());
        let source = Source::Instance(stream);
        let emitter = Emitter { stream, source, sender, module, now, again };
        let mut handled = Handled { history: None, emitted: self.emitted(outputs, &emitter) };
        let mut after = history;
        for emitted in &handled.emitted {
            if let Emitted::Event { event, .. } = *emitted
                && self.messages[event].kind == Kind::Event
            {
                after = self.history(History::Then { before: after, event });
            }
        }
        handled.history = (after != history).then_some((stream, after));
        Ok(handled)
    }

    fn react(&mut self, reaction: ReactionId, event: MessageId, again: bool) -> Outcome {
        let engine = Arc::clone(&self.engine);
        let entry = self.entry(event);
        let Reaction { index, module, reactor, .. } = self.reactions[reaction];
        let Handlers::Reactions(reactions) = engine.handlers_of(&entry) else {
            return Ok(Handled::default());
        };
        let Some((_, react)) = reactions.get(index) else { return Ok(Handled::default()) };
        let outputs = engine.react(react, &entry)?;
        let (stream, now) = (self.messages[event].stream, entry.at);
        let source = Source::Reactor(reactor, stream);
        let emitter = Emitter { stream, source, sender: None, module, now, again };
        let emitted = outputs.into_iter().flat_map(|output| match output {
            Output::Call { effect } => {
                vec![Emitted::Call(self.calls.number(Call { effect, event }).0)]
            }
            other => self.emitted(vec![other], &emitter),
        });
        Ok(Handled { history: None, emitted: emitted.collect() })
    }

    pub(crate) fn emitted(&mut self, outputs: Vec<Output>, by: &Emitter) -> Vec<Emitted> {
        outputs.into_iter().filter_map(|it| self.one_emitted(it, by)).collect()
    }

    fn one_emitted(&mut self, output: Output, by: &Emitter) -> Option<Emitted> {
        Some(match output {
            Output::Record(message) => self.event(Kind::Event, &message, by),
            Output::Publish(message) => self.event(Kind::PublicEvent, &message, by),
            Output::Deliver { to, message } => {
                let to = self.stream(to);
                let message = self.message(Kind::Input, to, None, &message, by.now);
                Emitted::Message(self.to_instance(message, by.source, by))
            }
            Output::Send { to, message, after } => {
                let to = self.stream(to);
                // A pause that ends beyond all time never ends.
                let due = by.now.checked_add(after).unwrap_or(Timestamp::MAX);
                let message = self.message(Kind::Command, to, by.sender, &message, due);
                if after.is_zero() {
                    Emitted::Message(self.to_instance(message, by.source, by))
                } else {
                    Emitted::Later(self.to_instance(message, Source::Clock, by))
                }
            }
            Output::Reject(message) => {
                Emitted::Refused(self.message(Kind::Rejection, by.stream, None, &message, by.now))
            }
            Output::Ignore(message) => {
                Emitted::Refused(self.message(Kind::Ignored, by.stream, None, &message, by.now))
            }
            Output::Cancel(cancellation) => Emitted::Cancel(cancellation),
            Output::TakeBackCalls { effect } => Emitted::TakeBackCalls { effect, stream: by.stream },
            // Only reactions open calls, and they know their event.
            Output::Call { .. } => return None,
        })
    }

    fn event(&mut self, kind: Kind, message: &Encoded, by: &Emitter) -> Emitted {
        let event = self.message(kind, by.stream, None, message, by.now);
        let engine = Arc::clone(&self.engine);
        let entry = self.entry(event);
        let Handlers::Reactions(reactions) = engine.handlers_of(&entry) else {
            return Emitted::Event { event, to: Vec::new() };
        };
        let to = reactions.iter().enumerate().map(|(index, (handler, _))| {
            let module = self.modules.of_reaction(handler);
            let reactor = self.reactors.number(handler.to_string()).0;
            let reaction = Reaction { event: Arc::clone(&self.messages[event].name), index, reactor, module };
            let to = Target::Reaction(self.reactions.number(reaction).0);
            let queue = self.queue(event, Place::Reactor(reactor), by.source);
            let repeats = module != by.module && !by.again;
            self.delivery(Delivery {
                message: event,
                to,
                queue,
                repeats,
                again: by.again,
                is_answered: false,
            })
        });
        Emitted::Event { event, to: to.collect() }
    }

    fn to_instance(&mut self, message: MessageId, from: Source, by: &Emitter) -> DeliveryId {
        let stream = self.messages[message].stream;
        let to = Target::Instance(stream);
        let queue = self.queue(message, Place::Instance(stream), from);
        let repeats = by.module != self.modules.of_category(self.streams[stream].category()) && !by.again;
        let is_answered = by.module == OUTSIDE;
        self.delivery(Delivery { message, to, queue, repeats, again: by.again, is_answered })
    }

    fn queue(&self, message: MessageId, to: Place, from: Source) -> Queue {
        match self.promise {
            Promise::BetweenStores => Queue { to, from },
            Promise::OneStore => {
                Queue { to: Place::Instance(self.messages[message].stream), from: Source::Log }
            }
        }
    }

    /// What comes from outside.
    pub(crate) fn from_outside(&mut self, outputs: Vec<Output>, now: Timestamp) -> Vec<DeliveryId> {
        let sent = outputs.into_iter().filter_map(|output| match output {
            Output::Send { to, message, .. } => {
                let stream = self.stream(to);
                let message = self.message(Kind::Command, stream, None, &message, now);
                let source = Source::Outside;
                let by = Emitter { stream, source, sender: None, module: OUTSIDE, now, again: false };
                Some(self.to_instance(message, source, &by))
            }
            _ => None,
        });
        sent.collect()
    }

    /// The same message, when it comes a second time.
    pub(crate) fn repetition(&mut self, of: DeliveryId) -> DeliveryId {
        let first = self.deliveries[of];
        self.delivery(Delivery { repeats: false, again: true, ..first })
    }

    /// The state of an instance after these events.
    pub(crate) fn folded(&self, stream: StreamId, history: HistoryId) -> Result<InstanceState, Failure> {
        let mut state = self.engine.initial(self.streams[stream].category())?;
        for event in self.events(history) {
            self.engine.evolve(&mut state, &self.entry(event))?;
        }
        Ok(state)
    }

    /// The events of a history, in their order.
    pub(crate) fn events(&self, mut history: HistoryId) -> Vec<MessageId> {
        let mut events = Vec::new();
        while let History::Then { before, event } = self.histories[history] {
            events.push(event);
            history = before;
        }
        events.reverse();
        events
    }

    pub(crate) fn time_of(&self, history: HistoryId) -> Timestamp {
        match self.histories[history] {
            History::Empty => Timestamp::MIN,
            History::Then { event, .. } => self.messages[event].at,
        }
    }

    pub(crate) fn entry(&self, message: MessageId) -> Entry {
        let Message { kind, stream, sender, name, schema_version, payload, at } = &self.messages[message];
        let encoded = Encoded {
            name: name.to_string().into(),
            schema_version: *schema_version,
            payload: payload.as_ref().into(),
        };
        let sender = sender.map(|it| self.streams[it].clone());
        Entry::new(*kind, self.streams[*stream].clone(), encoded, *at).sent_by(sender)
    }

    /// The effect of a call.
    pub(crate) fn effect_of(&self, call: CallId) -> String {
        effect_handler(self.calls[call].effect)
    }
}

/// Numbers, and the fingerprints of what has them.
impl Machine {
    fn ways(&self) -> std::ops::Range<usize> {
        0..self.symmetry.ways()
    }

    pub(crate) fn stream(&mut self, stream: Stream) -> StreamId {
        let (id, is_new) = self.streams.number(stream);
        if is_new {
            let stream = &self.streams[id];
            let print = |way| fingerprint((stream.category(), self.symmetry.name(way, stream.id())));
            let prints = self.ways().map(print).collect();
            self.prints.streams.push(prints);
        }
        id
    }

    fn message(
        &mut self,
        kind: Kind,
        stream: StreamId,
        sender: Option<StreamId>,
        message: &Encoded,
        at: Timestamp,
    ) -> MessageId {
        let Encoded { name, schema_version, payload } = message;
        let (name, payload) = (Arc::from(&**name), Arc::from(&**payload));
        let message = Message { kind, stream, sender, name, schema_version: *schema_version, payload, at };
        let (id, is_new) = self.messages.number(message);
        if is_new {
            let prints = self.ways().map(|way| self.print_of_message(id, way)).collect();
            self.prints.messages.push(prints);
        }
        id
    }

    fn print_of_message(&self, id: MessageId, way: usize) -> Fingerprint {
        let Message { kind, stream, sender, name, schema_version, payload, at } = &self.messages[id];
        let payload = self.symmetry.payload(way, payload);
        let [stream, sender] = [Some(*stream), *sender].map(|it| it.map(|it| self.print_of_stream(it, way)));
        fingerprint((kind, stream, sender, name, schema_version, payload, at))
    }

    fn delivery(&mut self, delivery: Delivery) -> DeliveryId {
        let (id, is_new) = self.deliveries.number(delivery);
        if is_new {
            let prints = self.ways().map(|way| self.print_of_delivery(&delivery, way)).collect();
            self.prints.deliveries.push(prints);
        }
        id
    }

    fn print_of_delivery(&self, delivery: &Delivery, way: usize) -> Fingerprint {
        let Delivery { message, to, queue, repeats, again, is_answered } = *delivery;
        let message = self.prints.messages[usize::from(message)][way];
        let to = match to {
            Target::Instance(_) => None,
            Target::Reaction(reaction) => Some(reaction),
        };
        let (from, reactor) = match queue.from {
            Source::Instance(stream) => (self.print_of_stream(stream, way), None),
            Source::Reactor(reactor, stream) => (self.print_of_stream(stream, way), Some(reactor)),
            Source::Log => (1, None),
            Source::Outside => (2, None),
            Source::Clock => (3, None),
        };
        fingerprint((message, to, from, reactor, repeats, again, is_answered))
    }

    fn history(&mut self, history: History) -> HistoryId {
        let (id, is_new) = self.histories.number(history);
        if is_new {
            let print = |way: usize| match history {
                History::Empty => 0,
                History::Then { before, event } => {
                    chain(self.print_of_history(before, way), self.prints.messages[usize::from(event)][way])
                }
            };
            let prints = self.ways().map(print).collect();
            self.prints.histories.push(prints);
        }
        id
    }

    pub(crate) fn print_of_stream(&self, stream: StreamId, way: usize) -> Fingerprint {
        self.prints.streams[usize::from(stream)][way]
    }

    pub(crate) fn print_of(&self, delivery: DeliveryId, way: usize) -> Fingerprint {
        self.prints.deliveries[usize::from(delivery)][way]
    }

    pub(crate) fn print_of_event(&self, message: MessageId, way: usize) -> Fingerprint {
        self.prints.messages[usize::from(message)][way]
    }

    pub(crate) fn print_of_history(&self, history: HistoryId, way: usize) -> Fingerprint {
        self.prints.histories[usize::from(history)][way]
    }
}
