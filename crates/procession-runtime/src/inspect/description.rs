use procession_core::{
    Application, EmissionKind,
    map::{HandlerKind, HandlerMap, ModuleMap, ProcessOutline, Stage, StageStep, Trigger},
};
use serde::{Deserialize, Serialize};

use crate::store::{Batch, Store, StoreError};

/// What an application says of itself, beside the log that it works on: so that operators need none of its code.
///
/// It is kept as JSON in the note [`Description::NOTE`] of the store, and written whenever a runtime starts with another
/// one. Names are those of the log. Fields may be added within a format; who reads ignores what it does not know.
///
/// ```
/// use procession_core::{Application, Module, doc::CleanRoom};
/// use procession_runtime::inspect::Description;
///
/// let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
/// let described = Description::of(&hotel);
/// assert_eq!(described.modules[0].handlers[0].takes, "CleanRoom");
/// assert_eq!(Description::read(&described.to_json()?)?, described);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The format of this description: [`Description::FORMAT`].
    pub format: u32,
    /// The modules.
    pub modules: Vec<DescribedModule>,
    /// The categories whose instances end.
    pub lives: Vec<DescribedLife>,
}

/// One module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedModule {
    /// Its name.
    pub name: String,
    /// Its handlers, one for each message that they take.
    pub handlers: Vec<DescribedHandler>,
    /// The events that come from outside.
    pub external_events: Vec<String>,
}

/// How one message is handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedHandler {
    /// The category of a decider or process, or the name of a saga, module or effect.
    pub name: String,
    /// `decider`, `saga`, `choreography`, `process_manager`, `linear_saga`, `publisher` or `effect`.
    pub kind: String,
    /// How the message comes to it: `command`, `event`, `rejection` or `timeout`.
    pub trigger: String,
    /// The message.
    pub takes: String,
    /// The command whose rejection it takes, if it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_command: Option<String>,
    /// Whether an instance that has begun takes it; if not, it only begins instances.
    pub continues: bool,
    /// What it may emit.
    pub emits: Vec<DescribedEmission>,
}

/// What a handler may emit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedEmission {
    /// `records`, `publishes`, `sends`, `sends_later`, `compensates` or `cancels`.
    pub kind: String,
    /// The message.
    pub message: String,
}

/// How the instances of a category live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedLife {
    /// The category.
    pub category: String,
    /// The events that end an instance.
    pub ends_with: Vec<String>,
    /// Linear sagas only: the steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<DescribedStep>,
}

/// What a step of a linear saga waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedStep {
    /// Its name.
    pub name: String,
    /// The events that say that it is done, or has failed.
    pub answers: Vec<String>,
    /// The event that says that it is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_on: Option<String>,
}

/// Why a description cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// It was written by a newer release.
    #[error(
        "the application describes itself in format {found}, and this release knows format {known}; use a newer release"
    )]
    TooNew {
        /// The format of the description.
        found: u32,
        /// The newest format that is known.
        known: u32,
    },
    /// It is something else.
    #[error(
        "what the application says of itself cannot be read: {0}; start the application once, which writes it again"
    )]
    Unreadable(String),
}

impl Description {
    /// The name of the note that holds it.
    pub const NOTE: &'static str = "application";
    /// The format that this release writes.
    pub const FORMAT: u32 = 1;

    /// What there is to say of an application.
    #[must_use]
    pub fn of(application: &Application) -> Self {
        let map = application.map();
        let outline = |category| {
            map.modules.iter().flat_map(|it| &it.processes).find(|it: &&ProcessOutline| it.name == category)
        };
        let lives = application.engine().ends().map(|(category, ends)| DescribedLife {
            category: category.into(),
            ends_with: ends.iter().map(ToString::to_string).collect(),
            steps: outline(category).map(|it| steps(&it.stages)).unwrap_or_default(),
        });
        Self {
            format: Self::FORMAT,
            modules: map.modules.iter().map(|it| DescribedModule::of(it, application)).collect(),
            lives: lives.collect(),
        }
    }

    /// As it is kept.
    ///
    /// # Errors
    /// Never, as all of it is text.
    pub fn to_json(&self) -> Result<String, DescriptionError> {
        serde_json::to_string(self).map_err(|error| DescriptionError::Unreadable(error.to_string()))
    }

    /// Reads one that was kept.
    ///
    /// # Errors
    /// When it has a newer format, or is no description.
    pub fn read(text: &str) -> Result<Self, DescriptionError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| DescriptionError::Unreadable(error.to_string());
        let Format { format: found } = serde_json::from_str(text).map_err(unreadable)?;
        if found > Self::FORMAT {
            return Err(DescriptionError::TooNew { found, known: Self::FORMAT });
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// Keeps it beside the log, if another one stands there.
    pub(crate) async fn keep(&self, store: &dyn Store) -> Result<(), StoreError> {
        let Ok(text) = self.to_json() else { return Ok(()) };
        if store.note(Self::NOTE.into()).await?.as_ref() == Some(&text) {
            return Ok(());
        }
        let notes = vec![(Self::NOTE.into(), Some(text))];
        store.commit(Batch { notes, ..Batch::default() }).await.map(drop)
    }

    /// All handlers.
    pub fn handlers(&self) -> impl Iterator<Item = &DescribedHandler> {
        self.modules.iter().flat_map(|it| &it.handlers)
    }

    /// How the instances of a category live, if they end.
    #[must_use]
    pub fn life(&self, category: &str) -> Option<&DescribedLife> {
        self.lives.iter().find(|it| it.category == category)
    }
}

impl Default for Description {
    fn default() -> Self {
        Self { format: Self::FORMAT, modules: Vec::new(), lives: Vec::new() }
    }
}

impl DescribedModule {
    fn of(module: &ModuleMap, application: &Application) -> Self {
        Self {
            name: module.name.into(),
            handlers: module.handlers.iter().map(|it| DescribedHandler::of(it, application)).collect(),
            external_events: module.external_events.iter().map(|it| it.name.into()).collect(),
        }
    }
}

impl DescribedHandler {
    fn of(it: &HandlerMap, application: &Application) -> Self {
        let is_process = matches!(it.kind, HandlerKind::ProcessManager | HandlerKind::LinearSaga);
        let emits = it
            .emits
            .iter()
            .map(|it| DescribedEmission { kind: named(it.kind), message: it.message.name.into() });
        Self {
            name: it.name.into(),
            kind: named(it.kind),
            trigger: named(it.trigger),
            takes: it.takes.name.into(),
            rejected_command: it.rejected_command.map(|it| it.name.into()),
            continues: !is_process || application.engine().is_taken_while_running(it.name, it.takes.name),
            emits: emits.collect(),
        }
    }

    /// Whether messages of this kind reach it from the log when their turn comes. A read model follows by itself.
    pub(super) fn reacts(&self) -> bool {
        let reads_by_itself = [HandlerKind::Publisher, HandlerKind::Projection];
        self.trigger == named(Trigger::Event) && !reads_by_itself.iter().any(|it| self.kind == named(*it))
    }

    /// Whether it is the instances of a category.
    pub(super) fn is_of(&self, category: &str) -> bool {
        let kinds = [HandlerKind::Decider, HandlerKind::ProcessManager, HandlerKind::LinearSaga];
        self.name == category && kinds.iter().any(|it| self.kind == named(*it))
    }
}

impl DescribedEmission {
    /// Whether the message comes about, and is not taken back.
    pub(super) fn is_made(&self) -> bool {
        self.kind != named(EmissionKind::Cancels)
    }
}

/// The name of a kind, as the map writes it.
pub(super) fn named(kind: impl Serialize) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn steps(stages: &[Stage]) -> Vec<DescribedStep> {
    let steps = stages.iter().flat_map(|it| match it {
        Stage::Step(step) => vec![DescribedStep::of(step)],
        Stage::Parallel(branches) => branches.iter().flat_map(|it| steps(it)).collect(),
        Stage::SavePoint { .. } => Vec::new(),
    });
    steps.collect()
}

impl DescribedStep {
    fn of(step: &StageStep) -> Self {
        let answers = step.completes_on.iter().chain(&step.fails_on).map(|it| it.name.into());
        Self {
            name: step.name.into(),
            answers: answers.collect(),
            undone_on: step.compensation.as_ref().map(|it| it.completes_on.name.into()),
        }
    }
}
