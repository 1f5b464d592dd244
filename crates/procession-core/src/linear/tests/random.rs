//! Any program, any outcome of its steps, and any order of the answers, some of which come twice.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use proptest::{collection::vec, prelude::*};
use serde::Deserialize;

use super::{Begun, Do, Known, NAMES, Undo, ask, done, failed, known, plain, undoable, undone};
use crate::{
    Branch, Context, Engine, InstanceState, Lifecycle, LinearSaga, Message, Module, Output, ProcessMap,
    Rejected, Step, Stream,
    doc::RoomRejection,
    emit::Cancellation,
    linear::timeouts::{ResumeSaga, TimeOutStep},
    log::{Encoded, Entry, Kind},
};

#[derive(Clone, Copy, Debug)]
struct RandomStep {
    can_be_undone: bool,
    has_a_limit: bool,
}

#[derive(Clone, Debug)]
enum RandomStage {
    Step(RandomStep),
    Parallel(Vec<Vec<RandomStep>>),
    SavePoint { retries: u32, has_a_pause: bool },
}

fn random_step() -> impl Strategy<Value = RandomStep> {
    (any::<bool>(), any::<bool>())
        .prop_map(|(can_be_undone, has_a_limit)| RandomStep { can_be_undone, has_a_limit })
}

/// At most as many steps as there are names.
fn program() -> impl Strategy<Value = Vec<RandomStage>> {
    let branches = vec(vec(random_step(), 0..3), 0..3);
    let stage = prop_oneof![
        4 => random_step().prop_map(RandomStage::Step),
        2 => branches.prop_map(RandomStage::Parallel),
        2 => (0..3_u32, any::<bool>())
            .prop_map(|(retries, has_a_pause)| RandomStage::SavePoint { retries, has_a_pause }),
    ];
    let fits = |program: &Vec<RandomStage>| {
        let steps = program.iter().map(|it| match it {
            RandomStage::Step(_) => 1,
            RandomStage::Parallel(branches) => branches.iter().map(Vec::len).sum(),
            RandomStage::SavePoint { .. } => 0,
        });
        steps.sum::<usize>() <= NAMES.len()
    };
    vec(stage, 1..6).prop_filter("there are not enough names", fits)
}

/// What the program says of each step: its stage, the steps that must be done before it, and what it can.
struct Rules {
    saga: LinearSaga<Known>,
    steps: Vec<Rule>,
    /// Of each stage that is a save-point.
    retries: Vec<Option<u32>>,
}

struct Rule {
    stage: usize,
    after: BTreeSet<usize>,
    step: RandomStep,
}

const SAVE_POINTS: [&str; 12] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"];

/// The stage that a save-point is named after.
fn stage_of(save_point: &str) -> usize {
    SAVE_POINTS.iter().position(|it| *it == save_point).unwrap()
}

impl Rules {
    fn of(program: &[RandomStage]) -> Self {
        let saga = LinearSaga::named("saga").starts_on(known);
        let mut rules = Self { saga, steps: Vec::new(), retries: Vec::new() };
        for (stage, it) in program.iter().enumerate() {
            let before: BTreeSet<usize> = (0..rules.steps.len()).collect();
            let saga = std::mem::replace(&mut rules.saga, LinearSaga::named(""));
            rules.saga = match it {
                RandomStage::Step(step) => saga.step(rules.add(stage, &before, *step)),
                RandomStage::Parallel(branches) => saga.in_parallel(
                    branches.iter().map(|it| rules.branch(stage, &before, it)).collect::<Vec<_>>(),
                ),
                RandomStage::SavePoint { retries, has_a_pause } => saga.save_point(
                    SAVE_POINTS[stage],
                    *retries,
                    Duration::from_secs(u64::from(*has_a_pause)),
                ),
            };
            rules.retries.push(match it {
                RandomStage::SavePoint { retries, .. } => Some(*retries),
                RandomStage::Step(_) | RandomStage::Parallel(_) => None,
            });
        }
        rules
    }

    fn branch(&mut self, stage: usize, before: &BTreeSet<usize>, steps: &[RandomStep]) -> Branch<Known> {
        let mut before = before.clone();
        steps.iter().fold(Branch::new(), |branch, step| {
            let added = self.add(stage, &before, *step);
            before.insert(self.steps.len() - 1);
            branch.step(added)
        })
    }

    fn add(&mut self, stage: usize, after: &BTreeSet<usize>, step: RandomStep) -> Step<Known> {
        let number = self.steps.len();
        self.steps.push(Rule { stage, after: after.clone(), step });
        let built = if step.can_be_undone { undoable(number) } else { plain(number) };
        if step.has_a_limit { built.within(Duration::from_secs(60)) } else { built }
    }
}

/// A small source of chance: the same seed gives the same path.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

/// One instance, the messages on their way to it, and what it has recorded and sent.
struct Journey {
    engine: Engine,
    map: ProcessMap,
    stream: Stream,
    state: InstanceState,
    chance: Chance,
    on_the_way: Vec<(Kind, Encoded)>,
    recorded: Vec<Encoded>,
    asked: Vec<usize>,
    undone: Vec<usize>,
}

impl Journey {
    fn go(rules: &Rules, saga: LinearSaga<Known>, seed: u64) -> Self {
        let modules = [Module::named("test").linear_saga(saga)];
        let (engine, map) = (Engine::of(&modules), ProcessMap::of(&modules));
        let state = engine.initial("saga").unwrap();
        let mut journey = Self {
            engine,
            map,
            stream: Stream::new("saga", "s").unwrap(),
            state,
            chance: Chance(seed),
            on_the_way: vec![(Kind::Input, Begun { saga: "s".into() }.encode().unwrap())],
            recorded: Vec::new(),
            asked: Vec::new(),
            undone: Vec::new(),
        };
        for _ in 0..10_000 {
            if journey.on_the_way.is_empty() {
                return journey;
            }
            let next = journey.chance.below(journey.on_the_way.len());
            let comes_again = journey.chance.below(5) == 0;
            let (kind, message) = if comes_again {
                journey.on_the_way[next].clone()
            } else {
                journey.on_the_way.swap_remove(next)
            };
            journey.take(rules, kind, message);
        }
        panic!("it goes on for ever: {:?}", journey.recorded);
    }

    /// What comes of a message is among what the map says that can.
    fn is_on_the_map(&self, message: &Entry, outputs: &[Output]) {
        let (_, handler) = self.map.handlers().find(|(_, it)| it.takes.name == message.name).unwrap();
        for it in outputs.iter().filter(|it| !matches!(it, Output::Ignore(_))).filter_map(Output::message) {
            let is_declared = handler.emits.iter().any(|emission| emission.message.name == it.name);
            assert!(is_declared, "{} is no outcome of {} on the map", it.name, message.name);
        }
    }

    fn take(&mut self, rules: &Rules, kind: Kind, message: Encoded) {
        let entry = Entry::new(kind, self.stream.clone(), message, Timestamp::UNIX_EPOCH);
        let context = Context::at(Timestamp::UNIX_EPOCH);
        let mut outputs = self.engine.decide(&self.state, &entry, &context).unwrap();
        self.engine.fold(&mut self.state, &self.stream, &mut outputs).unwrap();
        is_told_of_the_right_step(&entry, &outputs);
        self.is_on_the_map(&entry, &outputs);
        for output in outputs {
            match output {
                Output::Record(event) => self.recorded.push(event),
                Output::Send { to, message, .. } if to == self.stream => {
                    self.on_the_way.push((Kind::Command, message));
                }
                Output::Send { message, .. } => self.answer(rules, &message),
                Output::Cancel(Cancellation::Command { name, .. }) => {
                    self.on_the_way.retain(|(kind, it)| *kind != Kind::Command || it.name != name);
                }
                Output::Cancel(Cancellation::TimeoutsOf(_)) => {
                    self.on_the_way.retain(|(kind, _)| *kind != Kind::Command);
                }
                Output::Ignore(_) => {}
                other => panic!("a saga has no reason for {other:?}"),
            }
        }
    }

    /// Somebody answers a command, sooner or later.
    fn answer(&mut self, rules: &Rules, command: &Encoded) {
        if command.name == Undo::NAME {
            let undo: Undo = serde_json::from_str(&command.payload).unwrap();
            self.undone.push(undo.step);
            return self.on_the_way.push((Kind::Input, undone(undo.step).encode().unwrap()));
        }
        let Do { step, .. } = serde_json::from_str(&command.payload).unwrap();
        self.asked.push(step);
        let rejected = Rejected { command: ask(step), rejection: RoomRejection::AlreadyClean };
        let answer = match self.chance.below(6) {
            0 => failed(step).encode(),
            1 => rejected.encode(),
            2 if rules.steps[step].step.has_a_limit => return,
            _ => done(step).encode(),
        };
        self.on_the_way.push((Kind::Input, answer.unwrap()));
    }
}

/// Any of the events of a saga, as far as it is looked at here.
#[derive(Deserialize)]
struct Recorded {
    step: Option<String>,
    to: Option<String>,
    from: Option<String>,
}

impl Recorded {
    fn of(event: &Encoded) -> Self {
        serde_json::from_str(&event.payload).unwrap()
    }

    fn step(&self) -> usize {
        NAMES.iter().position(|it| Some(*it) == self.step.as_deref()).unwrap()
    }
}

fn is_told_of_the_right_step(message: &Entry, outputs: &[Output]) {
    #[derive(Deserialize)]
    struct About {
        step: usize,
    }
    #[derive(Deserialize)]
    struct Told {
        command: About,
    }
    let Some(Output::Record(event)) = outputs.first() else { return };
    let about = match &*message.name {
        "Done" | "Failed" | "Undone" => serde_json::from_str::<About>(&message.payload).unwrap(),
        "Do rejected" => serde_json::from_str::<Told>(&message.payload).unwrap().command,
        Begun::NAME | TimeOutStep::NAME | ResumeSaga::NAME => return,
        other => panic!("nobody sends {other}"),
    };
    assert_eq!(Recorded::of(event).step(), about.step, "{} {}", message.name, message.payload);
}

/// What must be true of everything that a saga has recorded, event by event.
#[derive(Default)]
struct Observed {
    done: BTreeSet<usize>,
    /// Steps that are done or may be, in the order they came to it.
    to_undo: Vec<usize>,
    started: Vec<usize>,
    compensated: Vec<usize>,
    /// What is still to be undone on the way back, the next one last.
    going_back: Option<Vec<usize>>,
    returns: Vec<usize>,
}

impl Observed {
    fn see(&mut self, rules: &Rules, event: &Encoded) {
        let it = Recorded::of(event);
        match &*event.name {
            "StepStarted" => {
                let rule = &rules.steps[it.step()];
                assert!(self.going_back.is_none() && rule.after.is_subset(&self.done), "it starts too early");
                assert!(!self.done.contains(&it.step()), "it starts again, although it is done");
                self.started.push(it.step());
            }
            "StepCompleted" => {
                assert!(self.done.insert(it.step()), "it is done twice");
                self.to_undo.push(it.step());
            }
            "StepTimedOut" => self.to_undo.push(it.step()),
            "RollbackStarted" => self.turns_back(rules, it.to.as_deref().map(stage_of)),
            "CompensationStarted" => {
                let next = self.going_back.as_mut().and_then(Vec::pop);
                assert_eq!(next, Some(it.step()), "what was done last is undone first");
                self.compensated.push(it.step());
            }
            "SagaResumed" => self.resumes(rules, stage_of(&it.from.unwrap())),
            "SagaCompensated" => assert_eq!(self.going_back, Some(Vec::new()), "something is left to undo"),
            "SagaCompleted" => assert_eq!(self.done.len(), rules.steps.len(), "a step is not done"),
            "SagaStarted" | "StepFailed" | "StepCompensated" => {}
            other => panic!("an unknown event: {other}"),
        }
    }

    fn turns_back(&mut self, rules: &Rules, to_stage: Option<usize>) {
        if let Some(stage) = to_stage {
            self.returns.push(stage);
            let returns = self.returns.iter().filter(|it| **it == stage).count();
            let most = rules.retries[stage].unwrap() as usize;
            assert!(returns <= most, "it returned {returns} times to where it may {most} times");
        }
        let is_undone = |step: &usize| {
            let rule = &rules.steps[*step];
            rule.step.can_be_undone && rule.stage >= to_stage.unwrap_or(0)
        };
        self.going_back = Some(self.to_undo.iter().copied().filter(is_undone).collect());
    }

    fn resumes(&mut self, rules: &Rules, from_stage: usize) {
        assert_eq!(self.going_back.take(), Some(Vec::new()), "something is left to undo");
        self.done.retain(|step| rules.steps[*step].stage < from_stage);
        self.to_undo.retain(|step| rules.steps[*step].stage < from_stage);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_ends_and_undoes_exactly_what_was_done(program in program(), seed in any::<u64>()) {
        let mut rules = Rules::of(&program);
        let saga = std::mem::replace(&mut rules.saga, LinearSaga::named(""));
        let journey = Journey::go(&rules, saga, seed);

        let mut observed = Observed::default();
        journey.recorded.iter().for_each(|it| observed.see(&rules, it));
        let ends = |it: &&Encoded| ["SagaCompleted", "SagaCompensated"].contains(&&*it.name);
        prop_assert!(matches!(journey.state.lifecycle(), Lifecycle::Ended(_)), "{:?}", journey.recorded);
        prop_assert_eq!(journey.recorded.iter().filter(ends).count(), 1);
        prop_assert!(journey.recorded.last().as_ref().is_some_and(ends), "something follows the end");
        prop_assert_eq!(journey.asked, observed.started);
        prop_assert_eq!(journey.undone, observed.compensated);
    }
}
