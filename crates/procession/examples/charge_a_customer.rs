//! Charge a customer: an effect with all that it may say, whose result is recorded whatever has happened meanwhile.

use std::{error::Error, time::Duration};

use procession::{
    Application, CircuitBreaker, Command, Context, Decider, Effect, EffectError, Event, Events, Handle,
    MemoryStore, Module, Never, Retries, Runtime,
};
use serde::{Deserialize, Serialize};

/// Asks for the money of a bill.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Bill, id = bill)]
struct RequestMoney {
    bill: u32,
    amount: u32,
}

/// Tells that the money was taken.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Bill, id = bill)]
struct RecordPayment {
    bill: u32,
}

/// Tells that it was not.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Bill, id = bill)]
struct RecordFailure {
    bill: u32,
    why: String,
}

/// Asks not to charge it any more.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Bill, id = bill)]
struct CancelBill {
    bill: u32,
}

#[derive(Event, Serialize, Deserialize)]
struct MoneyRequested {
    bill: u32,
    amount: u32,
}

#[derive(Event, Serialize, Deserialize)]
struct Paid {}

#[derive(Event, Serialize, Deserialize)]
struct PaymentFailed {
    why: String,
}

#[derive(Event, Serialize, Deserialize)]
struct BillCancelled {}

#[derive(Event, Serialize, Deserialize)]
struct RefundOwed {}

#[derive(Events)]
enum BillEvent {
    Requested(MoneyRequested),
    Paid(Paid),
    Failed(PaymentFailed),
    Cancelled(BillCancelled),
    Owed(RefundOwed),
}

#[derive(Debug, Default, PartialEq)]
struct Bill {
    is_cancelled: bool,
    is_paid: bool,
    owes_refund: bool,
    failed: Option<String>,
}

impl Decider for Bill {
    const CATEGORY: &'static str = "bill";
    type Event = BillEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &BillEvent) {
        match event {
            BillEvent::Requested(_) => {}
            BillEvent::Paid(_) => self.is_paid = true,
            BillEvent::Failed(event) => self.failed = Some(event.why.clone()),
            BillEvent::Cancelled(_) => self.is_cancelled = true,
            BillEvent::Owed(_) => self.owes_refund = true,
        }
    }
}

impl Handle<RequestMoney> for Bill {
    type Records = MoneyRequested;

    fn handle(&self, command: RequestMoney, _: &Context) -> Result<MoneyRequested, Never> {
        Ok(MoneyRequested { bill: command.bill, amount: command.amount })
    }
}

impl Handle<RecordPayment> for Bill {
    type Records = (Paid, Option<RefundOwed>);

    /// The money is taken, whatever the bill says: that is recorded, and what is wrong with it is made good.
    fn handle(&self, _: RecordPayment, _: &Context) -> Result<(Paid, Option<RefundOwed>), Never> {
        Ok((Paid {}, self.is_cancelled.then_some(RefundOwed {})))
    }
}

impl Handle<RecordFailure> for Bill {
    type Records = PaymentFailed;

    fn handle(&self, command: RecordFailure, _: &Context) -> Result<PaymentFailed, Never> {
        Ok(PaymentFailed { why: command.why })
    }
}

impl Handle<CancelBill> for Bill {
    type Records = BillCancelled;

    fn handle(&self, _: CancelBill, _: &Context) -> Result<BillCancelled, Never> {
        Ok(BillCancelled {})
    }
}

/// A provider of somebody else's: it takes small amounts, refuses large ones, and fails for what is nothing.
async fn charge(amount: u32, _idempotency_key: &str) -> Result<(), EffectError> {
    match amount {
        0 => Err(std::io::Error::other("connection refused"))?,
        1..1000 => Ok(()),
        _ => Err(EffectError::reject("the card has no such limit")),
    }
}

fn bills() -> Module {
    let charging = Effect::named("charge")
        .on(async |event: MoneyRequested, call| {
            charge(event.amount, &call.key).await?;
            Ok(RecordPayment { bill: event.bill })
        })
        .when_given_up(|event: &MoneyRequested, given_up| RecordFailure {
            bill: event.bill,
            why: given_up.to_string(),
        })
        .until::<BillCancelled>()
        .retries(Retries::up_to(1000).within(Duration::from_secs(60 * 60)))
        .timeout(Duration::from_secs(10))
        .circuit_breaker(CircuitBreaker::default().failures(3).longest_pause(Duration::from_secs(10)))
        .calls_at_once(8)
        .calls_per_second(50);
    Module::named("bills")
        .handles::<RequestMoney>()
        .handles::<RecordPayment>()
        .handles::<RecordFailure>()
        .handles::<CancelBill>()
        .effect(charging)
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let bills = Application::assemble([bills()])?;
    let builder = Runtime::builder().virtual_time("2030-01-01T00:00:00Z".parse()?);
    let runtime = builder.start(&bills, MemoryStore::new()).await?;
    let bill = async |bill: u32| runtime.reader().instance::<Bill>(bill).await.map(|it| it.state);

    runtime.execute(RequestMoney { bill: 1, amount: 20 }).await?;
    runtime.execute(RequestMoney { bill: 2, amount: 2000 }).await?;
    runtime.execute(RequestMoney { bill: 3, amount: 0 }).await?;
    // Some calls begin a little later, not to be too many in a second, and one fails and is made again.
    runtime.advance(Duration::from_secs(1)).await?;
    assert!(bill(1).await?.is_paid);
    assert_eq!(bill(2).await?.failed.as_deref(), Some("rejected: the card has no such limit"));
    assert_eq!(bill(3).await?, Bill::default());

    runtime.advance(Duration::from_secs(60 * 60 + 1)).await?;
    let failed = bill(3).await?.failed.unwrap_or_default();
    assert!(failed.starts_with("given up after ") && failed.ends_with(": connection refused"), "{failed}");

    // The answer comes after all, when nobody wants it any more.
    runtime.execute(CancelBill { bill: 4 }).await?;
    runtime.execute(RecordPayment { bill: 4 }).await?;
    assert!(bill(4).await?.owes_refund);
    Ok(runtime.stop().await?)
}
