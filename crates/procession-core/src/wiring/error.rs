use std::fmt;

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
    /// A process manager sends itself a timeout that it does not take.
    #[error(
        "the process manager `{process}` in module `{module}` asks for the timeout `{timeout}`, but does not take it; add \
         `.on_timeout::<{timeout}>()`"
    )]
    TimeoutNotTaken {
        /// The process manager.
        process: &'static str,
        /// Its module.
        module: &'static str,
        /// The timeout.
        timeout: &'static str,
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
    /// An event crosses the border of its module without being public.
    #[error(
        "{taker} takes `{event}` ({rust_type}), which is an internal event of module `{owner}`; let `{owner}` publish it: as \
         it is with `.publishes::<{event}>()`, or as a public event with `.publishes_as(...)`"
    )]
    InternalEvent {
        /// The event.
        event: &'static str,
        /// Its Rust type.
        rust_type: &'static str,
        /// The module that records it.
        owner: &'static str,
        /// Who takes it.
        taker: String,
    },
    /// A module publishes what it does not record.
    #[error(
        "module `{module}` publishes `{event}`, but none of its handlers records it; let the module that does publish it"
    )]
    PublishesForeignEvent {
        /// The module.
        module: &'static str,
        /// The event.
        event: &'static str,
    },
    /// A process manager that is in two modules: every message would take effect twice.
    #[error(
        "the process manager `{process}` is in module `{first}` and in module `{second}`; leave it in one of them"
    )]
    InTwoModules {
        /// The process manager.
        process: &'static str,
        /// The first module.
        first: &'static str,
        /// The other module.
        second: &'static str,
    },
    /// A process manager that can never end.
    #[error(
        "the process manager `{process}` in module `{module}` never ends; mark the variants of its `Event` enum that end \
         it with `#[ends]`, and record one of them"
    )]
    NeverEnds {
        /// The process manager.
        process: &'static str,
        /// Its module.
        module: &'static str,
    },
    /// A process manager that can never start.
    #[error(
        "nothing starts the process manager `{process}` in module `{module}`; give one of its `On` the line \
         `const STARTS: Starts = Starts::Once;`, or add a command to it with `.handles::<...>()`"
    )]
    NeverStarts {
        /// The process manager.
        process: &'static str,
        /// Its module.
        module: &'static str,
    },
    /// A process manager waits for the rejection of a command that it does not send.
    #[error(
        "the process manager `{process}` in module `{module}` reacts to rejections of `{command}`, but never sends it; \
         remove the reaction, or send the command from it and not from somewhere else"
    )]
    NeverSends {
        /// The process manager.
        process: &'static str,
        /// Its module.
        module: &'static str,
        /// The command.
        command: &'static str,
    },
    /// A process manager waits for a timeout that it never asks for.
    #[error(
        "the process manager `{process}` in module `{module}` reacts to the timeout `{timeout}`, but never asks for it; \
         return `After(duration, {timeout} {{ .. }})` from one of its handlers, or remove the reaction"
    )]
    NeverAsksFor {
        /// The process manager.
        process: &'static str,
        /// Its module.
        module: &'static str,
        /// The timeout.
        timeout: &'static str,
    },
    /// A handler takes one message in two ways.
    #[error("{taker} takes `{message}` twice; remove one of the two, or put both into one")]
    TakenTwice {
        /// The message.
        message: &'static str,
        /// Who takes it.
        taker: String,
    },
    /// A linear saga without a start, without a step, or with two steps of one name.
    #[error("the linear saga `{saga}` in module `{module}` {mistake}")]
    LinearSaga {
        /// The saga.
        saga: &'static str,
        /// Its module.
        module: &'static str,
        /// What is wrong, and what to do.
        mistake: String,
    },
    /// An effect waits for an event that never stands in the stream of its calls.
    #[error(
        "the effect `{effect}` in module `{module}` is called for `{event}` of {category}, but its `.until::<{until}>()` names an \
         event of {until_category}, which takes no call back: calls are taken back by their own stream; name an event of \
         {category}, or let a saga send it a command that records one"
    )]
    UntilOfAnotherStream {
        /// The effect.
        effect: &'static str,
        /// Its module.
        module: &'static str,
        /// The event that it is called for.
        event: &'static str,
        /// Whose streams that stands in.
        category: String,
        /// The event that is to take calls back.
        until: &'static str,
        /// Whose streams that stands in.
        until_category: String,
    },
    /// A name is empty.
    #[error("a {what} has an empty name; give it one that people will recognise on the map")]
    EmptyName {
        /// Module, saga or message.
        what: &'static str,
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
        "{taker} takes `{event}` and can send nothing; return the commands \
         (is there a `;` behind the last one?), or remove the reaction"
    )]
    SendsNothing {
        /// Who takes it.
        taker: String,
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
pub struct WiringErrors(pub(super) Vec<WiringError>);

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
