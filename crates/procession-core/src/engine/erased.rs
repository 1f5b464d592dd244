//! Where types are erased, once: from here on handlers are functions of a state, a payload and a context.

use std::{any::Any, sync::Arc};

use crate::{
    Command, Context, Decider, DecodeError, Events, Failure, Handle, Payload, Records, Rejection,
    emit::{Output, Outputs},
};

pub(crate) type State = Box<dyn Any + Send>;
pub(crate) type CommandFn = fn(&(dyn Any + Send), &str, &Context, &mut Outputs) -> Result<(), Failure>;
pub(crate) type ReactFn = Arc<dyn Fn(&str, &mut Outputs) -> Result<(), Failure> + Send + Sync>;

/// What the engine needs of a decider beside its command handlers.
#[derive(Clone, Copy)]
pub(crate) struct DeciderFns {
    pub(crate) initial: fn() -> State,
    pub(crate) evolve: fn(&mut (dyn Any + Send), name: &str, payload: &str) -> Result<(), DecodeError>,
}

impl DeciderFns {
    pub(crate) fn of<D: Decider>() -> Self {
        Self { initial: || Box::<D>::default(), evolve: evolve::<D> }
    }
}

fn evolve<D: Decider>(state: &mut (dyn Any + Send), name: &str, payload: &str) -> Result<(), DecodeError> {
    let event = D::Event::decode(name, payload)?;
    if let Some(state) = state.downcast_mut::<D>() {
        state.evolve(&event);
    }
    Ok(())
}

pub(crate) fn handle_command<C>(
    state: &(dyn Any + Send),
    payload: &str,
    context: &Context,
    outputs: &mut Outputs,
) -> Result<(), Failure>
where
    C: Command,
    C::To: Handle<C>,
{
    let command: C = decode(C::NAME, payload)?;
    let Some(state) = state.downcast_ref::<C::To>() else {
        return Err(Failure::UnknownCategory { category: C::To::CATEGORY.into() });
    };
    match state.handle(command, context) {
        Ok(records) => records.record(outputs),
        Err(rejection) => {
            outputs.push(Output::Reject(rejection.encode()?));
            Ok(())
        }
    }
}

pub(crate) fn decode<M: Payload>(name: &str, payload: &str) -> Result<M, DecodeError> {
    M::from_json(payload)
        .map_err(|error| DecodeError::Payload { name: name.into(), reason: error.to_string() })
}
