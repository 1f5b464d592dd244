use super::{
    Either, EmissionKind, Emissions, Emitted, Output, Outputs, Times, combinations::combinations, once,
};
use crate::{Decider, Event, OneOf};

/// What a decider may record: events of its own stream.
///
/// An event, `()`, and `Option`, `Vec`, arrays, [`Either`] and tuples of them. An event that the decider's
/// `Event` enum does not list, and so its `evolve` does not know, does not compile.
#[diagnostic::on_unimplemented(
    message = "`{D}` cannot record `{Self}`",
    label = "not events of `{D}`'s stream",
    note = "a decider records events that its `Event` enum lists, or `Option`, `Vec`, arrays, `Either` and tuples of them",
    note = "if it is an event of this decider, add a variant that holds it to the enum, and handle it in `evolve`"
)]
pub trait Records<D: Decider> {
    #[doc(hidden)]
    fn declare(times: Times, into: &mut Emissions);
    #[doc(hidden)]
    fn record(self, into: &mut Outputs) -> Emitted;
}

impl<D, E> Records<D> for E
where
    D: Decider,
    E: Event + OneOf<D::Event>,
{
    fn declare(times: Times, into: &mut Emissions) {
        into.push(once::<E>(EmissionKind::Records, times));
    }

    fn record(self, into: &mut Outputs) -> Emitted {
        into.push(Output::Record(self.encode()?));
        Ok(())
    }
}

combinations! { [D: Decider,] Records<D>, record }
