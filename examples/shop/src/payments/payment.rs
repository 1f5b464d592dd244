use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    CompletePayment, DeclinePayment, DiscardPayment, PaymentCompleted, PaymentDeclined, PaymentDiscarded,
    PaymentFailed, PaymentFailure, PaymentFinalized, PaymentRefunded, PaymentRequested, RecordRefund,
    RefundRequested, RequestPayment,
};
use crate::{Money, OrderId, PaymentId};

/// One payment of one order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Payment {
    /// What was asked for; none before it was.
    pub request: Option<Request>,
    /// Where the money is.
    pub status: Status,
    /// Why the payment was given up, if it was. Money that comes then does not stay.
    pub failure: Option<PaymentFailure>,
}

/// What a client is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The order that is to be paid.
    pub order: OrderId,
    /// How much.
    pub amount: Money,
}

/// Where the money of a payment is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has asked for it.
    #[default]
    NotRequested,
    /// With the client, who is asked for it.
    Pending,
    /// Here.
    Completed,
    /// With the client, who is not asked any more.
    Failed,
    /// On its way back.
    Refunding,
    /// Back with the client.
    Refunded,
}

/// The events of a payment.
#[derive(Events)]
pub enum PaymentEvent {
    /// The client is asked.
    Requested(PaymentRequested),
    /// The money is here.
    Completed(PaymentCompleted),
    /// The provider has declined.
    Declined(PaymentDeclined),
    /// It is given up.
    Discarded(PaymentDiscarded),
    /// The money must go back.
    RefundRequested(RefundRequested),
    /// The money has gone back.
    Refunded(PaymentRefunded),
}

/// Why a payment refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PaymentRejection {
    /// Nobody has asked for money.
    #[error("there is no such payment")]
    NotRequested,
    /// The same payment was asked for otherwise.
    #[error("the payment was requested before, for another order or amount")]
    RequestedOtherwise,
    /// The provider says two things.
    #[error("the payment was completed before, so it cannot be declined")]
    AlreadyCompleted,
    /// No money is to go back.
    #[error("no refund of this payment was requested")]
    NoRefund,
}

impl Decider for Payment {
    const CATEGORY: &'static str = "payment";
    type Event = PaymentEvent;
    type Rejection = PaymentRejection;

    fn evolve(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::Requested(PaymentRequested { order, amount, .. }) => {
                self.request = Some(Request { order: *order, amount: *amount });
                self.status = Status::Pending;
            }
            PaymentEvent::Completed(_) => self.status = Status::Completed,
            PaymentEvent::Declined(_) => {
                self.status = Status::Failed;
                self.failure = Some(PaymentFailure::Declined);
            }
            PaymentEvent::Discarded(event) => {
                if self.status == Status::Pending {
                    self.status = Status::Failed;
                }
                self.failure.get_or_insert(event.reason);
            }
            PaymentEvent::RefundRequested(_) => self.status = Status::Refunding,
            PaymentEvent::Refunded(_) => self.status = Status::Refunded,
        }
    }
}

impl Payment {
    /// What others hear when money has come, unless it does not stay.
    pub(super) fn finalized(&self, event: &PaymentCompleted) -> Option<PaymentFinalized> {
        let order = self.request.filter(|_| self.failure.is_none())?.order;
        Some(PaymentFinalized { order, payment: event.payment, amount: event.amount })
    }

    /// What others hear when it is certain that no money stays.
    pub(super) fn failed(&self, payment: PaymentId) -> Option<PaymentFailed> {
        let (request, reason) = (self.request?, self.failure?);
        let nothing_is_here = matches!(self.status, Status::Failed | Status::Refunded);
        nothing_is_here.then_some(PaymentFailed { order: request.order, payment, reason })
    }

    fn request(&self) -> Result<Request, PaymentRejection> {
        self.request.ok_or(PaymentRejection::NotRequested)
    }
}

impl Handle<RequestPayment> for Payment {
    type Records = Option<PaymentRequested>;

    fn handle(&self, command: RequestPayment, context: &Context) -> Result<Self::Records, PaymentRejection> {
        let RequestPayment { payment, order, amount } = command;
        match self.request {
            None => Ok(Some(PaymentRequested { payment, order, amount, at: context.now })),
            Some(request) if request == (Request { order, amount }) => Ok(None),
            Some(_) => Err(PaymentRejection::RequestedOtherwise),
        }
    }
}

impl Handle<CompletePayment> for Payment {
    type Records = Option<(PaymentCompleted, Option<RefundRequested>)>;

    fn handle(&self, command: CompletePayment, context: &Context) -> Result<Self::Records, PaymentRejection> {
        let (payment, amount, at) = (command.payment, self.request()?.amount, context.now);
        let completed = PaymentCompleted { payment, amount, at };
        Ok(match self.status {
            Status::Pending => Some((completed, None)),
            Status::Failed => Some((completed, Some(RefundRequested { payment, amount, at }))),
            _ => None,
        })
    }
}

impl Handle<DeclinePayment> for Payment {
    type Records = Option<PaymentDeclined>;

    fn handle(&self, command: DeclinePayment, context: &Context) -> Result<Self::Records, PaymentRejection> {
        self.request()?;
        match self.status {
            Status::Pending => Ok(Some(PaymentDeclined { payment: command.payment, at: context.now })),
            Status::Completed => Err(PaymentRejection::AlreadyCompleted),
            _ => Ok(None),
        }
    }
}

impl Handle<DiscardPayment> for Payment {
    type Records = Option<(PaymentDiscarded, Option<RefundRequested>)>;

    /// Who discards a payment that has failed before gets the answer again. One that is on its way back answers later.
    fn handle(&self, command: DiscardPayment, context: &Context) -> Result<Self::Records, PaymentRejection> {
        let (amount, at) = (self.request()?.amount, context.now);
        let DiscardPayment { payment, reason } = command;
        let discarded = PaymentDiscarded { payment, reason, at };
        Ok(match self.status {
            Status::Completed => Some((discarded, Some(RefundRequested { payment, amount, at }))),
            Status::Refunding => None,
            _ => Some((discarded, None)),
        })
    }
}

impl Handle<RecordRefund> for Payment {
    type Records = Option<PaymentRefunded>;

    fn handle(&self, command: RecordRefund, context: &Context) -> Result<Self::Records, PaymentRejection> {
        let amount = self.request()?.amount;
        match self.status {
            Status::Refunding => {
                Ok(Some(PaymentRefunded { payment: command.payment, amount, at: context.now }))
            }
            Status::Refunded => Ok(None),
            _ => Err(PaymentRejection::NoRefund),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::given;

    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn order() -> OrderId {
        OrderId::of(&"c".parse().unwrap())
    }

    fn payment() -> PaymentId {
        PaymentId::of(&order())
    }

    fn amount() -> Money {
        "9.90".parse().unwrap()
    }

    fn requested() -> PaymentRequested {
        PaymentRequested { payment: payment(), order: order(), amount: amount(), at: AT }
    }

    fn completed() -> PaymentCompleted {
        PaymentCompleted { payment: payment(), amount: amount(), at: AT }
    }

    fn declined() -> PaymentDeclined {
        PaymentDeclined { payment: payment(), at: AT }
    }

    fn discarded(reason: PaymentFailure) -> PaymentDiscarded {
        PaymentDiscarded { payment: payment(), reason, at: AT }
    }

    fn refund_requested() -> RefundRequested {
        RefundRequested { payment: payment(), amount: amount(), at: AT }
    }

    fn refunded() -> PaymentRefunded {
        PaymentRefunded { payment: payment(), amount: amount(), at: AT }
    }

    fn complete() -> CompletePayment {
        CompletePayment { payment: payment() }
    }

    fn decline() -> DeclinePayment {
        DeclinePayment { payment: payment() }
    }

    fn discard() -> DiscardPayment {
        DiscardPayment { payment: payment(), reason: PaymentFailure::Discarded }
    }

    #[test]
    fn a_payment_is_requested_once_however_often_it_is_asked_for() {
        let request = RequestPayment { payment: payment(), order: order(), amount: amount() };
        given::<Payment>(()).when(request.clone()).then(requested());
        given::<Payment>(requested()).when(request.clone()).then(());
        given::<Payment>(requested())
            .when(RequestPayment { amount: "1".parse().unwrap(), ..request })
            .then_rejected(PaymentRejection::RequestedOtherwise);
    }

    #[test]
    fn a_provider_that_answers_twice_completes_it_once() {
        given::<Payment>(requested()).when(complete()).then(completed());
        given::<Payment>((requested(), completed())).when(complete()).then(());
    }

    #[test]
    fn a_provider_that_declines_twice_declines_once() {
        given::<Payment>(requested()).when(decline()).then(declined());
        given::<Payment>((requested(), declined())).when(decline()).then(());
    }

    #[test]
    fn a_provider_cannot_decline_what_it_has_completed() {
        given::<Payment>((requested(), completed()))
            .when(decline())
            .then_rejected(PaymentRejection::AlreadyCompleted);
    }

    #[test]
    fn a_pending_payment_is_discarded_and_nothing_goes_back() {
        given::<Payment>(requested()).when(discard()).then(discarded(PaymentFailure::Discarded));
    }

    #[test]
    fn known_defect_only_pending_payments_can_be_discarded_here_the_money_of_a_completed_one_goes_back() {
        given::<Payment>((requested(), completed()))
            .when(discard())
            .then((discarded(PaymentFailure::Discarded), refund_requested()));
    }

    #[test]
    fn money_that_comes_after_the_end_goes_back() {
        let timed_out = discarded(PaymentFailure::TimedOut);
        given::<Payment>((requested(), timed_out)).when(complete()).then((completed(), refund_requested()));
        given::<Payment>((requested(), declined())).when(complete()).then((completed(), refund_requested()));
    }

    #[test]
    fn money_goes_back_once() {
        let record = RecordRefund { payment: payment() };
        let past = || (requested(), completed(), discarded(PaymentFailure::Discarded), refund_requested());
        given::<Payment>(past()).when(record.clone()).then(refunded());
        given::<Payment>((past(), refunded())).when(record.clone()).then(());
        given::<Payment>(past()).when(complete()).then(());
        given::<Payment>((past(), refunded())).when(complete()).then(());
        given::<Payment>((requested(), completed())).when(record).then_rejected(PaymentRejection::NoRefund);
    }

    #[test]
    fn who_discards_again_is_answered_again_and_while_the_money_is_on_its_way_later() {
        let past = || (requested(), completed(), discarded(PaymentFailure::Discarded), refund_requested());
        given::<Payment>(past()).when(discard()).then(());
        given::<Payment>((past(), refunded())).when(discard()).then(discarded(PaymentFailure::Discarded));
        given::<Payment>((requested(), declined()))
            .when(discard())
            .then(discarded(PaymentFailure::Discarded));
    }

    #[test]
    fn nothing_happens_to_a_payment_that_nobody_requested() {
        given::<Payment>(()).when(complete()).then_rejected(PaymentRejection::NotRequested);
        given::<Payment>(()).when(decline()).then_rejected(PaymentRejection::NotRequested);
        given::<Payment>(()).when(discard()).then_rejected(PaymentRejection::NotRequested);
    }

    #[test]
    fn others_hear_of_money_that_stays_and_of_none_only_when_it_is_back() {
        let mut payment = Payment::default();
        payment.evolve(&PaymentEvent::Requested(requested()));
        payment.evolve(&PaymentEvent::Completed(completed()));
        assert!(payment.finalized(&completed()).is_some());
        payment.evolve(&PaymentEvent::Discarded(discarded(PaymentFailure::Discarded)));
        assert_eq!(payment.failed(self::payment()), None, "the money is still here");
        payment.evolve(&PaymentEvent::RefundRequested(refund_requested()));
        payment.evolve(&PaymentEvent::Refunded(refunded()));
        let failed = payment.failed(self::payment()).unwrap();
        assert_eq!((failed.order, failed.reason), (order(), PaymentFailure::Discarded));
        assert_eq!(payment.finalized(&completed()), None);
    }
}
