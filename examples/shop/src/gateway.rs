//! Takes what the log says about payments to the provider, at least once, with the payment's id as the key that makes it
//! recognisable there. It holds no state: when it starts it goes through the log, and goes on with what is still open.

use std::{sync::Arc, time::Duration};

use backon::Retryable;
use procession::{
    Decider, Event, ExecuteError, Message, ReadError, Runtime, Stream, Version,
    log::{Kind, Position, Recorded},
};
use tokio::{sync::Semaphore, task::JoinSet};

pub use crate::http::{Address, CallError, InvalidAddress};
use crate::{
    PaymentId,
    http::again_and_again,
    payments::{Payment, PaymentRejection, PaymentRequested, RecordRefund, RefundRequested, Status},
    provider::{Charge, Provider, Refund},
};

/// Calls to the provider that run at the same time: more than enough, and few enough for anybody.
const CALLS_AT_ONCE: usize = 16;
const ENTRIES_PER_READ: usize = 1024;
const PAUSE_OF_A_FAILED_STORE: Duration = Duration::from_secs(1);

/// What stands between the shop and the provider.
#[derive(Clone)]
pub struct Gateway {
    runtime: Runtime,
    provider: Provider,
    shop: Address,
    calls: Arc<Semaphore>,
}

/// Why the provider does not know yet what it must.
#[derive(Debug, thiserror::Error)]
enum NotDone {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the refund is not recorded: {0}")]
    Record(#[from] ExecuteError<PaymentRejection>),
}

impl Gateway {
    /// Between the shop that runs, and hears answers at an address, and its provider.
    #[must_use]
    pub fn between(runtime: Runtime, shop: Address, provider: Provider) -> Self {
        Self { runtime, provider, shop, calls: Arc::new(Semaphore::new(CALLS_AT_ONCE)) }
    }

    /// Follows the log until the runtime stops. What it does not finish is done after the next start.
    pub async fn follow(self) {
        let (mut committed, mut after) = (self.runtime.committed(), Position::START);
        let mut open = JoinSet::new();
        loop {
            committed.mark_unchanged();
            let entries = self.runtime.reader().store().read_log(after, ENTRIES_PER_READ).await;
            let entries = match entries {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!("the log cannot be read, so no payment goes on: {error}");
                    tokio::time::sleep(PAUSE_OF_A_FAILED_STORE).await;
                    continue;
                }
            };
            after = entries.last().map_or(after, |it| it.position);
            for payment in entries.iter().filter_map(concerned) {
                let gateway = self.clone();
                open.spawn(async move { gateway.settle(payment).await });
            }
            while open.try_join_next().is_some() {}
            if entries.is_empty() && committed.changed().await.is_err() {
                return;
            }
        }
    }

    async fn settle(&self, payment: PaymentId) {
        let settle = async || self.do_what_is_open(payment).await;
        let settled = settle.retry(again_and_again()).notify(|error, pause| {
            tracing::warn!("payment {payment} waits for the provider, once more in {pause:?}: {error}");
        });
        // It goes on until it works, or the program ends.
        _ = settled.await;
    }

    /// Whether anything is to be done is decided by the payment itself, and only now: it may be settled or given up meanwhile.
    async fn do_what_is_open(&self, payment: PaymentId) -> Result<(), NotDone> {
        // The semaphore is never closed.
        let _turn = self.calls.acquire().await;
        let state = self.runtime.reader().instance::<Payment>(payment).await?.state;
        let Some(amount) = state.request.map(|it| it.amount) else { return Ok(()) };
        match state.status {
            Status::Pending => {
                let answer_to = self.shop.at(&format!("/api/payments/{payment}/answer"));
                self.provider.charge(&Charge { payment, amount, answer_to }).await?;
            }
            Status::Refunding => {
                self.provider.refund(&Refund { payment, amount }).await?;
                let record = self.runtime.execute(RecordRefund { payment });
                let record = record.idempotency_key(format!("refunded/{payment}"));
                match asked_by::<RefundRequested>(&self.runtime, payment).await? {
                    Some(asked) => record.caused_by(&asked).await?,
                    None => record.await?,
                };
            }
            Status::NotRequested | Status::Completed | Status::Failed | Status::Refunded => {}
        }
        Ok(())
    }
}

/// The event of a payment that asks the provider for something: its answer belongs to the same process.
pub(crate) async fn asked_by<E: Event>(
    runtime: &Runtime,
    payment: PaymentId,
) -> Result<Option<Recorded>, ReadError> {
    const MOST_EVENTS_OF_A_PAYMENT: usize = 64;
    let stream = Stream::new(Payment::CATEGORY, payment.to_string())?;
    let store = runtime.reader().store();
    let events = store.read_stream(stream, Version::NONE, MOST_EVENTS_OF_A_PAYMENT).await?;
    Ok(events.into_iter().find(|it| it.entry.name == E::NAME))
}

/// The payment for which there may be something to do.
fn concerned(recorded: &Recorded) -> Option<PaymentId> {
    let entry = &recorded.entry;
    let concerns =
        entry.kind == Kind::Event && [PaymentRequested::NAME, RefundRequested::NAME].contains(&&*entry.name);
    concerns.then(|| entry.stream.id().parse().ok()).flatten()
}
