use std::collections::BTreeMap;

use procession::{Message, log::Recorded};
use shop::{
    Money, OrderId, PaymentId,
    orders::{CancellationReason, OrderCancelled, OrderCompleted, OrderInitialized},
    provider::{Movement, Transaction},
    shipments::{PackageWasSent, Packed},
};

use super::{
    orders::{Fate, Planned},
    watch::Watch,
};

/// What has come of an order, in the shop's log and in the provider's ledger. Whatever happens, it happens once.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    begun: Vec<Money>,
    moved: Vec<(Movement, Money)>,
    packages: Vec<Vec<Packed>>,
    ends: Vec<End>,
}

#[derive(Debug, PartialEq)]
enum End {
    Completed,
    Cancelled(CancellationReason),
}

/// Compares what has come of all orders with what should have. Returns how many payments were charged.
pub(super) fn audit(watch: &Watch<'_>, ledger: &[Transaction], orders: &[Planned]) -> usize {
    let mut found: BTreeMap<OrderId, Outcome> = BTreeMap::new();
    watch.events(|it| note(it, &mut found));
    let mut moved: BTreeMap<PaymentId, Vec<(Movement, Money)>> = BTreeMap::new();
    for it in ledger {
        moved.entry(it.payment).or_default().push((it.movement, it.amount));
    }
    let charged = moved.len();
    for order in orders {
        let mut outcome = found.remove(&order.order()).unwrap_or_default();
        outcome.moved = moved.remove(&order.payment()).unwrap_or_default();
        assert_eq!(outcome, should(*order), "{order:?}");
    }
    assert!(found.is_empty() && moved.is_empty(), "nobody has ordered {found:?}, nor is to pay {moved:?}");
    charged
}

fn should(order: Planned) -> Outcome {
    let total = order.total();
    let mut outcome =
        Outcome { begun: vec![total], moved: vec![(Movement::Charged, total)], ..Outcome::default() };
    if order.fate == Fate::OutOfStock {
        outcome.moved.push((Movement::Refunded, total));
        outcome.ends.push(End::Cancelled(CancellationReason::NotShipped));
    } else {
        let product = order.product().parse().unwrap();
        outcome.packages.push(vec![Packed { product, quantity: order.quantity() }]);
        outcome.ends.push(End::Completed);
    }
    outcome
}

fn note(recorded: &Recorded, found: &mut BTreeMap<OrderId, Outcome>) {
    let payload = &recorded.entry.payload;
    match &*recorded.entry.name {
        OrderInitialized::NAME => {
            let OrderInitialized { order, total, .. } = read(payload);
            found.entry(order).or_default().begun.push(total);
        }
        PackageWasSent::NAME => {
            let PackageWasSent { order, contents, .. } = read(payload);
            found.entry(order).or_default().packages.push(contents);
        }
        OrderCompleted::NAME => {
            let OrderCompleted { order, .. } = read(payload);
            found.entry(order).or_default().ends.push(End::Completed);
        }
        OrderCancelled::NAME => {
            let OrderCancelled { order, reason, .. } = read(payload);
            found.entry(order).or_default().ends.push(End::Cancelled(reason));
        }
        _ => {}
    }
}

fn read<E: Message>(payload: &str) -> E {
    E::from_json(payload).unwrap()
}
