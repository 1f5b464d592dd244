use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use procession_core::Stream;

use crate::store::{Parked, ParkedReason};

type Handler = Cow<'static, str>;

/// Which streams wait for which handler, because an earlier message of theirs is parked for it, and when the handler is tried
/// again.
#[derive(Default)]
pub(super) struct Blocked {
    streams: BTreeMap<Handler, BTreeMap<Stream, Option<Timestamp>>>,
    due: BTreeSet<(Timestamp, Handler, Stream)>,
}

impl Blocked {
    /// Takes in what a parked message holds up. They come in the order of the log, and the first one of a stream decides.
    pub(super) fn learn(&mut self, parked: Parked) {
        let at = match parked.reason {
            ParkedReason::Failed => parked.retry_at,
            // What it waited for is gone already.
            ParkedReason::Behind => Some(Timestamp::MIN),
            ParkedReason::Suspended => return,
        };
        if !self.contains(&parked.handler, &parked.stream) {
            self.add(parked.handler, parked.stream, at);
        }
    }

    pub(super) fn add(&mut self, handler: Handler, stream: Stream, retry_at: Option<Timestamp>) {
        self.remove(&handler, &stream);
        self.due.extend(retry_at.map(|at| (at, handler.clone(), stream.clone())));
        self.streams.entry(handler).or_default().insert(stream, retry_at);
    }

    /// Lets what is parked for a handler and stream be looked at, when it is blocked.
    pub(super) fn look_at(&mut self, handler: &Handler, stream: &Stream) {
        if self.contains(handler, stream) {
            self.add(handler.clone(), stream.clone(), Some(Timestamp::MIN));
        }
    }

    pub(super) fn remove(&mut self, handler: &Handler, stream: &Stream) {
        let Some(streams) = self.streams.get_mut(handler) else { return };
        if let Some(Some(at)) = streams.remove(stream) {
            self.due.remove(&(at, handler.clone(), stream.clone()));
        }
        if streams.is_empty() {
            self.streams.remove(handler);
        }
    }

    pub(super) fn contains(&self, handler: &str, stream: &Stream) -> bool {
        !self.streams.is_empty() && self.streams.get(handler).is_some_and(|it| it.contains_key(stream))
    }

    /// When a handler is to be tried again next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, ..)| *at)
    }

    /// Up to `most` handlers and streams that are to be tried again now, those that have waited longest first.
    pub(super) fn due(&self, now: Timestamp, most: usize) -> Vec<(Handler, Stream)> {
        let due = self.due.iter().take_while(|(at, ..)| *at <= now).take(most);
        due.map(|(_, handler, stream)| (handler.clone(), stream.clone())).collect()
    }
}
