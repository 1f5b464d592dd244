use std::{fmt::Display, sync::Arc, time::Duration};

use super::{
    program::{Node, Program, SavePoint},
    step::Step,
};
use crate::{
    Correlation, Fact, Failure, MessageType, Payload, Retries, Starts,
    engine::decode,
    log::Entry,
    process::{CorrelateFn, correlate_fn},
};

/// A process written from top to bottom: a step and how it is undone, the next step, and so on.
///
/// It is compiled to a process manager: a declared state machine with a stream of its own. When a step fails or is not
/// done in time, the completed steps are undone in reverse order, one after the other, and the saga ends as compensated.
/// The idea is from *Sagas* (Garcia-Molina and Salem, 1987), and so is forward recovery from a
/// [save-point](Self::save_point).
///
/// `D` is what the saga knows: made by the event that starts it, written to the log, and given to every step.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Correlation, LinearSaga, Module, Step, doc::{CleanRoom, GuestLeft, RoomCleaned}};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Serialize, Deserialize)]
/// struct Departure { room: u16 }
///
/// let departure = LinearSaga::named("departure")
///     .starts_on(|event: &GuestLeft| (event.room, Departure { room: event.room }))
///     .step(
///         Step::named("clean the room", |it: &Departure| CleanRoom { room: it.room })
///             .completes_on(|event: &RoomCleaned| Correlation::to(event.room)),
///     );
/// let rooms = Module::named("rooms").handles::<CleanRoom>().linear_saga(departure);
/// ```
pub struct LinearSaga<D> {
    pub(super) name: &'static str,
    pub(super) start: Option<Start<D>>,
    pub(super) program: Program<D>,
    pub(super) retries: Option<Retries>,
}

/// The event that starts a saga, and what it knows from it.
pub(super) struct Start<D> {
    pub(super) fact: MessageType,
    pub(super) correlate: CorrelateFn,
    pub(super) begin: BeginFn<D>,
    pub(super) starts: Starts,
}

pub(super) type BeginFn<D> = Arc<dyn Fn(&Entry) -> Result<D, Failure> + Send + Sync>;

/// Steps that run one after the other, beside those of other branches: see [`LinearSaga::in_parallel`].
pub struct Branch<D> {
    steps: Vec<Step<D>>,
}

impl<D: Payload + Clone> LinearSaga<D> {
    /// A saga without steps. The name is the category of its streams.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Self { name, start: None, program: Program { steps: Vec::new(), stages: Vec::new() }, retries: None }
    }

    /// The event that starts it: the id of the instance, and what the saga knows at first.
    ///
    /// The event that comes again for the same instance has no effect, also after the end.
    #[must_use]
    pub fn starts_on<F: Fact, K: Display>(
        self,
        begin: impl Fn(&F) -> (K, D) + Send + Sync + 'static,
    ) -> Self {
        self.starts(begin, Starts::Once)
    }

    /// As [`Self::starts_on`], and after the end the event starts the instance again.
    #[must_use]
    pub fn starts_again_on<F: Fact, K: Display>(
        self,
        begin: impl Fn(&F) -> (K, D) + Send + Sync + 'static,
    ) -> Self {
        self.starts(begin, Starts::Again)
    }

    fn starts<F: Fact, K: Display>(
        mut self,
        begin: impl Fn(&F) -> (K, D) + Send + Sync + 'static,
        starts: Starts,
    ) -> Self {
        let begin = Arc::new(begin);
        let correlate = Arc::clone(&begin);
        self.start = Some(Start {
            fact: MessageType::of::<F>(),
            correlate: correlate_fn(move |event: &F| Correlation::to(correlate(event).0)),
            begin: Arc::new(move |entry| Ok(begin(&decode::<F>(entry.schema_version, &entry.payload)?).1)),
            starts,
        });
        self
    }

    /// Tries a handler of the saga again when it has failed technically; without it, as often as its module says. A step that
    /// fails for a business reason is not meant.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// The next step.
    #[must_use]
    pub fn step(mut self, step: Step<D>) -> Self {
        let node = self.program.add(step);
        self.program.stages.push(node);
        self
    }

    /// Branches that run beside each other. What comes next waits for all of them.
    ///
    /// When a step of one branch fails, the steps that are under way in the others are waited for, and then all that is
    /// done is undone.
    #[must_use]
    pub fn in_parallel(mut self, branches: impl IntoIterator<Item = Branch<D>>) -> Self {
        let mut nodes = Vec::new();
        for branch in branches {
            nodes.push(branch.steps.into_iter().map(|it| self.program.add(it)).collect());
        }
        self.program.stages.push(Node::Parallel(nodes));
        self
    }

    /// A save-point: when a later step fails, the steps behind this point are undone, and after a pause the saga goes
    /// forward again, at most `retries` times. After that it goes back further, to an earlier save-point or to the
    /// beginning.
    ///
    /// Names are written to the log, as those of steps are.
    #[must_use]
    pub fn save_point(mut self, name: &'static str, retries: u32, pause: Duration) -> Self {
        self.program.stages.push(Node::SavePoint(SavePoint { name, retries, pause }));
        self
    }

    /// The name of the saga.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }
}

impl<D> Default for Branch<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D> Branch<D> {
    /// A branch without steps.
    #[must_use]
    pub fn new() -> Self {
        Self { steps: Vec::new() }
    }

    /// The next step of the branch.
    #[must_use]
    pub fn step(mut self, step: Step<D>) -> Self {
        self.steps.push(step);
        self
    }
}

impl<D> Program<D> {
    fn add(&mut self, step: Step<D>) -> Node {
        self.steps.push(step);
        Node::Step(self.steps.len() - 1)
    }
}
