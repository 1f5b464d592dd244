//! Waiting for what other nodes do, and what the store says for it.

use std::collections::BTreeMap;

use procession::log::{Position, ProcessId};
use procession_runtime::{WaitError, store::Last};

use super::nodes::{LONG, is_done_on, is_sound_in_the_end, survey, two_nodes};
use crate::{
    domain::{AnnouncePoll, PollClosed, Terms},
    shared::SharedStoreUnderTest,
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
    let standing = nodes.standing(asked.clone()).await.unwrap();

    // then it says what reading them says
    let mut expected: BTreeMap<_, Position> = BTreeMap::new();
    for (process, last) in processes.iter().zip(&standing.lasts) {
        let entries = store.read_process(*process, Position::START, usize::MAX).await.unwrap();
        assert_eq!(entries.last().unwrap().position, last.position);
        expected.extend(entries.into_iter().map(|it| {
            let partition = it.entry.stream.partition(store.partitions());
            ((it.process, partition, it.entry.kind, it.entry.name.to_string()), it.position)
        }));
    }
    assert_eq!(standing.lasts[2], Last { position: Position::START, is_handled: true });
    assert_eq!(standing.progress.head, store.progress().await.unwrap().head);
    let newest = nodes.newest(asked, Position::START, standing.progress.head).await.unwrap();
    let found =
        newest.into_iter().map(|it| ((it.process, it.partition, it.kind, it.name.into()), it.position));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);

    // and nothing that is not asked for
    let (after, last) = (standing.lasts[0].position, standing.lasts[1].position);
    assert!(nodes.newest(vec![processes[0]], after, last).await.unwrap().is_empty());
    let of_both = nodes.newest(processes, after, Position(last.0 - 1)).await.unwrap();
    assert!(of_both.iter().all(|it| it.position > after && it.position < last), "{of_both:?}");

    // and who waits for what is not there is told so, on every node
    for node in [&a, &b] {
        assert_eq!(node.runtime.wait(unknown).await, Err(WaitError::UnknownProcess(unknown)));
    }
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
