//! A process is shown layer by layer: each message one layer below its cause.

use std::sync::Arc;

use jiff::Timestamp;
use procession::{
    Message, Stream,
    doc::RoomCleaned,
    history::layers,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};

fn recorded(position: u64, causation: Option<u64>) -> Recorded {
    let stream = Stream::new("room", "7").unwrap();
    let message = RoomCleaned { room: 7 }.encode().unwrap();
    Recorded {
        position: Position(position),
        process: ProcessId(3),
        causation: causation.map(Position),
        version: None,
        entry: Arc::new(Entry::new(Kind::Event, stream, message, Timestamp::UNIX_EPOCH)),
    }
}

#[test]
fn each_message_stands_one_layer_below_its_cause() {
    let causes = [(3, None), (5, Some(3)), (6, Some(3)), (8, Some(6)), (9, Some(5)), (12, Some(9))];
    let history = causes.map(|(position, causation)| recorded(position, causation));
    let shown: Vec<(usize, Vec<u64>)> = layers(&history)
        .into_iter()
        .map(|it| (it.depth, it.messages.into_iter().map(|it| it.position.0).collect()))
        .collect();
    assert_eq!(shown, [(0, vec![3]), (1, vec![5, 6]), (2, vec![8, 9]), (3, vec![12])]);
}

#[test]
fn what_is_shown_from_the_middle_of_a_process_begins_at_the_top() {
    let history = [recorded(9, Some(5)), recorded(12, Some(9))];
    assert_eq!(layers(&history).iter().map(|it| it.depth).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_process_without_messages_has_no_layers() {
    assert!(layers(&[]).is_empty());
}
