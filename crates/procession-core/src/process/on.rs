use super::{Correlation, Rejected, Starts};
use crate::{Command, Context, Decider, Emits, Fact};

/// How a process manager reacts to an event: of its own, of its module, or a public one of another module.
///
/// A process manager is a [`Decider`] that is also told what happens elsewhere. The event is routed to the instance
/// that [`Self::correlate`] names, waits in the log for its turn, and is handled with that instance's state. Whether
/// it comes before the start or after the end need not be asked: the engine knows (see [`Starts`]).
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::{Context, Correlation, Decider, Event, Events, Never, On, Starts, doc::GuestLeft};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Event, Serialize, Deserialize)]
/// struct CleaningAsked { room: u16 }
///
/// #[derive(Events)]
/// enum CleaningEvent {
///     #[ends]
///     Asked(CleaningAsked),
/// }
///
/// #[derive(Default)]
/// struct Cleaning;
///
/// impl Decider for Cleaning {
///     const CATEGORY: &'static str = "cleaning";
///     type Event = CleaningEvent;
///     type Rejection = Never;
///     fn evolve(&mut self, _: &CleaningEvent) {}
/// }
///
/// impl On<GuestLeft> for Cleaning {
///     type Emits = CleaningAsked;
///     const STARTS: Starts = Starts::Again;
///
///     fn correlate(event: &GuestLeft) -> Correlation {
///         Correlation::to(event.room)
///     }
///
///     fn on(&self, event: GuestLeft, _: &Context) -> CleaningAsked {
///         CleaningAsked { room: event.room }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not react to `{F}`",
    note = "write `impl On<{F}> for {Self}`: which instance the event belongs to, and what follows from it"
)]
pub trait On<F: Fact>: Decider {
    /// What may come of it: events of its own stream, commands, timeouts.
    type Emits: Emits<Self>;

    /// Whether the event may start an instance.
    const STARTS: Starts = Starts::Never;

    /// The instance that the event belongs to.
    fn correlate(event: &F) -> Correlation;

    /// What to record, to send and to schedule.
    fn on(&self, event: F, context: &Context) -> Self::Emits;
}

/// How a process manager reacts to the rejection of a command that it has sent itself.
///
/// The rejection finds its way to the instance that sent the command; there is nothing to correlate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not react to a rejection of `{C}`",
    note = "write `impl OnRejection<{C}> for {Self}`"
)]
pub trait OnRejection<C: Command>: Decider {
    /// What may come of it: events of its own stream, commands, timeouts.
    type Emits: Emits<Self>;

    /// What to record, to send and to schedule.
    fn on_rejection(&self, rejected: Rejected<C>, context: &Context) -> Self::Emits;
}

/// How a process manager reacts to a timeout: a command to itself that it has sent [`After`](crate::After) a while.
///
/// When the instance ends, its timeouts are cancelled. One that was on its way already has no effect, unless the instance has
/// started again meanwhile: put into the timeout which life it belongs to if that may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not react to the timeout `{C}`",
    note = "write `impl OnTimeout<{C}> for {Self}`, and address `{C}` to it: `#[command(to = {Self}, id = ...)]`"
)]
pub trait OnTimeout<C: Command<To = Self>>: Decider {
    /// What may come of it: events of its own stream, commands, timeouts.
    type Emits: Emits<Self>;

    /// What to record, to send and to schedule.
    fn on_timeout(&self, timeout: C, context: &Context) -> Self::Emits;
}
