use std::sync::Arc;

use jiff::Timestamp;
use procession_core::{
    Stream,
    log::{Encoded, Kind},
};

use crate::{
    fingerprint::{Fingerprint, chain, fingerprint},
    ids::{DeliveryId, HistoryId, MessageId, StreamId},
    machine::{History, Machine, Message},
    state::{Delivery, Source, Target},
};

/// Fingerprints, by number.
#[derive(Default)]
pub(crate) struct Prints {
    pub(crate) streams: Vec<Vec<Fingerprint>>,
    pub(crate) messages: Vec<Vec<Fingerprint>>,
    pub(crate) deliveries: Vec<Vec<Fingerprint>>,
    pub(crate) histories: Vec<Vec<Fingerprint>>,
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

    pub(crate) fn message(
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

    pub(crate) fn delivery(&mut self, delivery: Delivery) -> DeliveryId {
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

    pub(crate) fn history(&mut self, history: History) -> HistoryId {
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
