use std::sync::Arc;

use procession_core::{Cancellation, history, log::Kind, map::HandlerKind};

use crate::{
    ids::{DeliveryId, MessageId, StreamId},
    machine::{Emitted, Machine},
    moves::Mechanics,
    state::{Move, Target},
};

impl Machine {
    /// A message as a person would write it.
    pub(crate) fn written(&self, message: MessageId) -> String {
        let message = &self.messages[message];
        history::written(&message.name, &message.payload)
    }

    /// `guest_stay 7`, or `saga group_checkout`.
    pub(crate) fn name_of_handler(&self, delivery: DeliveryId) -> String {
        match self.deliveries[delivery].to {
            Target::Instance(stream) => self.name_of(stream),
            Target::Reaction(reaction) => self.reactors[self.reactions[reaction].reactor].clone(),
        }
    }

    /// `guest_stay 7`.
    pub(crate) fn name_of(&self, stream: StreamId) -> String {
        let stream = &self.streams[stream];
        format!("{} {}", stream.category(), stream.id())
    }

    pub(crate) fn is_rejection(&self, message: MessageId) -> bool {
        self.messages[message].kind == Kind::Rejection
    }

    pub(crate) fn has_effects(&self) -> bool {
        self.map.handlers().any(|(_, it)| it.kind == HandlerKind::Effect)
    }

    pub(crate) fn is_taken_back(&self, timer: DeliveryId, cancellation: &Cancellation) -> bool {
        let entry = self.entry(self.deliveries[timer].message);
        cancellation.takes_back(&entry.name, &entry.stream, entry.sender.as_ref())
    }

    /// Whether two decisions say the same, but for the time that they note down.
    pub(crate) fn differ_in_time_only(&self, one: &[Emitted], other: &[Emitted]) -> bool {
        let timeless =
            |emitted: &[Emitted]| -> Vec<_> { emitted.iter().map(|it| self.timeless(it)).collect() };
        timeless(one) == timeless(other)
    }

    fn timeless(&self, emitted: &Emitted) -> (Option<Kind>, Option<Arc<str>>, String) {
        let message = match emitted {
            Emitted::Event { event, .. } => *event,
            Emitted::Message(delivery) | Emitted::Later(delivery) => self.deliveries[*delivery].message,
            Emitted::Refused(refused) => *refused,
            Emitted::Cancel(_) | Emitted::Call(_) | Emitted::TakeBackCalls { .. } => {
                return (None, None, format!("{emitted:?}"));
            }
        };
        let message = &self.messages[message];
        let now = format!("\"{}\"", message.at);
        (Some(message.kind), Some(Arc::clone(&message.name)), message.payload.replace(&now, "now"))
    }
}

impl Mechanics {
    /// What happens in a move, in words that name it among all that may happen at that moment.
    pub(crate) fn told(&self, told: Move, among: &[Move]) -> String {
        let words = self.words(told);
        let before =
            among.iter().take_while(|it| **it != told).filter(|it| self.words(**it) == words).count();
        if before == 0 { words } else { format!("{words} ({})", before + 1) }
    }

    fn words(&self, told: Move) -> String {
        let machine = &self.machine;
        let of_call = |call| {
            let event = &machine.messages[machine.calls[call].event];
            format!("{} for {} of {}", machine.effect_of(call), event.name, machine.name_of(event.stream))
        };
        match told {
            Move::Handle { delivery, is_late, will_repeat } => {
                let late = if is_late { ", after a deadline that it was not told of" } else { "" };
                format!("{}{late}{}", self.told_delivery(delivery), told_repeat(will_repeat))
            }
            Move::Fire(timer) => {
                let message = &machine.messages[machine.deliveries[timer].message];
                format!("time is up: {} for {}", message.name, machine.name_of(message.stream))
            }
            Move::Send { index, will_repeat } => {
                let delivery = self.meanwhile[usize::from(index)];
                format!("from outside: {}{}", self.told_delivery(delivery), told_repeat(will_repeat))
            }
            Move::Repeat(delivery) => format!("a second time: {}", self.told_delivery(delivery)),
            Move::Answer { call, answer } => format!("{}: answer {}", of_call(call), answer + 1),
            Move::Crash { call, answer } => {
                format!("{}: answer {}{CRASHES}", of_call(call), answer + 1)
            }
        }
    }

    fn told_delivery(&self, delivery: DeliveryId) -> String {
        let machine = &self.machine;
        let delivered = &machine.deliveries[delivery];
        let message = &machine.messages[delivered.message];
        let of = match delivered.to {
            Target::Instance(_) => String::new(),
            Target::Reaction(_) => format!(" of {}", machine.name_of(message.stream)),
        };
        format!("{} handles {}{of}", machine.name_of_handler(delivery), message.name)
    }
}

fn told_repeat(will_repeat: bool) -> &'static str {
    if will_repeat { WILL_REPEAT } else { "" }
}

const WILL_REPEAT: &str = ", and will get it again";
const CRASHES: &str = ", whose result a crash takes";

/// Whether a move is one after which a message will come again.
pub(crate) fn is_told_to_repeat(told: &str) -> bool {
    told.contains(WILL_REPEAT)
}

/// Whether a move is one that ends in a crash.
pub(crate) fn is_told_to_crash(told: &str) -> bool {
    told.contains(CRASHES)
}
