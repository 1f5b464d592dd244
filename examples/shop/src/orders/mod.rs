//! The truth about one order, and the process that leads it through payments and shipments.

mod messages;
mod order;
mod order_process;

pub use messages::{
    CancelOrder, CancellationReason, CompleteOrder, InitializeOrder, OrderCancelled, OrderCompleted,
    OrderInitialized, OrderPaymentRecorded, RecordOrderPayment,
};
pub use order::{Order, OrderEvent, OrderRejection, Status};
pub use order_process::{Fulfilment, ORDER_PROCESS, order_process};

use std::time::Duration;

use procession::Module;

/// The module of orders. An order must be paid within `payment_deadline`.
#[must_use]
pub fn module(payment_deadline: Duration) -> Module {
    Module::named("orders")
        .handles::<InitializeOrder>()
        .handles::<RecordOrderPayment>()
        .handles::<CompleteOrder>()
        .handles::<CancelOrder>()
        .linear_saga(order_process(payment_deadline))
}
