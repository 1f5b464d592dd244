//! Bicycles are rented, paid for by somebody outside, and brought back.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession::{
    After, Application, CircuitBreaker, Command, Context, Correlation, Decider, Effect, EffectError, Either,
    Event, Events, Handle, MemoryStore, Module, Never, On, OnTimeout, ProcessManager, Runtime, Starts, Store,
    inspect::{Inspector, Standing},
    log::ProcessId,
};
use serde::{Deserialize, Serialize};

pub(crate) const START: Timestamp = Timestamp::UNIX_EPOCH;

macro_rules! messages {
    ($($kind:ident $name:ident $(to $to:ident)?),+ $(,)?) => {$(
        #[derive($kind, Serialize, Deserialize)]
        $(#[command(to = $to, id = rental)])?
        pub(crate) struct $name {
            pub(crate) rental: String,
        }
    )+};
}

messages! {
    Command Rent to Bicycle, Event Rented,
    Command Pay to Till, Event Paid,
    Command Lock to Bicycle, Event Locked,
    Command Remind to Rental,
    Event RentalBegan, Event RentalEnded,
}

#[derive(Events)]
pub(crate) enum BicycleEvent {
    Rented(Rented),
    Locked(Locked),
}

#[derive(Default)]
pub(crate) struct Bicycle;

impl Decider for Bicycle {
    const CATEGORY: &'static str = "bicycle";
    type Event = BicycleEvent;
    type Rejection = Never;
    fn evolve(&mut self, event: &BicycleEvent) {
        let (BicycleEvent::Rented(Rented { .. }) | BicycleEvent::Locked(Locked { .. })) = event;
    }
}

impl Handle<Rent> for Bicycle {
    type Records = Rented;
    fn handle(&self, it: Rent, _: &Context) -> Result<Rented, Never> {
        Ok(Rented { rental: it.rental })
    }
}

impl Handle<Lock> for Bicycle {
    type Records = Option<Locked>;
    fn handle(&self, it: Lock, _: &Context) -> Result<Option<Locked>, Never> {
        assert!(!it.rental.contains("broken"), "the lock of {} does not close", it.rental);
        // A silent lock closes, and says nothing.
        Ok((!it.rental.contains("silent")).then_some(Locked { rental: it.rental }))
    }
}

#[derive(Events)]
pub(crate) enum TillEvent {
    Paid(Paid),
}

#[derive(Default)]
pub(crate) struct Till;

impl Decider for Till {
    const CATEGORY: &'static str = "till";
    type Event = TillEvent;
    type Rejection = Never;
    fn evolve(&mut self, event: &TillEvent) {
        let TillEvent::Paid(Paid { .. }) = event;
    }
}

impl Handle<Pay> for Till {
    type Records = Paid;
    fn handle(&self, it: Pay, _: &Context) -> Result<Paid, Never> {
        Ok(Paid { rental: it.rental })
    }
}

/// Begins when a bicycle is rented, waits for the money, has the bicycle locked, and ends when it is.
#[derive(Default)]
pub(crate) struct Rental;

#[derive(Events)]
pub(crate) enum RentalEvent {
    Began(RentalBegan),
    #[ends]
    Ended(RentalEnded),
}

impl Decider for Rental {
    const CATEGORY: &'static str = "rental";
    type Event = RentalEvent;
    type Rejection = Never;
    fn evolve(&mut self, event: &RentalEvent) {
        let (RentalEvent::Began(RentalBegan { .. }) | RentalEvent::Ended(RentalEnded { .. })) = event;
    }
}

impl On<Rented> for Rental {
    type Emits = (RentalBegan, Option<After<Remind>>);
    const STARTS: Starts = Starts::Once;
    fn correlate(event: &Rented) -> Correlation {
        Correlation::to(&event.rental)
    }
    fn on(&self, event: Rented, _: &Context) -> Self::Emits {
        let in_an_hour = After(Duration::from_secs(3600), Remind { rental: event.rental.clone() });
        let reminded = event.rental.contains("reminded").then_some(in_an_hour);
        (RentalBegan { rental: event.rental }, reminded)
    }
}

impl On<Paid> for Rental {
    type Emits = Lock;
    fn correlate(event: &Paid) -> Correlation {
        Correlation::to(&event.rental)
    }
    fn on(&self, event: Paid, _: &Context) -> Lock {
        Lock { rental: event.rental }
    }
}

impl On<Locked> for Rental {
    type Emits = RentalEnded;
    fn correlate(event: &Locked) -> Correlation {
        Correlation::to(&event.rental)
    }
    fn on(&self, event: Locked, _: &Context) -> RentalEnded {
        RentalEnded { rental: event.rental }
    }
}

impl OnTimeout<Remind> for Rental {
    /// It could have the bicycle locked, so that nobody outside does.
    type Emits = Either<RentalEnded, Lock>;
    fn on_timeout(&self, it: Remind, _: &Context) -> Self::Emits {
        Either::Left(RentalEnded { rental: it.rental })
    }
}

/// With a till at which somebody pays, or without: then money that does not come cannot come any more.
pub(crate) fn rentals(with_till: bool) -> Application {
    let bicycles = Module::named("bicycles")
        .handles::<Rent>()
        .handles::<Lock>()
        .publishes::<Rented>()
        .publishes::<Locked>();
    let process = ProcessManager::<Rental>::new().on::<Rented>().on::<Locked>().on_timeout::<Remind>();
    let mut modules = vec![bicycles];
    if with_till {
        modules.push(Module::named("till").handles::<Pay>().publishes::<Paid>());
        modules.push(Module::named("rentals").process_manager(process.on::<Paid>()));
    } else {
        modules.push(Module::named("rentals").process_manager(process));
    }
    Application::assemble(modules).unwrap()
}

/// With a till that asks a provider for the money, which is away.
pub(crate) fn rentals_with_a_provider() -> Application {
    let charge = Effect::named("charge")
        .on(async |_: Rented, _| Err::<Pay, _>(EffectError::retry("the provider is away")))
        .circuit_breaker(CircuitBreaker::default().failures(1));
    let bicycles = Module::named("bicycles")
        .handles::<Rent>()
        .handles::<Lock>()
        .publishes::<Rented>()
        .publishes::<Locked>();
    let till = Module::named("till").handles::<Pay>().publishes::<Paid>().effect(charge);
    let process = ProcessManager::<Rental>::new().on::<Rented>().on::<Locked>().on::<Paid>();
    let rentals = Module::named("rentals").process_manager(process.on_timeout::<Remind>());
    Application::assemble([bicycles, till, rentals]).unwrap()
}

pub(crate) async fn running(application: &Application) -> (Runtime, MemoryStore) {
    let store = MemoryStore::new();
    let runtime = Runtime::builder().virtual_time(START).start(application, store.clone()).await.unwrap();
    (runtime, store)
}

pub(crate) async fn rent(runtime: &Runtime, rental: &str) -> ProcessId {
    let process = runtime.execute(Rent { rental: rental.into() }).await.unwrap().process;
    runtime.wait(process).await.unwrap();
    process
}

pub(crate) async fn inspector(store: &MemoryStore) -> Inspector {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Inspector::of(store).await.unwrap()
}

/// How a process stands, which a sweep and a look at it alone must see alike.
pub(crate) async fn standing(store: &MemoryStore, process: ProcessId) -> Standing {
    let inspector = inspector(store).await;
    let alone = inspector.process(process).await.unwrap().unwrap();
    let sweep = inspector.sweep().await.unwrap();
    let swept = inspector.standings(&sweep, [process]).await.unwrap();
    assert_eq!(swept.as_slice(), std::slice::from_ref(&alone), "a sweep and a look at one process agree");
    assert_eq!(sweep.state(process), alone.state);
    alone
}
