use std::io::Write;

use procession::Runtime;
use shop::{
    Money, OrderId, PaymentId,
    orders::{Order, Status},
    payments::{Payment, Status as PaymentStatus},
    provider::{Movement, Provider, Transaction},
    shipments::PackageWasSent,
};

use crate::cli::{CliError, Done, look};

/// What a demo is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// Paid, sent, completed.
    Completed,
    /// Paid, not sent, the money back.
    Refunded,
    /// No money taken, not sent.
    NeverPaid,
}

/// What an order has come to: at the shop, at the provider, and in the warehouse.
pub(super) struct Ending {
    order: Order,
    payment: Payment,
    moved: Vec<Transaction>,
    package: Option<PackageWasSent>,
}

impl Ending {
    pub(super) async fn of(
        runtime: &Runtime,
        provider: &Provider,
        order: OrderId,
        package: Option<PackageWasSent>,
    ) -> Result<Self, CliError> {
        let payment = PaymentId::of(&order);
        let mut moved = provider.ledger().await?;
        moved.retain(|it| it.payment == payment);
        let payment = runtime.reader().instance(payment).await?.state;
        let order = runtime.reader().instance(order).await?.state;
        Ok(Self { order, payment, moved, package })
    }

    /// Tells it. That it is another one than promised is a failure.
    pub(super) fn tell(&self, promise: Promise, out: &mut dyn Write) -> Done {
        writeln!(out, "\n{0}The end{0:#}", look::STRONG)?;
        writeln!(out, "  the order    {}", self.order())?;
        writeln!(out, "  the money    {}", self.money())?;
        writeln!(out, "  the package  {}", self.package())?;
        if self.came_to() == Some(promise) {
            return Ok(());
        }
        Err(CliError::failed(format!("the order has not ended as it should: {promise:?} was promised"))
            .hint("the story above says where it stands; run it again"))
    }

    /// What this is, if order, money and package fit together.
    fn came_to(&self) -> Option<Promise> {
        let moved: Vec<(Movement, Money)> = self.moved.iter().map(|it| (it.movement, it.amount)).collect();
        let total = self.order.total;
        match (self.order.status, self.payment.status, &*moved, &self.package) {
            (Status::Completed, PaymentStatus::Completed, [charge], Some(_))
                if *charge == (Movement::Charged, total) =>
            {
                Some(Promise::Completed)
            }
            (Status::Cancelled, PaymentStatus::Refunded, [charge, refund], None)
                if (*charge, *refund) == ((Movement::Charged, total), (Movement::Refunded, total)) =>
            {
                Some(Promise::Refunded)
            }
            (Status::Cancelled, PaymentStatus::Failed, [], None) => Some(Promise::NeverPaid),
            _ => None,
        }
    }

    fn order(&self) -> String {
        let total = self.order.total;
        match (self.order.status, self.order.cancelled) {
            (Status::Completed, _) => format!("completed, {total} in total"),
            (_, Some(reason)) => format!("cancelled, because {reason}; {total} in total"),
            (status, None) => format!("has not ended: {status:?}"),
        }
    }

    fn money(&self) -> String {
        let why = self.payment.failure.map(|it| format!("; the payment {it}")).unwrap_or_default();
        let moved: Vec<String> = self
            .moved
            .iter()
            .map(|it| match it.movement {
                Movement::Charged => format!("{} charged", it.amount),
                Movement::Refunded => format!("{} refunded", it.amount),
            })
            .collect();
        let moved = if moved.is_empty() { "nothing charged".into() } else { moved.join(", ") };
        format!("{moved}, at the provider{why}")
    }

    fn package(&self) -> String {
        let Some(package) = &self.package else { return "was not sent".into() };
        let contents = package.contents.iter().map(|it| format!("{} {}", it.quantity, it.product));
        format!("was sent: {}", contents.collect::<Vec<_>>().join(", "))
    }
}
