//! What stands between the shop and its payment provider: two effects, which ask it to take money and to give it back.
//!
//! The payment's id is what the provider recognises a question by, so one that is asked again moves no money again.

use std::{sync::Arc, time::Duration};

use procession::{
    CircuitBreaker, Decider, Effect, EffectError, Event, ReadError, Retries, Runtime, Stream, Version,
    log::Recorded,
};

pub use crate::http::{Address, CallError, InvalidAddress};
use crate::{
    payments::{DeclinePayment, Payment, PaymentDiscarded, PaymentRequested, RecordRefund, RefundRequested},
    provider::{Charge, Charges, Refund},
};

/// The provider, and where the shop hears what it says.
#[derive(Clone, Debug)]
pub struct Gateway {
    provider: Arc<dyn Charges>,
    answers_to: Address,
}

impl Gateway {
    /// To a provider that answers to an address of the shop.
    #[must_use]
    pub fn to(provider: impl Charges, answers_to: Address) -> Self {
        Self { provider: Arc::new(provider), answers_to }
    }
}

/// Asks for a client's money. That the provider has taken the question on is all that this call says; the answer comes to
/// the shop's API, or the order's deadline ends the waiting.
pub(crate) fn charge(gateway: Option<Gateway>) -> Effect<PaymentRequested> {
    let charge = Effect::named("charge").on(move |event: PaymentRequested, _| {
        let gateway = gateway.clone();
        async move {
            let Some(Gateway { provider, answers_to }) = gateway else { return Ok(()) };
            let PaymentRequested { payment, amount, .. } = event;
            let answer_to = answers_to.at(&format!("/api/payments/{payment}/answer"));
            provider.charge(Charge { payment, amount, answer_to }).await.map_err(said)
        }
    });
    charge
        .when_given_up(|event: &PaymentRequested, _| DeclinePayment { payment: event.payment })
        .until::<PaymentDiscarded>()
        .retries(patient())
        .circuit_breaker(watchful())
        .calls_at_once(CALLS_AT_ONCE)
}

/// Gives a client's money back. That must work in the end, so what is refused is left to somebody who looks at it.
pub(crate) fn refund(gateway: Option<Gateway>) -> Effect<RefundRequested> {
    let refund = Effect::named("refund").on(move |event: RefundRequested, _| {
        let gateway = gateway.clone();
        async move {
            let RefundRequested { payment, amount, .. } = event;
            let Some(Gateway { provider, .. }) = gateway else { return Ok(None) };
            match provider.refund(Refund { payment, amount }).await {
                Ok(()) => Ok(Some(RecordRefund { payment })),
                Err(error) if error.is_final() => Err(EffectError::park(error)),
                Err(error) => Err(EffectError::retry(error)),
            }
        }
    });
    refund.retries(patient()).circuit_breaker(watchful()).calls_at_once(CALLS_AT_ONCE)
}

fn said(error: CallError) -> EffectError {
    if error.is_final() { EffectError::reject(error) } else { EffectError::retry(error) }
}

/// The shop looks once in a commit which calls may begin, so many at once are few in a second.
const CALLS_AT_ONCE: u32 = 64;

/// A provider may be away for a night.
fn patient() -> Retries {
    Retries::up_to(10_000).first_pause(Duration::from_millis(50)).longest_pause(Duration::from_secs(5))
}

fn watchful() -> CircuitBreaker {
    CircuitBreaker::default().first_pause(Duration::from_millis(100)).longest_pause(Duration::from_secs(2))
}

/// The event of a payment that asks the provider for something: its answer belongs to the same process.
pub(crate) async fn asked_by<E: Event>(
    runtime: &Runtime,
    payment: crate::PaymentId,
) -> Result<Option<Recorded>, ReadError> {
    const MOST_EVENTS_OF_A_PAYMENT: usize = 64;
    let stream = Stream::new(Payment::CATEGORY, payment.to_string())?;
    let store = runtime.reader().store();
    let events = store.read_stream(stream, Version::NONE, MOST_EVENTS_OF_A_PAYMENT).await?;
    Ok(events.into_iter().find(|it| it.entry.name == E::NAME))
}
