use axum::{Json, extract::State};
use procession::Runtime;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    problem::Problem,
    request::{Body, Key},
};
use crate::{
    ProductId, Quantity, WarehouseId,
    shipments::{ReceiveStock, Warehouse},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    product: ProductId,
    quantity: Quantity,
}

pub(super) async fn receive(
    State(runtime): State<Runtime>,
    key: Key,
    Body(Delivery { product, quantity }): Body<Delivery>,
) -> Result<Json<Value>, Problem> {
    let stock = ReceiveStock { warehouse: WarehouseId::main(), product, quantity };
    key.execute(&runtime, stock).await?;
    get(State(runtime)).await
}

pub(super) async fn get(State(runtime): State<Runtime>) -> Result<Json<Value>, Problem> {
    let warehouse = runtime.reader().instance::<Warehouse>(WarehouseId::main()).await?;
    let stock = warehouse.state.stock.iter().map(|(product, pieces)| (product.to_string(), json!(pieces)));
    Ok(Json(Value::Object(stock.collect())))
}
