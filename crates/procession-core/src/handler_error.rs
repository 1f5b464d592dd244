use std::fmt::Display;

/// Why a handler cannot handle a message now, although nothing is wrong with its code: it says so instead of panicking.
///
/// It is a technical failure. A business "no" is a [rejection](crate::Rejection), which somebody is told of; this is for
/// operators. What the handler returns may be a `Result` with this error: nothing is emitted then.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{HandlerError, Saga, doc::{CleanRoom, GuestLeft}};
///
/// let housekeeping = Saga::named("housekeeping").on(|event: &GuestLeft| {
///     if event.room == 13 {
///         return Err(HandlerError::park("this house has no room 13"));
///     }
///     Ok(CleanRoom { room: event.room })
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// It may work later, when the instance is in another state: it is tried again as often as the [`Retries`](crate::Retries)
    /// of the handler allow, and is parked then.
    #[error("the handler asks to be tried again: {0}")]
    Retry(String),
    /// Somebody must look at it: the message is parked at once.
    #[error("the handler asks for somebody to look at it: {0}")]
    Park(String),
}

impl HandlerError {
    /// It may work later.
    #[must_use]
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// Somebody must look at it.
    #[must_use]
    pub fn park(reason: impl Display) -> Self {
        Self::Park(reason.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Failure, HandlerError, Saga,
        doc::{CleanRoom, GuestLeft},
        log::{Entry, Kind},
        *,
    };

    #[test]
    fn a_handler_says_that_it_cannot_go_on_and_emits_nothing() {
        let picky = Saga::named("picky").on(|event: &GuestLeft| {
            (CleanRoom { room: event.room }, Err::<CleanRoom, _>(HandlerError::park("never")))
        });
        let rooms = Module::named("rooms").handles::<CleanRoom>().external_event::<GuestLeft>().saga(picky);
        let application = Application::assemble([rooms]).unwrap();
        let stream = Stream::new("room", "7").unwrap();
        let event = GuestLeft { room: 7 }.encode().unwrap();
        let entry = Entry::new(Kind::Event, stream, event, jiff::Timestamp::UNIX_EPOCH);
        let Handlers::Reactions(reactions) = application.engine().handlers_of(&entry) else {
            panic!("the saga reacts");
        };
        let failure = application.engine().react(&reactions[0].1, &entry).unwrap_err();
        assert_eq!(failure, Failure::Said(HandlerError::park("never")));
        assert!(failure.is_final() && !Failure::Said(HandlerError::retry("later")).is_final());
    }
}
