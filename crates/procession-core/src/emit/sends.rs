use std::time::Duration;

use super::{
    After, Cancel, Either, EmissionKind, Emissions, Emitted, Outputs, Reschedule, Times,
    combinations::combinations, once, timers::send,
};
use crate::Command;

/// What a saga, a module's reaction or an effect may send: commands.
///
/// A command, [`After`] a while, [`Cancel`], [`Reschedule`], `()`, and `Option`, `Vec`, arrays, [`Either`] and tuples of
/// them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent: it is not a command",
    label = "not commands",
    note = "sagas, reactions of modules and effects return commands, `After<command>`, or `Option`, `Vec`, arrays, `Either` and \
            tuples of them; a fact is recorded by the decider that handles a command",
    note = "if it is a command, write `#[derive(Command)]` and `#[command(to = ..., id = ...)]` above it"
)]
pub trait Sends {
    #[doc(hidden)]
    fn declare(times: Times, into: &mut Emissions);
    #[doc(hidden)]
    fn send(self, into: &mut Outputs) -> Emitted;
}

impl<C: Command> Sends for C {
    fn declare(times: Times, into: &mut Emissions) {
        into.push(once::<C>(EmissionKind::Sends, times));
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        send(&self, Duration::ZERO, into)
    }
}

// Keeps the compiler from listing all that could be meant, when one sentence says what is wrong.
#[diagnostic::do_not_recommend]
impl<C: Command> Sends for After<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

#[diagnostic::do_not_recommend]
impl<C: Command> Sends for Cancel<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

#[diagnostic::do_not_recommend]
impl<C: Command> Sends for Reschedule<C> {
    fn declare(times: Times, into: &mut Emissions) {
        Self::declared(times, into);
    }

    fn send(self, into: &mut Outputs) -> Emitted {
        self.emitted(into)
    }
}

combinations! { [] Sends, send }
