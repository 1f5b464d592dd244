use std::{marker::PhantomData, pin::Pin, sync::Arc, time::Duration};

use super::{CircuitBreaker, EffectCallContext, EffectError, EffectPolicy, GivenUp};
use crate::{
    Event, Fact, Failure, MessageType, Retries, Sends,
    emit::{Emission, Output, Outputs, Times},
    engine::{ReactFn, decode},
    log::Entry,
};

type Calling = Pin<Box<dyn Future<Output = Result<Vec<Output>, EffectError>> + Send>>;
type CallFn = Arc<dyn Fn(&Entry, EffectCallContext) -> Calling + Send + Sync>;
type GivenUpFn = Arc<dyn Fn(&Entry, &GivenUp, &mut Outputs) -> Result<(), Failure> + Send + Sync>;

/// An effect that has a name, and is still to be given what it does.
#[derive(Clone, Copy, Debug)]
#[must_use = "an effect does nothing before it is part of a module"]
pub struct NamedEffect {
    name: &'static str,
}

/// A real side effect: a payment provider is asked, a mail is sent. An async function that is called for every event of one
/// type, outside of any transaction, at least once, and tells what came of it by commands.
///
/// A call is durable: it is noted in the very step that handles its event, and it is over in the step that records its
/// result. Between them a crash, a timeout or an error lets it be made again, with the same
/// [key](EffectCallContext::key). The calls for one stream are made one after another, in the order of its events.
///
/// ```
/// # extern crate procession_core as procession;
/// use std::time::Duration;
/// use procession::{Effect, EffectError, Module, Retries, doc::{CleanRoom, GuestLeft}};
///
/// async fn unlock_the_door(room: u16, key: &str) -> Result<(), std::io::Error> {
///     // Ask the lock, and give it the key, so that it can tell a second question from a new one.
///     Ok(())
/// }
///
/// let lock = Effect::named("door_lock")
///     .on(async |event: GuestLeft, call| {
///         unlock_the_door(event.room, &call.key).await?;
///         Ok(CleanRoom { room: event.room })
///     })
///     .when_given_up(|event: &GuestLeft, _| CleanRoom { room: event.room })
///     .retries(Retries::up_to(10).within(Duration::from_secs(60 * 60)))
///     .timeout(Duration::from_secs(5));
/// let rooms = Module::named("rooms").handles::<CleanRoom>().external_event::<GuestLeft>().effect(lock);
/// ```
#[derive(Clone)]
#[must_use = "an effect does nothing before it is part of a module"]
pub struct Effect<F> {
    erased: EffectType,
    takes: PhantomData<fn(F)>,
}

/// An effect as modules and the engine know it.
#[derive(Clone)]
pub struct EffectType {
    pub(crate) name: &'static str,
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    /// The events that take a call back.
    pub(crate) until: Vec<MessageType>,
    call: CallFn,
    given_up: Option<GivenUpFn>,
    policy: EffectPolicy,
}

impl NamedEffect {
    /// What is done for an event, and what it leads to: a command, or `Option`, `Vec`, tuples and so on of them, or `()`.
    ///
    /// Any error lets it be tried again; [`EffectError`] says more.
    pub fn on<F, S, C>(self, call: impl Fn(F, EffectCallContext) -> C + Send + Sync + 'static) -> Effect<F>
    where
        F: Fact + Send,
        S: Sends,
        C: Future<Output = Result<S, EffectError>> + Send + 'static,
    {
        let mut emits = Vec::new();
        S::declare(Times::Maybe, &mut emits);
        let call: CallFn = Arc::new(move |event, context| {
            let called = decode(event.schema_version, &event.payload).map(|event| call(event, context));
            Box::pin(async move {
                let sends = called.map_err(EffectError::park)?.await?;
                let mut outputs = Outputs::new();
                sends.send(&mut outputs).map_err(EffectError::park)?;
                Ok(outputs)
            })
        });
        let erased = EffectType {
            name: self.name,
            takes: MessageType::of::<F>(),
            emits,
            until: Vec::new(),
            call,
            given_up: None,
            policy: EffectPolicy::default(),
        };
        Effect { erased, takes: PhantomData }
    }
}

impl Effect<()> {
    /// An effect that is still to be given what it does. The name stands on the map and beside its calls.
    pub fn named(name: &'static str) -> NamedEffect {
        NamedEffect { name }
    }
}

impl<F: Fact> Effect<F> {
    /// What a call leads to that is given up. Without it such a call is parked, and so it is if this panics.
    pub fn when_given_up<S: Sends>(
        mut self,
        given_up: impl Fn(&F, &GivenUp) -> S + Send + Sync + 'static,
    ) -> Self {
        S::declare(Times::Maybe, &mut self.erased.emits);
        self.erased.given_up = Some(Arc::new(move |event, reason, outputs| {
            let event: F = decode(event.schema_version, &event.payload)?;
            given_up(&event, reason).send(outputs)
        }));
        self
    }

    /// An event of the same stream that takes the calls back that are not over: nobody wants them any more. One that is
    /// under way is stopped, and may have reached its target all the same. An event of another decider is a mistake in the
    /// wiring, because it never stands in that stream.
    pub fn until<E: Event>(mut self) -> Self {
        self.erased.until.push(MessageType::of::<E>());
        self
    }

    /// How often, and for how long, a call is tried.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.erased.policy.retries = retries;
        self
    }

    /// How long one attempt may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.erased.policy.timeout = timeout;
        self
    }

    /// How many calls may be under way at the same time: at least one.
    pub fn calls_at_once(mut self, calls: u32) -> Self {
        self.erased.policy.calls_at_once = calls.max(1);
        self
    }

    /// How many calls may begin in a second: at least one.
    pub fn calls_per_second(mut self, calls: u32) -> Self {
        self.erased.policy.calls_per_second = Some(calls.max(1));
        self
    }

    /// When all calls pause, because the target is down.
    pub fn circuit_breaker(mut self, circuit_breaker: CircuitBreaker) -> Self {
        self.erased.policy.circuit_breaker = circuit_breaker;
        self
    }

    pub(crate) fn erased(self) -> EffectType {
        self.erased
    }
}

impl EffectType {
    /// Its name, as users have given it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How it is called.
    #[must_use]
    pub fn policy(&self) -> &EffectPolicy {
        &self.policy
    }

    /// Makes a call. What it gives is what the effect sends.
    pub fn call(
        &self,
        event: &Entry,
        context: EffectCallContext,
    ) -> impl Future<Output = Result<Vec<Output>, EffectError>> + Send + 'static {
        (self.call)(event, context)
    }

    /// What a call that is given up leads to; none if that was not said.
    ///
    /// # Errors
    /// A technical failure.
    pub fn given_up(&self, event: &Entry, reason: &GivenUp) -> Option<Result<Vec<Output>, Failure>> {
        let given_up = self.given_up.as_ref()?;
        Some(crate::engine::caught(|| {
            let mut outputs = Outputs::new();
            given_up(event, reason, &mut outputs)?;
            Ok(outputs)
        }))
    }

    /// The reactions by which events open its calls, and take them back.
    pub(crate) fn reactions(&self) -> impl Iterator<Item = (MessageType, ReactFn)> {
        let name = self.name;
        let opens: ReactFn = Arc::new(move |_, outputs| {
            outputs.push(Output::Call { effect: name });
            Ok(())
        });
        let takes_back: ReactFn = Arc::new(move |_, outputs| {
            outputs.push(Output::TakeBackCalls { effect: name });
            Ok(())
        });
        let until = self.until.iter().map(move |it| (*it, Arc::clone(&takes_back)));
        std::iter::once((self.takes, opens)).chain(until)
    }
}
