use std::time::Duration;

use procession::{
    After, Cancel, Command, Context, Correlation, Decider, Either, Event, Events, Handle, Module, Never, On,
    OnTimeout, ProcessManager, Reschedule, Starts,
};
use serde::{Deserialize, Serialize};

/// A process manager that may begin again after its end, and asks for timers in every way there is.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) began: u32,
    pub(crate) rang: Vec<u32>,
}

/// Whose events it reacts to.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Detector;

/// What a detector reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// Ring after so many seconds each: the first time number 0, then number 1, and so on.
    Raised(Vec<u64>),
    /// Do not ring any more.
    Quieted,
    /// Ring once, with this number, after so many seconds, instead of all that was asked for.
    Postponed(u32, u64),
    /// All of it in one step: ring, do not ring, ring with this number after so many seconds.
    Muddled(u32, u64),
    Cleared,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Detector, id = alarm)]
pub(crate) struct ReportAlarm {
    pub(crate) alarm: String,
    pub(crate) report: Report,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct AlarmReported {
    alarm: String,
    report: Report,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct AlarmRaised {
    alarm: String,
    after_seconds: Vec<u64>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Watch, id = alarm)]
pub(crate) struct Ring {
    alarm: String,
    number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct WatchBegan {}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct Rang {
    number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct WatchEnded {}

#[derive(Events)]
pub(crate) enum WatchEvent {
    Began(WatchBegan),
    Rang(Rang),
    #[ends]
    Ended(WatchEnded),
}

#[derive(Events)]
pub(crate) enum DetectorEvent {
    Raised(AlarmRaised),
    Reported(AlarmReported),
}

impl Decider for Watch {
    const CATEGORY: &'static str = "watch";
    type Event = WatchEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &WatchEvent) {
        match event {
            WatchEvent::Began(_) => self.began += 1,
            WatchEvent::Rang(event) => self.rang.push(event.number),
            WatchEvent::Ended(_) => {}
        }
    }
}

impl Decider for Detector {
    const CATEGORY: &'static str = "detector";
    type Event = DetectorEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &DetectorEvent) {}
}

impl Handle<ReportAlarm> for Detector {
    type Records = Either<AlarmRaised, AlarmReported>;

    fn handle(&self, command: ReportAlarm, _: &Context) -> Result<Self::Records, Never> {
        let ReportAlarm { alarm, report } = command;
        Ok(match report {
            Report::Raised(after_seconds) => Either::Left(AlarmRaised { alarm, after_seconds }),
            report => Either::Right(AlarmReported { alarm, report }),
        })
    }
}

impl On<AlarmRaised> for Watch {
    type Emits = (WatchBegan, Vec<After<Ring>>);
    const STARTS: Starts = Starts::Again;

    fn correlate(event: &AlarmRaised) -> Correlation {
        Correlation::to(&event.alarm)
    }

    fn on(&self, event: AlarmRaised, _: &Context) -> Self::Emits {
        let ring = |(after, number): (&u64, u32)| {
            After(Duration::from_secs(*after), Ring { alarm: event.alarm.clone(), number })
        };
        (WatchBegan {}, event.after_seconds.iter().zip(0..).map(ring).collect())
    }
}

type Muddle = (After<Ring>, Cancel<Ring>, After<Ring>);

impl On<AlarmReported> for Watch {
    type Emits = (Option<Cancel<Ring>>, Option<Reschedule<Ring>>, Option<Muddle>, Option<WatchEnded>);

    fn correlate(event: &AlarmReported) -> Correlation {
        Correlation::to(&event.alarm)
    }

    fn on(&self, event: AlarmReported, _: &Context) -> Self::Emits {
        let AlarmReported { alarm, report } = event;
        let ring = |number| Ring { alarm: alarm.clone(), number };
        let after = |seconds, number| After(Duration::from_secs(seconds), ring(number));
        match report {
            Report::Raised(_) => (None, None, None, None),
            Report::Quieted => (Some(Cancel::to(&alarm)), None, None, None),
            Report::Postponed(number, seconds) => {
                (None, Some(Reschedule(Duration::from_secs(seconds), ring(number))), None, None)
            }
            Report::Muddled(number, seconds) => {
                (None, None, Some((after(1, 99), Cancel::to(&alarm), after(seconds, number))), None)
            }
            Report::Cleared => (None, None, None, Some(WatchEnded {})),
        }
    }
}

impl OnTimeout<Ring> for Watch {
    type Emits = Rang;

    fn on_timeout(&self, timeout: Ring, _: &Context) -> Rang {
        Rang { number: timeout.number }
    }
}

pub(crate) fn module() -> Module {
    let watch = ProcessManager::<Watch>::new().on::<AlarmRaised>().on::<AlarmReported>().on_timeout::<Ring>();
    Module::named("alarms").handles::<ReportAlarm>().process_manager(watch)
}
