//! Effects that send an event, hand on a text as an error, or borrow their event.

use procession::{Command, Decider, Effect, EffectError, Event, Events, Never};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct MoneyRequested {
    booking: u32,
}

#[derive(Event, Serialize, Deserialize)]
struct Paid {
    booking: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Bill, id = booking)]
struct RecordPayment {
    booking: u32,
}

#[derive(Events)]
enum BillEvent {
    Requested(MoneyRequested),
    Paid(Paid),
}

#[derive(Default)]
struct Bill;

impl Decider for Bill {
    const CATEGORY: &'static str = "bill";
    type Event = BillEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &BillEvent) {
        match event {
            BillEvent::Requested(_) | BillEvent::Paid(_) => {}
        }
    }
}

async fn charge(_booking: u32) -> Result<(), std::io::Error> {
    Ok(())
}

async fn sends_an_event(event: MoneyRequested) -> Result<Paid, EffectError> {
    Ok(Paid { booking: event.booking })
}

async fn fails_with_a_text(event: MoneyRequested) -> Result<RecordPayment, EffectError> {
    charge(event.booking).await.map_err(|it| it.to_string())?;
    Ok(RecordPayment { booking: event.booking })
}

fn main() {
    Effect::named("charge").on(|event: MoneyRequested, _| sends_an_event(event));
    Effect::named("charge").on(|event: MoneyRequested, _| fails_with_a_text(event));
    Effect::named("charge").on(|event: &MoneyRequested, _| async { Ok(RecordPayment { booking: 1 }) });
}
