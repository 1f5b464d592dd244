//! Processes that an operator suspends, resumes and cancels, and timers that one cancels and moves.

use procession::{
    Ignored, Reason, Stream,
    log::{Entry, Kind, ProcessId, Recorded},
};
use procession_runtime::{
    ExecuteError, Operation, Operator, OperatorError, RequestError, Runtime, Store,
    store::{HoldKind, NewEntry, ParkedReason, Reference, TimersOf},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{NewEntryWith as _, batch, command, log, second},
    domain::{AskForReminders, How, Machine, Reminder, RunMachine},
    running::{advance, finish, is_sound, start_at, state},
};

async fn ask(runtime: &Runtime, reminder: &str, after_seconds: &[u64]) -> ProcessId {
    let ask = AskForReminders { reminder: reminder.into(), after_seconds: after_seconds.into() };
    let process = runtime.send(ask).await.unwrap().process;
    finish(runtime, process).await;
    process
}

async fn calls(runtime: &Runtime, reminder: &str) -> Vec<u32> {
    state::<Reminder>(runtime, reminder).await.calls
}

fn anna(runtime: &Runtime) -> Operator {
    runtime.operator().by("anna").because("the case asks for it")
}

async fn request(runtime: &Runtime, operation: Operation) {
    anna(runtime).request([operation]).await.unwrap();
    runtime.settled().await.unwrap();
}

async fn continues(runtime: &Runtime, first: &Recorded) -> Result<(), RequestError> {
    let ask = AskForReminders { reminder: "s".into(), after_seconds: vec![] };
    match runtime.execute(ask).caused_by(first).await {
        Ok(_) => Ok(()),
        Err(ExecuteError::NotTaken(error)) => Err(error),
        Err(ExecuteError::Rejected(rejection)) => panic!("{rejection:?}"),
    }
}

pub async fn p13_a_suspended_process_waits_and_goes_on_in_order_when_it_is_resumed<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let process = ask(&runtime, "r", &[30, 10, 20, 40]).await;
    let first = log(&store).await[process.0 as usize - 1].clone();
    advance(&runtime, 10).await;

    request(&runtime, Operation::SuspendProcess(process)).await;
    request(&runtime, Operation::SuspendProcess(process)).await;
    // Another process goes on, with the same handler and stream.
    ask(&runtime, "r", &[5]).await;
    advance(&runtime, 25).await;

    assert_eq!(calls(&runtime, "r").await, [1, 0]);
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.iter().map(|it| it.reason).collect::<Vec<_>>(), [ParkedReason::Suspended; 2]);
    assert_eq!(continues(&runtime, &first).await, Err(RequestError::Suspended { process }));
    let waits = anna(&runtime).request([Operation::RetryParked(parked[0].delivery())]).await;
    assert_eq!(waits, Err(OperatorError::WaitsForProcess { message: parked[0].delivery(), process }));

    // It is known over a restart, and what has waited comes before what is new.
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    assert_eq!(store.holds().await.unwrap()[0].1.kind, HoldKind::Suspended);
    let runtime = start_at(store.clone(), 35).await;
    runtime.settled().await.unwrap();
    assert_eq!(calls(&runtime, "r").await, [1, 0]);
    request(&runtime, Operation::ResumeProcess(process)).await;
    assert_eq!(calls(&runtime, "r").await, [1, 0, 2, 0]);
    advance(&runtime, 10).await;
    assert_eq!(calls(&runtime, "r").await, [1, 0, 2, 0, 3]);
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    assert_eq!(store.holds().await.unwrap(), []);
    assert_eq!(continues(&runtime, &first).await, Ok(()));
    let again = anna(&runtime).request([Operation::ResumeProcess(process)]).await;
    assert_eq!(again, Err(OperatorError::NotSuspended(process)));
    runtime.settled().await.unwrap();
    is_sound(&store).await;
}

pub async fn p13_what_is_resumed_goes_behind_what_is_parked<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let run = |number, how| RunMachine { machine: "m".into(), number, how };
    let broken = runtime.send(run(1, How::PanicInHandle)).await.unwrap();
    runtime.settled().await.unwrap();
    // A process that is suspended while a message of it is behind.
    let behind = runtime.send(run(2, How::Well)).await.unwrap();
    runtime.settled().await.unwrap();
    request(&runtime, Operation::SuspendProcess(behind.process)).await;
    let parked = runtime.reader().parked().await.unwrap();
    request(&runtime, Operation::DiscardParked(parked[0].delivery())).await;
    assert_eq!(runtime.reader().parked().await.unwrap()[0].reason, ParkedReason::Suspended);
    runtime.send(run(3, How::Well)).await.unwrap();
    runtime.send(run(4, How::PanicInHandle)).await.unwrap();
    runtime.settled().await.unwrap();
    assert_eq!(state::<Machine>(&runtime, "m").await.runs, [3], "it does not hold up others");

    request(&runtime, Operation::ResumeProcess(behind.process)).await;

    assert_eq!(state::<Machine>(&runtime, "m").await.runs, [3, 2]);
    let left = runtime.reader().parked().await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].position > behind.position && broken.position < behind.position);
    is_sound(&store).await;
}

pub async fn a_cancelled_process_does_nothing_more_and_others_go_on<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let process = ask(&runtime, "r", &[10, 20]).await;
    let first = log(&store).await[process.0 as usize - 1].clone();
    let run = |number, how| RunMachine { machine: "m".into(), number, how };
    let broken = runtime.send(run(1, How::PanicInHandle)).await.unwrap();
    runtime.send(run(2, How::Well)).await.unwrap();
    runtime.settled().await.unwrap();
    assert_eq!(runtime.reader().parked().await.unwrap().len(), 2);

    anna(&runtime)
        .request([Operation::CancelProcess(process), Operation::CancelProcess(broken.process)])
        .await
        .unwrap();
    request(&runtime, Operation::CancelProcess(process)).await;
    advance(&runtime, 100).await;

    assert!(calls(&runtime, "r").await.is_empty());
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    assert_eq!(state::<Machine>(&runtime, "m").await.runs, [2], "what was behind it goes on");
    assert_eq!(continues(&runtime, &first).await, Err(RequestError::Cancelled { process }));
    for operation in [Operation::SuspendProcess(process), Operation::ResumeProcess(process)] {
        let refused = anna(&runtime).request([operation]).await;
        assert_eq!(refused, Err(OperatorError::Cancelled(process)));
    }
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let runtime = start_at(store.clone(), 200).await;
    assert_eq!(continues(&runtime, &first).await, Err(RequestError::Cancelled { process }));
    is_sound(&store).await;
}

pub async fn a_message_on_its_way_when_its_process_is_cancelled_is_recorded_as_ignored<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    let process = ask(&runtime, "r", &[10, 20]).await;
    request(&runtime, Operation::SuspendProcess(process)).await;
    advance(&runtime, 15).await;
    assert_eq!(runtime.reader().parked().await.unwrap().len(), 1);
    let operations = [Operation::ResumeProcess(process), Operation::CancelProcess(process)];
    anna(&runtime).request(operations).await.unwrap();
    runtime.settled().await.unwrap();
    assert!(calls(&runtime, "r").await.is_empty());
    assert_eq!(runtime.reader().parked().await.unwrap(), []);

    // It was sent by somebody who did not know yet.
    let first = Reference::Position(process.began_at());
    let late = command("late", 1).of_process(first).caused_by(first);
    let late = Entry { stream: Stream::new("reminder", "r").unwrap(), ..Entry::clone(&late.entry) };
    let late = NewEntry { entry: late.into(), ..command("late", 1).of_process(first).caused_by(first) };
    let position = store.commit(batch([late])).await.unwrap().after.plus(1);
    runtime.execute(RunMachine { machine: "m".into(), number: 1, how: How::Well }).await.unwrap();
    runtime.settled().await.unwrap();

    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    let log = log(&store).await;
    let ignored: Vec<_> = log.iter().filter(|it| it.entry.kind == Kind::Ignored).collect();
    assert_eq!((ignored.len(), ignored[0].causation, ignored[0].process), (1, Some(position), process));
    let said: Ignored = serde_json::from_str(&ignored[0].entry.payload).unwrap();
    assert_eq!(said.reason, Reason::Cancelled);
    assert_eq!(said.message, "Happened has no effect: the process was cancelled");
}

pub async fn t7_timers_are_cancelled_and_brought_forward<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let runtime = start_at(store.clone(), 0).await;
    ask(&runtime, "r", &[100, 200, 300]).await;
    let timers = store.timers(TimersOf::After(None), 10).await.unwrap();
    assert_eq!(timers.iter().map(|it| it.due).collect::<Vec<_>>(), [second(100), second(200), second(300)]);

    let id = |index: usize| timers[index].id;
    request(&runtime, Operation::CancelTimer(id(0))).await;
    request(&runtime, Operation::MoveTimer { timer: id(2), due: second(50) }).await;
    request(&runtime, Operation::MoveTimer { timer: id(1), due: second(400) }).await;

    advance(&runtime, 49).await;
    assert!(calls(&runtime, "r").await.is_empty());
    advance(&runtime, 1).await;
    assert_eq!(calls(&runtime, "r").await, [2]);
    advance(&runtime, 349).await;
    assert_eq!(calls(&runtime, "r").await, [2]);
    advance(&runtime, 1).await;
    assert_eq!(calls(&runtime, "r").await, [2, 1]);
    assert_eq!(store.next_due().await.unwrap(), None);
    let gone = anna(&runtime).request([Operation::CancelTimer(id(0))]).await;
    assert_eq!(gone, Err(OperatorError::UnknownTimer(id(0))));
    is_sound(&store).await;
}
