//! The calls of effects that are open: which may begin, which are under way, and which have finished.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use procession_core::{
    EffectError, Engine, Stream,
    log::{Position, ProcessId},
};
use tokio::{sync::mpsc, task::AbortHandle};

use super::{
    breaker::BreakerNews,
    finished::{Finished, Said},
    lane::{Lane, May},
};
use crate::{
    fault_points::FaultPoint,
    inspect::OpenBreaker,
    metrics::EffectStanding,
    store::{Delivery, EffectCall},
};

/// All calls that are open, in the store or on their way to it.
pub(super) struct Calls {
    open: BTreeMap<Delivery, Open>,
    lanes: BTreeMap<String, Lane>,
    /// Calls whose turn came while their process was suspended.
    held: BTreeSet<Delivery>,
    finished: VecDeque<Finished>,
    results: mpsc::UnboundedReceiver<Finished>,
    teller: mpsc::UnboundedSender<Finished>,
}

struct Open {
    call: EffectCall,
    /// It begins when the store has it.
    is_durable: bool,
    stage: Stage,
}

enum Stage {
    Waiting,
    UnderWay(AbortHandle),
    /// What it has said is on its way to the store.
    Finished,
}

impl Calls {
    pub(super) fn new(engine: &Engine) -> Self {
        // No more results can wait than calls may be under way.
        let (teller, results) = mpsc::unbounded_channel();
        let lanes =
            engine.effects().map(|(handler, effect)| (handler.to_owned(), Lane::of(*effect.policy())));
        Self {
            open: BTreeMap::new(),
            lanes: lanes.collect(),
            held: BTreeSet::new(),
            finished: VecDeque::new(),
            results,
            teller,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn get(&self, delivery: &Delivery) -> Option<&EffectCall> {
        self.open.get(delivery).map(|it| &it.call)
    }

    /// The open calls for a stream, in their order.
    pub(super) fn of_stream(&self, handler: &str, stream: &Stream) -> Vec<Delivery> {
        let positions = self.lanes.get(handler).and_then(|it| it.of_stream(stream));
        let delivery =
            |position: &Position| Delivery { position: *position, handler: handler.to_owned().into() };
        positions.into_iter().flatten().map(delivery).collect()
    }

    /// The open calls of a process.
    pub(super) fn of_process(&self, process: ProcessId) -> Vec<Delivery> {
        let of_process = self.open.values().filter(|it| it.call.process == process);
        of_process.map(|it| it.call.delivery.clone()).collect()
    }

    /// Adds a call that is handed to the store.
    pub(super) fn open(&mut self, call: EffectCall) {
        self.add(call, false);
    }

    fn add(&mut self, call: EffectCall, is_durable: bool) {
        let lane = self.lanes.entry(call.delivery.handler.clone().into()).or_insert_with(Lane::of_nobody);
        lane.add(&call.stream, call.delivery.position);
        self.open.insert(call.delivery.clone(), Open { call, is_durable, stage: Stage::Waiting });
    }

    /// The store has these calls.
    pub(super) fn are_durable(&mut self, deliveries: &[Delivery]) {
        for it in deliveries {
            if let Some(open) = self.open.get_mut(it) {
                open.is_durable = true;
            }
            self.get_ready(it);
        }
    }

    /// A call that has failed waits for its next attempt.
    pub(super) fn try_again(&mut self, call: EffectCall) {
        if let Some(open) = self.open.get_mut(&call.delivery) {
            *open = Open { call, is_durable: false, stage: Stage::Waiting };
        }
    }

    /// Takes a call out. Whoever waits behind it may begin.
    pub(super) fn close(&mut self, delivery: &Delivery) -> Option<EffectCall> {
        let open = self.open.remove(delivery)?;
        if let Some(lane) = self.lanes.get_mut(&*delivery.handler) {
            if let Stage::UnderWay(call) = &open.stage {
                call.abort();
                lane.stopped_without_result(delivery.position);
            }
            let next = lane.remove(&open.call.stream, open.call.due, delivery.position);
            if let Some(position) = next {
                self.get_ready(&Delivery { position, handler: delivery.handler.clone() });
            }
        }
        Some(open.call)
    }

    /// A call may begin when it is the first of its stream, and the store has it.
    fn get_ready(&mut self, delivery: &Delivery) {
        let Some(open) = self.open.get(delivery) else { return };
        if open.is_durable
            && matches!(open.stage, Stage::Waiting)
            && let Some(lane) = self.lanes.get_mut(&*delivery.handler)
            && lane.is_first(&open.call.stream, delivery.position)
        {
            lane.ready(&open.call);
        }
    }

    /// Gives up the calls for which it is too late, whoever's turn it is. Those of processes that are suspended wait.
    fn give_up_too_late(&mut self, now: Timestamp, is_suspended: &impl Fn(ProcessId) -> bool) {
        for (handler, lane) in &mut self.lanes {
            while let Some(position) = lane.take_too_late(now) {
                let delivery = Delivery { position, handler: handler.clone().into() };
                let Some(open) = self.open.get_mut(&delivery) else { continue };
                if is_suspended(open.call.process) {
                    self.held.insert(delivery);
                    continue;
                }
                open.stage = Stage::Finished;
                let reason = open.call.cause.clone().unwrap_or_else(|| lane.why_never_made());
                let said = Said::TooLate { reason };
                self.finished.push_back(Finished { delivery, said, is_judged: true });
            }
        }
    }

    /// Takes the calls that begin now. Those of processes that are suspended wait until they are not.
    pub(super) fn begin(
        &mut self,
        now: Timestamp,
        is_suspended: impl Fn(ProcessId) -> bool,
    ) -> Vec<EffectCall> {
        let resumed = |it: &Delivery| !self.open.get(it).is_some_and(|it| is_suspended(it.call.process));
        let resumed: Vec<Delivery> = self.held.iter().filter(|it| resumed(it)).cloned().collect();
        for it in resumed {
            self.held.remove(&it);
            self.get_ready(&it);
        }
        self.give_up_too_late(now, &is_suspended);
        let mut beginning = Vec::new();
        for (handler, lane) in &mut self.lanes {
            loop {
                let is_look = match lane.may_begin(now) {
                    May::Begin => false,
                    May::Look => true,
                    May::Wait => break,
                };
                let Some(position) = lane.begin(now, is_look) else { break };
                let delivery = Delivery { position, handler: handler.clone().into() };
                let Some(open) = self.open.get(&delivery) else { continue };
                if is_suspended(open.call.process) {
                    lane.stopped_without_result(position);
                    self.held.insert(delivery);
                    continue;
                }
                beginning.push(open.call.clone());
            }
        }
        beginning
    }

    pub(super) fn is_under_way(&mut self, delivery: &Delivery, call: AbortHandle) {
        match self.open.get_mut(delivery) {
            Some(open) => open.stage = Stage::UnderWay(call),
            None => call.abort(),
        }
    }

    pub(super) fn teller(&self) -> mpsc::UnboundedSender<Finished> {
        self.teller.clone()
    }

    /// Waits until a call has said something.
    pub(super) async fn said(&mut self) {
        if let Some(finished) = self.results.recv().await {
            self.hear(finished);
        }
    }

    pub(super) fn has_finished(&mut self) -> bool {
        while let Ok(finished) = self.results.try_recv() {
            self.hear(finished);
        }
        !self.finished.is_empty()
    }

    fn hear(&mut self, finished: Finished) {
        // One that was closed meanwhile was counted then.
        let Some(open) = self.open.get_mut(&finished.delivery) else { return };
        if let Stage::UnderWay(_) = open.stage {
            open.stage = Stage::Finished;
            if let Some(lane) = self.lanes.get_mut(&*finished.delivery.handler) {
                lane.stopped();
            }
            self.finished.push_back(finished);
            FaultPoint::CallHeard.pass();
        }
    }

    /// Takes what calls have said, to be recorded. Each attempt is judged by the circuit breaker, once.
    pub(super) fn take_finished(&mut self, most: usize, now: Timestamp) -> Vec<Finished> {
        self.has_finished();
        let most = most.min(self.finished.len());
        let mut taken: Vec<_> = self.finished.drain(..most).collect();
        for it in taken.iter_mut().filter(|it| !it.is_judged) {
            it.is_judged = true;
            if let Said::Result { result, .. } = &it.said
                && let Some(lane) = self.lanes.get_mut(&*it.delivery.handler)
            {
                lane.judge(it.delivery.position, matches!(result, Err(EffectError::Retry(_))), now);
            }
        }
        taken
    }

    /// Puts back what did not become durable.
    pub(super) fn put_back(&mut self, finished: Vec<Finished>) {
        finished.into_iter().rev().for_each(|it| self.finished.push_front(it));
    }

    /// When a call may begin next, if none finishes before.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.lanes.values().filter_map(Lane::wake_at).min()
    }

    /// Whether something is under way, or has finished and is not recorded.
    pub(super) fn is_busy(&mut self) -> bool {
        self.has_finished()
            || self.open.values().any(|it| !matches!(it.stage, Stage::Waiting) || !it.is_durable)
    }

    /// What the store says of the circuit breakers of effects, before anything is called.
    pub(super) fn begin_with(&mut self, mut noted: BTreeMap<String, OpenBreaker>, now: Timestamp) {
        for (handler, lane) in &mut self.lanes {
            lane.begin_with(noted.remove(handler), now);
        }
    }

    /// What is to be noted of circuit breakers, by handler.
    pub(super) fn breaker_news(&mut self) -> Vec<(String, BreakerNews)> {
        let news = self.lanes.iter_mut().filter_map(|(handler, lane)| Some((handler, lane.breaker_news()?)));
        news.map(|(handler, news)| (handler.clone(), news)).collect()
    }

    /// How the calls of an effect stand.
    pub(super) fn standing(&self, handler: &str) -> EffectStanding {
        self.lanes.get(handler).map(Lane::standing).unwrap_or_default()
    }

    /// Whether a call is under way.
    pub(super) fn is_calling(&self) -> bool {
        self.lanes.values().any(Lane::is_calling)
    }

    /// Starts over from what the store says. What is under way stays so, if it is still wanted.
    pub(super) fn reset(&mut self, calls: Vec<EffectCall>) {
        let mut before = std::mem::take(&mut self.open);
        // What a call has said may have gone back with its batch, in which the call was closed.
        let said: BTreeSet<Delivery> = self.finished.iter().map(|it| it.delivery.clone()).collect();
        self.lanes.values_mut().for_each(Lane::clear);
        self.held.clear();
        for call in calls {
            let delivery = call.delivery.clone();
            self.add(call, true);
            let stage = match before.remove(&delivery).map(|it| it.stage) {
                _ if said.contains(&delivery) => Stage::Finished,
                Some(stage @ Stage::UnderWay(_)) => stage,
                _ => Stage::Waiting,
            };
            self.goes_on(&delivery, stage);
        }
        for open in before.into_values() {
            if let Stage::UnderWay(call) = open.stage {
                call.abort();
            }
        }
        self.forget_looks_without_result();
    }

    /// A look that does not go on, and has nothing to be judged, lets another one look.
    fn forget_looks_without_result(&mut self) {
        for (handler, lane) in &mut self.lanes {
            let Some(position) = lane.looking() else { continue };
            let delivery = Delivery { position, handler: handler.clone().into() };
            let is_under_way =
                self.open.get(&delivery).is_some_and(|it| matches!(it.stage, Stage::UnderWay(_)));
            if !is_under_way && !self.finished.iter().any(|it| it.delivery == delivery && !it.is_judged) {
                lane.looks_no_more(position);
            }
        }
    }

    fn goes_on(&mut self, delivery: &Delivery, stage: Stage) {
        let is_under_way = matches!(stage, Stage::UnderWay(_));
        if let Some(lane) = self.lanes.get_mut(&*delivery.handler).filter(|_| is_under_way) {
            lane.goes_on();
        }
        if let Some(open) = self.open.get_mut(delivery) {
            open.stage = stage;
        }
        self.get_ready(delivery);
    }

    /// Stops everything that is under way. It is called again after the next start.
    pub(super) fn stop(&mut self) {
        for open in self.open.values() {
            if let Stage::UnderWay(call) = &open.stage {
                call.abort();
            }
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use procession_core::Application;

    use super::*;

    #[test]
    fn what_has_gone_back_with_its_batch_is_not_called_again() {
        // given a call that was closed in a batch, which the store has refused
        let application = Application::assemble([]).unwrap();
        let mut calls = Calls::new(application.engine());
        let delivery = Delivery { position: Position(1), handler: "effect post".into() };
        let call = EffectCall {
            delivery: delivery.clone(),
            stream: Stream::new("letter", "a").unwrap(),
            process: Position(1).into(),
            attempts: 0,
            due: Timestamp::UNIX_EPOCH,
            cause: None,
            at: Timestamp::UNIX_EPOCH,
        };
        calls.open(call.clone());
        calls.are_durable(std::slice::from_ref(&delivery));
        assert_eq!(calls.begin(Timestamp::UNIX_EPOCH, |_| false).len(), 1);
        calls.close(&delivery);
        calls.put_back(vec![Finished {
            delivery: delivery.clone(),
            said: Said::Result { result: Ok(Vec::new()), took: Duration::ZERO },
            is_judged: true,
        }]);

        // when the processor starts over
        calls.reset(vec![call]);

        // then what it has said is recorded, and it is not made again
        assert_eq!(calls.begin(Timestamp::UNIX_EPOCH, |_| false).len(), 0);
        assert_eq!(calls.take_finished(9, Timestamp::UNIX_EPOCH).len(), 1);
        assert!(calls.get(&delivery).is_some());
    }
}
