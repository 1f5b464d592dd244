//! Effects: calls are noted with the step that asks for them, made beside the processor, and closed with the step that
//! records what came of them.

use std::{collections::BTreeMap, sync::Arc};

use procession_core::{
    EffectError, Failure, GivenUp, Output, Version,
    log::{Encoded, Entry, Kind, Recorded},
};

use super::{
    Processor,
    batching::{Batching, CallChange, Cause, Emitted},
    finished::{Finished, Said},
    release::cut,
};
use crate::{
    fault_points::FaultPoint,
    store::{Delivery, EffectCall, Expected, StoreError},
};

/// What the log says of the result of a call.
#[derive(serde::Serialize)]
struct EffectResult<'a> {
    effect: &'a str,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Processor {
    /// Notes what an event asks for, or what nobody wants any more.
    pub(super) fn change_calls(&mut self, changes: Vec<CallChange>, message: Cause, batching: &mut Batching) {
        for change in changes {
            match change {
                CallChange::Open { handler, stream } => {
                    let (position, process) = (message.position, message.process);
                    let (delivery, stream) = (Delivery { position, handler: handler.into() }, stream);
                    let (due, at) = (batching.now, batching.now);
                    let call = EffectCall { delivery, stream, process, attempts: 0, due, cause: None, at };
                    self.open_call(call, batching);
                }
                CallChange::TakeBack { handler, stream } => {
                    for delivery in self.effects.of_stream(&handler, &stream) {
                        self.close_call(&delivery, batching);
                    }
                }
            }
        }
    }

    /// Notes a call that is to be made; it begins when that is durable.
    pub(super) fn open_call(&mut self, call: EffectCall, batching: &mut Batching) {
        self.quiet.begun(call.process);
        self.effects.open(call.clone());
        batching.batch.calls.push(call);
    }

    /// Takes out a call that is over or not wanted any more. What it still says is not heard.
    pub(super) fn close_call(&mut self, delivery: &Delivery, batching: &mut Batching) {
        let Some(call) = self.effects.close(delivery) else { return };
        self.quiet.handled(call.process);
        batching.batch.calls.retain(|it| it.delivery != *delivery);
        batching.batch.closed_calls.push(delivery.clone());
    }

    /// Records what calls have said, until the batch is full.
    ///
    /// One result is taken even if requests have filled the batch, or those who never stop asking would starve it.
    pub(super) async fn fold_results(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        let now = self.now();
        let finished = self.effects.take_finished(self.limits.batch_messages, now);
        if finished.is_empty() {
            return Ok(());
        }
        batching.now = now;
        // From now on they are recorded with the batch, or put back with it.
        batching.finished.extend(finished.iter().cloned());
        self.note_breakers(batching);
        let positions = finished.iter().map(|it| it.delivery.position).collect();
        FaultPoint::ResultsReading.pass();
        let events = self.store.read_entries(positions).await?;
        if let Some(room) = &mut batching.room {
            room.look_up(events.iter().map(|it| it.process), &*self.store).await?;
        }
        let events: BTreeMap<_, _> = events.into_iter().map(|it| (it.position, it)).collect();
        for (recorded, finished) in finished.iter().enumerate() {
            if recorded > 0 && batching.is_full(&self.limits) {
                self.effects.put_back(batching.finished.split_off(recorded));
                return Ok(());
            }
            let event = events.get(&finished.delivery.position);
            self.record_result(finished, event.ok_or_else(|| self.lost(finished))?, batching);
        }
        FaultPoint::ResultsFolded.pass();
        Ok(())
    }

    fn lost(&self, finished: &Finished) -> StoreError {
        let (store, position) = (self.store.name(), finished.delivery.position);
        StoreError::Permanent(format!(
            "the log of {store} has lost the event at position {position}, for which an effect was called"
        ))
    }

    fn record_result(&mut self, finished: &Finished, event: &Recorded, batching: &mut Batching) {
        let delivery = &finished.delivery;
        // It may have been taken back meanwhile.
        let Some(call) = self.effects.get(delivery).cloned() else { return };
        batching.handled += 1;
        let (result, took) = match &finished.said {
            Said::Result { result, took } => (result, *took),
            Said::TooLate { reason } => {
                let given_up = GivenUp::after(call.attempts, reason, false);
                return self.give_up_call(&call, event, &given_up, batching);
            }
        };
        let counts = batching.tally.of_effect(&delivery.handler);
        counts.took.push(took);
        counts.attempts_failed += u64::from(result.is_err());
        let attempts = call.attempts + 1;
        match result {
            Ok(outputs) => match self.bounded(outputs.clone(), &call, batching) {
                Ok(outputs) => self.complete(&call, event, None, outputs, batching),
                Err(failure) => self.park_call(&call, event, attempts, &failure.to_string(), batching),
            },
            Err(EffectError::Park(reason)) => self.park_call(&call, event, attempts, reason, batching),
            Err(EffectError::Reject(reason)) => {
                self.give_up_call(&call, event, &GivenUp::after(attempts, reason, true), batching);
            }
            Err(EffectError::Retry(reason)) => self.try_again(&call, event, reason, batching),
        }
    }

    /// What a call sends, if no limit forbids it. A result from which nothing follows is always recorded.
    fn bounded(
        &self,
        outputs: Vec<Output>,
        call: &EffectCall,
        batching: &Batching,
    ) -> Result<Vec<Output>, Failure> {
        let outputs = self.within_limits(outputs)?;
        batching.has_room_beside_a_result(call.process, &outputs)?;
        Ok(outputs)
    }

    fn try_again(&mut self, call: &EffectCall, event: &Recorded, reason: &str, batching: &mut Batching) {
        let attempts = call.attempts + 1;
        let Some(effect) = self.engine.effect(&call.delivery.handler) else { return };
        let share = self.random.f64();
        let Some(due) = effect.policy().retries.next(attempts, call.at, batching.now, share) else {
            return self.give_up_call(call, event, &GivenUp::after(attempts, reason, false), batching);
        };
        let message = Cause { position: event.position, process: event.process };
        let (handler, stream) = (&call.delivery.handler, &call.stream);
        tracing::warn!(
            %handler, %stream, position = event.position.0, process = event.process.0, attempts, reason, %due,
            "the call of an effect has failed, and is made again"
        );
        self.note_failure(message, handler, stream, attempts, reason, Some(due), batching);
        let again = EffectCall { attempts, due, cause: Some(reason.into()), ..call.clone() };
        self.effects.try_again(again.clone());
        batching.batch.calls.push(again);
    }

    fn give_up_call(
        &mut self,
        call: &EffectCall,
        event: &Recorded,
        given_up: &GivenUp,
        batching: &mut Batching,
    ) {
        batching.tally.of_effect(&call.delivery.handler).calls_given_up += 1;
        let said =
            self.engine.effect(&call.delivery.handler).and_then(|it| it.given_up(&event.entry, given_up));
        let outputs = said.map(|it| it.and_then(|outputs| self.bounded(outputs, call, batching)));
        match outputs {
            Some(Ok(outputs)) => {
                self.complete(call, event, Some(given_up), outputs, batching);
            }
            Some(Err(failure)) => {
                let reason = format!("{}; and then: {failure}", given_up.reason);
                self.park_call(call, event, given_up.attempts, &reason, batching);
            }
            None => self.park_call(call, event, given_up.attempts, &given_up.reason, batching),
        }
    }

    /// Records the result of a call, with what follows from it.
    fn complete(
        &mut self,
        call: &EffectCall,
        event: &Recorded,
        given_up: Option<&GivenUp>,
        outputs: Vec<Output>,
        batching: &mut Batching,
    ) {
        if given_up.is_none() {
            batching.tally.of_effect(&call.delivery.handler).calls_succeeded += 1;
        }
        let name = if given_up.is_some() { "EffectGivenUp" } else { "EffectCompleted" };
        let payload = told(call, given_up, self.store.max_payload_bytes());
        let message = Encoded { name: name.into(), schema_version: 1, payload };
        let entry = Entry::new(Kind::EffectResult, call.stream.clone(), message, batching.now);
        let cause = Cause { position: event.position, process: event.process };
        let result = batching.push(Arc::new(entry), Some(cause), Expected::Any, None);
        let cause = Cause { position: result.position, process: result.process };
        self.offer(result);
        self.close_call(&call.delivery, batching);
        let emitted = Emitted::of(outputs, &call.stream, None, batching.now);
        self.append(emitted, Version::NONE, cause, batching);
    }

    /// Parks a call, and what is to be called for its stream later behind it.
    fn park_call(
        &mut self,
        call: &EffectCall,
        event: &Recorded,
        attempts: u32,
        reason: &str,
        batching: &mut Batching,
    ) {
        let (handler, stream) = (&call.delivery.handler, &call.stream);
        tracing::warn!(
            %handler, %stream, position = event.position.0, process = event.process.0, attempts, reason,
            "the call of an effect is parked"
        );
        batching.tally.of_effect(handler).calls_parked += 1;
        self.close_call(&call.delivery, batching);
        let message = Cause { position: event.position, process: event.process };
        self.note_failure(message, handler, stream, attempts, reason, None, batching);
        self.blocked.add(handler.clone(), stream.clone(), None);
        self.quiet.parked(message.process);
        batching.park(message, handler.clone(), stream, Some(reason.into()), None);
        if let Some(parked) = batching.batch.parked.last_mut() {
            parked.attempts = attempts;
        }
        for waiting in self.effects.of_stream(handler, stream) {
            let Some(process) = self.effects.get(&waiting).map(|it| it.process) else { continue };
            self.close_call(&waiting, batching);
            self.quiet.parked(process);
            let message = Cause { position: waiting.position, process };
            batching.park(message, waiting.handler, stream, None, None);
        }
    }
}

/// What the log says of a result. A store that is only for payloads smaller than that keeps that there was one.
fn told(call: &EffectCall, given_up: Option<&GivenUp>, limit: usize) -> Box<str> {
    let effect = call.delivery.handler.strip_prefix("effect ").unwrap_or(&call.delivery.handler);
    let attempts = given_up.map_or(call.attempts + 1, |it| it.attempts);
    let reason = given_up.map(|it| cut(&it.reason));
    let said = serde_json::to_string(&EffectResult { effect, attempts, reason }).ok();
    said.filter(|it| it.len() <= limit).unwrap_or_else(|| "{}".into()).into_boxed_str()
}
