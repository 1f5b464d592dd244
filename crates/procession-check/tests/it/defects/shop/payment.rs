use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    Defect::*,
    has,
    messages::{
        CompletePayment, DeclinePayment, DiscardPayment, PaymentCompleted, PaymentFailed, PaymentRefunded,
        PaymentRequested, RecordRefund, RefundRequested, RequestPayment, TimeOutPayment,
    },
};

/// The money for an order.
#[derive(Default)]
pub(crate) struct Payment {
    order: String,
    pub(crate) status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    None,
    Pending,
    Completed,
    Failed,
    Refunding,
    Refunded,
}

#[derive(Events)]
pub(crate) enum PaymentEvent {
    Requested(PaymentRequested),
    Completed(PaymentCompleted),
    Failed(PaymentFailed),
    RefundRequested(RefundRequested),
    Refunded(PaymentRefunded),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum PaymentRejection {
    #[error("there is no such payment")]
    None,
    #[error("the payment is not pending")]
    NotPending,
}

type Decided<T> = Result<T, PaymentRejection>;

impl Decider for Payment {
    const CATEGORY: &'static str = "payment";
    type Event = PaymentEvent;
    type Rejection = PaymentRejection;

    fn evolve(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::Requested(event) => {
                self.order.clone_from(&event.order);
                self.status = Status::Pending;
            }
            PaymentEvent::Completed(_) => self.status = Status::Completed,
            PaymentEvent::Failed(_) => self.status = Status::Failed,
            PaymentEvent::RefundRequested(_) => self.status = Status::Refunding,
            PaymentEvent::Refunded(_) => self.status = Status::Refunded,
        }
    }
}

impl Payment {
    fn failed(&self, payment: String, is_possible: bool) -> Option<PaymentFailed> {
        is_possible.then(|| PaymentFailed { payment, order: self.order.clone() })
    }
}

impl Handle<RequestPayment> for Payment {
    type Records = Option<PaymentRequested>;

    fn handle(&self, command: RequestPayment, _: &Context) -> Decided<Self::Records> {
        let RequestPayment { payment, order, amount } = command;
        Ok((self.status == Status::None).then_some(PaymentRequested { payment, order, amount }))
    }
}

impl Handle<CompletePayment> for Payment {
    type Records = Option<(Option<PaymentCompleted>, Option<RefundRequested>)>;

    fn handle(&self, CompletePayment { payment }: CompletePayment, _: &Context) -> Decided<Self::Records> {
        let completed = Some(PaymentCompleted { payment: payment.clone(), order: self.order.clone() });
        let refund = RefundRequested { payment };
        match self.status {
            Status::None => Err(PaymentRejection::None),
            Status::Pending => Ok(Some((completed, None))),
            Status::Completed if has(CompletesAPaymentTwice) => Ok(Some((completed, None))),
            Status::Failed if has(LateMoneyKept) => Ok(Some((completed, None))),
            // Money for nothing goes back.
            Status::Failed => Ok(Some((None, Some(refund)))),
            _ => Ok(None),
        }
    }
}

impl Handle<DeclinePayment> for Payment {
    type Records = Option<PaymentFailed>;

    fn handle(&self, DeclinePayment { payment }: DeclinePayment, _: &Context) -> Decided<Self::Records> {
        let is_paid = self.status == Status::Completed;
        let is_possible = self.status == Status::Pending || (is_paid && has(DeclinesWhatIsPaid));
        Ok(self.failed(payment, is_possible))
    }
}

impl Handle<TimeOutPayment> for Payment {
    type Records = Option<PaymentFailed>;

    fn handle(&self, TimeOutPayment { payment }: TimeOutPayment, _: &Context) -> Decided<Self::Records> {
        let is_paid = self.status == Status::Completed;
        let is_possible = self.status == Status::Pending || (is_paid && has(TimesOutWhatIsPaid));
        Ok(self.failed(payment, is_possible))
    }
}

impl Handle<DiscardPayment> for Payment {
    type Records = Option<(Option<PaymentFailed>, Option<RefundRequested>)>;

    fn handle(&self, DiscardPayment { payment }: DiscardPayment, _: &Context) -> Decided<Self::Records> {
        let refund = RefundRequested { payment: payment.clone() };
        match self.status {
            Status::None => Err(PaymentRejection::None),
            Status::Pending => Ok(Some((self.failed(payment, true), None))),
            Status::Completed if has(DiscardsPendingPaymentsOnly) => Err(PaymentRejection::NotPending),
            Status::Completed => Ok(Some((None, (!has(RefundForgotten)).then_some(refund)))),
            Status::Refunding | Status::Refunded if has(RefundsTwice) => Ok(Some((None, Some(refund)))),
            _ => Ok(None),
        }
    }
}

impl Handle<RecordRefund> for Payment {
    type Records = Option<PaymentRefunded>;

    fn handle(&self, RecordRefund { payment }: RecordRefund, _: &Context) -> Decided<Self::Records> {
        Ok((self.status == Status::Refunding).then_some(PaymentRefunded { payment }))
    }
}
