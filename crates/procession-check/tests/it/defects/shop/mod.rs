//! A small shop, in which an order is paid and sent, or neither.

mod messages;
mod order;
mod payment;
mod properties;
mod warehouse;

use std::{cell::Cell, time::Duration};

use procession::{After, Application, Cancel, Effect, Module, Saga, WiringErrors};
use procession_check::{Answer, Check, check};

use self::messages::*;
use super::defect::{Defect, Defect::*, has};

const TOTAL: u32 = 12;
const WAREHOUSE: &str = "main";

/// One order: the provider takes the money, declines, says nothing or cannot be reached; time is up at any moment.
pub(crate) fn an_order_comes(in_stock: u32) -> Check {
    let stock = (in_stock > 0).then(|| ReceiveStock { warehouse: WAREHOUSE.into(), pieces: in_stock });
    let check = check(shop())
        .given(stock)
        .when(InitializeOrder { order: "1".into(), total: TOTAL })
        .effect("charge", |event: &PaymentRequested| {
            let payment = event.payment.clone();
            vec![
                Answer::from_outside(CompletePayment { payment: payment.clone() }),
                Answer::from_outside(DeclinePayment { payment }),
                Answer::sends(()),
                Answer::given_up("it cannot be reached"),
            ]
        })
        .effect("refund", |event: &RefundRequested| {
            vec![Answer::sends(RecordRefund { payment: event.payment.clone() })]
        });
    properties::of_an_order(check, in_stock as usize)
}

fn shop() -> Result<Application, WiringErrors> {
    DRAWN.set(1);
    let orders = Module::named("orders")
        .handles::<InitializeOrder>()
        .handles::<RecordOrderPayment>()
        .handles::<CompleteOrder>()
        .handles::<CancelOrder>()
        .publishes::<OrderInitialized>()
        .publishes::<OrderPaymentRecorded>()
        .publishes::<OrderCancelled>();
    let shipments = Module::named("shipments")
        .handles::<ReceiveStock>()
        .handles::<SendPackage>()
        .publishes::<PackageWasSent>()
        .publishes::<ProductWasOutOfStock>();
    Application::assemble([orders, payments(), shipments, Module::named("fulfilment").saga(fulfilment())])
}

fn payments() -> Module {
    let charge = Effect::named("charge").on(async |_: PaymentRequested, _| Ok(()));
    let given_up = |it: &PaymentRequested, _: &_| DeclinePayment { payment: it.payment.clone() };
    let charge = if has(GivenUpCallForgotten) { charge } else { charge.when_given_up(given_up) };
    let refund =
        Effect::named("refund").on(async |it: RefundRequested, _| Ok(RecordRefund { payment: it.payment }));
    Module::named("payments")
        .handles::<RequestPayment>()
        .handles::<CompletePayment>()
        .handles::<DeclinePayment>()
        .handles::<TimeOutPayment>()
        .handles::<DiscardPayment>()
        .handles::<RecordRefund>()
        .publishes::<PaymentCompleted>()
        .publishes::<PaymentFailed>()
        .effect(charge)
        .effect(refund)
        .on(|it: &PaymentRequested| {
            let time_out = TimeOutPayment { payment: it.payment.clone() };
            (!has(PaymentDeadlineForgotten)).then_some(After(Duration::from_secs(24 * 60 * 60), time_out))
        })
        .on(|it: &PaymentCompleted| Cancel::<TimeOutPayment>::to(&it.payment))
}

/// Leads an order through the modules. It has no state.
fn fulfilment() -> Saga {
    Saga::named("fulfilment")
        .on(|it: &OrderInitialized| {
            let (order, amount) = (it.order.clone(), it.total);
            let request = RequestPayment { payment: payment_of(&order), order, amount };
            (request, has(SendsBeforeItIsPaid).then(|| send(&it.order)))
        })
        .on(|it: &PaymentCompleted| {
            let (order, payment) = (it.order.clone(), it.payment.clone());
            RecordOrderPayment { order, payment }
        })
        .on(|it: &OrderPaymentRecorded| {
            let complete = CompleteOrder { order: it.order.clone() };
            (send(&it.order), has(CompletesBeforeItIsSent).then_some(complete))
        })
        .on(|it: &PackageWasSent| CompleteOrder { order: it.order.clone() })
        .on(|it: &ProductWasOutOfStock| {
            (!has(OutOfStockIgnored)).then(|| CancelOrder { order: it.order.clone() })
        })
        .on(|it: &PaymentFailed| {
            (!has(FailedPaymentIgnored)).then(|| CancelOrder { order: it.order.clone() })
        })
        .on(|it: &OrderCancelled| it.payment.clone().map(|payment| DiscardPayment { payment }))
}

fn send(order: &str) -> SendPackage {
    SendPackage { warehouse: WAREHOUSE.into(), order: order.into() }
}

thread_local! {
    /// How many ids were drawn in this check: each is another one, and the same in every run.
    static DRAWN: Cell<u32> = const { Cell::new(1) };
}

/// A payment is named after its order, so that it is the same one whoever asks, and however often.
fn payment_of(order: &str) -> String {
    if has(PaymentIdDrawnAtRandom) {
        return format!("random-{}", DRAWN.replace(DRAWN.get() + 1));
    }
    format!("payment-{order}")
}
