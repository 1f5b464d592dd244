//! A tiny domain that the tests put together in many ways: jobs, which begin and end; notes, which remember in which order
//! they came; a watch, which waits for a job; and an asker, which is refused.

use std::time::Duration;

use procession::{
    After, Context, Correlation, Decider, Events, Handle, Module, Never, On, OnRejection, OnTimeout,
    ProcessManager, Rejected, Starts,
};
use procession_check::{Check, Counterexample, Report, Verdict};
use serde::{Deserialize, Serialize};

use crate::messages::{commands, events};

commands! {
    Start to Job { job: String }
    Finish to Job { job: String }
    Refuse to Job { job: String }
    Fail to Job { job: String }

    Note to Notes { notes: String, text: String }

    EndWatch to Watch { watch: String }
    TimeIsUp to Watch { watch: String }
}

events! {
    Started { job: String }
    Finished { job: String }

    Noted { notes: String, text: String }

    WatchBegan { watch: String, until: jiff::Timestamp }
    WatchEnded { watch: String, by: String }

    Asked { asker: String }
    Heard { asker: String }
}

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// What begins may end; what has begun begins no second time.
#[derive(Default)]
pub(crate) struct Job {
    has_started: bool,
    pub(crate) has_finished: bool,
}

#[derive(Events)]
pub(crate) enum JobEvent {
    Started(Started),
    #[ends]
    Finished(Finished),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum JobRejection {
    #[error("this is always refused")]
    Refused,
}

impl Decider for Job {
    const CATEGORY: &'static str = "job";
    type Event = JobEvent;
    type Rejection = JobRejection;

    fn evolve(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Started(_) => self.has_started = true,
            JobEvent::Finished(_) => self.has_finished = true,
        }
    }
}

impl Handle<Start> for Job {
    type Records = Option<Started>;

    fn handle(&self, Start { job }: Start, _: &Context) -> Result<Self::Records, JobRejection> {
        Ok((!self.has_started).then_some(Started { job }))
    }
}

impl Handle<Finish> for Job {
    type Records = Option<Finished>;

    fn handle(&self, Finish { job }: Finish, _: &Context) -> Result<Self::Records, JobRejection> {
        let is_due = self.has_started && !self.has_finished;
        Ok(is_due.then_some(Finished { job }))
    }
}

impl Handle<Refuse> for Job {
    type Records = ();

    fn handle(&self, _: Refuse, _: &Context) -> Result<(), JobRejection> {
        Err(JobRejection::Refused)
    }
}

impl Handle<Fail> for Job {
    type Records = ();

    fn handle(&self, _: Fail, _: &Context) -> Result<(), JobRejection> {
        panic!("this always fails")
    }
}

/// The texts in the order in which they came.
#[derive(Default, Debug, Clone, PartialEq)]
pub(crate) struct Notes {
    pub(crate) texts: Vec<String>,
}

#[derive(Events)]
pub(crate) enum NotesEvent {
    Noted(Noted),
}

impl Decider for Notes {
    const CATEGORY: &'static str = "notes";
    type Event = NotesEvent;
    type Rejection = Never;

    fn evolve(&mut self, NotesEvent::Noted(event): &NotesEvent) {
        self.texts.push(event.text.clone());
    }
}

impl Handle<Note> for Notes {
    type Records = Noted;

    fn handle(&self, Note { notes, text }: Note, _: &Context) -> Result<Noted, Never> {
        Ok(Noted { notes, text })
    }
}

/// Begins with a job, and ends with it, when it is told to, or after an hour.
#[derive(Default)]
pub(crate) struct Watch {
    pub(crate) ended_by: Option<String>,
    until: Option<jiff::Timestamp>,
}

#[derive(Events)]
pub(crate) enum WatchEvent {
    Began(WatchBegan),
    #[ends]
    Ended(WatchEnded),
}

impl Decider for Watch {
    const CATEGORY: &'static str = "watch";
    type Event = WatchEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &WatchEvent) {
        match event {
            WatchEvent::Began(event) => self.until = Some(event.until),
            WatchEvent::Ended(event) => self.ended_by = Some(event.by.clone()),
        }
    }
}

impl On<Started> for Watch {
    type Emits = (WatchBegan, After<TimeIsUp>);
    const STARTS: Starts = Starts::Once;

    fn correlate(event: &Started) -> Correlation {
        Correlation::to(&event.job)
    }

    fn on(&self, Started { job }: Started, context: &Context) -> Self::Emits {
        let time_is_up = After(HOUR, TimeIsUp { watch: job.clone() });
        (WatchBegan { watch: job, until: context.now + HOUR }, time_is_up)
    }
}

impl On<Finished> for Watch {
    type Emits = WatchEnded;

    fn correlate(event: &Finished) -> Correlation {
        Correlation::to(&event.job)
    }

    fn on(&self, Finished { job }: Finished, _: &Context) -> WatchEnded {
        WatchEnded { watch: job, by: "the job".into() }
    }
}

impl OnTimeout<TimeIsUp> for Watch {
    type Emits = WatchEnded;

    fn on_timeout(&self, TimeIsUp { watch }: TimeIsUp, _: &Context) -> WatchEnded {
        WatchEnded { watch, by: "the clock".into() }
    }
}

/// Looks at the clock, and does not trust that it would have been told that time is up.
impl Handle<EndWatch> for Watch {
    type Records = Option<WatchEnded>;

    fn handle(&self, EndWatch { watch }: EndWatch, context: &Context) -> Result<Self::Records, Never> {
        let Some(until) = self.until.filter(|_| self.ended_by.is_none()) else { return Ok(None) };
        let by = if context.now < until { "somebody in time" } else { "somebody late" };
        Ok(Some(WatchEnded { watch, by: by.into() }))
    }
}

/// Asks for what is refused, and hears the "no".
#[derive(Default)]
pub(crate) struct Asker {
    pub(crate) has_heard: bool,
}

#[derive(Events)]
pub(crate) enum AskerEvent {
    Asked(Asked),
    #[ends]
    Heard(Heard),
}

impl Decider for Asker {
    const CATEGORY: &'static str = "asker";
    type Event = AskerEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &AskerEvent) {
        self.has_heard = matches!(event, AskerEvent::Heard(_));
    }
}

impl On<Started> for Asker {
    type Emits = (Asked, Refuse);
    const STARTS: Starts = Starts::Once;

    fn correlate(event: &Started) -> Correlation {
        Correlation::to(&event.job)
    }

    fn on(&self, Started { job }: Started, _: &Context) -> Self::Emits {
        (Asked { asker: job.clone() }, Refuse { job })
    }
}

impl OnRejection<Refuse> for Asker {
    type Emits = Heard;

    fn on_rejection(&self, rejected: Rejected<Refuse>, _: &Context) -> Heard {
        Heard { asker: rejected.command.job }
    }
}

/// Jobs that begin and end, and tell others so.
pub(crate) fn jobs() -> Module {
    Module::named("jobs")
        .handles::<Start>()
        .handles::<Finish>()
        .publishes::<Started>()
        .publishes::<Finished>()
}

pub(crate) fn notes() -> Module {
    Module::named("notes").handles::<Note>()
}

/// A watch over each job, which also takes what it is told.
pub(crate) fn watches() -> Module {
    let watch = ProcessManager::<Watch>::new().on::<Started>().on::<Finished>().on_timeout::<TimeIsUp>();
    Module::named("watches").handles::<EndWatch>().process_manager(watch)
}

pub(crate) fn start(job: &str) -> Start {
    Start { job: job.into() }
}

pub(crate) fn finish(job: &str) -> Finish {
    Finish { job: job.into() }
}

pub(crate) fn note(text: impl Into<String>) -> Note {
    Note { notes: "all".into(), text: text.into() }
}

/// What is expected to be found.
pub(crate) fn broken(check: Check) -> Box<Counterexample> {
    broken_in(check.explore().unwrap())
}

pub(crate) fn broken_in(report: Report) -> Box<Counterexample> {
    match report.verdict {
        Verdict::Broken(counterexample) => counterexample,
        _ => panic!("nothing was found: {report}"),
    }
}
