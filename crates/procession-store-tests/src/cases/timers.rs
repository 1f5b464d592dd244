//! Timers and parked messages, as rows of a store.

use jiff::Timestamp;
use procession::{
    Cancellation,
    log::{Encoded, Position},
};
use procession_runtime::{
    Store,
    store::{Batch, Delivery, NewTimer, Parked, ParkedOf, Reference},
};

use crate::{
    Settings, StoreUnderTest,
    batches::{
        NOTHING, acquire, batch, cancellation, checkpoint, command, event, message, parked, second, stream,
        timer,
    },
};

fn numbers(timers: &[procession_runtime::store::Timer]) -> Vec<u64> {
    let number =
        |payload: &str| serde_json::from_str::<serde_json::Value>(payload).unwrap()["number"].as_u64();
    timers.iter().filter_map(|it| number(&it.message.payload)).collect()
}

pub async fn due_timers_come_in_the_order_of_their_times_and_of_asking<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let asked = [(30, 1), (10, 2), (20, 3), (10, 4), (20, 5), (10, 6)];
    let timers = asked.map(|(due, number)| timer("a", second(due), number)).to_vec();
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();
    let timers = vec![timer("b", second(10), 7)];
    store.commit(Batch { timers, ..Batch::default() }).await.unwrap();

    let due = async |at, limit| numbers(&store.due_timers(at, limit).await.unwrap());
    assert_eq!(due(second(9), 100).await, NOTHING);
    assert_eq!(due(second(10), 100).await, [2, 4, 6, 7]);
    assert_eq!(due(second(20), 100).await, [2, 4, 6, 7, 3, 5]);
    assert_eq!(due(second(20), 3).await, [2, 4, 6]);
    assert_eq!(due(Timestamp::MAX, usize::MAX).await, [2, 4, 6, 7, 3, 5, 1]);
}

pub async fn the_next_due_time_is_the_earliest<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    assert_eq!(store.next_due().await.unwrap(), None);

    let timers = vec![timer("a", second(20), 1), timer("a", second(10), 2)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(second(10)));

    let fired = store.due_timers(second(10), 10).await.unwrap().iter().map(|it| it.id).collect();
    store.commit(Batch { fired, ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(second(20)));
}

pub async fn a_timer_comes_back_as_it_was_asked_for<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch([command("a", 0), event("a", 1)])).await.unwrap();
    let asked = procession_runtime::store::NewTimer {
        process: Reference::Position(Position(1)),
        causation: Reference::Entry(1),
        ..timer("it's \u{1F6CE}", second(5), 7)
    };

    store.commit(Batch { timers: vec![asked], ..batch([event("a", 2), event("a", 3)]) }).await.unwrap();

    let timers = store.due_timers(second(5), 10).await.unwrap();
    assert_eq!(timers.len(), 1);
    assert_eq!((timers[0].due, &timers[0].to), (second(5), &stream("it's \u{1F6CE}")));
    assert_eq!(timers[0].message, message(7));
    assert_eq!((timers[0].process.0, timers[0].causation.0), (1, 4));
}

pub async fn a_timer_of_the_past_is_due_and_one_far_ahead_is_kept<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let last = Timestamp::from_second(Timestamp::MAX.as_second()).unwrap();
    let past = "1969-07-20T20:17:40Z".parse().unwrap();
    let timers = vec![timer("a", last, 1), timer("a", past, 2)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();

    assert_eq!(numbers(&store.due_timers(second(0), 10).await.unwrap()), [2]);
    assert_eq!(store.next_due().await.unwrap(), Some(past));
    assert_eq!(numbers(&store.due_timers(Timestamp::MAX, 10).await.unwrap()), [2, 1]);
}

pub async fn a_fired_timer_is_gone_and_its_command_is_there_together<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let timers = vec![timer("a", second(10), 1), timer("a", second(10), 2)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();
    let due = store.due_timers(second(10), 1).await.unwrap();

    store.commit(Batch { fired: vec![due[0].id], ..batch([command("a", 1)]) }).await.unwrap();

    assert_eq!(numbers(&store.due_timers(second(10), 10).await.unwrap()), [2]);
    assert_eq!(crate::batches::numbers(&crate::batches::log(&store).await), [0, 1]);
}

pub async fn a_timer_gets_no_name_that_was_used_before<U: StoreUnderTest>() {
    let (place, store) = U::create(Settings::default()).await;
    let ask = |number| Batch { timers: vec![timer("a", second(10), number)], ..batch([command("a", 0)]) };
    store.commit(ask(1)).await.unwrap();
    let first = store.due_timers(second(10), 1).await.unwrap()[0].id;
    store.commit(Batch { fired: vec![first], ..Batch::default() }).await.unwrap();
    store.close().await.unwrap();

    let store = place.reopen().await;
    store.commit(ask(2)).await.unwrap();

    assert!(store.due_timers(second(10), 1).await.unwrap()[0].id > first);
}

pub async fn timers_are_taken_back_by_their_command_and_instance<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let other =
        NewTimer { message: Encoded { name: "Other".into(), ..message(3) }, ..timer("a", second(10), 3) };
    let timers = vec![timer("a", second(10), 1), timer("b", second(10), 2), other, timer("a", second(20), 4)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();

    store.commit(Batch { cancelled: vec![cancellation("a")], ..Batch::default() }).await.unwrap();
    store.commit(Batch { cancelled: vec![cancellation("nobody")], ..Batch::default() }).await.unwrap();

    assert_eq!(numbers(&store.due_timers(Timestamp::MAX, 10).await.unwrap()), [2, 3]);
}

pub async fn the_timeouts_of_an_instance_are_taken_back_and_what_it_sends_to_others_is_not<
    U: StoreUnderTest,
>() {
    let (_place, store) = U::create(Settings::default()).await;
    let by = |sender, to, number| NewTimer { sender: Some(stream(sender)), ..timer(to, second(10), number) };
    let timers =
        vec![by("x", "x", 1), by("y", "x", 2), timer("x", second(10), 3), by("x", "y", 4), by("x", "x", 5)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();
    let senders: Vec<_> =
        store.due_timers(second(10), 10).await.unwrap().into_iter().map(|it| it.sender).collect();
    let [x, y] = ["x", "y"].map(|it| Some(stream(it)));
    assert_eq!(senders, [x.clone(), y, None, x.clone(), x]);

    let cancelled = vec![Cancellation::TimeoutsOf(stream("x"))];
    store.commit(Batch { cancelled, ..Batch::default() }).await.unwrap();

    assert_eq!(numbers(&store.due_timers(second(10), 10).await.unwrap()), [2, 3, 4]);
    assert_eq!(store.next_due().await.unwrap(), Some(second(10)));
}

pub async fn a_timer_that_is_taken_back_and_asked_for_again_in_one_batch_is_kept<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    let timers = vec![timer("a", second(10), 1)];
    store.commit(Batch { timers, ..batch([command("a", 0)]) }).await.unwrap();

    let (cancelled, timers) = (vec![cancellation("a")], vec![timer("a", second(20), 2)]);
    store.commit(Batch { cancelled, timers, ..Batch::default() }).await.unwrap();

    assert_eq!(numbers(&store.due_timers(Timestamp::MAX, 10).await.unwrap()), [2]);
    assert_eq!(store.next_due().await.unwrap(), Some(second(20)));
}

pub async fn parked_messages_come_back_in_the_order_of_the_log<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch((0..3).map(|it| command("a", it)))).await.unwrap();
    let (broken, behind) =
        (parked(2, "it's \0 \u{1F6CE}", Some("the handler panicked: \"no\"")), parked(3, "a", None));
    let later = parked(1, "a", Some(""));

    store.commit(Batch { parked: vec![broken.clone(), behind.clone()], ..Batch::default() }).await.unwrap();
    let owner = acquire(&store, 0).await;
    let checkpoints = vec![checkpoint(owner, 0, 3)];
    store.commit(Batch { parked: vec![later.clone()], checkpoints, ..Batch::default() }).await.unwrap();

    assert_eq!(store.parked(ParkedOf::Everything, usize::MAX).await.unwrap(), [later, broken, behind]);
}

pub async fn parked_messages_are_read_in_pages<U: StoreUnderTest>() {
    let (_place, store) = U::create(Settings::default()).await;
    store.commit(batch((0..3).map(|it| command("a", it)))).await.unwrap();
    let for_two = [parked(2, "b", None), Parked { handler: "other".into(), ..parked(2, "b", None) }];
    let all = [&[parked(1, "a", Some("no"))], &for_two[..], &[parked(3, "a", None)]].concat();
    store.commit(Batch { parked: all.clone(), ..Batch::default() }).await.unwrap();

    let (mut read, mut of) = (Vec::new(), ParkedOf::Everything);
    loop {
        let page = store.parked(of, 1).await.unwrap();
        let Some(last) = page.last() else { break };
        of = ParkedOf::After(last.delivery());
        read.extend(page);
    }

    assert_eq!(read, all, "also the handlers of one message are read one by one");
    let nowhere = Delivery { position: Position(2), handler: "nobody".into() };
    assert_eq!(store.parked(ParkedOf::After(nowhere), 2).await.unwrap(), all[2..], "after what is not there");
}
