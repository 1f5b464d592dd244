use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

/// The address of one instance: the decider's category and the instance's id.
///
/// Its events, dense and in order, are the only source of that instance's state.
#[derive(Clone, Debug, Eq, PartialOrd, Ord, Serialize)]
pub struct Stream {
    category: Cow<'static, str>,
    id: Arc<str>,
    /// Where it falls among partitions, computed once, because every message asks.
    #[serde(skip)]
    place: u64,
}

// By hand, because every message is looked up by its stream again and again: what tells two streams apart most likely comes
// first, and clones of one id need not be read.
impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
            && (Arc::ptr_eq(&self.id, &other.id) || self.id == other.id)
            && self.category == other.category
    }
}

impl Hash for Stream {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Not the place alone: it has no seed, so that anybody could choose ids that fall together.
        self.id.hash(state);
    }
}

impl Stream {
    /// The longest id that is accepted, in bytes.
    pub const MAX_ID_BYTES: usize = 512;

    /// The stream of `id` in `category`.
    ///
    /// # Errors
    /// When the id is empty or longer than [`Self::MAX_ID_BYTES`]. Any characters are fine.
    pub fn new(category: impl Into<Cow<'static, str>>, id: impl Into<Arc<str>>) -> Result<Self, InvalidId> {
        let (category, id) = (category.into(), id.into());
        if id.is_empty() {
            return Err(InvalidId::Empty { category: category.into_owned() });
        }
        if id.len() > Self::MAX_ID_BYTES {
            return Err(InvalidId::TooLong { category: category.into_owned(), bytes: id.len() });
        }
        let place = place(&category, &id);
        Ok(Self { category, id, place })
    }

    /// The category: the name that the decider gave to all its instances.
    #[must_use]
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The id of the instance.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The partition of this stream in a store that has `partitions` of them.
    #[must_use]
    pub fn partition(&self, partitions: u16) -> Partition {
        Partition((self.place % u64::from(partitions.max(1))) as u16)
    }
}

/// FNV-1a over category, a zero byte and id. Stores depend on it, so it must never change.
fn place(category: &str, id: &str) -> u64 {
    fnv_1a(category.bytes().chain([0]).chain(id.bytes()))
}

/// The hash of Fowler, Noll and Vo: the same on every machine, for ever.
pub(crate) fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.category, self.id)
    }
}

/// An id that cannot name a stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing is there to tell instances apart.
    #[error("the id of a `{category}` is empty; every command must name its instance")]
    Empty {
        /// The category of the stream.
        category: String,
    },
    /// The id would bloat every index.
    #[error("the id of a `{category}` has {bytes} bytes; at most {} are allowed", Stream::MAX_ID_BYTES)]
    TooLong {
        /// The category of the stream.
        category: String,
        /// The length of the id.
        bytes: usize,
    },
}

/// How many events a stream has; also the version of its newest event. 0 is a stream that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version of a stream without events.
    pub const NONE: Self = Self(0);

    /// The version after one more event.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One share of a store's streams. A partition has one owner at a time, who handles its messages in log order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(pub u16);

impl Partition {
    /// As an index into a table of partitions.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_id_is_refused_and_odd_characters_are_not() {
        assert_eq!(Stream::new("room", ""), Err(InvalidId::Empty { category: "room".into() }));
        assert_eq!(Stream::new("room", "a/b 'c' \u{1F6CE}").unwrap().to_string(), "room/a/b 'c' \u{1F6CE}");
    }

    #[test]
    fn a_stream_is_found_by_what_it_is_called_and_by_nothing_else() {
        let [stream, again] = [(); 2].map(|()| Stream::new("room", "a".to_owned()).unwrap());
        let (of_another_category, another) =
            (Stream::new("guest", "a").unwrap(), Stream::new("room", "b").unwrap());

        let found = std::collections::HashSet::from([stream.clone(), of_another_category.clone()]);

        assert!(stream == again && stream == stream.clone());
        assert!(stream != of_another_category && stream != another);
        assert!(found.contains(&again) && found.contains(&of_another_category) && !found.contains(&another));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn an_id_over_the_limit_is_refused() {
        assert!(Stream::new("room", "x".repeat(Stream::MAX_ID_BYTES)).is_ok());
        assert!(Stream::new("room", "x".repeat(Stream::MAX_ID_BYTES + 1)).is_err());
    }

    /// A changed hash would send the messages of existing stores to other partitions.
    #[test]
    fn the_partition_of_a_stream_never_changes() {
        let partition = |id: &str| Stream::new("guest_stay", id).unwrap().partition(16).0;
        assert_eq!([partition("1"), partition("2"), partition("42")], [2, 15, 1]);
    }
}
