use std::{fmt::Debug, sync::Arc};

use jiff::Timestamp;

use crate::{
    Fact, Failure, InvalidId, KnownRows, Payload, Projection, Stream,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};

/// Starts a test of a projection, on an empty read model.
pub fn given_projection(projection: Projection) -> GivenReadModel {
    GivenReadModel {
        projection,
        at: Timestamp::UNIX_EPOCH,
        position: Position::START,
        rows: KnownRows::new(),
    }
}

/// A read model under test.
pub struct GivenReadModel {
    projection: Projection,
    at: Timestamp,
    position: Position,
    rows: KnownRows,
}

impl GivenReadModel {
    /// Lets the events that follow happen at this time.
    pub fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    /// Folds an event, of a stream of its own.
    ///
    /// # Panics
    /// When the projection does not take it, or cannot fold it.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of a test")]
    pub fn when<F: Fact>(mut self, event: F) -> Self {
        self.position = self.position.plus(1);
        match self.fold(event) {
            Ok(rows) => self.rows.extend(rows),
            Err(failure) => {
                panic!("the projection `{}` cannot fold `{}`: {failure}", self.projection.name(), F::NAME)
            }
        }
        self
    }

    fn fold<F: Fact>(&self, event: F) -> Result<KnownRows, Failure> {
        let impossible = |reason: InvalidId| Failure::Target { command: F::NAME, reason };
        let stream = Stream::new("test", self.position.to_string()).map_err(impossible)?;
        let entry = Arc::new(Entry::new(Kind::Event, stream, event.encode()?, self.at));
        if !self.projection.takes(&entry) {
            let by = format!("the projection {}", self.projection.name());
            return Err(Failure::NotTaken { by, name: F::NAME });
        }
        let (position, process) = (self.position, ProcessId(self.position.0));
        let event = Recorded { position, process, causation: None, version: None, entry };
        let mut known = self.rows.clone();
        loop {
            let folded = self.projection.fold([&event], &known, usize::MAX, |_| false);
            if folded.missing.is_empty() {
                return folded.parked.into_iter().next().map_or(Ok(folded.rows), |it| Err(it.failure));
            }
            known.extend(folded.missing.into_iter().map(|key| (key, None)));
        }
    }

    /// Expects a row.
    ///
    /// # Panics
    /// When it is another one, or is not there.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of a test")]
    pub fn then_row<T: Payload + PartialEq + Debug>(self, key: impl ToString, expected: &T) -> Self {
        let key = key.to_string();
        let Some(row) = self.rows.get(&key).and_then(Option::as_ref) else {
            let keys: Vec<_> =
                self.rows.iter().filter(|(_, row)| row.is_some()).map(|(key, _)| key).collect();
            panic!("there is no row `{key}`, but {keys:?}");
        };
        match T::from_json(row) {
            Ok(row) => assert_eq!(row, *expected, "the row `{key}`"),
            Err(error) => panic!("the row `{key}` is of another type: {error}"),
        }
        self
    }

    /// Expects that there is no such row.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn then_no_row(self, key: impl ToString) -> Self {
        let row = self.rows.get(&key.to_string()).and_then(Option::as_ref);
        assert_eq!(row, None, "the row `{}`", key.to_string());
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::{Projection, doc::RoomCleaned, test::given_projection};

    #[test]
    fn a_projection_is_tested_by_the_rows_that_events_leave() {
        let cleanings = Projection::named("cleanings")
            .on(|event: &RoomCleaned, rows| rows.update(event.room, |times: &mut u32| *times += 1));

        given_projection(cleanings)
            .when(RoomCleaned { room: 7 })
            .when(RoomCleaned { room: 7 })
            .then_row(7, &2_u32)
            .then_no_row(8);
    }

    #[test]
    #[should_panic(expected = "the row `7`")]
    fn a_row_that_is_another_one_is_told() {
        let cleanings = Projection::named("cleanings").on(|event: &RoomCleaned, rows| {
            rows.put(event.room, &1_u32);
            Ok(())
        });

        given_projection(cleanings).when(RoomCleaned { room: 7 }).then_row(7, &2_u32);
    }
}
