use std::time::Duration;

use procession::check::simulate::{Chance, Client, End, Outside, Scenario};
use shop::{
    CartId, OrderId, PaymentId, ProductId, Quantity, WarehouseId,
    gateway::Gateway,
    orders::{Order, Status},
    provider::Movement,
    shipments::{PackageWasSent, ReceiveStock},
    shop,
    shopping_carts::{AddProduct, ConfirmShoppingCart, OpenShoppingCart},
};

use crate::provider::BadLine;

/// A few clients order the same product, of which there may be too little.
pub(crate) fn orders_are_fulfilled(chance: &mut Chance, outside: &Outside) -> Scenario {
    let line = BadLine::to(outside);
    let gateway = Gateway::to(line.clone(), "http://shop".parse().unwrap());
    let deadline = Duration::from_secs(chance.one_of(&[1, 60, 600]));
    let (orders, in_stock) = (chance.between(1, 4), chance.between(1, 4));
    let product: ProductId = "pen".parse().unwrap();
    let quantity = Quantity::try_from(u32::try_from(in_stock).unwrap()).unwrap();
    let stock = ReceiveStock { warehouse: WarehouseId::main(), product: product.clone(), quantity };
    let mut scenario = Scenario::of(shop(deadline, Some(gateway))).given(Client::new().executes(stock));
    let carts: Vec<CartId> = (0..orders).map(|it| format!("cart-{it}").parse().unwrap()).collect();
    for cart in &carts {
        scenario = scenario.when(client(cart, &product, chance));
    }
    scenario
        .finally("no package is sent that was not in stock", move |end| {
            end.events::<PackageWasSent>().len() as u64 <= in_stock
        })
        .finally("every order is paid and sent, or neither", move |end| {
            carts.iter().try_for_each(|cart| is_settled(end, OrderId::of(cart), &line))
        })
}

fn client(cart: &CartId, product: &ProductId, chance: &mut Chance) -> Client {
    let open = OpenShoppingCart { cart: cart.clone(), client: "ada".parse().unwrap() };
    let (quantity, price) = (Quantity::try_from(1).unwrap(), "12.50".parse().unwrap());
    let add = AddProduct { cart: cart.clone(), product: product.clone(), quantity, price };
    let client = Client::new().pauses(chance.pause(Duration::from_secs(60))).executes(open).executes(add);
    client.executes(ConfirmShoppingCart { cart: cart.clone() })
}

/// The books of the provider agree with what has become of the order.
fn is_settled(end: &End, order: OrderId, line: &BadLine) -> Result<(), String> {
    let status = end.state::<Order>(order).status;
    let sent = end.events::<PackageWasSent>().iter().filter(|it| it.order == order).count();
    let moved = line.moved(PaymentId::of(&order));
    let is_right = match status {
        Status::Completed => sent == 1 && moved == [Movement::Charged],
        Status::Cancelled => {
            sent == 0 && (moved.is_empty() || moved == [Movement::Charged, Movement::Refunded])
        }
        _ => false,
    };
    if is_right { Ok(()) } else { Err(format!("order {order} is {status:?}, {sent} sent, {moved:?}")) }
}
