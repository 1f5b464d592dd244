use std::{
    any::Any,
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Engine,
    erased::{InstanceType, ReactFn, State},
    register::Handler,
};
use crate::{
    Context, EffectType, Failure, Ignored, Lifecycle, Projection, Retries, Stream, Version,
    emit::{Cancellation, Output},
    log::{Encoded, Entry, Kind},
    process::encoded_rejection,
};

/// Who handles a message.
#[derive(Clone, Copy)]
pub enum Handlers<'a> {
    /// The instance that its stream belongs to: a decider's, or a process manager's.
    Instance,
    /// Those who react to it, with their names: sagas, modules, and the routes to process managers.
    Reactions(&'a [(Cow<'static, str>, ReactFn)]),
    /// Nobody: it only has to be remembered.
    Nobody,
}

/// The state of one instance, folded from its events up to a version.
pub struct InstanceState {
    version: Version,
    lifecycle: Lifecycle,
    /// When its life began, once somebody has said so.
    began: Option<Timestamp>,
    state: State,
    instance: Arc<InstanceType>,
}

impl Engine {
    /// Who handles this message.
    #[must_use]
    pub fn handlers_of(&self, entry: &Entry) -> Handlers<'_> {
        match entry.kind {
            Kind::Command | Kind::Input => Handlers::Instance,
            Kind::Event | Kind::PublicEvent => {
                self.reactions.get(&*entry.name).map_or(Handlers::Nobody, |it| Handlers::Reactions(it))
            }
            Kind::ExecutedCommand
            | Kind::Rejection
            | Kind::Ignored
            | Kind::Failure
            | Kind::Operation
            | Kind::EffectResult => Handlers::Nobody,
        }
    }

    /// Whether somebody handles messages of this kind and name.
    #[must_use]
    pub fn has_handlers(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Command | Kind::Input => true,
            Kind::Event | Kind::PublicEvent => self.reactions.contains_key(name),
            Kind::ExecutedCommand
            | Kind::Rejection
            | Kind::Ignored
            | Kind::Failure
            | Kind::Operation
            | Kind::EffectResult => false,
        }
    }

    /// The effect whose handler has this name.
    #[must_use]
    pub fn effect(&self, handler: &str) -> Option<&Arc<EffectType>> {
        self.effects.get(handler)
    }

    /// All effects, by the names of their handlers.
    pub fn effects(&self) -> impl Iterator<Item = (&str, &Arc<EffectType>)> {
        self.effects.iter().map(|(handler, effect)| (&**handler, effect))
    }

    /// All projections, by name.
    pub fn projections(&self) -> impl Iterator<Item = &Arc<Projection>> {
        self.projections.values()
    }

    /// The projection of this name.
    #[must_use]
    pub fn projection(&self, name: &str) -> Option<&Arc<Projection>> {
        self.projections.get(name)
    }

    /// Whether commands of this name for this category are handled.
    #[must_use]
    pub fn handles(&self, category: &str, command: &str) -> bool {
        self.commands.contains_key(&(category, command))
    }

    /// How often a handler is tried again that has failed, by its name beside what is parked for it.
    #[must_use]
    pub fn retries_of(&self, handler: &str) -> Retries {
        self.retries.get(handler).copied().unwrap_or(Retries::never())
    }

    /// The state of an instance that has no events yet.
    ///
    /// # Errors
    /// When nobody has that category.
    pub fn initial(&self, category: &str) -> Result<InstanceState, Failure> {
        let instance = self
            .instances
            .get(category)
            .ok_or_else(|| Failure::UnknownCategory { category: category.into() })?;
        Ok(InstanceState {
            version: Version::NONE,
            lifecycle: Lifecycle::NotStarted,
            began: None,
            state: (instance.initial)(),
            instance: Arc::clone(instance),
        })
    }

    /// Lets an instance handle a message that is for it: a command, an event or a rejection that was delivered to it, a
    /// timeout. What it records is still to be folded, by [`Self::fold`].
    ///
    /// # Errors
    /// A technical failure; the message took no effect.
    pub fn decide(
        &self,
        state: &InstanceState,
        message: &Entry,
        context: &Context,
    ) -> Result<Vec<Output>, Failure> {
        let handler = self.handler_of(message)?;
        let refused = handler.starts.and_then(|it| it.refuses(state.lifecycle));
        if let Some(reason) = refused {
            return Ok(vec![Output::Ignore(Ignored::encoded(&message.name, reason)?)]);
        }
        let mut outputs = Vec::new();
        caught(|| (handler.handle)(&*state.state, message, context, &mut outputs))?;
        self.tell_sender(message, &mut outputs);
        Ok(outputs)
    }

    fn handler_of<'a>(&'a self, message: &'a Entry) -> Result<&'a Handler, Failure> {
        let (category, name) = (message.stream.category(), &*message.name);
        if message.kind == Kind::Input {
            let unknown = || Failure::UnknownInput { category: category.into(), name: name.into() };
            return self.inputs.get(&(category, name)).ok_or_else(unknown);
        }
        let unknown = || {
            if self.instances.contains_key(category) {
                return Failure::UnknownCommand { name: name.into() };
            }
            Failure::UnknownCategory { category: category.into() }
        };
        self.commands.get(&(category, name)).ok_or_else(unknown)
    }

    /// A process manager that has sent the command, and wants to know, is told of a rejection.
    fn tell_sender(&self, command: &Entry, outputs: &mut Vec<Output>) {
        let Some(sender) = &command.sender else { return };
        let Some(input) = self.rejections.get(&(sender.category(), &*command.name)) else { return };
        let Some(Output::Reject(rejection)) = outputs.last() else { return };
        let message = encoded_rejection(input, command.schema_version, &command.payload, &rejection.payload);
        outputs.push(Output::Deliver { to: sender.clone(), message });
    }

    /// Lets somebody stateless react to an event: commands, or messages for process managers.
    ///
    /// # Errors
    /// A technical failure; nothing was sent.
    pub fn react(&self, react: &ReactFn, event: &Entry) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        caught(|| react(event, &mut outputs))?;
        Ok(outputs)
    }

    /// Folds what an instance has recorded into its state, and adds what follows from that: public events, made with the
    /// state as of their event, and the end of its timeouts when it has ended.
    ///
    /// # Errors
    /// When an event cannot be folded or made public; the state must then be dropped.
    pub fn fold(
        &self,
        state: &mut InstanceState,
        stream: &Stream,
        outputs: &mut Vec<Output>,
    ) -> Result<(), Failure> {
        let before = state.version;
        for output in std::mem::take(outputs) {
            let published = match &output {
                Output::Record(event) => {
                    if let (Lifecycle::Ended(end), true) = (state.lifecycle, state.version > before) {
                        return Err(Failure::RecordedAfterTheEnd { event: event.name.to_string(), end });
                    }
                    state.evolve(&event.name, event.schema_version, &event.payload)?;
                    self.published(state, stream, event)?
                }
                _ => Vec::new(),
            };
            outputs.push(output);
            outputs.extend(published);
        }
        if state.instance.is_process && state.lifecycle.has_ended() && state.version > before {
            outputs.push(Output::Cancel(Cancellation::TimeoutsOf(stream.clone())));
        }
        Ok(())
    }

    fn published(
        &self,
        state: &InstanceState,
        stream: &Stream,
        event: &Encoded,
    ) -> Result<Vec<Output>, Failure> {
        let mut published = Vec::new();
        for publish in self.publishers.get(&(stream.category(), &*event.name)).into_iter().flatten() {
            caught(|| publish(&*state.state, event.schema_version, &event.payload, &mut published))?;
        }
        Ok(published)
    }

    /// Folds the next event into a state.
    ///
    /// The event is read from what was (or will be) written, never from memory, so that a state that lives on is
    /// the same as a state that is loaded.
    ///
    /// # Errors
    /// When the event cannot be read or `evolve` panics; the state must then be dropped.
    pub fn evolve(&self, state: &mut InstanceState, event: &Entry) -> Result<(), Failure> {
        state.evolve(&event.name, event.schema_version, &event.payload)?;
        state.began_by(event.at);
        Ok(())
    }
}

impl InstanceState {
    fn evolve(&mut self, name: &str, schema_version: u16, payload: &str) -> Result<(), Failure> {
        let evolve = &self.instance.evolve;
        caught(|| Ok(evolve(&mut *self.state, name, schema_version, payload)?))?;
        self.version = self.version.next();
        if self.lifecycle != Lifecycle::Running {
            self.began = None;
        }
        let end = self.instance.ends.iter().find(|it| **it == name);
        self.lifecycle = end.map_or(Lifecycle::Running, |it| Lifecycle::Ended(it));
        Ok(())
    }

    /// How many events were folded.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where the instance is in its life.
    #[must_use]
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }

    /// When its life began: when its first event was recorded, or its first one after an earlier life. An event that has
    /// just been folded by [`Engine::fold`] knows no time; then it is `now`.
    pub fn began_by(&mut self, now: Timestamp) -> Timestamp {
        *self.began.get_or_insert(now)
    }

    /// Whether it is an instance of a process manager: its commands carry their sender.
    #[must_use]
    pub fn is_process(&self) -> bool {
        self.instance.is_process
    }

    /// The state, when it is that of a `D`.
    #[must_use]
    pub fn downcast<D: Any>(self) -> Option<Box<D>> {
        (self.state as Box<dyn Any>).downcast().ok()
    }
}

/// Handlers are users' code: a panic in one must not take anything else down.
pub(crate) fn caught<T>(run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|panic| Err(Failure::Panicked { message: panic_message(&*panic) }))
}

/// What somebody said who panicked.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is not text".into())
}
