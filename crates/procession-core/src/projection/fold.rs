use std::collections::BTreeSet;

use super::{KnownRows, Projection, Rows, rows::Written};
use crate::{
    Failure, Stream,
    engine::caught,
    log::{Kind, Position, Recorded},
};

/// What came of folding events into rows that were known.
#[derive(Debug, Default, PartialEq)]
pub struct Folded {
    /// The rows that have changed.
    pub rows: KnownRows,
    /// The streams that are parked from now on, in the order of the log.
    pub parked: Vec<Poison>,
    /// Rows that must be known first. As long as there are any, the rest says nothing: learn them, and fold again.
    pub missing: BTreeSet<String>,
}

/// An event that a projection cannot fold. It, and what follows it in its stream, is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Poison {
    /// The stream.
    pub stream: Stream,
    /// The event.
    pub position: Position,
    /// Why.
    pub failure: Failure,
}

impl Projection {
    /// Whether it folds an entry of the log.
    #[must_use]
    pub fn takes(&self, entry: &crate::log::Entry) -> bool {
        matches!(entry.kind, Kind::Event | Kind::PublicEvent)
            && self.handlers.iter().any(|it| it.takes.name == entry.name)
    }

    /// Folds events in their order, leaving out those that it does not take, and those of streams that are parked. An event that
    /// makes a row larger than `max_row_bytes` cannot be folded.
    #[must_use]
    pub fn fold<'a>(
        &self,
        events: impl IntoIterator<Item = &'a Recorded>,
        known: &KnownRows,
        max_row_bytes: usize,
        is_parked: impl Fn(&Stream) -> bool,
    ) -> Folded {
        let mut folded = Folded::default();
        for event in events {
            let stream = &event.entry.stream;
            if self.takes(&event.entry) && !is_parked(stream) && !folded.has_parked(stream) {
                self.fold_one(event, known, max_row_bytes, &mut folded);
            }
        }
        folded
    }

    fn fold_one(&self, event: &Recorded, known: &KnownRows, max_row_bytes: usize, folded: &mut Folded) {
        let mut rows = Rows::of(&event.entry, known, &folded.rows, max_row_bytes);
        let handlers = self.handlers.iter().filter(|it| it.takes.name == event.entry.name);
        let result = caught(|| {
            handlers.map(|it| (it.project)(&event.entry, &mut rows)).collect::<Result<Vec<_>, _>>()
        });
        let Written { rows, missing, failure } = rows.written();
        // A function may have swallowed that a row was missing; it is run again all the same.
        if !missing.is_empty() {
            return folded.missing.extend(missing);
        }
        match result.map_or_else(Some, |_| failure) {
            None => folded.rows.extend(rows),
            Some(failure) => {
                let (stream, position) = (event.entry.stream.clone(), event.position);
                folded.parked.push(Poison { stream, position, failure });
            }
        }
    }
}

impl Folded {
    fn has_parked(&self, stream: &Stream) -> bool {
        self.parked.iter().any(|it| it.stream == *stream)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::{
        Message as _, ProjectionError,
        doc::RoomCleaned,
        log::{Entry, ProcessId},
    };

    fn cleaned(position: u64, room: u16) -> Recorded {
        let stream = Stream::new("room", room.to_string()).unwrap();
        let message = RoomCleaned { room }.encode().unwrap();
        let entry = Arc::new(Entry::new(Kind::Event, stream, message, Timestamp::UNIX_EPOCH));
        let position = Position(position);
        Recorded { position, process: ProcessId(1), causation: None, version: None, entry }
    }

    fn known(rows: &[(&str, Option<&str>)]) -> KnownRows {
        rows.iter().map(|(key, row)| (key.to_string(), row.map(Into::into))).collect()
    }

    fn cleanings() -> Projection {
        Projection::named("cleanings")
            .on(|event: &RoomCleaned, rows| rows.update(event.room, |times: &mut u32| *times += 1))
    }

    #[test]
    fn rows_that_are_not_known_are_asked_for_all_at_once() {
        let events = [cleaned(1, 7), cleaned(2, 8), cleaned(3, 7)];

        let folded = cleanings().fold(&events, &KnownRows::new(), 100, |_| false);

        assert_eq!(folded.missing, ["7", "8"].map(String::from).into());
    }

    #[test]
    fn later_events_see_what_earlier_ones_have_written() {
        let events = [cleaned(1, 7), cleaned(2, 8), cleaned(3, 7)];

        let folded = cleanings().fold(&events, &known(&[("7", None), ("8", Some("40"))]), 100, |_| false);

        assert_eq!(folded.rows, known(&[("7", Some("2")), ("8", Some("41"))]));
    }

    #[test]
    fn a_function_that_swallows_that_a_row_is_missing_is_run_again_all_the_same() {
        let careless = Projection::named("careless").on(|event: &RoomCleaned, rows| {
            let times: u32 = rows.get(event.room).unwrap_or_default().unwrap_or_default();
            rows.put(event.room, &(times + 1));
            Ok(())
        });

        let folded = careless.fold(&[cleaned(1, 7)], &KnownRows::new(), 100, |_| false);

        assert_eq!(folded.missing, ["7".to_owned()].into());
    }

    #[test]
    fn j5_a_poison_event_parks_its_stream_and_leaves_nothing_of_itself() {
        let picky = Projection::named("picky").on(|event: &RoomCleaned, rows| {
            rows.put(event.room, &true);
            if event.room == 13 {
                return Err(ProjectionError::park("this house has no room 13"));
            }
            Ok(())
        });
        let events = [cleaned(1, 13), cleaned(2, 8), cleaned(3, 13)];

        let folded = picky.fold(&events, &KnownRows::new(), 100, |_| false);

        assert_eq!(folded.rows, known(&[("8", Some("true"))]));
        assert_eq!(folded.parked.iter().map(|it| it.position.0).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn j5_a_panic_a_bad_key_and_a_row_of_another_type_or_size_park_too() {
        let clumsy = Projection::named("clumsy").on(|event: &RoomCleaned, rows| match event.room {
            1 => panic!("no such room"),
            2 => {
                rows.put("", &true);
                Ok(())
            }
            4 => {
                rows.put("large", &"x".repeat(100));
                Ok(())
            }
            _ => rows.get::<u32>("text").map(drop),
        });
        let events = [cleaned(1, 1), cleaned(2, 2), cleaned(3, 3), cleaned(4, 4)];

        let folded = clumsy.fold(&events, &known(&[("text", Some("\"no number\""))]), 100, |_| false);

        let reasons: Vec<_> = folded.parked.iter().map(|it| it.failure.to_string()).collect();
        assert!(reasons[0].contains("no such room"), "{reasons:?}");
        assert!(reasons[1].contains("the key of a row is empty"), "{reasons:?}");
        assert!(reasons[2].contains("the row `text` is of another type"), "{reasons:?}");
        assert!(reasons[3].contains("the row `large` has 102 bytes"), "{reasons:?}");
    }
}
