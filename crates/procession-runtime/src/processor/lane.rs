use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::{EffectPolicy, Stream, log::Position};

use super::{
    breaker::{Breaker, BreakerNews},
    ready::{Ready, ReadyCalls},
};
use crate::{inspect::OpenBreaker, metrics::EffectStanding, store::EffectCall};

/// The calls of one effect: those for one stream in order, all together no more and no faster than its policy allows.
pub(super) struct Lane {
    policy: EffectPolicy,
    streams: BTreeMap<Stream, BTreeSet<Position>>,
    /// The first call of each stream, unless it is under way.
    ready: ReadyCalls,
    /// All that are not over.
    open: u64,
    under_way: u32,
    breaker: Breaker,
    /// With a limit for calls in a second: when the next may begin.
    next_begin: Timestamp,
}

/// Whether a call may begin.
pub(super) enum May {
    Begin,
    /// One, to see whether the target is back.
    Look,
    Wait,
}

impl Lane {
    pub(super) fn of(policy: EffectPolicy) -> Self {
        Self {
            policy,
            streams: BTreeMap::new(),
            ready: ReadyCalls::default(),
            open: 0,
            under_way: 0,
            breaker: Breaker::default(),
            next_begin: Timestamp::MIN,
        }
    }

    /// Of an effect that is not part of this program.
    pub(super) fn of_nobody() -> Self {
        Self::of(EffectPolicy::default())
    }

    pub(super) fn clear(&mut self) {
        self.streams.clear();
        self.ready.clear();
        self.open = 0;
        self.under_way = 0;
        self.breaker.forget_what_is_noted();
    }

    pub(super) fn of_stream(&self, stream: &Stream) -> Option<&BTreeSet<Position>> {
        self.streams.get(stream)
    }

    pub(super) fn add(&mut self, stream: &Stream, position: Position) {
        let is_new = self.streams.entry(stream.clone()).or_default().insert(position);
        self.open += u64::from(is_new);
    }

    pub(super) fn is_first(&self, stream: &Stream, position: Position) -> bool {
        self.streams.get(stream).and_then(BTreeSet::first) == Some(&position)
    }

    /// Takes a call out, and gives the one that is now the first of its stream.
    pub(super) fn remove(&mut self, stream: &Stream, due: Timestamp, position: Position) -> Option<Position> {
        self.ready.remove(due, position);
        let calls = self.streams.get_mut(stream)?;
        self.open -= u64::from(calls.remove(&position));
        let next = calls.first().copied();
        if next.is_none() {
            self.streams.remove(stream);
        }
        next
    }

    pub(super) fn ready(&mut self, call: &EffectCall) {
        let too_late_at = self.policy.retries.too_late_at(call.at);
        let ready = Ready { attempts: call.attempts, too_late_at };
        self.ready.insert(call.due, call.delivery.position, ready);
    }

    /// Takes a call that waits for its turn or its target, and for which it is too late.
    pub(super) fn take_too_late(&mut self, now: Timestamp) -> Option<Position> {
        self.ready.take_too_late(now)
    }

    /// Why a call is given up that was never made.
    pub(super) fn why_never_made(&self) -> String {
        match self.breaker.open() {
            Some(open) => format!("never made: the target is away since {}", open.open_since),
            None => "never made: its time was over before its turn came".into(),
        }
    }

    pub(super) fn may_begin(&self, now: Timestamp) -> May {
        let is_due = self.ready.first_due().is_some_and(|due| due <= now);
        if !is_due || self.under_way >= self.policy.calls_at_once || now < self.next_begin {
            return May::Wait;
        }
        match self.breaker.open() {
            None => May::Begin,
            Some(open) if open.next_look <= now && self.breaker.looking().is_none() => May::Look,
            Some(_) => May::Wait,
        }
    }

    /// Begins the call that has been due for the longest time, or the one that looks.
    pub(super) fn begin(&mut self, now: Timestamp, is_look: bool) -> Option<Position> {
        let position = if is_look { self.ready.take_least_tried(now)? } else { self.ready.take_first()? };
        self.under_way += 1;
        if is_look {
            self.breaker.looks(position);
        }
        if let Some(calls) = self.policy.calls_per_second {
            let between = Duration::from_micros(1_000_000_u64.div_ceil(calls.into()));
            let next = now.max(self.next_begin).checked_add(between);
            self.next_begin = next.unwrap_or(Timestamp::MAX);
        }
        Some(position)
    }

    pub(super) fn goes_on(&mut self) {
        self.under_way += 1;
    }

    /// A call has said something. If it was to look, nobody else looks before it is judged.
    pub(super) fn stopped(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// A call has stopped, and says nothing: if it was to look, another one may.
    pub(super) fn stopped_without_result(&mut self, position: Position) {
        self.stopped();
        self.breaker.looks_no_more(position);
    }

    /// The call that looks whether the target is back.
    pub(super) fn looking(&self) -> Option<Position> {
        self.breaker.looking()
    }

    pub(super) fn looks_no_more(&mut self, position: Position) {
        self.breaker.looks_no_more(position);
    }

    pub(super) fn is_calling(&self) -> bool {
        self.under_way > 0
    }

    pub(super) fn standing(&self) -> EffectStanding {
        EffectStanding {
            under_way: self.under_way.into(),
            waiting: self.open.saturating_sub(self.under_way.into()),
            is_breaker_open: self.breaker.open().is_some(),
        }
    }

    pub(super) fn judge(&mut self, call: Position, has_failed: bool, now: Timestamp) {
        self.breaker.judge(call, has_failed, now, &self.policy.circuit_breaker);
    }

    /// When a call may begin, or is given up because it is too late, if none finishes before.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.next_may_begin_at().into_iter().chain(self.ready.first_end()).min()
    }

    fn next_may_begin_at(&self) -> Option<Timestamp> {
        let due = self.ready.first_due()?;
        if self.under_way >= self.policy.calls_at_once || self.breaker.looking().is_some() {
            return None;
        }
        let next_look = self.breaker.open().map_or(Timestamp::MIN, |it| it.next_look);
        Some(due.max(self.next_begin).max(next_look))
    }

    /// What the store says of its circuit breaker, before anything is called.
    pub(super) fn begin_with(&mut self, noted: Option<OpenBreaker>, now: Timestamp) {
        self.breaker = Breaker::noted_as(noted, now, &self.policy.circuit_breaker);
    }

    /// What is to be noted of its circuit breaker.
    pub(super) fn breaker_news(&mut self) -> Option<BreakerNews> {
        self.breaker.news()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Delivery;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn lane_with(calls: u64, policy: EffectPolicy) -> Lane {
        let mut lane = Lane::of(policy);
        for position in 1..=calls {
            let call = call(position);
            lane.add(&call.stream, call.delivery.position);
            lane.ready(&call);
        }
        lane
    }

    fn call(position: u64) -> EffectCall {
        EffectCall {
            delivery: Delivery { position: Position(position), handler: "effect charge".into() },
            stream: Stream::new("payment", position.to_string()).unwrap(),
            process: Position(position).into(),
            attempts: 0,
            due: at(0),
            cause: None,
            at: at(0),
        }
    }

    fn begun(lane: &mut Lane, now: Timestamp) -> usize {
        std::iter::from_fn(|| match lane.may_begin(now) {
            May::Begin => lane.begin(now, false),
            May::Look => lane.begin(now, true),
            May::Wait => None,
        })
        .count()
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let mut policy = EffectPolicy::default();
        policy.calls_at_once = 2;
        let mut lane = lane_with(3, policy);
        assert_eq!(begun(&mut lane, at(0)), 2);
        lane.stopped();
        assert_eq!(begun(&mut lane, at(0)), 1);
    }

    #[test]
    fn no_more_begin_in_a_second_than_may() {
        let mut policy = EffectPolicy::default();
        policy.calls_per_second = Some(1);
        let mut lane = lane_with(3, policy);
        assert_eq!((begun(&mut lane, at(0)), lane.wake_at()), (1, Some(at(1))));
        assert_eq!(begun(&mut lane, at(1)), 1);
    }

    #[test]
    fn a_target_that_is_down_is_left_alone_then_looked_at_then_called() {
        let mut lane = lane_with(9, EffectPolicy::default());
        assert_eq!(begun(&mut lane, at(0)), 9);
        for position in 1..=9 {
            lane.stopped();
            lane.judge(Position(position), true, at(0));
            lane.ready(&call(position));
        }
        assert_eq!((begun(&mut lane, at(0)), lane.wake_at()), (0, Some(at(1))));

        assert_eq!(begun(&mut lane, at(1)), 1, "one looks");
        lane.stopped();
        lane.judge(Position(1), true, at(1));
        lane.ready(&call(1));
        assert_eq!((begun(&mut lane, at(1)), lane.wake_at()), (0, Some(at(3))), "the pause has doubled");

        assert_eq!(begun(&mut lane, at(3)), 1);
        lane.stopped();
        lane.judge(Position(1), false, at(3));
        assert_eq!(begun(&mut lane, at(3)), 8, "all others go on");
    }

    #[test]
    fn nobody_else_looks_before_a_look_is_judged() {
        let mut lane = lane_with_an_open_breaker();
        assert_eq!(begun(&mut lane, at(1)), 1);

        lane.stopped();

        assert_eq!((begun(&mut lane, at(9)), lane.wake_at()), (0, None));
        lane.judge(Position(1), true, at(9));
        assert_eq!(lane.wake_at(), Some(at(11)), "the pause has doubled, and no more");
    }

    #[test]
    fn who_was_to_look_and_has_not_called_lets_another_one_look() {
        let mut lane = lane_with_an_open_breaker();
        assert_eq!(begun(&mut lane, at(1)), 1);

        lane.stopped_without_result(Position(1));

        assert_eq!(begun(&mut lane, at(1)), 1);
    }

    #[test]
    fn a_look_that_fails_after_the_target_was_reached_is_a_failure_like_any_other() {
        let mut lane = lane_with_an_open_breaker();
        assert_eq!(begun(&mut lane, at(1)), 1);

        lane.judge(Position(9), false, at(1));
        lane.judge(Position(1), true, at(1));

        assert_eq!(begun(&mut lane, at(1)), 8);
    }

    fn lane_with_an_open_breaker() -> Lane {
        let mut lane = lane_with(9, EffectPolicy::default());
        for _ in 1..=5 {
            lane.judge(Position(9), true, at(0));
        }
        lane
    }
}
