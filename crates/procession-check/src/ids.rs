//! Everything that is explored has a number, so that a world is a handful of them.

use std::{collections::HashMap, hash::Hash};

macro_rules! ids {
    ($($(#[$documentation:meta])+ $name:ident,)+) => {$(
        $(#[$documentation])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) u32);

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<$name> for usize {
            fn from($name(number): $name) -> Self {
                number as Self
            }
        }
    )+};
}

ids! {
    /// The address of an instance.
    StreamId,
    /// A message with its address and time.
    MessageId,
    /// The events of a stream, up to one of them.
    HistoryId,
    /// A message on its way to one handler.
    DeliveryId,
    /// A reaction to an event.
    ReactionId,
    /// Somebody stateless who reacts to events.
    ReactorId,
    /// A call of an effect.
    CallId,
}

/// Gives equal things the same number.
pub(crate) struct Table<I, T> {
    items: Vec<T>,
    numbers: HashMap<T, I>,
}

impl<I: Copy + From<u32> + Into<usize>, T: Clone + Eq + Hash> Table<I, T> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of an item, and whether it is new.
    pub(crate) fn number(&mut self, item: T) -> (I, bool) {
        if let Some(number) = self.numbers.get(&item) {
            return (*number, false);
        }
        let number = I::from(self.items.len() as u32);
        self.items.push(item.clone());
        self.numbers.insert(item, number);
        (number, true)
    }

    pub(crate) fn find(&self, item: &T) -> Option<I> {
        self.numbers.get(item).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

impl<I: Into<usize>, T> std::ops::Index<I> for Table<I, T> {
    type Output = T;

    fn index(&self, number: I) -> &T {
        &self.items[number.into()]
    }
}
