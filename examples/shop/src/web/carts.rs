use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use procession::Runtime;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    problem::Problem,
    request::{Body, Id, Key},
};
use crate::{
    CartId, ClientId, Money, OrderId, ProductId, Quantity,
    shopping_carts::{
        AddProduct, ConfirmShoppingCart, Item, OpenShoppingCart, RemoveProduct, ShoppingCart, Status,
    },
};

/// A cart, as it is shown.
#[derive(Serialize)]
pub(super) struct CartView {
    cart: CartId,
    client: Option<ClientId>,
    status: Status,
    items: Vec<Item>,
    total: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CartToOpen {
    cart: CartId,
    client: ClientId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductToAdd {
    product: ProductId,
    quantity: Quantity,
    price: Money,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductToRemove {
    product: ProductId,
    quantity: Quantity,
}

pub(super) async fn open(
    State(runtime): State<Runtime>,
    key: Key,
    Body(CartToOpen { cart, client }): Body<CartToOpen>,
) -> Result<impl IntoResponse, Problem> {
    key.execute(&runtime, OpenShoppingCart { cart: cart.clone(), client }).await?;
    Ok((StatusCode::CREATED, Json(view(&runtime, cart).await?)))
}

pub(super) async fn add(
    State(runtime): State<Runtime>,
    Id(cart): Id<CartId>,
    key: Key,
    Body(ProductToAdd { product, quantity, price }): Body<ProductToAdd>,
) -> Result<Json<CartView>, Problem> {
    key.execute(&runtime, AddProduct { cart: cart.clone(), product, quantity, price }).await?;
    Ok(Json(view(&runtime, cart).await?))
}

pub(super) async fn remove(
    State(runtime): State<Runtime>,
    Id(cart): Id<CartId>,
    key: Key,
    Body(ProductToRemove { product, quantity }): Body<ProductToRemove>,
) -> Result<Json<CartView>, Problem> {
    key.execute(&runtime, RemoveProduct { cart: cart.clone(), product, quantity }).await?;
    Ok(Json(view(&runtime, cart).await?))
}

/// The order is under way when this is answered, and not done.
pub(super) async fn confirm(
    State(runtime): State<Runtime>,
    Id(cart): Id<CartId>,
    key: Key,
) -> Result<impl IntoResponse, Problem> {
    let order = OrderId::of(&cart);
    let process = key.execute(&runtime, ConfirmShoppingCart { cart }).await?.process;
    Ok((StatusCode::ACCEPTED, Json(json!({ "order": order, "process": process }))))
}

pub(super) async fn get(
    State(runtime): State<Runtime>,
    Id(cart): Id<CartId>,
) -> Result<Json<CartView>, Problem> {
    Ok(Json(view(&runtime, cart).await?))
}

async fn view(runtime: &Runtime, cart: CartId) -> Result<CartView, Problem> {
    let state = runtime.reader().instance::<ShoppingCart>(&cart).await?.state;
    if state.status == Status::NotOpened {
        return Err(Problem::not_found(format!("there is no cart {cart}")));
    }
    let (items, total) = (state.items(), state.total());
    Ok(CartView { cart, client: state.client, status: state.status, items, total })
}
