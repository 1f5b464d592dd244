use std::{
    ops::{Bound, RangeBounds},
    sync::Arc,
    time::Duration,
};

use procession_core::{Payload, log::Position};
use tokio::{sync::watch, time::Instant};

use crate::{
    Reader, Runtime, StoreError,
    projections::Followed,
    store::{GenerationState, KeyRange, Row, RowsOf, Store},
};

/// The rows of a projection, as they are durable.
///
/// It follows the log: at once if the projection is inline, otherwise a moment later. [`wait_for`](Self::wait_for) waits until it
/// has come as far as something that was written.
///
/// ```
/// use std::time::Duration;
/// use procession_core::{Application, Module, Projection, doc::{CleanRoom, RoomCleaned}};
/// use procession_runtime::{MemoryStore, Runtime};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cleanings = Projection::named("cleanings").on(|event: &RoomCleaned, rows| {
///     rows.update(event.room, |times: &mut u32| *times += 1)
/// });
/// let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>().projection(cleanings)])?;
/// let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
/// let executed = runtime.execute(CleanRoom { room: 7 }).await?;
///
/// let cleanings = runtime.read_model("cleanings");
/// cleanings.wait_for(executed.last_position(), Duration::from_secs(5)).await?;
/// assert_eq!(cleanings.get::<u32>(7).await?, Some(1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ReadModel {
    name: String,
    store: Arc<dyn Store>,
    /// The names of those that the program has.
    known: Vec<&'static str>,
    /// The latest news, if this runtime is one that may keep it up.
    followed: Option<watch::Receiver<Option<Followed>>>,
}

/// Why rows could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadModelError {
    /// The program has no such projection.
    #[error("there is no projection `{name}` in this program, but {}", .known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// The row is not of the type that was asked for.
    #[error("the row `{key}` of the read model `{read_model}` is of another type: {reason}")]
    OtherType {
        /// The read model.
        read_model: String,
        /// The row.
        key: String,
        /// What serde said.
        reason: String,
    },
    /// It has not come as far as it was waited for.
    #[error("the read model `{read_model}` stands at {stands}, and not yet at {asked}, after {} ms", within.as_millis())]
    Behind {
        /// The read model.
        read_model: String,
        /// The position that was waited for.
        asked: Position,
        /// Where it is.
        stands: Position,
        /// How long was waited.
        within: Duration,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How soon it is looked again how far somebody else has kept it up.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(25);

impl Runtime {
    /// The rows of a projection.
    #[must_use]
    pub fn read_model(&self, projection: &str) -> ReadModel {
        let followed = self.read_models().followed(projection);
        ReadModel { followed, ..self.reader().read_model(projection) }
    }
}

impl Reader {
    /// The rows of a projection.
    #[must_use]
    pub fn read_model(&self, projection: &str) -> ReadModel {
        let known = self.engine().projections().map(|it| it.name()).collect();
        ReadModel { name: projection.into(), store: Arc::clone(self.store()), known, followed: None }
    }
}

impl ReadModel {
    /// The row with this key, if there is one.
    ///
    /// # Errors
    /// When there is no such read model, the row is of another type, or the store fails.
    pub async fn get<T: Payload>(&self, key: impl ToString) -> Result<Option<T>, ReadModelError> {
        let key = key.to_string();
        let rows = self.store.rows(self.rows()?, vec![key.clone()]).await?;
        rows.into_iter().flatten().next().map(|row| self.typed(&key, &row)).transpose()
    }

    /// Up to `limit` rows whose keys lie in a range, in the order of their keys' bytes.
    ///
    /// For the next page the range begins after the last key: `(Bound::Excluded(last), Bound::Unbounded)`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn range<'a, T: Payload>(
        &self,
        keys: impl RangeBounds<&'a str>,
        limit: usize,
    ) -> Result<Vec<(String, T)>, ReadModelError> {
        let (from, is_after) = match keys.start_bound() {
            Bound::Included(key) => ((*key).to_owned(), false),
            Bound::Excluded(key) => ((*key).to_owned(), true),
            Bound::Unbounded => (String::new(), false),
        };
        let to = match keys.end_bound() {
            // There is no key between this one and that with a zero behind it.
            Bound::Included(key) => Some(format!("{key}\0")),
            Bound::Excluded(key) => Some((*key).to_owned()),
            Bound::Unbounded => None,
        };
        self.scan(KeyRange { from, is_after, to }, limit).await
    }

    /// Up to `limit` rows whose keys begin so, in the order of their keys' bytes, after a key or from the first.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn prefix<T: Payload>(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, T)>, ReadModelError> {
        let is_after = after.is_some_and(|after| after >= prefix);
        let from = after.filter(|_| is_after).unwrap_or(prefix).to_owned();
        self.scan(KeyRange { from, is_after, to: behind_all_that_begin_with(prefix) }, limit).await
    }

    async fn scan<T: Payload>(
        &self,
        range: KeyRange,
        limit: usize,
    ) -> Result<Vec<(String, T)>, ReadModelError> {
        let rows = self.store.scan_rows(self.rows()?, range, limit).await?;
        let typed = rows.into_iter().map(|(key, row)| {
            let row = self.typed(&key, &row)?;
            Ok((key, row))
        });
        typed.collect()
    }

    /// Waits until the rows hold what is in the log up to a position: that of one's own write, or of any other.
    ///
    /// # Errors
    /// When it has not come so far within the time, or as [`Self::get`].
    pub async fn wait_for(&self, position: Position, within: Duration) -> Result<(), ReadModelError> {
        let until = Instant::now().checked_add(within);
        loop {
            let stands = self.stands_at().await?;
            if stands >= position {
                return Ok(());
            }
            let is_over = until.is_some_and(|it| it <= Instant::now());
            if is_over {
                let read_model = self.name.clone();
                return Err(ReadModelError::Behind { read_model, asked: position, stands, within });
            }
            self.news(position, until).await;
        }
    }

    /// Up to where its rows hold what is in the log.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn stands_at(&self) -> Result<Position, ReadModelError> {
        let of = self.rows()?;
        if let Some(followed) = self.kept_up_here() {
            return Ok(followed.through);
        }
        let standings = self.store.projections().await?.generations;
        let read =
            standings.iter().find(|it| it.generation.projection == of.projection && it.state.is_read());
        Ok(read.map_or(Position::START, |it| match it.state {
            GenerationState::Inline => Followed::EVERYTHING,
            _ => it.checkpoint,
        }))
    }

    /// How far it follows, if this very runtime keeps it up now.
    fn kept_up_here(&self) -> Option<Followed> {
        let followed = self.followed.as_ref().filter(|it| it.has_changed().is_ok())?;
        *followed.borrow()
    }

    /// Waits for a moment in which it may have come further.
    async fn news(&self, position: Position, until: Option<Instant>) {
        let pause = match self.kept_up_here() {
            Some(_) => Duration::from_secs(60),
            None => LOOKED_AT_EVERY,
        };
        let pause = Instant::now() + pause;
        let followed = self.followed.clone().filter(|_| self.kept_up_here().is_some());
        let came_further = async {
            match followed {
                Some(mut it) => _ = it.wait_for(|it| it.is_none_or(|it| it.through >= position)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = came_further => {}
            () = tokio::time::sleep_until(until.map_or(pause, |it| it.min(pause))) => {}
        }
    }

    fn rows(&self) -> Result<RowsOf, ReadModelError> {
        if !self.known.iter().any(|it| *it == self.name) {
            return Err(ReadModelError::Unknown { name: self.name.clone(), known: self.known.clone() });
        }
        Ok(RowsOf { projection: self.name.as_str().into(), number: None })
    }

    fn typed<T: Payload>(&self, key: &str, row: &Row) -> Result<T, ReadModelError> {
        T::from_json(&row.value).map_err(|error| ReadModelError::OtherType {
            read_model: self.name.clone(),
            key: key.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// The first key that is behind all with this prefix; none if there is no such key.
fn behind_all_that_begin_with(prefix: &str) -> Option<String> {
    let mut beginning = prefix.to_owned();
    while let Some(last) = beginning.pop() {
        // Behind the last character of all nothing can follow, so the one before it counts.
        let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) else {
            continue;
        };
        beginning.push(next);
        return Some(beginning);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::behind_all_that_begin_with;

    #[test]
    fn what_is_behind_a_prefix_is_the_next_string_by_its_bytes() {
        let behind = |prefix: &str| behind_all_that_begin_with(prefix);
        assert_eq!(behind("a/"), Some("a0".into()));
        assert_eq!(behind("\u{7F}"), Some("\u{80}".into()));
        assert_eq!(behind("\u{D7FF}"), Some("\u{E000}".into()), "there are no characters between them");
        assert_eq!(behind("a\u{10FFFF}"), Some("b".into()));
        assert_eq!([behind(""), behind("\u{10FFFF}")], [None, None]);
    }
}
