use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use procession_core::Stream;

use crate::store::Parked;

/// Which streams wait for which handler, because an earlier message of theirs is parked for it.
#[derive(Default)]
pub(super) struct Blocked {
    streams: BTreeMap<Cow<'static, str>, BTreeSet<Stream>>,
}

impl Blocked {
    pub(super) fn of(parked: Vec<Parked>) -> Self {
        let mut blocked = Self::default();
        for it in parked {
            blocked.add(it.handler, it.stream);
        }
        blocked
    }

    pub(super) fn add(&mut self, handler: Cow<'static, str>, stream: Stream) {
        self.streams.entry(handler).or_default().insert(stream);
    }

    pub(super) fn contains(&self, handler: &str, stream: &Stream) -> bool {
        !self.streams.is_empty() && self.streams.get(handler).is_some_and(|it| it.contains(stream))
    }
}
