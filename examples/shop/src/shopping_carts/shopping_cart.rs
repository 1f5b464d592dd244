use std::collections::BTreeMap;

use procession::{Context, Decider, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    AddProduct, ConfirmShoppingCart, Item, OpenShoppingCart, ProductAdded, ProductRemoved, RemoveProduct,
    ShoppingCartConfirmed, ShoppingCartFinalized, ShoppingCartOpened,
};
use crate::{ClientId, Money, ProductId, Quantity};

/// One client's cart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShoppingCart {
    /// Whether it can be filled.
    pub status: Status,
    /// Whose it is.
    pub client: Option<ClientId>,
    /// How many pieces of each product are in it, and what one costs.
    pub products: BTreeMap<ProductId, (Quantity, Money)>,
}

/// Whether a cart can be filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet.
    #[default]
    NotOpened,
    /// Yes.
    Open,
    /// Not any more.
    Confirmed,
}

/// The events of a cart.
#[derive(Events)]
pub enum ShoppingCartEvent {
    /// The cart is open.
    Opened(ShoppingCartOpened),
    /// There is more in it.
    ProductAdded(ProductAdded),
    /// There is less in it.
    ProductRemoved(ProductRemoved),
    /// It will not change any more.
    Confirmed(ShoppingCartConfirmed),
}

/// Why a cart refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ShoppingCartRejection {
    /// There is such a cart.
    #[error("the cart was opened before")]
    AlreadyOpened,
    /// There is no such cart.
    #[error("the cart was not opened")]
    NotOpened,
    /// It is final.
    #[error("the cart is confirmed, and will not change any more")]
    Confirmed,
    /// There is nothing to order.
    #[error("the cart is empty; add a product first")]
    Empty,
    /// Nothing is sold for nothing.
    #[error("the price must be more than zero")]
    NoPrice,
    /// The same product is in the cart for another price.
    #[error("the product is in the cart at another price; remove it first")]
    OtherPrice,
    /// There would be too many pieces.
    #[error("a cart holds at most {largest} pieces of a product", largest = Quantity::LARGEST)]
    TooMany,
    /// It would cost too much.
    #[error("a cart may cost at most {largest}", largest = Money::LARGEST)]
    TooExpensive,
    /// More is to be taken out than there is.
    #[error("there are not so many pieces of this product in the cart")]
    NotInCart,
}

impl Decider for ShoppingCart {
    const CATEGORY: &'static str = "shopping_cart";
    type Event = ShoppingCartEvent;
    type Rejection = ShoppingCartRejection;

    fn evolve(&mut self, event: &ShoppingCartEvent) {
        match event {
            ShoppingCartEvent::Opened(event) => {
                self.status = Status::Open;
                self.client = Some(event.client.clone());
            }
            ShoppingCartEvent::ProductAdded(ProductAdded { product, quantity, price, .. }) => {
                let before = self.quantity(product);
                let quantity = before.and_then(|it| it.plus(*quantity)).unwrap_or(*quantity);
                self.products.insert(product.clone(), (quantity, *price));
            }
            ShoppingCartEvent::ProductRemoved(ProductRemoved { product, quantity, .. }) => {
                let left = self.quantity(product).and_then(|it| it.minus(*quantity));
                match (left, self.products.get_mut(product)) {
                    (Some(left), Some((quantity, _))) => *quantity = left,
                    _ => drop(self.products.remove(product)),
                }
            }
            ShoppingCartEvent::Confirmed(_) => self.status = Status::Confirmed,
        }
    }
}

impl ShoppingCart {
    /// What is in it.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let items = self.products.iter();
        items
            .map(|(product, (quantity, price))| Item {
                product: product.clone(),
                quantity: *quantity,
                price: *price,
            })
            .collect()
    }

    /// What all of it costs.
    #[must_use]
    pub fn total(&self) -> Money {
        self.products.values().map(|(quantity, price)| *price * *quantity).sum()
    }

    /// What others hear of a confirmed cart.
    pub(super) fn finalized(&self, event: &ShoppingCartConfirmed) -> ShoppingCartFinalized {
        let ShoppingCartConfirmed { cart, client, at } = event.clone();
        ShoppingCartFinalized { cart, client, items: self.items(), total: self.total(), at }
    }

    fn quantity(&self, product: &ProductId) -> Option<Quantity> {
        self.products.get(product).map(|(quantity, _)| *quantity)
    }

    fn must_be_open(&self) -> Result<(), ShoppingCartRejection> {
        match self.status {
            Status::Open => Ok(()),
            Status::NotOpened => Err(ShoppingCartRejection::NotOpened),
            Status::Confirmed => Err(ShoppingCartRejection::Confirmed),
        }
    }

    fn must_have_room_for(&self, command: &AddProduct) -> Result<(), ShoppingCartRejection> {
        let AddProduct { product, quantity, price, .. } = command;
        if let Some((before, price_before)) = self.products.get(product) {
            if price_before != price {
                return Err(ShoppingCartRejection::OtherPrice);
            }
            before.plus(*quantity).ok_or(ShoppingCartRejection::TooMany)?;
        }
        if self.total() + *price * *quantity > Money::LARGEST {
            return Err(ShoppingCartRejection::TooExpensive);
        }
        Ok(())
    }
}

impl Handle<OpenShoppingCart> for ShoppingCart {
    type Records = ShoppingCartOpened;

    fn handle(
        &self,
        command: OpenShoppingCart,
        context: &Context,
    ) -> Result<ShoppingCartOpened, ShoppingCartRejection> {
        if self.status != Status::NotOpened {
            return Err(ShoppingCartRejection::AlreadyOpened);
        }
        let OpenShoppingCart { cart, client } = command;
        Ok(ShoppingCartOpened { cart, client, at: context.now })
    }
}

impl Handle<AddProduct> for ShoppingCart {
    type Records = ProductAdded;

    fn handle(&self, command: AddProduct, context: &Context) -> Result<ProductAdded, ShoppingCartRejection> {
        self.must_be_open()?;
        if command.price.is_zero() {
            return Err(ShoppingCartRejection::NoPrice);
        }
        self.must_have_room_for(&command)?;
        let AddProduct { cart, product, quantity, price } = command;
        Ok(ProductAdded { cart, product, quantity, price, at: context.now })
    }
}

impl Handle<RemoveProduct> for ShoppingCart {
    type Records = ProductRemoved;

    fn handle(
        &self,
        command: RemoveProduct,
        context: &Context,
    ) -> Result<ProductRemoved, ShoppingCartRejection> {
        self.must_be_open()?;
        let RemoveProduct { cart, product, quantity } = command;
        if self.quantity(&product).is_none_or(|it| it < quantity) {
            return Err(ShoppingCartRejection::NotInCart);
        }
        Ok(ProductRemoved { cart, product, quantity, at: context.now })
    }
}

impl Handle<ConfirmShoppingCart> for ShoppingCart {
    type Records = ShoppingCartConfirmed;

    fn handle(
        &self,
        command: ConfirmShoppingCart,
        context: &Context,
    ) -> Result<ShoppingCartConfirmed, ShoppingCartRejection> {
        self.must_be_open()?;
        if self.products.is_empty() {
            return Err(ShoppingCartRejection::Empty);
        }
        let client = self.client.clone().ok_or(ShoppingCartRejection::NotOpened)?;
        Ok(ShoppingCartConfirmed { cart: command.cart, client, at: context.now })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::given;

    use super::*;
    use crate::CartId;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn cart() -> CartId {
        "c".parse().unwrap()
    }

    fn opened() -> ShoppingCartOpened {
        ShoppingCartOpened { cart: cart(), client: "ada".parse().unwrap(), at: AT }
    }

    fn add(product: &str, quantity: u32, price: &str) -> AddProduct {
        let (product, price) = (product.parse().unwrap(), price.parse().unwrap());
        AddProduct { cart: cart(), product, quantity: quantity.try_into().unwrap(), price }
    }

    fn added(product: &str, quantity: u32, price: &str) -> ProductAdded {
        let AddProduct { cart, product, quantity, price } = add(product, quantity, price);
        ProductAdded { cart, product, quantity, price, at: AT }
    }

    fn remove(product: &str, quantity: u32) -> RemoveProduct {
        let product = product.parse().unwrap();
        RemoveProduct { cart: cart(), product, quantity: quantity.try_into().unwrap() }
    }

    fn removed(product: &str, quantity: u32) -> ProductRemoved {
        let RemoveProduct { cart, product, quantity } = remove(product, quantity);
        ProductRemoved { cart, product, quantity, at: AT }
    }

    fn confirm() -> ConfirmShoppingCart {
        ConfirmShoppingCart { cart: cart() }
    }

    fn confirmed() -> ShoppingCartConfirmed {
        ShoppingCartConfirmed { cart: cart(), client: "ada".parse().unwrap(), at: AT }
    }

    #[test]
    fn a_cart_is_opened_once() {
        let open = OpenShoppingCart { cart: cart(), client: "ada".parse().unwrap() };
        given::<ShoppingCart>(()).when(open.clone()).then(opened());
        given::<ShoppingCart>(opened()).when(open).then_rejected(ShoppingCartRejection::AlreadyOpened);
    }

    #[test]
    fn products_go_in_and_out() {
        given::<ShoppingCart>(opened()).when(add("pen", 2, "1.50")).then(added("pen", 2, "1.50"));
        given::<ShoppingCart>((opened(), added("pen", 2, "1.50")))
            .when(remove("pen", 2))
            .then(removed("pen", 2));
    }

    #[test]
    fn no_more_comes_out_than_went_in() {
        given::<ShoppingCart>((opened(), added("pen", 2, "1.50"), removed("pen", 1)))
            .when(remove("pen", 2))
            .then_rejected(ShoppingCartRejection::NotInCart);
        given::<ShoppingCart>(opened())
            .when(remove("pen", 1))
            .then_rejected(ShoppingCartRejection::NotInCart);
    }

    #[test]
    fn a_product_has_one_price_that_is_more_than_zero() {
        given::<ShoppingCart>((opened(), added("pen", 2, "1.50")))
            .when(add("pen", 1, "1.40"))
            .then_rejected(ShoppingCartRejection::OtherPrice);
        given::<ShoppingCart>(opened())
            .when(add("pen", 1, "0"))
            .then_rejected(ShoppingCartRejection::NoPrice);
    }

    #[test]
    fn a_cart_has_limits() {
        given::<ShoppingCart>((opened(), added("pen", 10_000, "0.01")))
            .when(add("pen", 1, "0.01"))
            .then_rejected(ShoppingCartRejection::TooMany);
        given::<ShoppingCart>((opened(), added("yacht", 1, "999999.99")))
            .when(add("pen", 2, "0.01"))
            .then_rejected(ShoppingCartRejection::TooExpensive);
    }

    #[test]
    fn a_cart_with_something_in_it_is_confirmed() {
        given::<ShoppingCart>((opened(), added("pen", 2, "1.50"))).when(confirm()).then(confirmed());
    }

    #[test]
    fn an_empty_cart_is_not_confirmed() {
        given::<ShoppingCart>((opened(), added("pen", 1, "1"), removed("pen", 1)))
            .when(confirm())
            .then_rejected(ShoppingCartRejection::Empty);
        given::<ShoppingCart>(()).when(confirm()).then_rejected(ShoppingCartRejection::NotOpened);
    }

    #[test]
    fn a_confirmed_cart_does_not_change() {
        let past = || (opened(), added("pen", 2, "1.50"), confirmed());
        given::<ShoppingCart>(past())
            .when(add("pen", 1, "1.50"))
            .then_rejected(ShoppingCartRejection::Confirmed);
        given::<ShoppingCart>(past()).when(remove("pen", 1)).then_rejected(ShoppingCartRejection::Confirmed);
        given::<ShoppingCart>(past()).when(confirm()).then_rejected(ShoppingCartRejection::Confirmed);
    }

    #[test]
    fn the_total_is_the_sum_of_all_that_is_left_in_the_cart() {
        let mut cart = ShoppingCart::default();
        for event in [
            ShoppingCartEvent::Opened(opened()),
            ShoppingCartEvent::ProductAdded(added("pen", 3, "0.10")),
            ShoppingCartEvent::ProductAdded(added("ink", 1, "7.20")),
            ShoppingCartEvent::ProductRemoved(removed("pen", 1)),
        ] {
            cart.evolve(&event);
        }
        let finalized = cart.finalized(&confirmed());
        assert_eq!(finalized.total, "7.40".parse().unwrap());
        assert_eq!(finalized.items.iter().map(Item::total).sum::<Money>(), finalized.total);
    }
}
