use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use procession::{Command, Context, Decider, Event, Events, Handle, HandlerError, Module, Never, Saga};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Machine {
    pub(crate) runs: Vec<u32>,
}

/// What a run of the machine breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    Well,
    PanicInHandle,
    PanicInEvolve,
    PanicInSaga,
    /// The decider fails while its machine is said to be broken.
    UntilMended,
    /// The decider says itself that it cannot, and might later.
    AsksToRetry,
    /// The decider says itself that somebody must look at it.
    AsksToPark,
}

/// What is broken, and how often it still fails: the world that handlers lean on, though they should not.
static BROKEN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

fn broken() -> MutexGuard<'static, BTreeMap<String, u32>> {
    BROKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the decider of a machine fail so many times, or, with `saga` before its name, the fragile saga.
pub(crate) fn breaks(machine: &str, times: u32) {
    broken().insert(machine.into(), times);
}

/// Lets it fail no more.
pub(crate) fn mend(machine: &str) {
    broken().remove(machine);
}

fn is_broken(machine: &str) -> bool {
    let mut broken = broken();
    let Some(times) = broken.get_mut(machine).filter(|it| **it > 0) else { return false };
    *times -= 1;
    true
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Machine, id = machine)]
pub(crate) struct RunMachine {
    pub(crate) machine: String,
    pub(crate) number: u32,
    pub(crate) how: How,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct MachineRun {
    machine: String,
    number: u32,
    how: How,
}

#[derive(Events)]
pub(crate) enum MachineEvent {
    Run(MachineRun),
}

/// Hears of every run from two sagas, of which one is breakable.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Siren {
    pub(crate) sounded: Vec<u32>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Siren, id = siren)]
pub(crate) struct SoundSiren {
    pub(crate) siren: String,
    pub(crate) number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct SirenSounded {
    number: u32,
}

#[derive(Events)]
pub(crate) enum SirenEvent {
    Sounded(SirenSounded),
}

impl Decider for Machine {
    const CATEGORY: &'static str = "machine";
    type Event = MachineEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &MachineEvent) {
        let MachineEvent::Run(event) = event;
        assert!(event.how != How::PanicInEvolve, "evolve broke");
        self.runs.push(event.number);
    }
}

impl Handle<RunMachine> for Machine {
    type Records = Result<Vec<MachineRun>, HandlerError>;

    /// A run that breaks `evolve` records a good event before the bad one: neither may stay.
    fn handle(&self, command: RunMachine, _: &Context) -> Result<Self::Records, Never> {
        let RunMachine { machine, number, how } = command;
        match how {
            How::AsksToRetry => return Ok(Err(HandlerError::retry("it is too hot"))),
            How::AsksToPark => return Ok(Err(HandlerError::park("it smells"))),
            _ => {}
        }
        assert!(how != How::PanicInHandle, "handle broke on {number}");
        assert!(how != How::UntilMended || !is_broken(&machine), "it is broken");
        let run = |how| MachineRun { machine: machine.clone(), number, how };
        Ok(Ok(if how == How::PanicInEvolve { vec![run(How::Well), run(how)] } else { vec![run(how)] }))
    }
}

impl Decider for Siren {
    const CATEGORY: &'static str = "siren";
    type Event = SirenEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &SirenEvent) {
        let SirenEvent::Sounded(event) = event;
        self.sounded.push(event.number);
    }
}

impl Handle<SoundSiren> for Siren {
    type Records = SirenSounded;

    fn handle(&self, command: SoundSiren, _: &Context) -> Result<SirenSounded, Never> {
        Ok(SirenSounded { number: command.number })
    }
}

pub(crate) fn module() -> Module {
    let fragile = Saga::named("fragile").on(|event: &MachineRun| {
        assert!(!is_broken(&format!("saga {}", event.machine)), "it is broken");
        assert!(event.how != How::PanicInSaga, "saga broke on {}", event.number);
        SoundSiren { siren: format!("fragile {}", event.machine), number: event.number }
    });
    let sturdy = Saga::named("sturdy").on(|event: &MachineRun| SoundSiren {
        siren: format!("sturdy {}", event.machine),
        number: event.number,
    });
    Module::named("machines").handles::<RunMachine>().handles::<SoundSiren>().saga(fragile).saga(sturdy)
}
