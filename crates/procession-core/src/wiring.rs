use std::{
    collections::{BTreeMap, btree_map},
    fmt,
};

use crate::{MessageType, Module, emit::EmissionKind};

/// A mistake in how modules are put together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WiringError {
    /// A command is sent that no module handles.
    #[error(
        "nobody handles the command `{command}` ({rust_type}), which {sender} sends; \
         add `.handles::<{command}>()` to the module of its decider"
    )]
    UnhandledCommand {
        /// The command.
        command: &'static str,
        /// Its Rust type.
        rust_type: &'static str,
        /// Who sends it.
        sender: String,
    },
    /// A command has more than one handler.
    #[error(
        "the command `{command}` is handled twice, by {first} and by {second}; \
         remove one `.handles::<{command}>()`, or give one of them a command of its own"
    )]
    CommandHandledTwice {
        /// The command.
        command: &'static str,
        /// The first handler.
        first: String,
        /// The other handler.
        second: String,
    },
    /// A saga waits for an event that cannot happen.
    #[error(
        "nobody records the event `{event}` ({rust_type}), which {taker} takes; add the command that records it \
         with `.handles::<...>()`, or declare `.external_event::<{event}>()` when it comes from outside"
    )]
    EventNeverRecorded {
        /// The event.
        event: &'static str,
        /// Its Rust type.
        rust_type: &'static str,
        /// Who waits for it.
        taker: String,
    },
    /// A saga takes an event for nothing.
    #[error(
        "the saga `{saga}` in module `{module}` takes `{event}` and can send nothing; return the commands \
         (is there a `;` behind the last one?), or remove the reaction"
    )]
    SendsNothing {
        /// The saga.
        saga: &'static str,
        /// Its module.
        module: &'static str,
        /// The event.
        event: &'static str,
    },
    /// Two types of message have one name.
    #[error(
        "the message name `{name}` is used by {first} and by {second}; \
         give one of them another with `#[event(name = \"...\")]` or `#[command(name = \"...\")]`"
    )]
    MessageNameUsedTwice {
        /// The name.
        name: &'static str,
        /// The first type.
        first: &'static str,
        /// The other type.
        second: &'static str,
    },
    /// Two deciders have one category.
    #[error(
        "the category `{category}` is used by {first} and by {second}; give one of them another `CATEGORY`"
    )]
    CategoryUsedTwice {
        /// The category.
        category: &'static str,
        /// The first decider.
        first: &'static str,
        /// The other decider.
        second: &'static str,
    },
    /// Two parts of one kind have one name.
    #[error("there are two {what}s named `{name}`; give one of them another name")]
    NameUsedTwice {
        /// Module or saga.
        what: &'static str,
        /// The name.
        name: &'static str,
    },
}

/// All mistakes in the wiring of an application.
#[derive(Clone, PartialEq, Eq)]
pub struct WiringErrors(Vec<WiringError>);

impl WiringErrors {
    /// The mistakes, in the order of the modules.
    pub fn iter(&self) -> impl Iterator<Item = &WiringError> {
        self.0.iter()
    }
}

impl std::error::Error for WiringErrors {}

/// The sentences too: `unwrap` in a test, and `?` in `main`, show an error by its `Debug`.
impl fmt::Debug for WiringErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for WiringErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "mistake" } else { "mistakes" };
        write!(f, "{} {plural} in the wiring of the modules:", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n- {error}"))
    }
}

pub(crate) fn check(modules: &[Module]) -> Result<(), WiringErrors> {
    let mut errors = Vec::new();
    names_are_unique(modules, &mut errors);
    categories_are_unique(modules, &mut errors);
    message_names_are_unique(modules, &mut errors);
    commands_have_one_handler(modules, &mut errors);
    sent_commands_are_handled(modules, &mut errors);
    taken_events_are_recorded(modules, &mut errors);
    reactions_can_send(modules, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(WiringErrors(errors)) }
}

fn names_are_unique(modules: &[Module], errors: &mut Vec<WiringError>) {
    let sagas = modules.iter().flat_map(|it| &it.sagas).map(|it| ("saga", it.name));
    let mut seen = BTreeMap::new();
    for (what, name) in modules.iter().map(|it| ("module", it.name)).chain(sagas) {
        if seen.insert((what, name), ()).is_some() {
            errors.push(WiringError::NameUsedTwice { what, name });
        }
    }
}

fn categories_are_unique(modules: &[Module], errors: &mut Vec<WiringError>) {
    let mut seen = BTreeMap::new();
    for decider in modules.iter().flat_map(|it| &it.handlers).map(|it| it.decider) {
        match seen.entry(decider.category) {
            btree_map::Entry::Vacant(entry) => _ = entry.insert(decider),
            btree_map::Entry::Occupied(entry) if entry.get().id != decider.id => {
                errors.push(WiringError::CategoryUsedTwice {
                    category: decider.category,
                    first: entry.get().rust_type,
                    second: decider.rust_type,
                });
            }
            btree_map::Entry::Occupied(_) => {}
        }
    }
}

fn message_names_are_unique(modules: &[Module], errors: &mut Vec<WiringError>) {
    let mut seen: BTreeMap<&'static str, MessageType> = BTreeMap::new();
    for message in all_messages(modules) {
        let first = *seen.entry(message.name).or_insert(message);
        if first.rust_type != message.rust_type {
            let (name, first, second) = (message.name, first.rust_type, message.rust_type);
            let error = WiringError::MessageNameUsedTwice { name, first, second };
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
}

fn commands_have_one_handler(modules: &[Module], errors: &mut Vec<WiringError>) {
    let mut seen: BTreeMap<&'static str, String> = BTreeMap::new();
    for module in modules {
        for handler in &module.handlers {
            let second = format!("`{}` in module `{}`", handler.decider.category, module.name);
            let command = handler.takes.name;
            match seen.entry(handler.takes.rust_type) {
                btree_map::Entry::Vacant(entry) => _ = entry.insert(second),
                btree_map::Entry::Occupied(entry) => {
                    let first = entry.get().clone();
                    errors.push(WiringError::CommandHandledTwice { command, first, second });
                }
            }
        }
    }
}

fn sent_commands_are_handled(modules: &[Module], errors: &mut Vec<WiringError>) {
    let handled = |message: MessageType| {
        modules.iter().flat_map(|it| &it.handlers).any(|it| it.takes.rust_type == message.rust_type)
    };
    for module in modules {
        for saga in &module.sagas {
            for emission in saga.reactions.iter().flat_map(|it| &it.emits) {
                if emission.kind != EmissionKind::Records && !handled(emission.message) {
                    let MessageType { name: command, rust_type, .. } = emission.message;
                    let sender = format!("the saga `{}` in module `{}`", saga.name, module.name);
                    errors.push(WiringError::UnhandledCommand { command, rust_type, sender });
                }
            }
        }
    }
}

fn reactions_can_send(modules: &[Module], errors: &mut Vec<WiringError>) {
    for module in modules {
        for saga in &module.sagas {
            for reaction in saga.reactions.iter().filter(|it| it.emits.is_empty()) {
                let (saga, module, event) = (saga.name, module.name, reaction.takes.name);
                errors.push(WiringError::SendsNothing { saga, module, event });
            }
        }
    }
}

fn taken_events_are_recorded(modules: &[Module], errors: &mut Vec<WiringError>) {
    let recorded = |event: MessageType| {
        let mut emitted = modules.iter().flat_map(|it| &it.handlers).flat_map(|it| &it.emits);
        let mut external = modules.iter().flat_map(|it| &it.external);
        emitted.any(|it| it.message.rust_type == event.rust_type)
            || external.any(|it| it.rust_type == event.rust_type)
    };
    for module in modules {
        for saga in &module.sagas {
            for event in saga.reactions.iter().map(|it| it.takes).filter(|it| !recorded(*it)) {
                let MessageType { name, rust_type, .. } = event;
                let taker = format!("the saga `{}` in module `{}`", saga.name, module.name);
                errors.push(WiringError::EventNeverRecorded { event: name, rust_type, taker });
            }
        }
    }
}

fn all_messages(modules: &[Module]) -> impl Iterator<Item = MessageType> {
    modules.iter().flat_map(|module| {
        let handlers = module.handlers.iter().map(|it| (it.takes, &it.emits));
        let reactions = module.sagas.iter().flat_map(|it| &it.reactions).map(|it| (it.takes, &it.emits));
        handlers
            .chain(reactions)
            .flat_map(|(takes, emits)| [takes].into_iter().chain(emits.iter().map(|it| it.message)))
            .chain(module.external.iter().copied())
    })
}
