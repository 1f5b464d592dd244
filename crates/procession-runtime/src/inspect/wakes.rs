//! What can still come to an instance that waits, judged by what the application says of itself.

use std::collections::BTreeSet;

use procession_core::map::HandlerKind;

use super::{DescribedHandler, Description, description::named};

/// What instances of a category wait for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Awaited {
    /// The messages that it takes.
    pub(super) messages: BTreeSet<String>,
    /// What makes these messages: categories, sagas, and so on.
    pub(super) from: BTreeSet<String>,
    /// The messages from outside that they can follow from.
    pub(super) wakes: BTreeSet<String>,
    /// The effects whose calls they can follow from.
    pub(super) effects: BTreeSet<String>,
}

impl Description {
    /// All that a running instance of a category takes, but for its own timeouts and the answers to its own commands.
    pub(super) fn taken_by(&self, category: &str) -> BTreeSet<String> {
        let taken = self.handlers().filter(|it| it.is_of(category) && it.continues);
        let taken = taken.filter(|it| ["command", "event"].contains(&&*it.trigger));
        taken.map(|it| it.takes.clone()).collect()
    }

    /// How messages can come to an instance of a category without anything that such an instance records or sends itself.
    pub(super) fn awaited(&self, category: &str, messages: BTreeSet<String>) -> Awaited {
        let mut awaited = Awaited::default();
        for message in &messages {
            self.trace(message, category, &mut BTreeSet::new(), &mut awaited);
            let makers = self.makers_of(message).filter(|it| !it.is_of(category));
            awaited.from.extend(makers.map(|it| it.name.clone()));
        }
        Awaited { messages, ..awaited }
    }

    fn trace(&self, message: &str, category: &str, seen: &mut BTreeSet<String>, awaited: &mut Awaited) {
        if !seen.insert(message.to_owned()) {
            return;
        }
        if self.modules.iter().any(|it| it.external_events.iter().any(|it| it == message)) {
            awaited.wakes.insert(message.to_owned());
        }
        if self.makers_of(message).next().is_none() {
            let is_command = self.handlers().any(|it| it.trigger == "command" && it.takes == message);
            awaited.wakes.extend(is_command.then(|| message.to_owned()));
            return;
        }
        for maker in self.makers_of(message).filter(|it| !it.is_of(category)) {
            let cause = maker.rejected_command.as_ref().unwrap_or(&maker.takes);
            awaited.effects.extend((maker.kind == named(HandlerKind::Effect)).then(|| maker.name.clone()));
            self.trace(cause, category, seen, awaited);
        }
    }

    fn makers_of(&self, message: &str) -> impl Iterator<Item = &DescribedHandler> {
        self.handlers().filter(move |it| it.emits.iter().any(|it| it.is_made() && it.message == message))
    }

    /// Whether somebody reacts to events of this name when their turn comes.
    pub(super) fn is_reacted_to(&self, event: &str) -> bool {
        self.handlers().any(|it| it.reacts() && it.takes == event)
    }
}
