//! S11: what this program cannot read is an explicit error, never a silently different state.

use procession::{
    Stream,
    log::{Encoded, Entry, Kind, Position},
};
use procession_runtime::{ReadError, Runtime, Store};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, entry, message, second},
    domain::{Account, Deposit, OpenAccount, application_without_accounts},
    running::{finish, start, state},
};

fn written(kind: Kind, category: &'static str, id: &str, name: &'static str, payload: &str) -> Entry {
    let message = Encoded { name: name.into(), schema_version: 1, payload: payload.into() };
    Entry::new(kind, Stream::new(category, id).unwrap(), message, second(0))
}

/// Writes into the log what another program, or another release of this one, could have written.
async fn write(store: &impl Store, entries: impl IntoIterator<Item = Entry>) {
    let new = entries.into_iter().map(|it| {
        let mut new = entry(Kind::Event, "a", message(0));
        new.entry = it.into();
        new
    });
    store.commit(batch(new)).await.unwrap();
}

pub async fn s11_an_unknown_event_in_the_middle_of_a_stream_is_an_explicit_error<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let event = |name, payload| written(Kind::Event, "account", "1", name, payload);
    let opened = r#"{"account":"1","at":"2026-01-01T00:00:00Z"}"#;
    let deposited = r#"{"account":"1","amount":10}"#;
    write(&store, [event("AccountOpened", opened), event("Frozen", "{}"), event("Deposited", deposited)])
        .await;
    let runtime = start(store.clone()).await;

    let read = runtime.reader().instance::<Account>("1").await;
    assert!(
        matches!(&read, Err(ReadError::Unreadable { failure, .. }) if failure.to_string().contains("`Frozen`"))
    );
    let executed = runtime.execute(Deposit { account: "1".into(), amount: 1 }).await.unwrap_err();
    assert!(executed.to_string().contains("`Frozen`"), "{executed}");
    let sent = runtime.send(Deposit { account: "1".into(), amount: 1 }).await.unwrap();
    assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1);

    let parked = runtime.reader().parked().await.unwrap();
    let cause = parked[0].cause.as_deref().unwrap();
    assert!(cause.contains("`Frozen`") && cause.contains("Deposited"), "{cause}");
    runtime.execute(OpenAccount { account: "2".into() }).await.unwrap();
}

pub async fn an_event_whose_payload_does_not_fit_is_an_explicit_error<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    write(&store, [written(Kind::Event, "account", "1", "Deposited", r#"{"account":"1"}"#)]).await;
    let runtime = start(store.clone()).await;

    let failed = runtime.execute(OpenAccount { account: "1".into() }).await.unwrap_err();

    assert!(failed.to_string().contains("`Deposited`") && failed.to_string().contains("amount"), "{failed}");
}

pub async fn an_undecodable_command_is_parked_with_the_reason_and_others_go_on<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let command = |id, name, payload| written(Kind::Command, "account", id, name, payload);
    let commands = [
        command("1", "OpenAccount", r#"{"account":1}"#),
        command("2", "OpenAccount", "not JSON"),
        command("3", "CloseAccount", "{}"),
        written(Kind::Command, "unheard of", "4", "OpenAccount", "{}"),
        command("5", "OpenAccount", r#"{"account":"5"}"#),
    ];
    write(&store, commands).await;

    let runtime = start(store.clone()).await;
    finish(&runtime, Position(5).into()).await;
    for position in 1..=4 {
        assert_eq!(runtime.wait(Position(position).into()).await.unwrap().parked, 1);
    }

    let parked = runtime.reader().parked().await.unwrap();
    let cause = |position| {
        let it = parked.iter().find(|it| it.position == Position(position)).unwrap();
        it.cause.clone().unwrap()
    };
    assert!(cause(1).contains("`OpenAccount`") && cause(1).contains("invalid type"), "{}", cause(1));
    assert!(cause(2).contains("`OpenAccount`"), "{}", cause(2));
    assert!(cause(3).contains("no module handles the command `CloseAccount`"), "{}", cause(3));
    assert!(cause(4).contains("no decider has the category `unheard of`"), "{}", cause(4));
    assert!(state::<Account>(&runtime, "5").await.is_open);
}

pub async fn an_undecodable_event_is_parked_for_the_sagas_that_react_to_it<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    write(&store, [written(Kind::Event, "machine", "a", "MachineRun", r#"{"number":"one"}"#)]).await;

    let runtime = start(store.clone()).await;
    assert_eq!(runtime.wait(Position(1).into()).await.unwrap().parked, 2);

    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.iter().map(|it| &*it.handler).collect::<Vec<_>>(), ["saga fragile", "saga sturdy"]);
    assert!(parked.iter().all(|it| it.cause.as_deref().is_some_and(|it| it.contains("`MachineRun`"))));
}

pub async fn a_command_whose_module_is_missing_waits_for_the_release_that_has_it<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    // given a command that a release with more modules has sent
    write(&store, [written(Kind::Command, "account", "1", "OpenAccount", r#"{"account":"1"}"#)]).await;

    // when a release without the module works on the store
    let runtime = Runtime::start(&application_without_accounts(), store.clone()).await.unwrap();
    assert_eq!(runtime.wait(Position(1).into()).await.unwrap().parked, 1);

    // then it keeps the command, and takes none that nobody would handle
    let executed = runtime.execute(OpenAccount { account: "2".into() }).await.unwrap_err();
    assert!(executed.to_string().contains("no module handles the command `OpenAccount`"), "{executed}");
    let sent = runtime.send(OpenAccount { account: "2".into() }).await.unwrap_err();
    assert!(sent.to_string().contains("no module handles the command `OpenAccount`"), "{sent}");
    runtime.stop().await.unwrap();
    let runtime = start(place.reopen().await).await;
    let parked = runtime.reader().parked().await.unwrap();
    assert_eq!(parked.len(), 1);
    runtime.execute(OpenAccount { account: "2".into() }).await.unwrap();
}
