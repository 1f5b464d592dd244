use std::{any::TypeId, marker::PhantomData, sync::Arc};

use super::{Correlation, On, OnRejection, OnTimeout, Rejected, Starts};
use crate::{
    Command, Decider, Fact, Failure, MessageType, Retries, Stream,
    emit::{Emission, Emits, Output, Times},
    engine::{HandleFn, InstanceType, ReactFn, decode, downcast},
    log::Entry,
    map::Stage,
};

/// Lists what a process manager takes; its module adds it with
/// [`Module::process_manager`](crate::Module::process_manager).
///
/// ```
/// # extern crate procession_core as procession;
/// # use procession::{Context, Correlation, On, doc::{Room, RoomCleaned}};
/// # use procession::{Event, Events, Decider, Never};
/// # use serde::{Serialize, Deserialize};
/// # #[derive(Event, Serialize, Deserialize)] struct StayEnded { room: u16 }
/// # #[derive(Event, Serialize, Deserialize)] struct StayBegan { room: u16 }
/// # #[derive(Events)] enum StayEvent { Began(StayBegan), #[ends] Ended(StayEnded) }
/// # #[derive(Default)] struct Stay;
/// # impl Decider for Stay {
/// #     const CATEGORY: &'static str = "stay"; type Event = StayEvent; type Rejection = Never;
/// #     fn evolve(&mut self, _: &StayEvent) {}
/// # }
/// # impl On<RoomCleaned> for Stay {
/// #     type Emits = StayEnded;
/// #     fn correlate(event: &RoomCleaned) -> Correlation { Correlation::to(event.room) }
/// #     fn on(&self, event: RoomCleaned, _: &Context) -> StayEnded { StayEnded { room: event.room } }
/// # }
/// use procession::{Module, ProcessManager};
///
/// let stays = Module::named("stays").process_manager(ProcessManager::<Stay>::new().on::<RoomCleaned>());
/// ```
pub struct ProcessManager<P> {
    inputs: Vec<Input>,
    retries: Option<Retries>,
    process: PhantomData<fn() -> P>,
}

/// A process manager or a linear saga, with its type erased.
#[derive(Clone)]
pub(crate) struct ProcessType {
    pub(crate) category: &'static str,
    pub(crate) rust_type: &'static str,
    pub(crate) id: TypeId,
    pub(crate) is_linear: bool,
    pub(crate) instance: Arc<InstanceType>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) retries: Option<Retries>,
    /// Linear sagas only: the steps, in their order.
    pub(crate) stages: Vec<Stage>,
}

/// A message that a process manager takes.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) source: Source,
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    pub(crate) starts: Starts,
    pub(crate) handle: HandleFn,
}

/// How a message comes to a process manager.
#[derive(Clone)]
pub(crate) enum Source {
    /// An event, by its route.
    Fact(ReactFn),
    /// A rejection of this command.
    Rejection(MessageType),
    /// A command to itself.
    Timeout,
}

impl<P: Decider> Default for ProcessManager<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Decider> ProcessManager<P> {
    /// A process manager that takes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { inputs: Vec::new(), retries: None, process: PhantomData }
    }

    /// Takes an event.
    #[must_use]
    pub fn on<F: Fact>(mut self) -> Self
    where
        P: On<F>,
    {
        let handle: HandleFn = Arc::new(|state, message, context, outputs| {
            let event: F = decode(message.schema_version, &message.payload)?;
            downcast::<P>(state)?.on(event, context).emit(outputs)
        });
        let source = Source::Fact(route(P::CATEGORY, correlate_fn::<F>(P::correlate)));
        self.inputs.push(Input {
            source,
            takes: MessageType::of::<F>(),
            emits: declared::<P, P::Emits>(),
            starts: P::STARTS,
            handle,
        });
        self
    }

    /// Takes the rejections of a command that it has sent.
    #[must_use]
    pub fn on_rejection<C: Command>(mut self) -> Self
    where
        P: OnRejection<C>,
    {
        let handle: HandleFn = Arc::new(|state, message, context, outputs| {
            let rejected = Rejected::<C>::decode(message.schema_version, &message.payload)?;
            downcast::<P>(state)?.on_rejection(rejected, context).emit(outputs)
        });
        self.inputs.push(Input {
            source: Source::Rejection(MessageType::of::<C>()),
            takes: Rejected::<C>::message_type(),
            emits: declared::<P, P::Emits>(),
            starts: Starts::Never,
            handle,
        });
        self
    }

    /// Takes a timeout that it has asked for.
    #[must_use]
    pub fn on_timeout<C: Command<To = P>>(mut self) -> Self
    where
        P: OnTimeout<C>,
    {
        let handle: HandleFn = Arc::new(|state, message, context, outputs| {
            let timeout: C = decode(message.schema_version, &message.payload)?;
            downcast::<P>(state)?.on_timeout(timeout, context).emit(outputs)
        });
        self.inputs.push(Input {
            source: Source::Timeout,
            takes: MessageType::of::<C>(),
            emits: declared::<P, P::Emits>(),
            starts: Starts::Never,
            handle,
        });
        self
    }

    /// Tries it again when it has failed; without it, as often as its module says.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    pub(crate) fn erased(self) -> ProcessType {
        ProcessType {
            category: P::CATEGORY,
            rust_type: std::any::type_name::<P>(),
            id: TypeId::of::<P>(),
            is_linear: false,
            instance: Arc::new(InstanceType { is_process: true, ..InstanceType::of::<P>() }),
            stages: Vec::new(),
            inputs: self.inputs,
            retries: self.retries,
        }
    }
}

fn declared<P: Decider, E: Emits<P>>() -> Vec<Emission> {
    let mut emits = Vec::new();
    E::declare(Times::Once, &mut emits);
    emits
}

/// The stream that an event belongs to, among those of a category.
pub(crate) type CorrelateFn =
    Arc<dyn Fn(&Entry, &'static str) -> Result<Option<Stream>, Failure> + Send + Sync>;

pub(crate) fn correlate_fn<F: Fact>(
    correlate: impl Fn(&F) -> Correlation + Send + Sync + 'static,
) -> CorrelateFn {
    Arc::new(move |entry, category| {
        let event: F = decode(entry.schema_version, &entry.payload)?;
        correlate(&event).stream::<F>(category)
    })
}

/// Delivers an event to the instance that it belongs to.
fn route(category: &'static str, correlate: CorrelateFn) -> ReactFn {
    Arc::new(move |entry, outputs| {
        if let Some(to) = correlate(entry, category)? {
            outputs.push(Output::Deliver { to, message: entry.encoded() });
        }
        Ok(())
    })
}
