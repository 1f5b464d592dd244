use std::{collections::HashMap, rc::Rc, sync::Arc};

use jiff::Timestamp;
use procession_core::{
    Application, Cancellation, Context, Engine, Failure, Handlers, InstanceState, Output, ProcessMap, Stream,
    effect_handler,
    log::{Encoded, Entry, Kind},
};

use crate::{
    emitting::Emitter,
    fingerprint::Symmetry,
    ids::{CallId, DeliveryId, HistoryId, MessageId, ReactionId, ReactorId, StreamId, Table},
    modules::Modules,
    numbers::Prints,
    state::{Delivery, Source, Target},
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
    pub(crate) prints: Prints,
}

/// A message with its address and time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) stream: StreamId,
    pub(crate) sender: Option<StreamId>,
    pub(crate) name: Arc<str>,
    pub(crate) schema_version: u16,
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
    pub(crate) event: Arc<str>,
    pub(crate) index: usize,
    pub(crate) reactor: ReactorId,
    pub(crate) module: u16,
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
