use std::time::Duration;

use axum::{Json, extract::State, http::HeaderMap};
use procession::{ReadError, Runtime};
use serde::Serialize;

use super::{
    problem::Problem,
    request::{Id, preferred_wait_seconds},
};
use crate::{
    CartId, ClientId, Money, OrderId, PaymentId, ShipmentId, end_of_order,
    orders::{CancellationReason, Order, Status},
    payments::{Payment, PaymentFailure, Status as PaymentStatus},
    shopping_carts::Item,
};

/// An order, as it is shown.
#[derive(Serialize)]
pub(super) struct OrderView {
    order: OrderId,
    cart: Option<CartId>,
    client: Option<ClientId>,
    status: Status,
    items: Vec<Item>,
    total: Money,
    payment: PaymentView,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipment: Option<ShipmentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<CancellationReason>,
}

/// A payment, as it is shown.
#[derive(Serialize)]
pub(super) struct PaymentView {
    payment: PaymentId,
    pub(super) status: PaymentStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<PaymentFailure>,
}

/// No client may hold a connection for longer.
const LONGEST_WAIT_SECONDS: u64 = 60;

pub(super) async fn get(
    State(runtime): State<Runtime>,
    Id(order): Id<OrderId>,
    headers: HeaderMap,
) -> Result<Json<OrderView>, Problem> {
    let seconds = preferred_wait_seconds(&headers).unwrap_or(0).min(LONGEST_WAIT_SECONDS);
    let state = end_of_order(&runtime, order, Duration::from_secs(seconds)).await?;
    if state.status == Status::NotInitialized {
        return Err(Problem::not_found(format!("there is no order {order}")));
    }
    let payment = PaymentView::read(&runtime, PaymentId::of(&order)).await?;
    Ok(Json(view(order, state, payment)))
}

fn view(id: OrderId, state: Order, payment: PaymentView) -> OrderView {
    let Order { status, cart, client, items, total, shipment, cancelled, .. } = state;
    OrderView { order: id, cart, client, status, items, total, payment, shipment, cancelled }
}

impl PaymentView {
    pub(super) async fn read(runtime: &Runtime, payment: PaymentId) -> Result<Self, ReadError> {
        let state = runtime.reader().instance::<Payment>(payment).await?.state;
        Ok(Self { payment, status: state.status, failure: state.failure })
    }
}
