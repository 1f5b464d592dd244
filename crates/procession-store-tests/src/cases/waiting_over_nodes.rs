//! Waiting for what other nodes do, and what the store says for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use procession::log::{Kind, Position, ProcessId};
use procession_runtime::{
    Store, WaitError,
    store::{Batch, Delivery, EffectCall, ProcessStanding, Reference},
};

use super::nodes::{LONG, is_done_on, is_sound_in_the_end, survey, two_nodes};
use crate::{
    batches::{NewEntryWith, acquire, batch, checkpoint, command, event, parked, second, stream, timer},
    domain::{AnnouncePoll, PollClosed, Terms},
    shared::{Shared, SharedStoreUnderTest},
};

pub async fn the_newest_entries_of_processes_are_known<U: SharedStoreUnderTest>() {
    // given two processes that have ended, and one that is not there
    let (_place, a, b) = two_nodes::<U>().await;
    let mut processes = Vec::new();
    for (number, node) in [&a, &b].into_iter().enumerate() {
        let process = node.runtime.send(survey(&number.to_string())).await.unwrap().process;
        is_done_on(node, process).await;
        processes.push(process);
    }
    let unknown = ProcessId::from(Position(1_000_000));

    // when the store is asked where they stand
    let store = a.runtime.reader().store();
    let nodes = store.nodes().unwrap();
    let asked = [processes.clone(), vec![unknown]].concat();
    let standing = nodes.standing(asked.clone(), Timestamp::MAX).await.unwrap();

    // then it says what reading them says
    let mut expected: BTreeMap<_, Position> = BTreeMap::new();
    for (process, it) in processes.iter().zip(&standing.processes) {
        let entries = store.read_process(*process, Position::START, usize::MAX).await.unwrap();
        assert_eq!(entries.last().unwrap().position, it.last);
        expected.extend(entries.into_iter().map(|it| {
            let partition = it.entry.stream.partition(store.partitions());
            ((it.process, partition, it.entry.kind, it.entry.name.to_string()), it.position)
        }));
    }
    assert_eq!(standing.processes[2], ProcessStanding::default());
    assert_eq!(standing.progress.head, store.progress().await.unwrap().head);
    let newest = nodes.newest(asked, Position::START, standing.progress.head).await.unwrap();
    let found =
        newest.into_iter().map(|it| ((it.process, it.partition, it.kind, it.name.into()), it.position));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);

    // and nothing that is not asked for
    let (after, last) = (standing.processes[0].last, standing.processes[1].last);
    assert!(nodes.newest(vec![processes[0]], after, last).await.unwrap().is_empty());
    let of_both = nodes.newest(processes, after, Position(last.0 - 1)).await.unwrap();
    assert!(of_both.iter().all(|it| it.position > after && it.position < last), "{of_both:?}");

    // and who waits for what is not there is told so, on every node
    for node in [&a, &b] {
        assert_eq!(node.runtime.wait(unknown).await, Err(WaitError::UnknownProcess(unknown)));
    }
}

pub async fn what_a_process_waits_for_is_known_at_one_moment<U: SharedStoreUnderTest>() {
    // given a process whose command is not handled, with a call, a timer and a parked message
    let place = Shared::<U>::create().await;
    let store = place.open().await;
    let partition = stream("a").partition(store.partitions());
    let owned = acquire(&store, partition.0).await;
    let first = Reference::Position(Position(1));
    let process = ProcessId::from(Position(1));
    let call = EffectCall {
        delivery: Delivery { position: Position(1), handler: "effect post".into() },
        stream: stream("a"),
        process,
        attempts: 0,
        due: second(0),
        cause: None,
        at: second(0),
    };
    let begun = [command("a", 1), command("a", 2).of_process(first), event("b", 3)];
    let asked = timer("a", second(10), 4);
    let calls = vec![call.clone()];
    let waits = vec![parked(1, "a", Some("no"))];
    store.commit(Batch { calls, parked: waits, timers: vec![asked], ..batch(begun) }).await.unwrap();
    let standing = async |due_by| {
        let asked = vec![ProcessId::from(Position(3)), process];
        let standing = store.nodes().unwrap().standing(asked, due_by).await.unwrap();
        assert_eq!(standing.progress, store.progress().await.unwrap());
        standing.processes
    };

    // then all of that is told, and the timer from when it is due
    let other = ProcessStanding {
        last: Position(3),
        unhandled: Some((Kind::Event, "Happened".into())),
        ..ProcessStanding::default()
    };
    let mut expected = ProcessStanding {
        last: Position(2),
        unhandled: Some((Kind::Command, "Happened".into())),
        has_open_call: true,
        has_due_timer: true,
        parked: 1,
    };
    assert_eq!(standing(second(10)).await, [other.clone(), expected.clone()]);
    expected.has_due_timer = false;
    assert_eq!(standing(second(9)).await, [other.clone(), expected.clone()]);

    // when its command is handled
    let checkpoints = vec![checkpoint(owned, 0, 2)];
    store.commit(Batch { checkpoints, ..Batch::default() }).await.unwrap();
    expected.unhandled = None;
    assert_eq!(standing(second(9)).await[1], expected);

    // and when the call has ended, and the message has had its turn
    let released = vec![Delivery { position: Position(1), handler: "handler".into() }];
    let closed_calls = vec![call.delivery];
    store.commit(Batch { released, closed_calls, ..Batch::default() }).await.unwrap();
    (expected.has_open_call, expected.parked) = (false, 0);
    assert_eq!(standing(second(9)).await[1], expected);
}

pub async fn replies_are_heard_on_any_node<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    for (number, node) in [&a, &b].into_iter().cycle().take(10).enumerate() {
        let terms = Terms { voters: 3, refusers: 0, forgotten: 0, within_seconds: Some(60) };
        let sent = node.runtime.send(AnnouncePoll { poll: number.to_string(), terms }).await.unwrap();

        let here: PollClosed = node.runtime.reply(sent.process, LONG).await.unwrap();
        let there: PollClosed = a.runtime.reply(sent.process, LONG).await.unwrap();

        assert_eq!((here.poll, here.votes), (there.poll, 3));
    }
    is_sound_in_the_end(&a).await;
}
