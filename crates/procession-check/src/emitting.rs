//! What comes of what a handler has said: messages on their way.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Handlers, Output,
    log::{Encoded, Kind},
};

use crate::{
    ids::{DeliveryId, MessageId, StreamId},
    machine::{Emitted, Machine, Promise, Reaction},
    modules::OUTSIDE,
    state::{Delivery, Place, Queue, Source, Target},
};

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
                Emitted::Message(self.addressed(message, by.source, by))
            }
            Output::Send { to, message, after } => {
                let to = self.stream(to);
                // A pause that ends beyond all time never ends.
                let due = by.now.checked_add(after).unwrap_or(Timestamp::MAX);
                let message = self.message(Kind::Command, to, by.sender, &message, due);
                if after.is_zero() {
                    Emitted::Message(self.addressed(message, by.source, by))
                } else {
                    Emitted::Later(self.addressed(message, Source::Clock, by))
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

    fn addressed(&mut self, message: MessageId, from: Source, by: &Emitter) -> DeliveryId {
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
    pub(crate) fn sent_from_outside(&mut self, outputs: Vec<Output>, now: Timestamp) -> Vec<DeliveryId> {
        let sent = outputs.into_iter().filter_map(|output| match output {
            Output::Send { to, message, .. } => {
                let stream = self.stream(to);
                let message = self.message(Kind::Command, stream, None, &message, now);
                let source = Source::Outside;
                let by = Emitter { stream, source, sender: None, module: OUTSIDE, now, again: false };
                Some(self.addressed(message, source, &by))
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
}
