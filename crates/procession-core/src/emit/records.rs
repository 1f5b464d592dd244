use super::{Either, EmissionKind, Emissions, Emitted, Output, Outputs, Times, once};
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

// Keeps the compiler from listing all that could be meant, when one sentence says what is wrong.
#[diagnostic::do_not_recommend]
impl<D: Decider> Records<D> for () {
    fn declare(_: Times, _: &mut Emissions) {}

    fn record(self, _: &mut Outputs) -> Emitted {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<D: Decider, T: Records<D>> Records<D> for Option<T> {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Maybe.within(times), into);
    }

    fn record(self, into: &mut Outputs) -> Emitted {
        self.map_or(Ok(()), |it| it.record(into))
    }
}

#[diagnostic::do_not_recommend]
impl<D: Decider, T: Records<D>> Records<D> for Vec<T> {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Many.within(times), into);
    }

    fn record(self, into: &mut Outputs) -> Emitted {
        self.into_iter().try_for_each(|it| it.record(into))
    }
}

#[diagnostic::do_not_recommend]
impl<D: Decider, T: Records<D>, const N: usize> Records<D> for [T; N] {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Many.within(times), into);
    }

    fn record(self, into: &mut Outputs) -> Emitted {
        self.into_iter().try_for_each(|it| it.record(into))
    }
}

#[diagnostic::do_not_recommend]
impl<D: Decider, L: Records<D>, R: Records<D>> Records<D> for Either<L, R> {
    fn declare(times: Times, into: &mut Emissions) {
        L::declare(Times::Maybe.within(times), into);
        R::declare(Times::Maybe.within(times), into);
    }

    fn record(self, into: &mut Outputs) -> Emitted {
        match self {
            Self::Left(it) => it.record(into),
            Self::Right(it) => it.record(into),
        }
    }
}

macro_rules! tuples {
    ($(($($T:ident $index:tt),+))+) => {$(
        #[diagnostic::do_not_recommend]
        impl<D: Decider, $($T: Records<D>),+> Records<D> for ($($T,)+) {
            fn declare(times: Times, into: &mut Emissions) {
                $($T::declare(times, into);)+
            }

            fn record(self, into: &mut Outputs) -> Emitted {
                $(self.$index.record(into)?;)+
                Ok(())
            }
        }
    )+};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, E 3)
    (A 0, B 1, C 2, E 3, F 4)
    (A 0, B 1, C 2, E 3, F 4, G 5)
    (A 0, B 1, C 2, E 3, F 4, G 5, H 6)
    (A 0, B 1, C 2, E 3, F 4, G 5, H 6, I 7)
}
