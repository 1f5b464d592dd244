use jiff::Timestamp;
use procession::{Command, Event, PublicEvent};
use serde::{Deserialize, Serialize};

use super::ShoppingCart;
use crate::{CartId, ClientId, Money, ProductId, Quantity};

/// Opens a cart.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = ShoppingCart, id = cart)]
pub struct OpenShoppingCart {
    /// The cart.
    pub cart: CartId,
    /// Whose it is.
    pub client: ClientId,
}

/// Puts pieces of a product into the cart.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = ShoppingCart, id = cart)]
pub struct AddProduct {
    /// The cart.
    pub cart: CartId,
    /// The product.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece costs.
    pub price: Money,
}

/// Takes pieces of a product out of the cart.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = ShoppingCart, id = cart)]
pub struct RemoveProduct {
    /// The cart.
    pub cart: CartId,
    /// The product.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
}

/// Orders what is in the cart.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = ShoppingCart, id = cart)]
pub struct ConfirmShoppingCart {
    /// The cart.
    pub cart: CartId,
}

/// The cart is open.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ShoppingCartOpened {
    /// The cart.
    pub cart: CartId,
    /// Whose it is.
    pub client: ClientId,
    /// When.
    pub at: Timestamp,
}

/// There is more of a product in the cart.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ProductAdded {
    /// The cart.
    pub cart: CartId,
    /// The product.
    pub product: ProductId,
    /// How many pieces more.
    pub quantity: Quantity,
    /// What one piece costs.
    pub price: Money,
    /// When.
    pub at: Timestamp,
}

/// There is less of a product in the cart.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ProductRemoved {
    /// The cart.
    pub cart: CartId,
    /// The product.
    pub product: ProductId,
    /// How many pieces less.
    pub quantity: Quantity,
    /// When.
    pub at: Timestamp,
}

/// The cart will not change any more.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ShoppingCartConfirmed {
    /// The cart.
    pub cart: CartId,
    /// Who orders.
    pub client: ClientId,
    /// When.
    pub at: Timestamp,
}

/// A client has ordered what was in a cart: all that others need to know of it.
#[derive(PublicEvent, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ShoppingCartFinalized {
    /// The cart.
    pub cart: CartId,
    /// Who orders.
    pub client: ClientId,
    /// What is ordered.
    pub items: Vec<Item>,
    /// What it costs.
    pub total: Money,
    /// When.
    pub at: Timestamp,
}

/// Some pieces of one product, at a price.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Item {
    /// The product.
    pub product: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece costs.
    pub price: Money,
}

impl Item {
    /// What all pieces cost.
    #[must_use]
    pub fn total(&self) -> Money {
        self.price * self.quantity
    }
}
