use serde_json::{Value, json};
use shop::{CartId, Money, OrderId, PaymentId, Quantity};

/// An order as a client means it; all that should come of it follows from its number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) number: usize,
    pub(super) fate: Fate,
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is paid and sent.
    Completed,
    /// It is paid, there is nothing to send, and the money goes back.
    OutOfStock,
    /// As [`Fate::Completed`], when the bug is gone that stops it.
    Stopped,
}

/// The product that the shop has a bug with.
pub(super) const BREAKS: &str = "lamp";

/// So many orders, one of which is stopped.
pub(super) fn planned(orders: usize) -> Vec<Planned> {
    let fate = |number| match number {
        _ if number == orders / 2 => Fate::Stopped,
        _ if number % 10 == 7 => Fate::OutOfStock,
        _ => Fate::Completed,
    };
    (0..orders).map(|number| Planned { number, fate: fate(number) }).collect()
}

impl Planned {
    pub(super) fn cart(self) -> CartId {
        format!("storm-{}", self.number).parse().unwrap()
    }

    pub(super) fn order(self) -> OrderId {
        OrderId::of(&self.cart())
    }

    pub(super) fn payment(self) -> PaymentId {
        PaymentId::of(&self.order())
    }

    pub(super) fn product(self) -> &'static str {
        match self.fate {
            Fate::Completed => "pen",
            Fate::OutOfStock => "ink",
            Fate::Stopped => BREAKS,
        }
    }

    pub(super) fn quantity(self) -> Quantity {
        (1 + self.number as u32 % 3).try_into().unwrap()
    }

    fn price(self) -> Money {
        format!("{}.{:02}", 1 + self.number % 50, self.number % 100).parse().unwrap()
    }

    pub(super) fn total(self) -> Money {
        self.price() * self.quantity()
    }

    /// What a client posts, in order: where, with which key, and what.
    pub(super) fn requests(self) -> [(String, String, Value); 3] {
        let (cart, number) = (self.cart(), self.number);
        let product =
            json!({ "product": self.product(), "quantity": self.quantity(), "price": self.price() });
        [
            ("/api/carts".into(), format!("open-{number}"), json!({ "cart": cart, "client": "ada" })),
            (format!("/api/carts/{cart}/products"), format!("add-{number}"), product),
            (format!("/api/carts/{cart}/confirmation"), format!("confirm-{number}"), json!({})),
        ]
    }
}
