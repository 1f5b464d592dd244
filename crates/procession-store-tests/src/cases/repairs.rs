//! What becomes of parked messages: retried by themselves, or retried, edited and discarded by operators.

use std::{sync::Arc, time::Duration};

use procession::{
    Application, Module, Retries, Stream,
    log::{Kind, Position, Recorded},
};
use procession_runtime::{
    ExecuteError, Operation, Operator, OperatorError, Reader, RequestError, Runtime, Store,
    store::{Delivery, Parked, ParkedOf, TimerId},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{log, second},
    domain::{How, Machine, RunMachine, Siren, application, breaks, machines, mend},
    faulty::{Fault, FaultyStore},
    running::{advance, is_sound, is_sound_for, small_limits, start, state},
};

async fn send(runtime: &Runtime, machine: &str, number: u32, how: How) {
    runtime.send(RunMachine { machine: machine.into(), number, how }).await.unwrap();
}

/// Parks the first of some runs of a machine, and the others behind it.
async fn park(runtime: &Runtime, machine: &str, numbers: std::ops::Range<u32>) -> Vec<Parked> {
    breaks(machine, u32::MAX);
    for number in numbers.clone() {
        send(runtime, machine, number, How::UntilMended).await;
    }
    runtime.settled().await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.len(), numbers.len());
    parked
}

fn anna(runtime: &Runtime) -> Operator {
    runtime.operator().by("anna").because("the case asks for it")
}

fn retry(parked: &Parked) -> Operation {
    Operation::RetryParked(parked.delivery())
}

async fn runs(runtime: &Runtime, machine: &str) -> Vec<u32> {
    state::<Machine>(runtime, machine).await.runs
}

fn failures(log: &[Recorded]) -> Vec<serde_json::Value> {
    let failures = log.iter().filter(|it| it.entry.kind == Kind::Failure);
    failures.map(|it| serde_json::from_str(&it.entry.payload).unwrap()).collect()
}

pub async fn o14_a_retry_handles_the_message_and_all_behind_it_in_order<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let machine = &unique::<U>("o14");
    let runtime = start(store.clone()).await;
    let parked = park(&runtime, machine, 0..7).await;
    send(&runtime, "other", 1, How::Well).await;
    let execute = |number| RunMachine { machine: machine.clone(), number, how: How::Well };
    let refused = runtime.execute(execute(100)).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::NotTaken(RequestError::Blocked { .. })), "{refused:?}");
    runtime.settled().await.unwrap();
    assert_eq!(runs(&runtime, "other").await, [1], "another stream goes on meanwhile");

    mend(machine);
    anna(&runtime).request([retry(&parked[0])]).await.unwrap();
    // What comes while the stream is released goes behind.
    for number in 7..20 {
        send(&runtime, machine, number, How::UntilMended).await;
    }
    runtime.settled().await.unwrap();

    assert_eq!(runs(&runtime, machine).await, (0..20).collect::<Vec<_>>());
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    runtime.execute(execute(100)).await.unwrap();
    runtime.settled().await.unwrap();
    is_sound(&store).await;
}

pub async fn o13_a_retry_that_is_asked_for_twice_runs_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let machine = &unique::<U>("twice");
    let runtime = start(store.clone()).await;
    let parked = park(&runtime, machine, 0..2).await;

    let (anna, ben) = (anna(&runtime), runtime.operator().by("ben").because("so does ben"));
    let (one, other) = tokio::join!(anna.request([retry(&parked[0])]), ben.request([retry(&parked[0])]));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one, other);
    runtime.settled().await.unwrap();

    let again = runtime.reader().parked().await.unwrap();
    assert_eq!(again.iter().map(|it| it.attempts).collect::<Vec<_>>(), [2, 0]);
    let history = failures(&log(&store).await);
    assert_eq!(history.iter().map(|it| it["attempt"].clone()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(history[1]["handler"], "machine");
    assert_eq!(history[1]["cause"], "the handler panicked: it is broken");

    mend(machine);
    let both = [retry(&again[0]), retry(&again[0])];
    anna.request(both).await.unwrap();
    runtime.settled().await.unwrap();
    assert_eq!(runs(&runtime, machine).await, [0, 1]);
    is_sound(&store).await;
}

pub async fn o13_all_streams_are_retried_at_once<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    let machines: Vec<_> = (0..9).map(|it| unique::<U>(&format!("all {it}"))).collect();
    for machine in &machines {
        breaks(machine, 1);
        send(&runtime, machine, 1, How::UntilMended).await;
        send(&runtime, machine, 2, How::UntilMended).await;
    }
    runtime.settled().await.unwrap();

    let parked = runtime.reader().parked().await.unwrap();
    let failed = parked.iter().filter(|it| it.cause.is_some()).map(retry);
    anna(&runtime).request(failed).await.unwrap();
    runtime.settled().await.unwrap();

    for machine in &machines {
        assert_eq!(runs(&runtime, machine).await, [1, 2]);
    }
    is_sound(&store).await;
}

pub async fn o13_an_edited_message_is_handled_with_its_new_payload<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    send(&runtime, "a", 1, How::PanicInHandle).await;
    send(&runtime, "a", 2, How::PanicInSaga).await;
    runtime.settled().await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();
    let before = log(&store).await[parked[0].position.0 as usize - 1].clone();

    let payload = |number, how| format!(r#"{{"machine":"a","number":{number},"how":"{how}"}}"#).into();
    let edit = |message, number, how| Operation::EditParked { message, payload: payload(number, how) };
    anna(&runtime).request([edit(parked[0].delivery(), 10, "Well"), retry(&parked[0])]).await.unwrap();
    runtime.settled().await.unwrap();

    assert_eq!(runs(&runtime, "a").await, [10, 2]);
    assert_eq!(log(&store).await[before.position.0 as usize - 1], before, "the log is not rewritten");
    // A saga sees it edited too, also after a restart.
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.iter().map(|it| &*it.handler).collect::<Vec<_>>(), ["saga fragile"]);
    anna(&runtime).request([edit(parked[0].delivery(), 20, "Well")]).await.unwrap();
    runtime.settled().await.unwrap();
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    let parked = runtime.reader().parked().await.unwrap();
    assert!(parked[0].edited.is_some());
    anna(&runtime).request([retry(&parked[0])]).await.unwrap();
    runtime.settled().await.unwrap();
    assert_eq!(state::<Siren>(&runtime, "fragile a").await.sounded, [10, 20]);
    assert_eq!(state::<Siren>(&runtime, "sturdy a").await.sounded, [10, 2]);
    is_sound(&store).await;
}

pub async fn o13_a_discarded_message_lets_those_behind_it_go_on<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start(store.clone()).await;
    for (number, how) in [(1, How::PanicInHandle), (2, How::Well), (3, How::PanicInHandle), (4, How::Well)] {
        send(&runtime, "a", number, how).await;
    }
    runtime.settled().await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();

    anna(&runtime).request([Operation::DiscardParked(parked[0].delivery())]).await.unwrap();
    runtime.settled().await.unwrap();

    assert_eq!(runs(&runtime, "a").await, [2]);
    let left = runtime.reader().parked().await.unwrap();
    assert_eq!(
        left.iter().map(|it| it.position).collect::<Vec<_>>(),
        [parked[2].position, parked[3].position]
    );
    // One that waits in the middle is given up too, and who asks for it again is told that it is gone.
    let behind = || Operation::DiscardParked(left[1].delivery());
    anna(&runtime).request([behind()]).await.unwrap();
    runtime.settled().await.unwrap();
    let gone = anna(&runtime).request([behind()]).await;
    assert_eq!(gone, Err(OperatorError::NotParked(left[1].delivery())));
    anna(&runtime).request([Operation::DiscardParked(left[0].delivery())]).await.unwrap();
    runtime.settled().await.unwrap();
    send(&runtime, "a", 5, How::Well).await;
    runtime.settled().await.unwrap();
    assert_eq!(runs(&runtime, "a").await, [2, 5]);
    is_sound(&store).await;
}

pub async fn o5_a_retry_of_one_reaction_leaves_the_other_alone<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let machine = &unique::<U>("o5");
    let runtime = start(store.clone()).await;
    breaks(&format!("saga {machine}"), u32::MAX);
    for number in 1..=3 {
        send(&runtime, machine, number, How::Well).await;
    }
    runtime.settled().await.unwrap();
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.len(), 3);

    mend(&format!("saga {machine}"));
    anna(&runtime).request([retry(&parked[0])]).await.unwrap();
    runtime.settled().await.unwrap();

    assert_eq!(state::<Siren>(&runtime, &format!("fragile {machine}")).await.sounded, [1, 2, 3]);
    assert_eq!(state::<Siren>(&runtime, &format!("sturdy {machine}")).await.sounded, [1, 2, 3]);
    is_sound(&store).await;
}

pub async fn o13_who_and_why_are_asked_for_and_stand_in_the_log<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let machine = &unique::<U>("who");
    let runtime = start(store.clone()).await;
    let parked = park(&runtime, machine, 0..2).await;
    let before = log(&store).await.len();
    let refused = async |operator: &Operator, operation| {
        operator.request([retry(&parked[0]), operation]).await.unwrap_err()
    };

    let nobody = runtime.operator().because("who knows");
    assert_eq!(refused(&nobody, retry(&parked[0])).await, OperatorError::WithoutName);
    let no_reason = runtime.operator().by("anna").because(" ");
    assert_eq!(refused(&no_reason, retry(&parked[0])).await, OperatorError::WithoutReason);
    let anna = anna(&runtime);
    let strange = Delivery { handler: "saga strange".into(), ..parked[0].delivery() };
    assert_eq!(
        refused(&anna, Operation::RetryParked(strange.clone())).await,
        OperatorError::NotParked(strange)
    );
    let message = parked[1].delivery();
    let behind = OperatorError::WaitsBehind { message, first: parked[0].position };
    assert_eq!(refused(&anna, retry(&parked[1])).await, behind);
    let timer = TimerId(99);
    assert_eq!(refused(&anna, Operation::CancelTimer(timer)).await, OperatorError::UnknownTimer(timer));
    let nothing = Position(before as u64 + 5).into();
    let unknown = OperatorError::UnknownProcess(nothing);
    assert_eq!(refused(&anna, Operation::SuspendProcess(nothing)).await, unknown);
    let not_json = Operation::EditParked { message: parked[0].delivery(), payload: "{".into() };
    assert!(matches!(refused(&anna, not_json).await, OperatorError::Encode(_)));
    assert_eq!(log(&store).await.len(), before, "nothing is written");

    let at = anna.request([retry(&parked[0])]).await.unwrap();
    let log = log(&store).await;
    let operation = &log[at[0].0 as usize - 1];
    assert_eq!((operation.entry.kind, &*operation.entry.name), (Kind::Operation, "RetryParked"));
    assert_eq!((operation.process, operation.causation), (parked[0].process, Some(parked[0].position)));
    let payload: serde_json::Value = serde_json::from_str(&operation.entry.payload).unwrap();
    assert_eq!((&payload["by"], &payload["why"]), (&"anna".into(), &"the case asks for it".into()));
}

pub async fn o13_what_others_ask_for_is_done_by_a_runtime_that_is_idle<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let machine = &unique::<U>("others");
    let runtime = start(store.clone()).await;
    let parked = park(&runtime, machine, 0..3).await;
    mend(machine);
    let outside = Operator::on(Arc::new(store.clone())).by("anna").because("from outside");

    outside.request([retry(&parked[0])]).await.unwrap();

    let is_done = async {
        while !store.parked(ParkedOf::Everything, 1).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_done).await.unwrap();
    assert_eq!(runs(&runtime, machine).await, [0, 1, 2]);

    // What is asked for while nothing runs is done at the next start.
    let parked = park(&runtime, machine, 3..5).await;
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    mend(machine);
    let outside = Operator::on(Arc::new(store.clone())).by("anna").because("before the start");
    outside.request([retry(&parked[0])]).await.unwrap();
    let runtime = start(store.clone()).await;
    runtime.settled().await.unwrap();
    assert_eq!(runs(&runtime, machine).await, [0, 1, 2, 3, 4]);
    is_sound(&store).await;
}

pub async fn o1_a_release_goes_on_after_a_fault_at_every_commit<U: StoreUnderTest>() {
    for fault in [Fault::CommitRefused, Fault::ReadRefused, Fault::DeathBeforeCommit, Fault::DeathAfterCommit]
    {
        let mut moments = 0;
        for nth in 1.. {
            let (place, store) = U::create(Settings::default()).await;
            let machine = &unique::<U>(&format!("{fault:?} {nth}"));
            let runtime = start(store.clone()).await;
            let parked = park(&runtime, machine, 0..4).await;
            runtime.stop().await.unwrap();
            let store = place.reopen().await;
            mend(machine);
            let operator = Operator::on(Arc::new(store.clone())).by("anna").because("a case");
            operator.request([retry(&parked[0])]).await.unwrap();

            let faulty = FaultyStore::new(store.clone(), fault, nth);
            let work = async {
                let builder = Runtime::builder().limits(small_limits());
                let runtime = builder.start(&application(), faulty.clone()).await.ok()?;
                runtime.settled().await.unwrap();
                Some(runtime)
            };
            let runtime = tokio::select! {
                () = faulty.death() => None,
                runtime = work => runtime,
            };
            let has_struck = faulty.has_struck();
            let (runtime, store) = match runtime {
                Some(runtime) => (runtime, store),
                None => {
                    let store = place.crash(store).await;
                    let runtime = start(store.clone()).await;
                    runtime.settled().await.unwrap();
                    (runtime, store)
                }
            };
            let reader = Reader::new(&application(), Arc::new(store.clone()));
            let sounded = async |siren| {
                let siren = reader.instance::<Siren>(format!("{siren} {machine}")).await;
                siren.unwrap().state.sounded
            };
            let runs = reader.instance::<Machine>(machine).await.unwrap().state.runs;
            assert_eq!(runs, [0, 1, 2, 3], "{fault:?} at moment {nth}");
            assert_eq!(sounded("fragile").await, [0, 1, 2, 3]);
            assert_eq!(sounded("sturdy").await, [0, 1, 2, 3]);
            assert_eq!(store.parked(ParkedOf::Everything, 1).await.unwrap(), []);
            is_sound(&store).await;
            if !has_struck {
                break;
            }
            runtime.stop().await.unwrap();
            moments += 1;
        }
        assert!(moments >= 4, "the release had only {moments} moments at which it could fail");
    }
}

fn patient(retries: Retries) -> Application {
    let modules: [Module; 1] = [machines().retries(retries)];
    Application::assemble(modules).unwrap()
}

async fn start_patient(application: &Application, store: impl Store, seed: u64) -> Runtime {
    let builder = Runtime::builder().limits(small_limits()).virtual_time(second(0)).seed(seed);
    builder.start(application, store).await.unwrap()
}

pub async fn o15_a_handler_is_tried_again_by_itself_with_growing_random_pauses<U: StoreUnderTest>() {
    let retries =
        Retries::up_to(9).first_pause(Duration::from_secs(8)).longest_pause(Duration::from_secs(64));
    let application = patient(retries);
    let mut runs_of_seeds = Vec::new();
    for (run, seed) in [1, 1, 2].into_iter().enumerate() {
        let (_place, store) = U::create(Settings::default()).await;
        let machine = &unique::<U>(&format!("patient {run}"));
        let runtime = start_patient(&application, store.clone(), seed).await;
        breaks(machine, 6);
        for number in 0..3 {
            send(&runtime, machine, number, How::UntilMended).await;
        }
        send(&runtime, "other", 1, How::Well).await;
        runtime.settled().await.unwrap();
        assert_eq!(runs(&runtime, "other").await, [1]);

        advance(&runtime, 1000).await;

        assert_eq!(runs(&runtime, machine).await, [0, 1, 2]);
        let log = log(&store).await;
        let failed: Vec<_> = log.iter().filter(|it| it.entry.kind == Kind::Failure).collect();
        assert_eq!(failed.len(), 6);
        let pauses: Vec<f64> = failed
            .iter()
            .zip(failures(&log))
            .map(|(it, said)| {
                let next: jiff::Timestamp = said["retry_at"].as_str().unwrap().parse().unwrap();
                next.duration_since(it.entry.at).as_secs_f64()
            })
            .collect();
        for (pause, bound) in pauses.iter().zip([8.0, 16.0, 32.0, 64.0, 64.0, 64.0]) {
            assert!((0.0..=bound).contains(pause), "{pauses:?}");
        }
        is_sound_for(&application, &store).await;
        runs_of_seeds.push(pauses);
    }
    assert_eq!(runs_of_seeds[0], runs_of_seeds[1], "a seed gives the same pauses");
    assert_ne!(runs_of_seeds[0], runs_of_seeds[2], "another seed gives others");
}

pub async fn o15_attempts_and_the_time_for_them_are_used_up<U: StoreUnderTest>() {
    let three = Retries::up_to(3);
    let hasty = Retries::up_to(1000).first_pause(Duration::from_secs(60)).within(Duration::from_secs(300));
    for (name, retries) in [("three", three), ("hasty", hasty)] {
        let (place, store) = U::create(Settings::default()).await;
        let machine = &unique::<U>(name);
        let application = patient(retries);
        let runtime = start_patient(&application, store.clone(), 7).await;
        breaks(machine, u32::MAX);
        send(&runtime, machine, 1, How::UntilMended).await;
        runtime.settled().await.unwrap();
        let next = runtime.reader().parked().await.unwrap()[0].retry_at;
        assert!(next.is_some(), "it is tried again by itself");
        runtime.stop().await.unwrap();

        // A restart forgets nothing of it.
        let store = {
            drop(store);
            place.reopen().await
        };
        let runtime = start_patient(&application, store.clone(), 7).await;
        assert_eq!(runtime.reader().parked().await.unwrap()[0].retry_at, next);
        advance(&runtime, 10_000).await;

        let parked = runtime.reader().parked().await.unwrap();
        assert_eq!(parked[0].retry_at, None);
        let log = log(&store).await;
        let failed: Vec<_> = log.iter().filter(|it| it.entry.kind == Kind::Failure).collect();
        assert_eq!(failed.len(), parked[0].attempts as usize);
        if name == "three" {
            assert_eq!(parked[0].attempts, 3);
        } else {
            assert!(failed.iter().all(|it| it.entry.at <= second(300)));
        }
        // An operator may still let it be tried.
        mend(machine);
        anna(&runtime).request([retry(&parked[0])]).await.unwrap();
        runtime.settled().await.unwrap();
        assert_eq!(runs(&runtime, machine).await, [1]);
        is_sound_for(&application, &store).await;
    }
}

pub async fn o15_a_handler_says_itself_whether_it_is_tried_again<U: StoreUnderTest>() {
    let application = patient(Retries::up_to(3));
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_patient(&application, store.clone(), 7).await;
    send(&runtime, "hot", 1, How::AsksToRetry).await;
    send(&runtime, "smelly", 2, How::AsksToPark).await;
    advance(&runtime, 10_000).await;

    let parked = runtime.reader().parked().await.unwrap();
    let attempts: Vec<_> =
        parked.iter().map(|it| (it.stream.id(), it.attempts, it.cause.as_deref())).collect();
    let hot = "the handler asks to be tried again: it is too hot";
    let smelly = "the handler asks for somebody to look at it: it smells";
    assert_eq!(attempts, [("hot", 3, Some(hot)), ("smelly", 1, Some(smelly))]);
    assert!(runs(&runtime, "hot").await.is_empty());
    is_sound_for(&application, &store).await;
}

pub async fn o15_retries_are_those_of_the_part_or_else_of_its_module<U: StoreUnderTest>() {
    let module = machines().retries(Retries::up_to(2)).decider_retries::<Machine>(Retries::never());
    let application = Application::assemble([module]).unwrap();
    let retries = |handler| application.engine().retries_of(handler).attempts();
    assert_eq!((retries("machine"), retries("siren"), retries("saga fragile")), (1, 2, 2));
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_patient(&application, store, 1).await;
    send(&runtime, "a", 1, How::PanicInHandle).await;
    send(&runtime, "b", 1, How::PanicInSaga).await;
    runtime.settled().await.unwrap();

    let parked = runtime.reader().parked().await.unwrap();

    let is_tried_again = parked.iter().map(|it| (&*it.handler, it.retry_at.is_some())).collect::<Vec<_>>();
    assert_eq!(is_tried_again, [("machine", false), ("saga fragile", true)]);
    assert_eq!(parked[0].stream, Stream::new("machine", "a").unwrap());
}

/// A name that no other case, nor the same case on another store, uses: what is broken is known to the whole program.
fn unique<U>(name: &str) -> String {
    format!("{name} on {}", std::any::type_name::<U>())
}
