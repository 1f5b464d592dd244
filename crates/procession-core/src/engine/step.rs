use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::erased::{CommandFn, DeciderFns, ReactFn, State};
use crate::{
    Context, Failure, Module, Version,
    emit::Output,
    log::{Entry, Kind},
};

/// The registered handlers of all modules, and how to run one of them.
///
/// A micro-transaction is one message for one handler: [`Engine::handlers_of`] says which handlers a message has,
/// [`Engine::decide`] and [`Engine::react`] run one, and [`Engine::evolve`] folds what was recorded into the state.
pub struct Engine {
    deciders: BTreeMap<&'static str, DeciderFns>,
    commands: BTreeMap<&'static str, CommandFn>,
    reactions: BTreeMap<&'static str, Vec<(&'static str, ReactFn)>>,
}

/// Who handles a message.
#[derive(Clone, Copy)]
pub enum Handlers<'a> {
    /// The decider that its stream belongs to.
    Decider,
    /// The sagas that react to it, with their names.
    Sagas(&'a [(&'static str, ReactFn)]),
    /// Nobody: it only has to be remembered.
    Nobody,
}

/// The state of one instance, folded from its events up to a version.
pub struct InstanceState {
    version: Version,
    state: State,
    evolve: DeciderFns,
}

/// What one handler did with one message, before anything of it is durable.
pub type Step = Vec<Output>;

impl Engine {
    pub(crate) fn of(modules: &[Module]) -> Self {
        let mut engine =
            Self { deciders: BTreeMap::new(), commands: BTreeMap::new(), reactions: BTreeMap::new() };
        for module in modules {
            for handler in &module.handlers {
                engine.deciders.insert(handler.decider.category, handler.fns);
                engine.commands.insert(handler.takes.name, handler.handle);
            }
            for saga in &module.sagas {
                for reaction in &saga.reactions {
                    let reactions = engine.reactions.entry(reaction.takes.name).or_default();
                    reactions.push((saga.name, reaction.react.clone()));
                }
            }
        }
        engine
    }

    /// Who handles this message.
    #[must_use]
    pub fn handlers_of(&self, entry: &Entry) -> Handlers<'_> {
        match entry.kind {
            Kind::Command => Handlers::Decider,
            Kind::Event => {
                self.reactions.get(&*entry.name).map_or(Handlers::Nobody, |it| Handlers::Sagas(it))
            }
            Kind::ExecutedCommand | Kind::Rejection => Handlers::Nobody,
        }
    }

    /// Whether some decider handles commands of this name.
    #[must_use]
    pub fn handles(&self, command: &str) -> bool {
        self.commands.contains_key(command)
    }

    /// The state of an instance that has no events yet.
    ///
    /// # Errors
    /// When no decider has that category.
    pub fn initial(&self, category: &str) -> Result<InstanceState, Failure> {
        let fns = self
            .deciders
            .get(category)
            .ok_or_else(|| Failure::UnknownCategory { category: category.into() })?;
        Ok(InstanceState { version: Version::NONE, state: (fns.initial)(), evolve: *fns })
    }

    /// Lets the decider of `state` handle a command: events, or a rejection.
    ///
    /// # Errors
    /// A technical failure; the command took no effect.
    pub fn decide(&self, state: &InstanceState, command: &Entry, context: &Context) -> Result<Step, Failure> {
        let handle = self
            .commands
            .get(&*command.name)
            .ok_or_else(|| Failure::UnknownCommand { name: command.name.to_string() })?;
        let mut outputs = Vec::new();
        caught(|| handle(&*state.state, &command.payload, context, &mut outputs))?;
        Ok(outputs)
    }

    /// Lets one saga react to an event: commands.
    ///
    /// # Errors
    /// A technical failure; the saga sent nothing.
    pub fn react(&self, react: &ReactFn, event: &Entry) -> Result<Step, Failure> {
        let mut outputs = Vec::new();
        caught(|| react(&event.payload, &mut outputs))?;
        Ok(outputs)
    }

    /// Folds the next event into a state.
    ///
    /// The event is read from what was (or will be) written, never from memory, so that a state that lives on is
    /// the same as a state that is loaded.
    ///
    /// # Errors
    /// When the event cannot be read or `evolve` panics; the state must then be dropped.
    pub fn evolve(&self, state: &mut InstanceState, event: &Entry) -> Result<(), Failure> {
        let evolve = state.evolve.evolve;
        caught(|| Ok(evolve(&mut *state.state, &event.name, &event.payload)?))?;
        state.version = state.version.next();
        Ok(())
    }
}

impl InstanceState {
    /// How many events were folded.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The state, when it is that of a `D`.
    #[must_use]
    pub fn downcast<D: Any>(self) -> Option<Box<D>> {
        (self.state as Box<dyn Any>).downcast().ok()
    }
}

/// Handlers are users' code: a panic in one must not take anything else down.
fn caught<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a value that is not text".into());
        Err(Failure::Panicked { message })
    })
}
