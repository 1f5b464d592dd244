//! The truth about one cart: opened, filled, confirmed. Others hear of it when it is final.

mod messages;
mod shopping_cart;

pub use messages::{
    AddProduct, ConfirmShoppingCart, Item, OpenShoppingCart, ProductAdded, ProductRemoved, RemoveProduct,
    ShoppingCartConfirmed, ShoppingCartFinalized, ShoppingCartOpened,
};
pub use shopping_cart::{ShoppingCart, ShoppingCartEvent, ShoppingCartRejection, Status};

use procession::Module;

/// The module of shopping carts.
#[must_use]
pub fn module() -> Module {
    Module::named("shopping_carts")
        .handles::<OpenShoppingCart>()
        .handles::<AddProduct>()
        .handles::<RemoveProduct>()
        .handles::<ConfirmShoppingCart>()
        .publishes_as(ShoppingCart::finalized)
}
