use std::fmt::Display;

use crate::{Fact, Failure, Stream};

/// Which instance of a process manager a message belongs to.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::Correlation;
///
/// struct GuestLeft { room: u16, group: Option<String> }
/// let event = GuestLeft { room: 7, group: None };
///
/// let always = Correlation::to(event.room);
/// let of_groups_only = Correlation::maybe(event.group.as_ref());
/// let or_it_is_a_mistake = Correlation::required(event.group.as_ref());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation(Found);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Instance(String),
    Nobody,
    Missing,
}

impl Correlation {
    /// It belongs to the instance with this id. An empty id is a mistake: the message is parked.
    pub fn to(id: impl Display) -> Self {
        Self(Found::Instance(id.to_string()))
    }

    /// It belongs to the instance with this id, and without one it concerns no instance. That is fine.
    pub fn maybe(id: Option<impl Display>) -> Self {
        id.map_or(Self(Found::Nobody), Self::to)
    }

    /// It belongs to the instance with this id. Without one it is a mistake: the message is parked, with the reason.
    pub fn required(id: Option<impl Display>) -> Self {
        id.map_or(Self(Found::Missing), Self::to)
    }

    /// The stream of the instance; none if it concerns no instance.
    pub(crate) fn stream<F: Fact>(self, category: &'static str) -> Result<Option<Stream>, Failure> {
        match self.0 {
            Found::Instance(id) => Stream::new(category, id)
                .map(Some)
                .map_err(|reason| Failure::Instance { name: F::NAME, reason }),
            Found::Nobody => Ok(None),
            Found::Missing => Err(Failure::NoInstance { category, name: F::NAME }),
        }
    }
}
