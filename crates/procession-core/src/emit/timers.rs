use std::{fmt::Display, marker::PhantomData, time::Duration};

use super::{Cancellation, EmissionKind, Emissions, Emitted, Output, Outputs, Times, once};
use crate::{Command, Decider, Failure, Stream};

/// A command that becomes due some time after the message that asked for it.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::{After, doc::CleanRoom};
///
/// let tomorrow = After(Duration::from_secs(24 * 60 * 60), CleanRoom { room: 7 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is sent unless a handler returns it"]
pub struct After<C>(pub Duration, pub C);

/// Takes back all commands of one type that wait for their time and are addressed to one instance.
///
/// One that has become due before is in the log already, and will be handled.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Cancel, doc::CleanRoom};
///
/// let never = Cancel::<CleanRoom>::to(7);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is taken back unless a handler returns it"]
pub struct Cancel<C> {
    id: String,
    command: PhantomData<fn() -> C>,
}

/// [`Cancel`], and then [`After`]: the command becomes due at another time than it was asked for before.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::{Reschedule, doc::CleanRoom};
///
/// let in_an_hour = Reschedule(Duration::from_secs(60 * 60), CleanRoom { room: 7 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "nothing is moved unless a handler returns it"]
pub struct Reschedule<C>(pub Duration, pub C);

impl<C: Command> After<C> {
    pub(super) fn declared(times: Times, into: &mut Emissions) {
        into.push(once::<C>(EmissionKind::SendsLater, times));
    }

    pub(super) fn emitted(self, into: &mut Outputs) -> Emitted {
        send(&self.1, self.0, into)
    }
}

impl<C: Command> Cancel<C> {
    /// For the instance with this id.
    pub fn to(id: impl Display) -> Self {
        Self { id: id.to_string(), command: PhantomData }
    }

    pub(super) fn declared(times: Times, into: &mut Emissions) {
        into.push(once::<C>(EmissionKind::Cancels, times));
    }

    pub(super) fn emitted(self, into: &mut Outputs) -> Emitted {
        into.push(Output::Cancel(Cancellation::Command { to: target::<C>(self.id)?, name: C::NAME }));
        Ok(())
    }
}

impl<C: Command> Reschedule<C> {
    pub(super) fn declared(times: Times, into: &mut Emissions) {
        After::<C>::declared(times, into);
    }

    pub(super) fn emitted(self, into: &mut Outputs) -> Emitted {
        Cancel::<C>::to(self.1.target()).emitted(into)?;
        After(self.0, self.1).emitted(into)
    }
}

pub(crate) fn send<C: Command>(command: &C, after: Duration, into: &mut Outputs) -> Emitted {
    into.push(Output::Send { to: target::<C>(command.target())?, message: command.encode()?, after });
    Ok(())
}

fn target<C: Command>(id: String) -> Result<Stream, Failure> {
    Stream::new(C::To::CATEGORY, id).map_err(|reason| Failure::Target { command: C::NAME, reason })
}
