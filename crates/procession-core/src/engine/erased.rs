//! Where types are erased, once: from here on handlers are functions of a state, a message and a context.

use std::{any::Any, sync::Arc};

use crate::{
    Command, Context, Decider, DecodeError, Events, Failure, Handle, Message, Records, Rejection,
    emit::{Output, Outputs},
    log::Entry,
};

pub(crate) type State = Box<dyn Any + Send>;

/// Lets an instance handle a message.
pub(crate) type HandleFn =
    Arc<dyn Fn(&(dyn Any + Send), &Entry, &Context, &mut Outputs) -> Result<(), Failure> + Send + Sync>;

/// Lets something stateless react to a message.
pub(crate) type ReactFn = Arc<dyn Fn(&Entry, &mut Outputs) -> Result<(), Failure> + Send + Sync>;

/// Makes public events from an event and the state as of it.
pub(crate) type PublishFn =
    Arc<dyn Fn(&(dyn Any + Send), u16, &str, &mut Outputs) -> Result<(), Failure> + Send + Sync>;

/// Folds an event, by its name, its schema version and its payload.
pub(crate) type EvolveFn =
    Box<dyn Fn(&mut (dyn Any + Send), &str, u16, &str) -> Result<(), DecodeError> + Send + Sync>;

/// What the engine needs to know of the instances of a category, beside their handlers.
pub(crate) struct InstanceType {
    pub(crate) initial: Box<dyn Fn() -> State + Send + Sync>,
    pub(crate) evolve: EvolveFn,
    /// The events that end an instance.
    pub(crate) ends: &'static [&'static str],
    pub(crate) is_process: bool,
}

impl InstanceType {
    pub(crate) fn of<D: Decider>() -> Self {
        Self {
            initial: Box::new(|| Box::<D>::default()),
            evolve: Box::new(evolve::<D>),
            ends: D::Event::ENDS,
            is_process: false,
        }
    }
}

fn evolve<D: Decider>(
    state: &mut (dyn Any + Send),
    name: &str,
    schema_version: u16,
    payload: &str,
) -> Result<(), DecodeError> {
    let event = D::Event::decode(name, schema_version, payload)?;
    if let Some(state) = state.downcast_mut::<D>() {
        state.evolve(&event);
    }
    Ok(())
}

pub(crate) fn handle_command<C>(
    state: &(dyn Any + Send),
    message: &Entry,
    context: &Context,
    outputs: &mut Outputs,
) -> Result<(), Failure>
where
    C: Command,
    C::To: Handle<C>,
{
    let command: C = decode(message.schema_version, &message.payload)?;
    match downcast::<C::To>(state)?.handle(command, context) {
        Ok(records) => records.record(outputs),
        Err(rejection) => {
            outputs.push(Output::Reject(rejection.encode()?));
            Ok(())
        }
    }
}

pub(crate) fn downcast<D: Decider>(state: &(dyn Any + Send)) -> Result<&D, Failure> {
    state.downcast_ref().ok_or_else(|| Failure::UnknownCategory { category: D::CATEGORY.into() })
}

/// Reads a payload of the current schema version, or of an older one through its upcasters.
pub(crate) fn decode<M: Message>(schema_version: u16, payload: &str) -> Result<M, DecodeError> {
    if schema_version != M::SCHEMA_VERSION {
        return M::upcast(schema_version, payload);
    }
    M::from_json(payload)
        .map_err(|error| DecodeError::Payload { name: M::NAME.into(), reason: error.to_string() })
}
