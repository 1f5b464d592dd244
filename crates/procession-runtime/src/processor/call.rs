//! One call of an effect, in a task of its own.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Instant,
};

use procession_core::{
    EffectCallContext, EffectError, EffectType, Failure, Output, log::Entry, panic_message,
};
use tracing::Instrument;

use super::{
    Processor,
    finished::{Finished, Said},
    holds::Held,
};
use crate::{fault_points::FaultPoint, store::Store};

impl Processor {
    /// Begins the calls that may.
    pub(super) fn begin_calls(&mut self) {
        if self.effects.is_empty() || self.stopping.is_some() {
            return;
        }
        let now = self.now();
        let is_suspended = |process| self.holds.of_process(process) == Some(Held::Suspended);
        for call in self.effects.begin(now, is_suspended) {
            let delivery = call.delivery.clone();
            let effect = self.engine.effect(&delivery.handler).cloned();
            let context = EffectCallContext::first(
                format!("{}/{}/{}", self.store_id, delivery.position, delivery.handler),
                delivery.position,
                call.process,
                call.stream.clone(),
            );
            let context = context.at_attempt(call.attempts + 1);
            let span = tracing::info_span!(
                "effect", handler = %delivery.handler, key = %context.key, attempt = context.attempt,
                position = delivery.position.0, process = call.process.0, stream = %call.stream
            );
            let (store, teller, told) = (Arc::clone(&self.store), self.effects.teller(), delivery.clone());
            self.meters.attempt_started(&delivery.handler);
            let making = async move {
                let began = Instant::now();
                let result = match effect {
                    Some(effect) => make(&effect, &*store, context).await,
                    None => Err(EffectError::park("no effect of this name is part of the program")),
                };
                FaultPoint::CallMade.pass();
                let said = Said::Result { result, took: began.elapsed() };
                // Nobody hears it any more when the processor has gone.
                _ = teller.send(Finished { delivery: told, said, is_judged: false });
            };
            let making = tokio::spawn(making.instrument(span));
            self.effects.is_under_way(&delivery, making.abort_handle());
        }
    }
}

async fn make(
    effect: &EffectType,
    store: &dyn Store,
    context: EffectCallContext,
) -> Result<Vec<Output>, EffectError> {
    FaultPoint::CallBegun.pass();
    let found = store.read_entries(vec![context.position]).await.map_err(EffectError::retry)?;
    let event = found.into_iter().next().ok_or_else(|| EffectError::park("its event is not in the log"))?;
    let limit = effect.policy().timeout;
    FaultPoint::CallMaking.pass();
    let called = tokio::time::timeout(limit, caught(effect, &event.entry, context)).await;
    called.unwrap_or_else(|_| Err(EffectError::retry(format!("no answer within {limit:?}"))))
}

/// An effect is users' code: a panic in one must not take anything else down. It is parked, as that of any handler.
async fn caught(
    effect: &EffectType,
    event: &Entry,
    context: EffectCallContext,
) -> Result<Vec<Output>, EffectError> {
    let panicked =
        |panic: Box<dyn Any + Send>| EffectError::park(Failure::Panicked { message: panic_message(&*panic) });
    let call = catch_unwind(AssertUnwindSafe(|| effect.call(event, context))).map_err(panicked)?;
    let mut call = pin!(call);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(panic))))
    })
    .await
}
