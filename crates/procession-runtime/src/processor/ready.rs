use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use procession_core::log::Position;

/// The calls of one effect that wait for their turn, or until the time in which they may be tried is over.
#[derive(Default)]
pub(super) struct ReadyCalls {
    by_due: BTreeMap<(Timestamp, Position), Ready>,
    by_end: BTreeSet<(Timestamp, Timestamp, Position)>,
}

/// What is known of a call that waits.
#[derive(Clone, Copy)]
pub(super) struct Ready {
    /// How often it has failed.
    pub(super) attempts: u32,
    /// From when on it is too late for another attempt; none if it never is.
    pub(super) too_late_at: Option<Timestamp>,
}

impl ReadyCalls {
    pub(super) fn insert(&mut self, due: Timestamp, position: Position, ready: Ready) {
        self.by_end.extend(ready.too_late_at.map(|it| (it, due, position)));
        self.by_due.insert((due, position), ready);
    }

    pub(super) fn remove(&mut self, due: Timestamp, position: Position) -> Option<Position> {
        let ready = self.by_due.remove(&(due, position))?;
        if let Some(end) = ready.too_late_at {
            self.by_end.remove(&(end, due, position));
        }
        Some(position)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// When the first becomes due.
    pub(super) fn first_due(&self) -> Option<Timestamp> {
        self.by_due.first_key_value().map(|((due, _), _)| *due)
    }

    /// When it becomes too late for the first.
    pub(super) fn first_end(&self) -> Option<Timestamp> {
        self.by_end.first().map(|(end, ..)| *end)
    }

    /// Takes the one that has been due for the longest time.
    pub(super) fn take_first(&mut self) -> Option<Position> {
        let (due, position) = *self.by_due.first_key_value()?.0;
        self.remove(due, position)
    }

    /// Takes, of those that are due, the one that has failed least often; so the looks at a target that is down go round.
    pub(super) fn take_least_tried(&mut self, now: Timestamp) -> Option<Position> {
        let due = self.by_due.range(..=(now, Position(u64::MAX)));
        let (due, position) = *due.min_by_key(|(key, ready)| (ready.attempts, **key))?.0;
        self.remove(due, position)
    }

    /// Takes one for which it is too late.
    pub(super) fn take_too_late(&mut self, now: Timestamp) -> Option<Position> {
        let (_, due, position) = *self.by_end.first().filter(|(end, ..)| *end <= now)?;
        self.remove(due, position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn of_the_calls_that_are_due_the_least_tried_is_taken() {
        let mut calls = ReadyCalls::default();
        for (due, position, attempts) in [(0, 1, 3), (1, 2, 1), (1, 3, 1), (2, 4, 0)] {
            calls.insert(at(due), Position(position), Ready { attempts, too_late_at: None });
        }
        let taken: Vec<_> = std::iter::from_fn(|| calls.take_least_tried(at(1))).map(|it| it.0).collect();
        assert_eq!((taken, calls.first_due()), (vec![2, 3, 1], Some(at(2))));
    }

    #[test]
    fn what_was_taken_is_not_too_late_any_more() {
        let mut calls = ReadyCalls::default();
        for (due, position) in [(9, 1), (0, 2)] {
            calls.insert(at(due), Position(position), Ready { attempts: 0, too_late_at: Some(at(5)) });
        }
        assert_eq!((calls.take_first(), calls.first_end()), (Some(Position(2)), Some(at(5))));
        assert_eq!(calls.take_too_late(at(4)), None);
        assert_eq!((calls.take_too_late(at(5)), calls.first_due()), (Some(Position(1)), None));
    }
}
