use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use super::erased::{HandleFn, InstanceType, PublishFn, ReactFn};
use crate::{EffectType, Module, Projection, Retries, Starts, process::Source};

/// The registered handlers of all modules, and how to run one of them.
///
/// A micro-transaction is one message for one handler: [`Engine::handlers_of`] says which handlers a message has,
/// [`Engine::decide`] and [`Engine::react`] run one, and [`Engine::fold`] folds what was recorded into the state.
pub struct Engine {
    pub(super) instances: BTreeMap<&'static str, Arc<InstanceType>>,
    /// By the category and the name of what they take.
    pub(super) commands: BTreeMap<(&'static str, &'static str), Handler>,
    pub(super) inputs: BTreeMap<(&'static str, &'static str), Handler>,
    /// By the category of the sender and the name of the command: the input that tells of a rejection.
    pub(super) rejections: BTreeMap<(&'static str, &'static str), &'static str>,
    pub(super) reactions: BTreeMap<&'static str, Vec<(HandlerName, ReactFn)>>,
    pub(super) effects: BTreeMap<String, Arc<EffectType>>,
    pub(super) projections: BTreeMap<&'static str, Arc<Projection>>,
    pub(super) publishers: BTreeMap<(&'static str, &'static str), Vec<PublishFn>>,
    pub(super) retries: BTreeMap<HandlerName, Retries>,
}

/// How a handler is named beside the messages that are parked for it: an instance's by its category, and others so that
/// none of them is taken for that.
pub(super) type HandlerName = Cow<'static, str>;

/// A handler that needs the state of an instance.
#[derive(Clone)]
pub(super) struct Handler {
    pub(super) handle: HandleFn,
    /// Whether it may start an instance; none when it is asked at any time.
    pub(super) starts: Option<Starts>,
}

impl Engine {
    pub(crate) fn of(modules: &[Module]) -> Self {
        let mut engine = Self {
            instances: BTreeMap::new(),
            commands: BTreeMap::new(),
            inputs: BTreeMap::new(),
            rejections: BTreeMap::new(),
            reactions: BTreeMap::new(),
            effects: BTreeMap::new(),
            projections: BTreeMap::new(),
            publishers: BTreeMap::new(),
            retries: BTreeMap::new(),
        };
        modules.iter().for_each(|it| engine.register(it));
        engine
    }

    fn register(&mut self, module: &Module) {
        for it in &module.commands {
            self.instances.entry(it.decider.category).or_insert_with(|| Arc::clone(&it.instance));
            let handler = Handler { handle: Arc::clone(&it.handle), starts: None };
            self.commands.insert((it.decider.category, it.takes.name), handler);
            self.retries.insert(it.decider.category.into(), module.retries_of(it.decider.category));
        }
        for reactor in &module.reactors {
            let kind = if reactor.is_saga { "saga" } else { "module" };
            let retries = reactor.retries.unwrap_or(module.retries);
            self.retries.insert(format!("{kind} {}", reactor.name).into(), retries);
            for it in &reactor.reactions {
                self.add_reaction(it.takes.name, format!("{kind} {}", reactor.name).into(), &it.react);
            }
        }
        for it in &module.publishers {
            self.publishers.entry((it.category, it.takes.name)).or_default().push(Arc::clone(&it.publish));
        }
        module.effects.iter().for_each(|it| self.register_effect(it));
        for it in &module.projections {
            self.projections.insert(it.name(), Arc::new(it.clone()));
        }
        for it in &module.processes {
            let retries = it.retries.unwrap_or(module.retries);
            self.retries.insert(it.category.into(), retries);
            self.retries.insert(format!("route to {}", it.category).into(), retries);
            self.register_process(it);
        }
    }

    fn register_process(&mut self, process: &crate::process::ProcessType) {
        let category = process.category;
        self.instances.insert(category, Arc::clone(&process.instance));
        for input in &process.inputs {
            // A linear saga knows by itself which message it waits for.
            let starts = (!process.is_linear).then_some(input.starts);
            let handler = Handler { handle: Arc::clone(&input.handle), starts };
            match &input.source {
                Source::Fact(route) => {
                    self.add_reaction(input.takes.name, format!("route to {category}").into(), route)
                }
                Source::Rejection(command) => {
                    self.rejections.insert((category, command.name), input.takes.name);
                }
                Source::Timeout => {
                    self.commands.insert((category, input.takes.name), handler);
                    continue;
                }
            }
            self.inputs.insert((category, input.takes.name), handler);
        }
    }

    fn register_effect(&mut self, effect: &EffectType) {
        let handler = effect_handler(effect.name);
        for (takes, react) in effect.reactions() {
            self.add_reaction(takes.name, handler.clone().into(), &react);
        }
        self.effects.insert(handler, Arc::new(effect.clone()));
    }

    /// The categories whose instances end, each with the names of the events that end one.
    pub fn ends(&self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        let ends = self.instances.iter().map(|(category, instance)| (*category, instance.ends));
        ends.filter(|(_, ends)| !ends.is_empty())
    }

    /// Whether an instance that runs takes an input of this name: it may, unless the input only starts instances.
    #[must_use]
    pub fn is_taken_while_running(&self, category: &str, input: &str) -> bool {
        let handlers = self.inputs.iter().find(|((of, name), _)| *of == category && *name == input);
        handlers.is_none_or(|(_, it)| !matches!(it.starts, Some(Starts::Once | Starts::Again)))
    }

    fn add_reaction(&mut self, takes: &'static str, handler: HandlerName, react: &ReactFn) {
        self.reactions.entry(takes).or_default().push((handler, Arc::clone(react)));
    }
}

/// How the handler of an effect is named beside its calls, and beside what is parked for it.
#[must_use]
pub fn effect_handler(name: &str) -> String {
    format!("effect {name}")
}
