use crate::ids::{CallId, DeliveryId, HistoryId, MessageId, ReactionId, ReactorId, StreamId};

/// A moment of a world: what has happened to whom, and what may happen next.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// Of every instance that has events, by its number.
    pub(crate) histories: Vec<(StreamId, HistoryId)>,
    /// What is on the way; none of the queues is empty.
    pub(crate) queues: Vec<(Queue, Vec<DeliveryId>)>,
    /// Commands that wait for their time.
    pub(crate) timers: Vec<DeliveryId>,
    /// Calls of effects that are not over, in the order in which they were opened.
    pub(crate) calls: Vec<CallId>,
    /// What has been delivered, and will come again at some moment.
    pub(crate) repeating: Vec<DeliveryId>,
    /// What may come from outside at any moment, and has not come: one bit each.
    pub(crate) outside: u64,
    /// How many messages may still come twice.
    pub(crate) duplicates: u8,
    /// How many calls of effects may still be made again after a crash.
    pub(crate) crashes: u8,
}

/// Messages that one handler gets in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Queue {
    pub(crate) to: Place,
    pub(crate) from: Source,
}

/// Where messages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Place {
    Instance(StreamId),
    Reactor(ReactorId),
}

/// Who handles a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Target {
    Instance(StreamId),
    Reaction(ReactionId),
}

/// Who has sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Source {
    /// Within one store the log gives all messages one order.
    Log,
    Outside,
    Clock,
    Instance(StreamId),
    /// A reactor, on an event of this stream.
    Reactor(ReactorId, StreamId),
}

/// A message on its way to one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Delivery {
    pub(crate) message: MessageId,
    pub(crate) to: Target,
    pub(crate) queue: Queue,
    /// It goes from one module to another, or comes from outside: the transport may bring it twice.
    pub(crate) repeats: bool,
    /// It follows from a message that came twice: to refuse it is right.
    pub(crate) again: bool,
    /// Somebody outside has sent it, and hears the answer.
    pub(crate) is_answered: bool,
}

impl State {
    pub(crate) fn history(&self, stream: StreamId) -> HistoryId {
        let found = self.histories.binary_search_by_key(&stream, |(it, _)| *it);
        found.map_or(HistoryId(0), |it| self.histories[it].1)
    }

    pub(crate) fn set_history(&mut self, stream: StreamId, history: HistoryId) {
        match self.histories.binary_search_by_key(&stream, |(it, _)| *it) {
            Ok(place) => self.histories[place].1 = history,
            Err(place) => self.histories.insert(place, (stream, history)),
        }
    }

    pub(crate) fn enqueue(&mut self, queue: Queue, delivery: DeliveryId) {
        match self.queues.binary_search_by_key(&queue, |(it, _)| *it) {
            Ok(place) => self.queues[place].1.push(delivery),
            Err(place) => self.queues.insert(place, (queue, vec![delivery])),
        }
    }

    /// Takes the first message of a queue.
    pub(crate) fn dequeue(&mut self, queue: Queue) -> Option<DeliveryId> {
        let place = self.queues.binary_search_by_key(&queue, |(it, _)| *it).ok()?;
        let messages = &mut self.queues[place].1;
        let first = (!messages.is_empty()).then(|| messages.remove(0));
        if messages.is_empty() {
            self.queues.remove(place);
        }
        first
    }

    /// Nothing is on its way, nothing waits for its time, and no call is open.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.queues.is_empty() && self.timers.is_empty() && self.calls.is_empty() && self.repeating.is_empty()
    }

    /// A message that was handled will come again.
    pub(crate) fn will_repeat(&mut self, delivery: DeliveryId) {
        self.duplicates = self.duplicates.saturating_sub(1);
        let place = self.repeating.binary_search(&delivery).unwrap_or_else(|place| place);
        self.repeating.insert(place, delivery);
    }
}

/// What may happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Move {
    /// The first message of its queue is handled.
    Handle { delivery: DeliveryId, is_late: bool, will_repeat: bool },
    /// A command's time has come.
    Fire(DeliveryId),
    /// One of the messages comes that may come from outside at any moment.
    Send { index: u8, will_repeat: bool },
    /// A message comes a second time.
    Repeat(DeliveryId),
    /// A call of an effect is over.
    Answer { call: CallId, answer: u8 },
    /// A call has reached its target, and a crash takes its result: it will be made again.
    Crash { call: CallId, answer: u8 },
}
