use procession::{Command, Context, Decider, Event, Events, Handle, Module, Never, PublicEvent};
use serde::{Deserialize, Serialize};

/// Tells others of its level, which only it knows.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Tank {
    pub(crate) level: u32,
}

/// What another module makes of it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Gauge {
    pub(crate) shown: Vec<u32>,
}

/// What a third module makes of it.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Inspection {
    pub(crate) levels: Vec<u32>,
}

/// Records one event for each amount.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Tank, id = tank)]
pub(crate) struct FillTank {
    pub(crate) tank: String,
    pub(crate) litres: Vec<u32>,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct TankFilled {
    tank: String,
    litres: u32,
}

/// A level that cannot be told: making the public event panics.
pub(crate) const UNSPEAKABLE: u32 = 666;

#[derive(PublicEvent, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LevelChanged {
    pub(crate) tank: String,
    pub(crate) level: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Gauge, id = gauge)]
pub(crate) struct ShowLevel {
    gauge: String,
    level: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct LevelShown {
    level: u32,
}

/// A level at which nobody inspects a tank: the reaction to it panics.
pub(crate) const UNLUCKY: u32 = 13;

#[derive(Command, Serialize, Deserialize)]
#[command(to = Inspection, id = tank)]
pub(crate) struct InspectTank {
    tank: String,
    level: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct TankInspected {
    level: u32,
}

#[derive(Events)]
pub(crate) enum TankEvent {
    Filled(TankFilled),
}

#[derive(Events)]
pub(crate) enum GaugeEvent {
    Shown(LevelShown),
}

#[derive(Events)]
pub(crate) enum InspectionEvent {
    Inspected(TankInspected),
}

impl Decider for Tank {
    const CATEGORY: &'static str = "tank";
    type Event = TankEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &TankEvent) {
        let TankEvent::Filled(event) = event;
        self.level += event.litres;
    }
}

impl Decider for Gauge {
    const CATEGORY: &'static str = "gauge";
    type Event = GaugeEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &GaugeEvent) {
        let GaugeEvent::Shown(event) = event;
        self.shown.push(event.level);
    }
}

impl Decider for Inspection {
    const CATEGORY: &'static str = "inspection";
    type Event = InspectionEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &InspectionEvent) {
        let InspectionEvent::Inspected(event) = event;
        self.levels.push(event.level);
    }
}

impl Handle<FillTank> for Tank {
    type Records = Vec<TankFilled>;

    fn handle(&self, command: FillTank, _: &Context) -> Result<Vec<TankFilled>, Never> {
        let FillTank { tank, litres } = command;
        Ok(litres.into_iter().map(|litres| TankFilled { tank: tank.clone(), litres }).collect())
    }
}

impl Handle<ShowLevel> for Gauge {
    type Records = LevelShown;

    fn handle(&self, command: ShowLevel, _: &Context) -> Result<LevelShown, Never> {
        Ok(LevelShown { level: command.level })
    }
}

impl Handle<InspectTank> for Inspection {
    type Records = TankInspected;

    fn handle(&self, command: InspectTank, _: &Context) -> Result<TankInspected, Never> {
        Ok(TankInspected { level: command.level })
    }
}

pub(crate) fn tanks() -> Module {
    Module::named("tanks").handles::<FillTank>().publishes_as(|tank: &Tank, event: &TankFilled| {
        assert!(tank.level != UNSPEAKABLE, "nobody may know this level");
        LevelChanged { tank: event.tank.clone(), level: tank.level }
    })
}

pub(crate) fn gauges() -> Module {
    Module::named("gauges")
        .handles::<ShowLevel>()
        .on(|event: &LevelChanged| ShowLevel { gauge: event.tank.clone(), level: event.level })
}

pub(crate) fn inspectors() -> Module {
    Module::named("inspectors").handles::<InspectTank>().on(|event: &LevelChanged| {
        assert!(event.level != UNLUCKY, "nobody goes there today");
        InspectTank { tank: event.tank.clone(), level: event.level }
    })
}
