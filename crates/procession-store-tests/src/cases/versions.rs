//! P18, S12: what an older release has written, and an older release beside a newer one.

use procession::{
    Lifecycle, Stream,
    log::{Encoded, Entry, Kind},
};
use procession_runtime::{
    ReadError, Runtime, Store,
    store::{NewEntry, ParkedOf},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{batch, entry, log, second},
    domain::{
        Account, Deposit, OpenAccount, Parcel, ParcelOfOld, ScanParcel, SendParcel, SendParcelOfOld,
        application_of_old,
    },
    running::{finish, is_sound_for, start, state},
};

async fn start_of_old(store: impl Store) -> Runtime {
    Runtime::start(&application_of_old(), store).await.unwrap()
}

/// A message's name, the schema version that it was written with, and its payload.
type Written<'a> = (&'static str, u16, &'a str);

/// An entry as another release has written it.
fn written(kind: Kind, category: &'static str, id: &str, message: Written<'_>) -> NewEntry {
    let (name, schema_version, payload) = message;
    let encoded = Encoded { name: name.into(), schema_version, payload: payload.into() };
    let mut new = entry(kind, "a", encoded.clone());
    new.entry = Entry::new(kind, Stream::new(category, id).unwrap(), encoded, second(0)).into();
    new
}

/// Writes events of the parcel `p`.
async fn write(store: &impl Store, events: &[Written<'_>]) {
    let new = events.iter().map(|it| written(Kind::Event, "parcel", "p", *it));
    store.commit(batch(new)).await.unwrap();
}

const FIRST: Written<'static> = ("ParcelSent", 1, r#"{"parcel":"p","town":"Ulm"}"#);
const SECOND: Written<'static> = ("ParcelSent", 2, r#"{"parcel":"p","town":"Ulm","grams":70}"#);
const THIRD: Written<'static> = ("ParcelSent", 3, r#"{"parcel":"p","stops":["Bern","Ulm"],"grams":90}"#);
const FOURTH: Written<'static> = ("ParcelSent", 4, r#"{"parcel":"p","legs":[]}"#);

pub async fn s12_events_of_three_schema_versions_in_one_stream_fold_through_their_upcasters<
    U: StoreUnderTest,
>() {
    let (_place, store) = U::create(Settings::default()).await;
    write(&store, &[FIRST, THIRD, SECOND, FIRST]).await;
    let before = log(&store).await;
    let runtime = start(store.clone()).await;

    let parcel: Parcel = state(&runtime, "p").await;

    let ulm = |grams| (vec!["Ulm".to_owned()], grams);
    let via_bern = (vec!["Bern".to_owned(), "Ulm".to_owned()], 90);
    assert_eq!(parcel.sent, [ulm(1000), via_bern, ulm(70), ulm(1000)]);
    let scan = ScanParcel { town: "Ulm".into(), parcel: "p".into() };
    finish(&runtime, runtime.send(scan).await.unwrap().process).await;
    assert!(state::<Parcel>(&runtime, "p").await.arrived);
    assert_eq!(log(&store).await[..before.len()], before, "what was written is never rewritten");
}

pub async fn s12_a_schema_version_newer_than_known_is_an_explicit_error<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    write(&store, &[FIRST, FOURTH, SECOND]).await;
    let runtime = start(store.clone()).await;

    let read = runtime.reader().instance::<Parcel>("p").await;

    let why = "`ParcelSent` was written with schema version 4, and this program reads 3; run a newer program";
    assert!(
        matches!(&read, Err(ReadError::Unreadable { failure, .. }) if failure.to_string() == why),
        "{read:?}"
    );
    let executed = runtime.execute(SendParcel { parcel: "p".into(), stops: Vec::new() }).await.unwrap_err();
    assert!(executed.to_string().contains(why), "{executed}");
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
}

pub async fn s12_an_older_shape_that_does_not_fit_is_an_explicit_error<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    write(&store, &[FIRST, ("ParcelSent", 1, r#"{"parcel":"p","stops":["Ulm"],"grams":70}"#)]).await;
    let runtime = start(store).await;

    let read = runtime.reader().instance::<Parcel>("p").await.unwrap_err();

    assert!(read.to_string().contains("the payload of `ParcelSent` does not fit its type"), "{read}");
}

pub async fn p18_a_process_that_an_older_release_began_goes_on_in_the_newer_one<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let runtime = start_of_old(store.clone()).await;
    let send = SendParcelOfOld { parcel: "p".into(), town: "Ulm".into() };
    runtime.execute(send).await.unwrap();
    let scan = |town: &str| ScanParcel { town: town.into(), parcel: "p".into() };
    finish(&runtime, runtime.send(scan("Bern")).await.unwrap().process).await;
    is_sound_for(&application_of_old(), &store).await;
    runtime.stop().await.unwrap();

    let store = place.reopen().await;
    let runtime = start(store.clone()).await;
    let parcel = runtime.reader().instance::<Parcel>("p").await.unwrap();
    assert_eq!((parcel.lifecycle, parcel.state.passed.len()), (Lifecycle::Running, 0));
    finish(&runtime, runtime.send(scan("Bern")).await.unwrap().process).await;
    finish(&runtime, runtime.send(scan("Ulm")).await.unwrap().process).await;

    let parcel = runtime.reader().instance::<Parcel>("p").await.unwrap();
    assert_eq!(parcel.lifecycle, Lifecycle::Ended("ParcelArrived"));
    assert_eq!(parcel.state.passed, ["Bern"]);
}

pub async fn p18_an_older_release_that_meets_newer_events_stops_there_and_harms_nothing<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    // given processes of a newer release: one with a newer shape, one with an event that the older one has not
    let runtime = start(store).await;
    let send = |parcel: &str| SendParcel { parcel: parcel.into(), stops: vec!["Bern".into(), "Ulm".into()] };
    runtime.execute(send("newer shape")).await.unwrap();
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    let passed = ("ParcelPassed", 1, r#"{"town":"Bern"}"#);
    store.commit(batch([written(Kind::Event, "parcel", "newer event", passed)])).await.unwrap();
    let before = log(&store).await;

    // when the older release works on the store
    let runtime = start_of_old(store.clone()).await;
    for parcel in ["newer shape", "newer event"] {
        let scan = ScanParcel { town: "Ulm".into(), parcel: parcel.into() };
        let sent = runtime.send(scan).await.unwrap();
        assert_eq!(runtime.wait(sent.process).await.unwrap().parked, 1, "{parcel}");
        assert!(runtime.reader().instance::<ParcelOfOld>(parcel).await.is_err());
    }

    // then it says what it has met, goes on with the rest, and leaves all as it was
    let causes: Vec<_> =
        runtime.reader().parked().await.unwrap().into_iter().map(|it| it.cause.unwrap()).collect();
    assert_eq!(
        causes,
        [
            "`ParcelSent` was written with schema version 3, and this program reads 1; run a newer program",
            "`ParcelPassed` is in the stream, but its decider knows only ParcelSent, ParcelArrived; add a variant for it to \
             the enum of events",
        ]
    );
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
    let send = SendParcelOfOld { parcel: "p".into(), town: "Ulm".into() };
    runtime.execute(send).await.unwrap();
    runtime.stop().await.unwrap();
    let store = place.reopen().await;
    assert_eq!(log(&store).await[..before.len()], before);

    // and the newer release goes on reading everything
    let runtime = start(store).await;
    for (parcel, sent) in [("newer shape", 1), ("newer event", 0), ("p", 1)] {
        assert_eq!(state::<Parcel>(&runtime, parcel).await.sent.len(), sent, "{parcel}");
    }
    runtime.execute(Deposit { account: "1".into(), amount: 1 }).await.unwrap();
    assert_eq!(state::<Account>(&runtime, "1").await.balance, 1);
    let scan = ScanParcel { town: "Ulm".into(), parcel: "p".into() };
    finish(&runtime, runtime.send(scan).await.unwrap().process).await;
    assert!(state::<Parcel>(&runtime, "p").await.arrived);
}

pub async fn p18_a_newer_message_on_its_way_is_parked_by_an_older_release<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let scanned = ("ParcelScanned", 2, r#"{"town":"Ulm","parcel":"p","by":"hand"}"#);
    let on_its_way =
        [(Kind::Event, "scanner"), (Kind::Input, "parcel")].map(|(kind, to)| written(kind, to, "p", scanned));
    write(&store, &[FIRST]).await;
    store.commit(batch(on_its_way)).await.unwrap();
    let before = log(&store).await;

    let runtime = start(store.clone()).await;
    runtime.settled().await.unwrap();

    let parked = store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
    let why =
        "`ParcelScanned` was written with schema version 2, and this program reads 1; run a newer program";
    assert_eq!(parked.iter().map(|it| it.cause.as_deref()).collect::<Vec<_>>(), [Some(why), Some(why)]);
    let log = log(&store).await;
    assert_eq!(log[..before.len()], before);
    assert!(log[before.len()..].iter().all(|it| it.entry.kind == Kind::Failure));
    let parcel = runtime.reader().instance::<Parcel>("p").await.unwrap();
    assert_eq!((parcel.lifecycle, parcel.version.0), (Lifecycle::Running, 1));
    runtime.execute(OpenAccount { account: "1".into() }).await.unwrap();
}
