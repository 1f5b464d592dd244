use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    Defect::TotalForgotten,
    has,
    messages::{
        CancelOrder, CompleteOrder, InitializeOrder, OrderCancelled, OrderCompleted, OrderInitialized,
        OrderPaymentRecorded, RecordOrderPayment,
    },
};

/// What a client has ordered, and how far it is.
#[derive(Default)]
pub(crate) struct Order {
    total: u32,
    payment: Option<String>,
    pub(crate) status: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    None,
    Initialized,
    Paid,
    Completed,
    Cancelled,
}

#[derive(Events)]
pub(crate) enum OrderEvent {
    Initialized(OrderInitialized),
    Paid(OrderPaymentRecorded),
    #[ends]
    Completed(OrderCompleted),
    #[ends]
    Cancelled(OrderCancelled),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum OrderRejection {
    #[error("the order is not paid")]
    NotPaid,
    #[error("the order has ended")]
    Ended,
}

type Decided<T> = Result<T, OrderRejection>;

impl Decider for Order {
    const CATEGORY: &'static str = "order";
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn evolve(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Initialized(event) => {
                self.total = if has(TotalForgotten) { 0 } else { event.total };
                self.status = Status::Initialized;
            }
            OrderEvent::Paid(event) => {
                self.payment = Some(event.payment.clone());
                self.status = Status::Paid;
            }
            OrderEvent::Completed(_) => self.status = Status::Completed,
            OrderEvent::Cancelled(_) => self.status = Status::Cancelled,
        }
    }
}

impl Handle<InitializeOrder> for Order {
    type Records = Option<OrderInitialized>;

    fn handle(&self, command: InitializeOrder, _: &Context) -> Decided<Self::Records> {
        let InitializeOrder { order, total } = command;
        Ok((self.status == Status::None).then_some(OrderInitialized { order, total }))
    }
}

impl Handle<RecordOrderPayment> for Order {
    type Records = Option<OrderPaymentRecorded>;

    fn handle(&self, command: RecordOrderPayment, _: &Context) -> Decided<Self::Records> {
        let RecordOrderPayment { order, payment } = command;
        let is_due = self.status == Status::Initialized;
        Ok(is_due.then_some(OrderPaymentRecorded { order, payment, total: self.total }))
    }
}

impl Handle<CompleteOrder> for Order {
    type Records = Option<OrderCompleted>;

    fn handle(&self, CompleteOrder { order }: CompleteOrder, _: &Context) -> Decided<Self::Records> {
        match self.status {
            Status::Paid => Ok(Some(OrderCompleted { order })),
            Status::Completed => Ok(None),
            Status::Cancelled => Err(OrderRejection::Ended),
            _ => Err(OrderRejection::NotPaid),
        }
    }
}

impl Handle<CancelOrder> for Order {
    type Records = Option<OrderCancelled>;

    fn handle(&self, CancelOrder { order }: CancelOrder, _: &Context) -> Decided<Self::Records> {
        let payment = self.payment.clone();
        match self.status {
            Status::Completed => Err(OrderRejection::Ended),
            Status::Cancelled => Ok(None),
            _ => Ok(Some(OrderCancelled { order, payment })),
        }
    }
}
