//! One process manager in three releases: each writes a newer shape of `ParcelSent`, and the newest knows one event more.

use procession::{
    Command, Context, Correlation, Decider, Event, Events, Handle, Module, Never, On, ProcessManager,
};
use serde::{Deserialize, Serialize};

/// The first shape.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "ParcelSent")]
pub(crate) struct ParcelSentToTown {
    parcel: String,
    town: String,
}

/// The second shape: with a weight.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "ParcelSent", version = 2, upcast_from = ParcelSentToTown)]
pub(crate) struct ParcelSentWithWeight {
    parcel: String,
    town: String,
    grams: u32,
}

/// The third shape: the stops on its way instead of its end alone.
#[derive(Event, Serialize, Deserialize)]
#[event(version = 3, upcast_from = ParcelSentWithWeight)]
pub(crate) struct ParcelSent {
    parcel: String,
    stops: Vec<String>,
    grams: u32,
}

impl From<ParcelSentToTown> for ParcelSentWithWeight {
    fn from(older: ParcelSentToTown) -> Self {
        Self { parcel: older.parcel, town: older.town, grams: 1000 }
    }
}

impl From<ParcelSentWithWeight> for ParcelSent {
    fn from(older: ParcelSentWithWeight) -> Self {
        Self { parcel: older.parcel, stops: vec![older.town], grams: older.grams }
    }
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ParcelPassed {
    town: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ParcelArrived {}

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Scanner;

#[derive(Command, Serialize, Deserialize)]
#[command(to = Scanner, id = town)]
pub(crate) struct ScanParcel {
    pub(crate) town: String,
    pub(crate) parcel: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ParcelScanned {
    town: String,
    parcel: String,
}

#[derive(Events)]
pub(crate) enum ScannerEvent {
    Scanned(ParcelScanned),
}

impl Decider for Scanner {
    const CATEGORY: &'static str = "scanner";
    type Event = ScannerEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &ScannerEvent) {}
}

impl Handle<ScanParcel> for Scanner {
    type Records = ParcelScanned;

    fn handle(&self, command: ScanParcel, _: &Context) -> Result<ParcelScanned, Never> {
        Ok(ParcelScanned { town: command.town, parcel: command.parcel })
    }
}

/// As the newest release sees it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Parcel {
    pub(crate) sent: Vec<(Vec<String>, u32)>,
    pub(crate) passed: Vec<String>,
    pub(crate) arrived: bool,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Parcel, id = parcel)]
pub(crate) struct SendParcel {
    pub(crate) parcel: String,
    pub(crate) stops: Vec<String>,
}

#[derive(Events)]
pub(crate) enum ParcelEvent {
    Sent(ParcelSent),
    Passed(ParcelPassed),
    #[ends]
    Arrived(ParcelArrived),
}

impl Decider for Parcel {
    const CATEGORY: &'static str = "parcel";
    type Event = ParcelEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ParcelEvent) {
        match event {
            ParcelEvent::Sent(event) => self.sent.push((event.stops.clone(), event.grams)),
            ParcelEvent::Passed(event) => self.passed.push(event.town.clone()),
            ParcelEvent::Arrived(_) => self.arrived = true,
        }
    }
}

impl Handle<SendParcel> for Parcel {
    type Records = ParcelSent;

    fn handle(&self, command: SendParcel, _: &Context) -> Result<ParcelSent, Never> {
        Ok(ParcelSent { parcel: command.parcel, stops: command.stops, grams: 500 })
    }
}

impl On<ParcelScanned> for Parcel {
    type Emits = (Option<ParcelPassed>, Option<ParcelArrived>);

    fn correlate(event: &ParcelScanned) -> Correlation {
        Correlation::to(&event.parcel)
    }

    fn on(&self, event: ParcelScanned, _: &Context) -> Self::Emits {
        let last = self.sent.last().and_then(|(stops, _)| stops.last());
        let arrived = (last == Some(&event.town)).then_some(ParcelArrived {});
        let passed = arrived.is_none().then_some(ParcelPassed { town: event.town });
        (passed, arrived)
    }
}

/// As the first release sees it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct ParcelOfOld {
    pub(crate) towns: Vec<String>,
    pub(crate) arrived: bool,
}

#[derive(Command, Serialize, Deserialize)]
#[command(name = "SendParcel", to = ParcelOfOld, id = parcel)]
pub(crate) struct SendParcelOfOld {
    pub(crate) parcel: String,
    pub(crate) town: String,
}

#[derive(Events)]
pub(crate) enum ParcelEventOfOld {
    Sent(ParcelSentToTown),
    #[ends]
    Arrived(ParcelArrived),
}

impl Decider for ParcelOfOld {
    const CATEGORY: &'static str = "parcel";
    type Event = ParcelEventOfOld;
    type Rejection = Never;

    fn evolve(&mut self, event: &ParcelEventOfOld) {
        match event {
            ParcelEventOfOld::Sent(event) => self.towns.push(event.town.clone()),
            ParcelEventOfOld::Arrived(_) => self.arrived = true,
        }
    }
}

impl Handle<SendParcelOfOld> for ParcelOfOld {
    type Records = ParcelSentToTown;

    fn handle(&self, command: SendParcelOfOld, _: &Context) -> Result<ParcelSentToTown, Never> {
        Ok(ParcelSentToTown { parcel: command.parcel, town: command.town })
    }
}

impl On<ParcelScanned> for ParcelOfOld {
    type Emits = Option<ParcelArrived>;

    fn correlate(event: &ParcelScanned) -> Correlation {
        Correlation::to(&event.parcel)
    }

    fn on(&self, event: ParcelScanned, _: &Context) -> Option<ParcelArrived> {
        self.towns.contains(&event.town).then_some(ParcelArrived {})
    }
}

pub(crate) fn module() -> Module {
    Module::named("parcels")
        .handles::<ScanParcel>()
        .handles::<SendParcel>()
        .process_manager(ProcessManager::<Parcel>::new().on::<ParcelScanned>())
}

/// The module as its first release had it.
pub(crate) fn module_of_old() -> Module {
    Module::named("parcels")
        .handles::<ScanParcel>()
        .handles::<SendParcelOfOld>()
        .process_manager(ProcessManager::<ParcelOfOld>::new().on::<ParcelScanned>())
}
