use procession_check::{Check, World};

use super::{
    TOTAL,
    messages::{
        OrderCancelled, OrderCompleted, OrderPaymentRecorded, PackageWasSent, PaymentCompleted,
        PaymentRequested, RefundRequested,
    },
    order::{self, Order},
    payment::{self, Payment},
};

/// What must hold when an order comes.
pub(super) fn of_an_order(check: Check, in_stock: usize) -> Check {
    check
        .always("an order has one payment", |world| world.events::<PaymentRequested>().len() <= 1)
        .always("money is taken once", |world| world.events::<PaymentCompleted>().len() <= 1)
        .always("money is given back once", |world| world.events::<RefundRequested>().len() <= 1)
        .always("an order ends once", |world| {
            world.events::<OrderCompleted>().len() + world.events::<OrderCancelled>().len() <= 1
        })
        .always("what is recorded as paid is the total", |world| {
            world.events::<OrderPaymentRecorded>().iter().all(|it| it.total == TOTAL)
        })
        .always("no package is sent that is not there", move |world| {
            world.events::<PackageWasSent>().len() <= in_stock
        })
        .always("no package is sent twice", |world| world.events::<PackageWasSent>().len() <= 1)
        .always("nothing is sent unpaid", nothing_is_sent_unpaid)
        .finally("the order is paid and sent, or neither", is_settled)
        .facts(["StockReceived", "PaymentRefunded"])
        .is_partial()
}

fn nothing_is_sent_unpaid(world: &World<'_>) -> bool {
    world.events::<PackageWasSent>().is_empty() || !world.events::<OrderPaymentRecorded>().is_empty()
}

fn is_settled(world: &World<'_>) -> Result<(), String> {
    let payments = world.instances("payment").into_iter().map(|it| world.state::<Payment>(it).status);
    let kept = payments.filter(|it| {
        use payment::Status::{Completed, Refunding};
        matches!(it, Completed | Refunding)
    });
    let (is_paid, is_sent) = (kept.count() > 0, !world.events::<PackageWasSent>().is_empty());
    let status = world.state::<Order>("1").status;
    let is_right = match status {
        order::Status::Completed => is_paid && is_sent,
        order::Status::Cancelled => !is_paid && !is_sent,
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("it is {status:?}; paid: {is_paid}, sent: {is_sent}")) }
}
