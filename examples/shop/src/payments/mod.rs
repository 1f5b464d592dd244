//! The truth about one payment. Money that comes for nothing goes back: after the payment was discarded, after its order
//! could not be shipped, after time was up.

mod messages;
mod payment;

pub use messages::{
    CompletePayment, DeclinePayment, DiscardPayment, PaymentCompleted, PaymentDeclined, PaymentDiscarded,
    PaymentFailed, PaymentFailure, PaymentFinalized, PaymentRefunded, PaymentRequested, RecordRefund,
    RefundRequested, RequestPayment,
};
pub use payment::{Payment, PaymentEvent, PaymentRejection, Request, Status};

use procession::Module;

use crate::gateway::{self, Gateway};

/// The module of payments. Without a gateway nobody asks the provider: somebody else says what has become of the money.
#[must_use]
pub fn module(gateway: Option<Gateway>) -> Module {
    Module::named("payments")
        .effect(gateway::charge(gateway.clone()))
        .effect(gateway::refund(gateway))
        .handles::<RequestPayment>()
        .handles::<CompletePayment>()
        .handles::<DeclinePayment>()
        .handles::<DiscardPayment>()
        .handles::<RecordRefund>()
        .publishes_as(Payment::finalized)
        .publishes_as(|payment: &Payment, event: &PaymentDeclined| payment.failed(event.payment))
        .publishes_as(|payment: &Payment, event: &PaymentDiscarded| payment.failed(event.payment))
        .publishes_as(|payment: &Payment, event: &PaymentRefunded| payment.failed(event.payment))
}
