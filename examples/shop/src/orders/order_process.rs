use std::time::Duration;

use procession::{Correlation, LinearSaga, Step};
use serde::{Deserialize, Serialize};

use super::{
    CancelOrder, CancellationReason, CompleteOrder, InitializeOrder, OrderCancelled, OrderCompleted,
    OrderInitialized, OrderPaymentRecorded, RecordOrderPayment,
};
use crate::{
    Money, OrderId, PaymentId,
    payments::{DiscardPayment, PaymentFailed, PaymentFailure, PaymentFinalized, RequestPayment},
    shipments::{PackageWasSent, ProductWasOutOfStock, SendPackage},
    shopping_carts::ShoppingCartFinalized,
};

/// The name of the process, and the category of its streams.
pub const ORDER_PROCESS: &str = "order_process";

/// What the process knows of its order.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Fulfilment {
    /// The order.
    pub order: OrderId,
    /// The cart as it was confirmed.
    pub cart: ShoppingCartFinalized,
    /// What was paid, if it was.
    pub paid: Option<Money>,
}

/// Fulfils an order, step by step. When a step fails, what was done is undone: the money goes back, the order is cancelled.
#[must_use]
pub fn order_process(payment_deadline: Duration) -> LinearSaga<Fulfilment> {
    LinearSaga::named(ORDER_PROCESS)
        .starts_on(|event: &ShoppingCartFinalized| (OrderId::of(&event.cart), Fulfilment::of(event)))
        .step(
            Step::named("initialize the order", |it: &Fulfilment| InitializeOrder::from(&it.cart))
                .completes_on(|event: &OrderInitialized| Correlation::to(event.order))
                .compensates(Fulfilment::cancel, |event: &OrderCancelled| Correlation::to(event.order)),
        )
        .step(
            Step::named("pay", |it: &Fulfilment| RequestPayment::of(it.order, it.cart.total))
                .completes_on(|event: &PaymentFinalized| Correlation::to(event.order))
                .learns(|it, event: &PaymentFinalized| it.paid = Some(event.amount))
                // It ends this step while it waits, and later it says that a discarded payment has kept no money.
                .fails_on(|event: &PaymentFailed| Correlation::to(event.order))
                .within(payment_deadline)
                .compensates(Fulfilment::discard, |event: &PaymentFailed| Correlation::to(event.order)),
        )
        .step(
            Step::named("record the payment", |it: &Fulfilment| RecordOrderPayment::of(it.order, it.paid))
                .completes_on(|event: &OrderPaymentRecorded| Correlation::to(event.order)),
        )
        .step(
            Step::named("send the package", |it: &Fulfilment| SendPackage::of(it.order, &it.cart.items))
                .completes_on(|event: &PackageWasSent| Correlation::to(event.order))
                .fails_on(|event: &ProductWasOutOfStock| Correlation::to(event.order)),
        )
        .step(
            Step::named("complete the order", |it: &Fulfilment| CompleteOrder::of(it.order))
                .completes_on(|event: &OrderCompleted| Correlation::to(event.order)),
        )
}

impl Fulfilment {
    fn of(cart: &ShoppingCartFinalized) -> Self {
        Self { order: OrderId::of(&cart.cart), cart: cart.clone(), paid: None }
    }

    fn cancel(&self) -> CancelOrder {
        let reason = self.paid.map_or(CancellationReason::NotPaid, |_| CancellationReason::NotShipped);
        CancelOrder { order: self.order, reason }
    }

    /// Only what was paid, or may still be paid after its time, has to be discarded.
    fn discard(&self) -> DiscardPayment {
        let reason = self.paid.map_or(PaymentFailure::TimedOut, |_| PaymentFailure::Discarded);
        DiscardPayment { payment: PaymentId::of(&self.order), reason }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::{GivenLinearSaga, given_linear_saga};

    use super::*;
    use crate::{orders::OrderRejection, shipments::Packed, shopping_carts::Item};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn fulfilment() -> Fulfilment {
        let item = Item {
            product: "pen".parse().unwrap(),
            quantity: 2.try_into().unwrap(),
            price: "1.50".parse().unwrap(),
        };
        Fulfilment::of(&ShoppingCartFinalized {
            cart: "c".parse().unwrap(),
            client: "ada".parse().unwrap(),
            total: item.total(),
            items: vec![item],
            at: AT,
        })
    }

    fn record() -> RecordOrderPayment {
        RecordOrderPayment::of(fulfilment().order, Some(fulfilment().cart.total))
    }

    fn send() -> SendPackage {
        SendPackage::of(fulfilment().order, &fulfilment().cart.items)
    }

    fn discard(reason: PaymentFailure) -> DiscardPayment {
        DiscardPayment { payment: PaymentId::of(&fulfilment().order), reason }
    }

    fn cancel(reason: CancellationReason) -> CancelOrder {
        CancelOrder { order: fulfilment().order, reason }
    }

    fn initialized() -> OrderInitialized {
        let InitializeOrder { order, cart, client, items, total } = InitializeOrder::from(&fulfilment().cart);
        OrderInitialized { order, cart, client, items, total, at: AT }
    }

    fn finalized() -> PaymentFinalized {
        let RequestPayment { payment, order, amount } =
            RequestPayment::of(fulfilment().order, fulfilment().cart.total);
        PaymentFinalized { order, payment, amount }
    }

    fn failed(reason: PaymentFailure) -> PaymentFailed {
        PaymentFailed { order: fulfilment().order, payment: PaymentId::of(&fulfilment().order), reason }
    }

    fn recorded() -> OrderPaymentRecorded {
        let RecordOrderPayment { order, payment, amount } = record();
        OrderPaymentRecorded { order, payment, amount, at: AT }
    }

    fn sent() -> PackageWasSent {
        let SendPackage { shipment, order, contents, .. } = send();
        PackageWasSent { shipment, order, contents, at: AT }
    }

    fn out_of_stock() -> ProductWasOutOfStock {
        let SendPackage { shipment, order, contents, .. } = send();
        let Packed { product, quantity: asked } = contents.into_iter().next().unwrap();
        ProductWasOutOfStock { shipment, order, product, asked, in_stock: 0, at: AT }
    }

    fn completed() -> OrderCompleted {
        let CompleteOrder { order, shipment } = CompleteOrder::of(fulfilment().order);
        OrderCompleted { order, shipment, at: AT }
    }

    fn cancelled(reason: CancellationReason) -> OrderCancelled {
        OrderCancelled { order: fulfilment().order, reason, at: AT }
    }

    fn given_waiting_for_payment() -> GivenLinearSaga {
        given_linear_saga(order_process(Duration::from_secs(60)))
            .when(fulfilment().cart)
            .then(InitializeOrder::from(&fulfilment().cart))
            .when(initialized())
            .then(RequestPayment::of(fulfilment().order, fulfilment().cart.total))
    }

    fn given_paid() -> GivenLinearSaga {
        given_waiting_for_payment().when(finalized()).then(record()).when(recorded()).then(send())
    }

    #[test]
    fn an_order_is_paid_sent_and_completed() {
        given_paid()
            .when(sent())
            .then(CompleteOrder::of(fulfilment().order))
            .when(completed())
            .then_ends("SagaCompleted");
    }

    #[test]
    fn known_defect_paid_orders_keep_the_money_here_it_goes_back_before_the_order_is_cancelled() {
        given_paid()
            .when(out_of_stock())
            .then(discard(PaymentFailure::Discarded))
            .when(failed(PaymentFailure::Discarded))
            .then(cancel(CancellationReason::NotShipped))
            .when(cancelled(CancellationReason::NotShipped))
            .then_ends("SagaCompensated");
    }

    #[test]
    fn known_defect_failed_payments_are_not_heard_here_they_cancel_the_order() {
        for reason in [PaymentFailure::Declined, PaymentFailure::Discarded, PaymentFailure::TimedOut] {
            given_waiting_for_payment()
                .when(failed(reason))
                .then(cancel(CancellationReason::NotPaid))
                .when(cancelled(CancellationReason::NotPaid))
                .then_ends("SagaCompensated");
        }
    }

    #[test]
    fn an_order_that_is_not_paid_in_time_is_cancelled_after_its_payment_is_discarded() {
        given_waiting_for_payment()
            .when_timed_out("pay")
            .then(discard(PaymentFailure::TimedOut))
            .when(failed(PaymentFailure::TimedOut))
            .then(cancel(CancellationReason::NotPaid))
            .when(cancelled(CancellationReason::NotPaid))
            .then_ends("SagaCompensated");
    }

    #[test]
    fn money_that_comes_while_the_payment_is_discarded_does_not_continue_the_order() {
        _ = given_waiting_for_payment()
            .when_timed_out("pay")
            .then(discard(PaymentFailure::TimedOut))
            .when(finalized())
            .then_ignored()
            .when(failed(PaymentFailure::TimedOut))
            .then(cancel(CancellationReason::NotPaid));
    }

    #[test]
    fn a_decline_that_crosses_the_deadline_confirms_that_nothing_is_kept() {
        _ = given_waiting_for_payment()
            .when_timed_out("pay")
            .then(discard(PaymentFailure::TimedOut))
            .when(failed(PaymentFailure::Declined))
            .then(cancel(CancellationReason::NotPaid))
            .when(failed(PaymentFailure::Declined))
            .then_ignored();
    }

    #[test]
    fn a_payment_that_the_order_refuses_goes_back() {
        _ = given_waiting_for_payment()
            .when(finalized())
            .then(record())
            .when_rejected(record(), OrderRejection::WrongAmount)
            .then(discard(PaymentFailure::Discarded));
    }

    #[test]
    fn known_defect_random_payment_ids_a_cart_that_is_finalized_again_requests_no_second_payment() {
        _ = given_waiting_for_payment().when(fulfilment().cart).then_ignored();
        _ = given_paid().when(fulfilment().cart).then_ignored();
    }

    #[test]
    fn known_defect_lost_totals_the_total_of_the_cart_is_what_is_ordered_and_charged() {
        let (order, payment) = (
            InitializeOrder::from(&fulfilment().cart),
            RequestPayment::of(fulfilment().order, fulfilment().cart.total),
        );
        assert_eq!((order.total, payment.amount), ("3.00".parse().unwrap(), "3.00".parse().unwrap()));
    }
}
