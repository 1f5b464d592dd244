use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use hotel::{
    GuestStayId, Style,
    guest_stays::{CheckOutGuest, GuestStay},
    hotel, takes,
};
use jiff::Timestamp;
use procession::{
    Application, Cancellation, Command, Context, Decider, Handlers, InstanceState, Message as _, Output,
    Stream,
    log::{Entry, Kind},
};

use crate::plan::{Pays, Plan, charge, check_in, pay};

/// What is promised of the order in which messages are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Within one store: a target handles its messages in the order of the log, and each of them once.
    OneStore,
    /// Between stores, without what keeps duplicates away: a target handles the messages of one source in their order, and
    /// events may come again.
    BetweenStores,
}

/// A hotel without a runtime: of all messages that may be handled next, chance takes one.
pub(crate) struct Delivery {
    application: Application,
    promise: Promise,
    chance: Chance,
    /// By target, and by source where that matters.
    on_the_way: BTreeMap<(Stream, Option<Stream>), VecDeque<Message>>,
    states: BTreeMap<Stream, InstanceState>,
    /// All events of a stream, to fold them again.
    pub(crate) events: BTreeMap<Stream, Vec<Entry>>,
    timers: Vec<Entry>,
    /// Payments that will be on their way right before or right behind the question.
    payments: BTreeMap<Stream, (Pays, Entry)>,
    now: Timestamp,
    pub(crate) handled: u64,
    pub(crate) duplicates: u64,
    pub(crate) style_changes: u64,
    pub(crate) rejections: Vec<String>,
}

#[derive(Clone)]
struct Message {
    entry: Entry,
    is_duplicate: bool,
}

impl Delivery {
    pub(crate) fn new(style: Style, promise: Promise, seed: u64) -> Self {
        Self {
            application: hotel(style).unwrap(),
            promise,
            chance: Chance(seed),
            on_the_way: BTreeMap::new(),
            states: BTreeMap::new(),
            events: BTreeMap::new(),
            timers: Vec::new(),
            payments: BTreeMap::new(),
            now: Timestamp::UNIX_EPOCH,
            handled: 0,
            duplicates: 0,
            style_changes: 0,
            rejections: Vec::new(),
        }
    }

    /// A command comes from outside. It is on its way behind everything that is there already.
    pub(crate) fn send<C: Command>(&mut self, command: &C) {
        let stream = Stream::new(C::To::CATEGORY, command.target()).unwrap();
        let entry = Entry::new(Kind::Command, stream, command.encode().unwrap(), self.now);
        self.put_on_the_way(entry, None);
    }

    /// A guest pays when the group asks: right before, or too late.
    fn pay_when_asked(&mut self, stay: GuestStayId, pays: Pays) {
        let payment = pay(stay);
        let stream = Stream::new(GuestStay::CATEGORY, payment.target()).unwrap();
        let entry = Entry::new(Kind::Command, stream.clone(), payment.encode().unwrap(), self.now);
        self.payments.insert(stream, (pays, entry));
    }

    /// Handles one message, if there is one.
    pub(crate) fn step(&mut self) -> bool {
        let queues: Vec<_> = self.on_the_way.keys().cloned().collect();
        let Some(queue) = queues.get(self.chance.below(queues.len())) else { return false };
        self.take_from(&queue.clone());
        true
    }

    /// Handles messages until none is left.
    pub(crate) fn finish(&mut self) {
        while self.step() {}
    }

    /// Handles messages until none is left; those of one name only when there is nothing else.
    pub(crate) fn finish_with(&mut self, last: &str) {
        while self.step_but(last) {}
        self.finish();
    }

    /// Handles one message, but none of this name.
    pub(crate) fn step_but(&mut self, name: &str) -> bool {
        self.step_where(|it| it.name != name)
    }

    /// Handles one message of this name.
    pub(crate) fn step_with(&mut self, name: &str) -> bool {
        self.step_where(|it| it.name == name)
    }

    fn step_where(&mut self, is_wanted: impl Fn(&Entry) -> bool) -> bool {
        let is_wanted = |queue: &VecDeque<Message>| queue.front().is_some_and(|it| is_wanted(&it.entry));
        let found = self.on_the_way.iter().find(|(_, queue)| is_wanted(queue)).map(|(it, _)| it.clone());
        found.inspect(|it| self.take_from(it)).is_some()
    }

    /// Time is up, if a command waits for its time.
    pub(crate) fn fire_timers(&mut self) {
        for entry in std::mem::take(&mut self.timers) {
            self.put_on_the_way(entry, None);
        }
    }

    /// Whether a command waits for its time.
    pub(crate) fn has_timers(&self) -> bool {
        !self.timers.is_empty()
    }

    /// The hotel is opened in another style, provided that it takes all that is on the way.
    pub(crate) fn change_style(&mut self, style: Style) {
        let other = hotel(style).unwrap();
        if self.on_the_way.values().flatten().all(|it| takes(other.map(), &it.entry)) {
            self.application = other;
            self.states.clear();
            self.style_changes += 1;
        }
    }

    /// The state of an instance, folded from its events.
    pub(crate) fn state<D: Decider>(&self, id: &str) -> D {
        let state = self.folded(&Stream::new(D::CATEGORY, id.to_owned()).unwrap());
        *state.downcast().unwrap()
    }

    fn folded(&self, stream: &Stream) -> InstanceState {
        let engine = self.application.engine();
        let mut state = engine.initial(stream.category()).unwrap();
        for event in self.events.get(stream).into_iter().flatten() {
            engine.evolve(&mut state, event).unwrap();
        }
        state
    }

    fn take_from(&mut self, queue: &(Stream, Option<Stream>)) {
        let messages = self.on_the_way.get_mut(queue).unwrap();
        let message = messages.pop_front().unwrap();
        // It comes again behind what its source has sent meanwhile, once.
        let may_come_again = self.promise == Promise::BetweenStores && message.entry.kind == Kind::Event;
        if may_come_again && !message.is_duplicate && self.chance.below(4) == 0 {
            self.duplicates += 1;
            messages.push_back(Message { is_duplicate: true, ..message.clone() });
        }
        if messages.is_empty() {
            self.on_the_way.remove(queue);
        }
        self.now += Duration::from_micros(1);
        self.handled += 1;
        self.handle(&message.entry);
    }

    fn handle(&mut self, message: &Entry) {
        let engine = Arc::clone(self.application.engine());
        let stream = &message.stream;
        match engine.handlers_of(message) {
            Handlers::Nobody => {}
            Handlers::Reactions(reactions) => {
                for (_, react) in reactions {
                    let outputs = engine.react(react, message).unwrap();
                    self.take_over(outputs, stream, None);
                }
            }
            Handlers::Instance => {
                let mut state = self.states.remove(stream).unwrap_or_else(|| self.folded(stream));
                let mut outputs = engine.decide(&state, message, &Context::at(self.now)).unwrap();
                engine.fold(&mut state, stream, &mut outputs).unwrap();
                let sender = state.is_process().then(|| stream.clone());
                self.states.insert(stream.clone(), state);
                self.take_over(outputs, stream, sender);
            }
        }
    }

    /// All that one step has given becomes true together.
    fn take_over(&mut self, outputs: Vec<Output>, stream: &Stream, sender: Option<Stream>) {
        for output in outputs {
            let entry = |kind, stream: &Stream, message| Entry::new(kind, stream.clone(), message, self.now);
            match output {
                Output::Record(message) => {
                    let event = entry(Kind::Event, stream, message);
                    self.events.entry(stream.clone()).or_default().push(event.clone());
                    self.put_on_the_way(event, Some(stream));
                }
                Output::Publish(message) => {
                    let event = entry(Kind::PublicEvent, stream, message);
                    self.put_on_the_way(event, Some(stream));
                }
                Output::Deliver { to, message } => {
                    let input = entry(Kind::Input, &to, message);
                    self.put_on_the_way(input, Some(stream));
                }
                Output::Send { to, message, after } => {
                    let command = entry(Kind::Command, &to, message).sent_by(sender.clone());
                    if after.is_zero() {
                        self.put_on_the_way(command, Some(stream));
                    } else {
                        self.timers.push(command);
                    }
                }
                Output::Cancel(cancellation) => self.timers.retain(|it| !is_meant(it, &cancellation)),
                Output::Reject(message) => self.rejections.push(message.payload.into()),
                Output::Ignore(_) | Output::Call { .. } | Output::TakeBackCalls { .. } => {}
            }
        }
    }

    fn put_on_the_way(&mut self, entry: Entry, source: Option<&Stream>) {
        if matches!(self.application.engine().handlers_of(&entry), Handlers::Nobody) {
            return;
        }
        let source = source.filter(|_| self.promise == Promise::BetweenStores).cloned();
        let payment = match &*entry.name {
            CheckOutGuest::NAME => self.payments.remove(&entry.stream),
            _ => None,
        };
        let queue = self.on_the_way.entry((entry.stream.clone(), source)).or_default();
        let mut entries = vec![entry];
        if let Some((pays, payment)) = payment {
            entries.insert(usize::from(pays == Pays::TooLate), payment);
        }
        queue.extend(entries.into_iter().map(|entry| Message { entry, is_duplicate: false }));
    }
}

fn is_meant(timer: &Entry, cancellation: &Cancellation) -> bool {
    cancellation.takes_back(&timer.name, &timer.stream, timer.sender.as_ref())
}

/// Numbers that can be had again from a seed (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number from 0 up to `end`, `end` not included; 0 if there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

impl Plan {
    /// A hotel with the guests of this plan, who have checked in, were charged, and pay in their own time.
    pub(crate) fn hotel(&self, style: Style, promise: Promise) -> Delivery {
        let mut hotel = Delivery::new(style, promise, self.seed);
        for (stay, pays) in self.stays() {
            hotel.send(&check_in(stay.clone()));
            hotel.send(&charge(stay.clone()));
            match pays {
                Pays::Before => hotel.send(&pay(stay)),
                Pays::InTime | Pays::TooLate => hotel.pay_when_asked(stay, pays),
                Pays::Never => {}
            }
        }
        hotel.finish();
        hotel
    }
}
