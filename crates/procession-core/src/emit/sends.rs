use std::time::Duration;

use super::{Either, EmissionKind, Emissions, Emitted, Output, Outputs, Times, once};
use crate::{Command, Decider, Failure, Stream};

/// What a saga may send: commands.
///
/// A command, [`After`] a while, `()`, and `Option`, `Vec`, arrays, [`Either`] and tuples of them.
#[diagnostic::on_unimplemented(
    message = "a saga cannot send `{Self}`",
    label = "not commands",
    note = "a saga returns commands, `After<command>`, or `Option`, `Vec`, arrays, `Either` and tuples of them",
    note = "if it is a command, write `#[derive(Command)]` and `#[command(to = ..., id = ...)]` above it"
)]
pub trait Sends {
    #[doc(hidden)]
    fn declare(times: Times, into: &mut Emissions);
    #[doc(hidden)]
    fn send(self, into: &mut Outputs) -> Emitted;
}

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
pub struct After<C>(pub Duration, pub C);

impl<C: Command> Sends for C {
    fn declare(times: Times, into: &mut Emissions) {
        into.push(once::<C>(EmissionKind::Sends, times));
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        push(&self, Duration::ZERO, into)
    }
}

// Keeps the compiler from listing all that could be meant, when one sentence says what is wrong.
#[diagnostic::do_not_recommend]
impl<C: Command> Sends for After<C> {
    fn declare(times: Times, into: &mut Emissions) {
        into.push(once::<C>(EmissionKind::SendsLater, times));
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        push(&self.1, self.0, into)
    }
}

fn push<C: Command>(command: &C, after: Duration, into: &mut Outputs) -> Emitted {
    let to = Stream::new(C::To::CATEGORY, command.target())
        .map_err(|reason| Failure::Target { command: C::NAME, reason })?;
    into.push(Output::Send { to, message: command.encode()?, after });
    Ok(())
}

#[diagnostic::do_not_recommend]
impl Sends for () {
    fn declare(_: Times, _: &mut Emissions) {}

    fn send(self, _: &mut Outputs) -> Emitted {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Sends> Sends for Option<T> {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Maybe.within(times), into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.map_or(Ok(()), |it| it.send(into))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Sends> Sends for Vec<T> {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Many.within(times), into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.into_iter().try_for_each(|it| it.send(into))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Sends, const N: usize> Sends for [T; N] {
    fn declare(times: Times, into: &mut Emissions) {
        T::declare(Times::Many.within(times), into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.into_iter().try_for_each(|it| it.send(into))
    }
}

#[diagnostic::do_not_recommend]
impl<L: Sends, R: Sends> Sends for Either<L, R> {
    fn declare(times: Times, into: &mut Emissions) {
        L::declare(Times::Maybe.within(times), into);
        R::declare(Times::Maybe.within(times), into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        match self {
            Self::Left(it) => it.send(into),
            Self::Right(it) => it.send(into),
        }
    }
}

macro_rules! tuples {
    ($(($($T:ident $index:tt),+))+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($T: Sends),+> Sends for ($($T,)+) {
            fn declare(times: Times, into: &mut Emissions) {
                $($T::declare(times, into);)+
            }

            fn send(self, into: &mut Outputs) -> Emitted {
                $(self.$index.send(into)?;)+
                Ok(())
            }
        }
    )+};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
