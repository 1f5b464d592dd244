use std::{sync::Arc, time::Duration};

use crate::{
    Command, Correlation, Fact, Message, MessageType, Rejected, emit::send, engine::decode, log::Entry,
    process::CorrelateFn,
};

/// One step of a linear saga: a command, the events that say what came of it, and how it is undone.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::{Correlation, Step, doc::{CleanRoom, RoomCleaned}};
///
/// struct Departure { room: u16 }
///
/// let clean = Step::named("clean the room", |it: &Departure| CleanRoom { room: it.room })
///     .completes_on(|event: &RoomCleaned| Correlation::to(event.room))
///     .within(Duration::from_secs(60 * 60));
/// ```
pub struct Step<D> {
    pub(super) name: &'static str,
    pub(super) sends: Sending<D>,
    pub(super) completes_on: Vec<Answer<D>>,
    pub(super) fails_on: Vec<Answer<D>>,
    pub(super) within: Option<Duration>,
    pub(super) retries: u32,
    pub(super) pause: Duration,
    pub(super) compensation: Option<Compensation<D>>,
}

/// A step that does not say yet when it is done: [`Self::completes_on`].
#[must_use = "a step must say when it is done: `.completes_on(...)`"]
pub struct StepWithoutEnd<D> {
    name: &'static str,
    sends: Sending<D>,
}

/// A command that is made from what the saga knows.
pub(super) struct Sending<D> {
    pub(super) command: MessageType,
    pub(super) rejected: MessageType,
    pub(super) send: SendFn<D>,
}

pub(super) type SendFn<D> =
    Arc<dyn Fn(&D, &mut Vec<crate::Output>) -> Result<(), crate::Failure> + Send + Sync>;

/// An event that says something about a step.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) fact: MessageType,
    pub(super) correlate: CorrelateFn,
}

/// An event that says what came of a step, and what the saga learns from it.
pub(super) struct Answer<D> {
    pub(super) told: Told,
    pub(super) learn: Option<LearnFn<D>>,
}

pub(super) type LearnFn<D> = Arc<dyn Fn(&mut D, &Entry) -> Result<(), crate::Failure> + Send + Sync>;

/// How a step is undone.
pub(super) struct Compensation<D> {
    pub(super) sends: Sending<D>,
    pub(super) completes_on: Told,
}

impl<D: 'static> Step<D> {
    /// A step that sends a command. Names are written to the log: a step that is renamed is another one.
    pub fn named<C: Command>(
        name: &'static str,
        command: impl Fn(&D) -> C + Send + Sync + 'static,
    ) -> StepWithoutEnd<D> {
        StepWithoutEnd { name, sends: Sending::of(command) }
    }

    /// Another event that says that the step is done.
    #[must_use]
    pub fn completes_on<F: Fact>(
        mut self,
        correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static,
    ) -> Self {
        self.completes_on.push(Answer { told: Told::by(correlate), learn: None });
        self
    }

    /// What the saga learns from an event that completes the step, or that it fails on. Name that event before.
    #[must_use]
    pub fn learns<F: Fact>(mut self, learn: impl Fn(&mut D, &F) + Send + Sync + 'static) -> Self {
        let learn: LearnFn<D> = Arc::new(move |data, entry| {
            learn(data, &decode::<F>(entry.schema_version, &entry.payload)?);
            Ok(())
        });
        let answers = self.completes_on.iter_mut().chain(&mut self.fails_on);
        for answer in answers.filter(|it| it.told.fact == MessageType::of::<F>()) {
            answer.learn = Some(Arc::clone(&learn));
        }
        self
    }

    /// An event that says that the step has failed. That its command is rejected says so too, without being named.
    #[must_use]
    pub fn fails_on<F: Fact>(
        mut self,
        correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static,
    ) -> Self {
        self.fails_on.push(Answer { told: Told::by(correlate), learn: None });
        self
    }

    /// How long the step may take. A step that is not done by then counts as failed; since it may still happen, it is
    /// undone like a completed one.
    #[must_use]
    pub fn within(mut self, longest: Duration) -> Self {
        self.within = Some(longest);
        self
    }

    /// How often a failed step is tried again, each time after a pause, before it counts as failed.
    ///
    /// A step that was not done in time is not tried again, because it may still happen.
    #[must_use]
    pub fn retries(mut self, times: u32, pause: Duration) -> Self {
        (self.retries, self.pause) = (times, pause);
        self
    }

    /// The command that undoes the step when a later one has failed, and the event that says that it is undone.
    ///
    /// If that command is rejected or its handler fails, the message is parked with the reason, and the saga waits: an
    /// undone step is never skipped.
    #[must_use]
    pub fn compensates<C: Command, F: Fact>(
        mut self,
        command: impl Fn(&D) -> C + Send + Sync + 'static,
        correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static,
    ) -> Self {
        self.compensation =
            Some(Compensation { sends: Sending::of(command), completes_on: Told::by(correlate) });
        self
    }
}

impl<D: 'static> StepWithoutEnd<D> {
    /// The event that says that the step is done, and the saga that it belongs to.
    pub fn completes_on<F: Fact>(
        self,
        correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static,
    ) -> Step<D> {
        let Self { name, sends } = self;
        let step = Step {
            name,
            sends,
            completes_on: Vec::new(),
            fails_on: Vec::new(),
            within: None,
            retries: 0,
            pause: Duration::ZERO,
            compensation: None,
        };
        step.completes_on(correlate)
    }
}

impl<D> Sending<D> {
    fn of<C: Command>(command: impl Fn(&D) -> C + Send + Sync + 'static) -> Self {
        Self {
            command: MessageType::of::<C>(),
            rejected: Rejected::<C>::message_type(),
            send: Arc::new(move |data, outputs| send(&command(data), Duration::ZERO, outputs)),
        }
    }
}

impl Told {
    fn by<F: Fact + Message>(correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static) -> Self {
        Self { fact: MessageType::of::<F>(), correlate: crate::process::correlate_fn(correlate) }
    }
}
