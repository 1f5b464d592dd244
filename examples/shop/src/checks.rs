//! What is proved of the shop, in every order in which its messages may arrive.

use std::time::Duration;

use procession::{
    Decider,
    check::{Answer, Check, World, check},
};

use crate::{
    CartId, InvalidMoney, InvalidName, InvalidQuantity, Money, OrderId, PaymentId, ProductId, Quantity,
    WarehouseId,
    orders::{self, Order},
    payments::{
        self, CompletePayment, DeclinePayment, Payment, PaymentRejection, PaymentRequested, RecordRefund,
        RefundRequested,
    },
    shipments::{PackageWasSent, ReceiveStock},
    shop,
    shopping_carts::{AddProduct, ConfirmShoppingCart, OpenShoppingCart},
};

/// Orders for the same product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orders {
    /// How many orders there are, each for one piece.
    pub orders: usize,
    /// How many pieces are in stock.
    pub in_stock: u32,
}

/// Orders are fulfilled or undone: the provider takes the money, declines, says nothing, or says what it says twice and late;
/// the deadline passes at any moment; the stock is short.
///
/// # Errors
/// Never, as a test makes sure.
pub fn every_order_ends(it: Orders) -> Result<Check, NotAnOrder> {
    let (product, price): (ProductId, Money) = ("pen".parse()?, "12.50".parse()?);
    let piece = Quantity::try_from(1)?;
    let carts: Vec<CartId> =
        (1..=it.orders).map(|it| format!("cart-{it}").parse()).collect::<Result<_, _>>()?;
    let client: crate::ClientId = "ada".parse()?;
    let filled = carts.iter().map(|cart| {
        let open = OpenShoppingCart { cart: cart.clone(), client: client.clone() };
        let add = AddProduct { cart: cart.clone(), product: product.clone(), quantity: piece, price };
        (open, add)
    });
    let stock = (it.in_stock > 0).then(|| Quantity::try_from(it.in_stock)).transpose()?;
    let stock = stock.map(|quantity| ReceiveStock {
        warehouse: WarehouseId::main(),
        product: product.clone(),
        quantity,
    });
    let in_stock = it.in_stock as usize;
    let confirmed = carts.iter().map(|cart| ConfirmShoppingCart { cart: cart.clone() });
    Ok(check(shop(Duration::from_secs(24 * 60 * 60), None))
        .given(stock)
        .given(filled.collect::<Vec<_>>())
        .when(confirmed.collect::<Vec<_>>())
        .effect("charge", |event: &PaymentRequested| {
            let payment = event.payment;
            vec![
                Answer::from_outside(CompletePayment { payment }),
                Answer::from_outside(DeclinePayment { payment }),
                // It has taken the question on, and is never heard of again.
                Answer::sends(()),
                Answer::given_up("it does not answer"),
            ]
        })
        .effect("refund", |event: &RefundRequested| {
            vec![Answer::sends(RecordRefund { payment: event.payment })]
        })
        .always("no package is sent twice", move |world| world.events::<PackageWasSent>().len() <= in_stock)
        .finally("every order is shipped and paid, or neither", move |world| {
            carts.iter().try_for_each(|cart| is_settled(world, OrderId::of(cart)))
        })
        // The provider was reached, and then the call was given up: the money is here, and there is nothing to decline.
        .may_reject::<PaymentRejection>()
        .is_partial())
}

fn is_settled(world: &World<'_>, order: OrderId) -> Result<(), String> {
    let payment = world.state::<Payment>(PaymentId::of(&order));
    let is_paid = payment.status == payments::Status::Completed;
    let is_sent = world.events::<PackageWasSent>().iter().any(|it| it.order == order);
    let status = world.state::<Order>(order).status;
    let is_right = match status {
        orders::Status::Completed => is_paid && is_sent,
        orders::Status::Cancelled => !is_paid && !is_sent && payment.status != payments::Status::Refunding,
        _ => false,
    };
    if is_right {
        return Ok(());
    }
    let (paid, sent) = (if is_paid { "paid" } else { "not paid" }, if is_sent { "sent" } else { "not sent" });
    Err(format!("{} {order} is {status:?}, {paid} and {sent}", Order::CATEGORY))
}

/// A name, an amount or a quantity of a check is not one.
#[derive(Debug, thiserror::Error)]
#[error("a check needs names, amounts and quantities: {0}")]
pub struct NotAnOrder(String);

macro_rules! not_an_order {
    ($($error:ty),+) => {$(
        impl From<$error> for NotAnOrder {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )+};
}

not_an_order!(InvalidName, InvalidMoney, InvalidQuantity);
