use std::time::Duration;

use super::{
    After, Cancel, Either, EmissionKind, Emissions, Emitted, Output, Outputs, Reschedule, Times,
    combinations::combinations, once, timers::send,
};
use crate::{Command, Decider, Event, Message, OneOf, message::kind};

/// What a process manager may emit: events of its own stream, and commands.
///
/// An event that its `Event` enum lists, a command, [`After`] a while, [`Cancel`], [`Reschedule`], `()`, and `Option`,
/// `Vec`, arrays, [`Either`] and tuples of them.
#[diagnostic::on_unimplemented(
    message = "the process manager `{P}` cannot emit `{Self}`",
    label = "neither events of `{P}`'s stream nor commands",
    note = "a process manager returns events that its `Event` enum lists, commands, `After<command>`, or `Option`, `Vec`, \
            arrays, `Either` and tuples of them"
)]
pub trait Emits<P: Decider> {
    #[doc(hidden)]
    fn declare(times: Times, into: &mut Emissions);
    #[doc(hidden)]
    fn emit(self, into: &mut Outputs) -> Emitted;
}

/// How a process manager emits a message of one kind.
#[doc(hidden)]
pub trait EmitsKind<P: Decider, M> {
    const KIND: EmissionKind;

    /// # Errors
    /// When the message cannot be written.
    fn emit(message: M, into: &mut Outputs) -> Emitted;
}

impl<P: Decider, M: Message> Emits<P> for M
where
    M::Kind: EmitsKind<P, M>,
{
    fn declare(times: Times, into: &mut Emissions) {
        into.push(once::<M>(M::Kind::KIND, times));
    }

    fn emit(self, into: &mut Outputs) -> Emitted {
        M::Kind::emit(self, into)
    }
}

impl<P: Decider, E: Event + OneOf<P::Event>> EmitsKind<P, E> for kind::Event {
    const KIND: EmissionKind = EmissionKind::Records;

    fn emit(message: E, into: &mut Outputs) -> Emitted {
        into.push(Output::Record(message.encode()?));
        Ok(())
    }
}

impl<P: Decider, C: Command> EmitsKind<P, C> for kind::Command {
    const KIND: EmissionKind = EmissionKind::Sends;

    fn emit(message: C, into: &mut Outputs) -> Emitted {
        send(&message, Duration::ZERO, into)
    }
}

// Keeps the compiler from listing all that could be meant, when one sentence says what is wrong.
#[diagnostic::do_not_recommend]
impl<P: Decider, C: Command> Emits<P> for After<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn emit(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

#[diagnostic::do_not_recommend]
impl<P: Decider, C: Command> Emits<P> for Cancel<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn emit(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

#[diagnostic::do_not_recommend]
impl<P: Decider, C: Command> Emits<P> for Reschedule<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn emit(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

combinations! { [P: Decider,] Emits<P>, emit }
