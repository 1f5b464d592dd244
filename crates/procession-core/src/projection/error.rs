use std::{error::Error, fmt::Display};

use crate::Failure;

/// Why a projection did not fold an event: to be passed on with `?`.
///
/// Most are none of your business: a row was asked for that is not in memory yet, so it is loaded, and the function is called
/// again. An error of your own parks the stream of the event for this projection; every [`Error`] becomes one with `?`, and
/// what is no error is given to [`park`](Self::park).
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionError(pub(super) Why);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    /// A row is not in memory yet.
    Unloaded,
    Failed(Failure),
}

impl ProjectionError {
    /// Somebody must look at it: the stream of the event is parked for this projection, with the reason.
    #[must_use]
    pub fn park(reason: impl Display) -> Self {
        Self(Why::Failed(crate::HandlerError::park(reason).into()))
    }

    pub(super) fn unloaded() -> Self {
        Self(Why::Unloaded)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Error> From<E> for ProjectionError {
    fn from(error: E) -> Self {
        Self::park(error)
    }
}
