use std::{collections::BTreeSet, panic::Location, time::Instant};

use jiff::Timestamp;
use procession_core::{Application, Decider, Fact, Failure, Output, Sends};

use crate::{
    answers::{Answer, Answers, outputs},
    error::CheckError,
    fingerprint::Symmetry,
    ids::DeliveryId,
    machine::{Machine, Promise},
    moves::{Mechanics, Nobody},
    prepared::Prepared,
    properties::{Broken, Holds, Properties},
    report::{Progress, Report},
    state::{Move, State},
    view::World,
};

/// Starts a check of an application: a test of all orders in which its messages may arrive.
///
/// # Panics
/// Never; a check panics when it is [run](Check::run) and does not hold.
#[track_caller]
pub fn check(application: impl IntoApplication) -> Check {
    Check::of(application.into_application(), Location::caller())
}

/// An application, or the result of putting one together.
pub trait IntoApplication {
    #[doc(hidden)]
    fn into_application(self) -> Result<Application, String>;
}

impl IntoApplication for Application {
    fn into_application(self) -> Result<Application, String> {
        Ok(self)
    }
}

impl<E: std::fmt::Display> IntoApplication for Result<Application, E> {
    fn into_application(self) -> Result<Application, String> {
        self.map_err(|it| it.to_string())
    }
}

/// What is checked, and what must hold. See the [crate's page](crate).
#[must_use = "a check that is not run checks nothing"]
pub struct Check {
    application: Result<Application, String>,
    at: &'static Location<'static>,
    given: Vec<Result<Vec<Output>, Failure>>,
    when: Vec<Result<Vec<Output>, Failure>>,
    meanwhile: Vec<Result<Vec<Output>, Failure>>,
    answers: Answers,
    properties: Properties,
    promise: Promise,
    alike: Vec<Vec<String>>,
    duplicates: u8,
    crashes: u8,
    most_states: usize,
    deepest: usize,
    is_reduced: bool,
    is_partial: bool,
    facts: BTreeSet<String>,
    now: Timestamp,
}

impl Check {
    fn of(application: Result<Application, String>, at: &'static Location<'static>) -> Self {
        Self {
            application,
            at,
            given: Vec::new(),
            when: Vec::new(),
            meanwhile: Vec::new(),
            answers: Answers::default(),
            properties: Properties::default(),
            promise: Promise::default(),
            alike: Vec::new(),
            duplicates: 1,
            crashes: 1,
            most_states: 5_000_000,
            deepest: 10_000,
            is_reduced: true,
            is_partial: false,
            facts: BTreeSet::new(),
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// Commands that were handled before, one after another, with all that follows from them. In the explored worlds they
    /// are the past.
    pub fn given(mut self, commands: impl Sends) -> Self {
        self.given.push(outputs(commands));
        self
    }

    /// Commands that come from outside, and are on their way when the exploration begins.
    pub fn when(mut self, commands: impl Sends) -> Self {
        self.when.push(outputs(commands));
        self
    }

    /// Commands from outside, each of which may come at any moment, or never. At most 64.
    pub fn meanwhile(mut self, commands: impl Sends) -> Self {
        self.meanwhile.push(outputs(commands));
        self
    }

    /// How the target of an effect may answer the call for an event: every way is explored, at every moment.
    pub fn effect<F: Fact>(
        mut self,
        name: &'static str,
        answers: impl Fn(&F) -> Vec<Answer> + 'static,
    ) -> Self {
        self.answers.add(name, answers);
        self
    }

    /// A property of every world: `bool`, or a `Result` that says why not.
    pub fn always<H: Holds>(mut self, name: &str, holds: impl Fn(&World<'_>) -> H + 'static) -> Self {
        self.properties.always.push((name.into(), Box::new(move |it| holds(it).holds())));
        self
    }

    /// A property of every world at rest: nothing is on its way, nothing waits for its time.
    pub fn finally<H: Holds>(mut self, name: &str, holds: impl Fn(&World<'_>) -> H + 'static) -> Self {
        self.properties.finally.push((name.into(), Box::new(move |it| holds(it).holds())));
        self
    }

    /// An outcome that must be the same in all worlds at rest, whatever the order was.
    pub fn same_outcome<T: std::fmt::Debug>(
        mut self,
        name: &str,
        outcome: impl Fn(&World<'_>) -> T + 'static,
    ) -> Self {
        self.properties.outcomes.push((name.into(), Box::new(move |it| format!("{:?}", outcome(it)))));
        self
    }

    /// Instances of this decider or process manager may rest without having ended: somebody outside goes on with them.
    pub fn may_wait<D: Decider>(mut self) -> Self {
        self.properties.may_wait.insert(D::CATEGORY);
        self
    }

    /// A rejection of this type may be for nobody.
    pub fn may_reject<R: procession_core::Rejection>(mut self) -> Self {
        self.answers.may_be_rejected.insert(R::name().into());
        self
    }

    /// Events that nobody needs to react to: they are facts.
    pub fn facts<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.facts.extend(names.into_iter().map(Into::into));
        self
    }

    /// This check is not meant to reach every handler and every event.
    pub fn is_partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// What is promised of the order of messages; without it, what is promised between stores.
    pub fn promise(mut self, promise: Promise) -> Self {
        self.promise = promise;
        self
    }

    /// How many messages may come twice, of those that go from module to module or come from outside: one, if nothing is
    /// said.
    pub fn duplicates(mut self, duplicates: u8) -> Self {
        self.duplicates = duplicates;
        self
    }

    /// How many crashes may take the result of an effect's call, so that it is made again: one, if nothing is said.
    ///
    /// A crash anywhere else cannot be noticed by a handler: what it records, what follows from it, and that it was
    /// handled are one write. That the runtime keeps this promise is for its own tests to show.
    pub fn crashes(mut self, crashes: u8) -> Self {
        self.crashes = crashes;
        self
    }

    /// Instances whose ids may be exchanged without anybody noticing, such as guests who are all in the same state: of
    /// the worlds that differ in nothing else, one is explored. Lists of them have no order then. Handlers and properties must
    /// treat them alike, too: that is not checked.
    pub fn alike<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.alike.push(ids.into_iter().map(Into::into).collect());
        self
    }

    /// How many worlds are explored at most; five million, if nothing is said. A check that meets its bound is not passed.
    pub fn most_states(mut self, states: usize) -> Self {
        self.most_states = states;
        self
    }

    /// How many moves away the farthest world may be.
    pub fn deepest(mut self, moves: usize) -> Self {
        self.deepest = moves;
        self
    }

    /// Explores every world, also those that differ only in the order of what does not depend on each other.
    pub fn without_reductions(mut self) -> Self {
        self.is_reduced = false;
        self
    }

    /// The time in the first world: the Unix epoch, if nothing is said.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// Explores, and expects that all holds.
    ///
    /// # Panics
    /// With the shortest way into trouble, or with what was not explored.
    #[track_caller]
    pub fn run(self) -> Report {
        let report = self.explore();
        #[expect(clippy::panic, reason = "a test fails by panicking")]
        match report {
            Ok(report) if report.holds() => report,
            Ok(report) => panic!("{report}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// Explores, and says what came out of it.
    ///
    /// # Errors
    /// When there is nothing to explore: the application does not fit together, or what is given cannot have happened.
    pub fn explore(self) -> Result<Report, CheckError> {
        self.explore_with(|_| {})
    }

    /// Explores, and tells from time to time how far it is.
    ///
    /// # Errors
    /// As [`Self::explore`].
    pub fn explore_with(self, mut progress: impl FnMut(Progress)) -> Result<Report, CheckError> {
        let begun = Instant::now();
        let mut prepared = self.prepare()?;
        let explored = prepared.explore(&mut progress);
        Ok(prepared.report(explored, begun))
    }

    /// Goes one way, told as a counterexample tells it, and on from there until nothing is left to do; all properties must
    /// hold all along. What is not possible any more is left out. It keeps a way into trouble as a test.
    ///
    /// # Panics
    /// When a property does not hold.
    #[track_caller]
    pub fn along<'a>(self, way: impl IntoIterator<Item = &'a str>) {
        let broken = self.prepare().map(|mut it| it.walk(way));
        #[expect(clippy::panic, reason = "a test fails by panicking")]
        match broken {
            Ok(None) => {}
            Ok(Some(counterexample)) => panic!("{counterexample}"),
            Err(error) => panic!("{error}"),
        }
    }

    fn prepare(self) -> Result<Prepared, CheckError> {
        let Self { application, given, when, meanwhile, answers, alike, promise, is_reduced, now, .. } = self;
        let application = application.map_err(CheckError::Application)?;
        let machine = Machine::of(&application, promise, Symmetry::of(alike));
        let mut mechanics = Mechanics { machine, meanwhile: Vec::new(), answers, is_eager: is_reduced };
        let mut first = State::default();
        let given: Vec<DeliveryId> = sent(&mut mechanics.machine, given, now)?;
        given.into_iter().try_for_each(|it| happened(&mut mechanics, &mut first, it))?;
        let past = mechanics.machine.messages.len();
        for delivery in sent(&mut mechanics.machine, when, now)? {
            first.enqueue(mechanics.machine.deliveries[delivery].queue, delivery);
        }
        mechanics.meanwhile = sent(&mut mechanics.machine, meanwhile, now)?;
        let sends = mechanics.meanwhile.len();
        if sends > 64 {
            return Err(CheckError::TooManyMeanwhile(sends));
        }
        first.outside = u64::MAX.checked_shr(64 - sends as u32).unwrap_or(0);
        if let Some((one, other)) = mechanics.machine.symmetry.misfit(&mechanics.prints(&first)) {
            return Err(CheckError::NotAlike { one: one.into(), other: other.into() });
        }
        let Self { at, properties, duplicates, crashes, most_states, deepest, is_partial, facts, .. } = self;
        Ok(Prepared {
            at,
            mechanics,
            properties,
            first,
            past,
            duplicates,
            crashes,
            most_states,
            deepest,
            is_reduced,
            is_partial,
            facts,
        })
    }
}

fn sent(
    machine: &mut Machine,
    commands: Vec<Result<Vec<Output>, Failure>>,
    now: Timestamp,
) -> Result<Vec<DeliveryId>, CheckError> {
    let mut sent = Vec::new();
    for outputs in commands {
        sent.extend(machine.sent_from_outside(outputs.map_err(CheckError::Given)?, now));
    }
    Ok(sent)
}

/// Lets something happen with all that follows from it, in the order in which it comes.
fn happened(mechanics: &mut Mechanics, state: &mut State, delivery: DeliveryId) -> Result<(), CheckError> {
    let impossible = |it| CheckError::Impossible(Broken::from(it).reason);
    mechanics.handle(state, delivery, Timestamp::MIN, &mut Nobody).map_err(impossible)?;
    while let Some(next) = state.queues.first().and_then(|(_, waiting)| waiting.first().copied()) {
        let by = Move::Handle { delivery: next, is_late: false, will_repeat: false };
        mechanics.make(state, by, &mut Nobody).map_err(impossible)?;
    }
    Ok(())
}
