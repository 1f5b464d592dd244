use std::sync::Arc;

use crate::{
    Decider, Either, Event, Failure, MessageType, OneOf, PublicEvent,
    emit::Outputs,
    emit::{Emission, EmissionKind, Output, Times, once},
    engine::{PublishFn, decode, downcast},
};

/// What an event can be told as to other modules: a public event, or `Option`, `Vec` and [`Either`] of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "not public events",
    note = "return a public event, or `Option`, `Vec` or `Either` of them; write `#[derive(PublicEvent)]` above it"
)]
pub trait Publishes {
    #[doc(hidden)]
    fn declare(times: Times, into: &mut Vec<Emission>);
    #[doc(hidden)]
    fn publish(self, into: &mut Outputs) -> Result<(), Failure>;
}

impl<P: PublicEvent> Publishes for P {
    fn declare(times: Times, into: &mut Vec<Emission>) {
        into.push(once::<P>(EmissionKind::Publishes, times));
    }

    fn publish(self, into: &mut Outputs) -> Result<(), Failure> {
        into.push(Output::Publish(self.encode()?));
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Publishes> Publishes for Option<T> {
    fn declare(times: Times, into: &mut Vec<Emission>) {
        T::declare(Times::Maybe.within(times), into);
    }

    fn publish(self, into: &mut Outputs) -> Result<(), Failure> {
        self.map_or(Ok(()), |it| it.publish(into))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Publishes> Publishes for Vec<T> {
    fn declare(times: Times, into: &mut Vec<Emission>) {
        T::declare(Times::Many.within(times), into);
    }

    fn publish(self, into: &mut Outputs) -> Result<(), Failure> {
        self.into_iter().try_for_each(|it| it.publish(into))
    }
}

#[diagnostic::do_not_recommend]
impl<L: Publishes, R: Publishes> Publishes for Either<L, R> {
    fn declare(times: Times, into: &mut Vec<Emission>) {
        L::declare(Times::Maybe.within(times), into);
        R::declare(Times::Maybe.within(times), into);
    }

    fn publish(self, into: &mut Outputs) -> Result<(), Failure> {
        match self {
            Self::Left(it) => it.publish(into),
            Self::Right(it) => it.publish(into),
        }
    }
}

/// How an event becomes public ones.
#[derive(Clone)]
pub(crate) struct Publisher {
    pub(crate) category: &'static str,
    pub(crate) takes: MessageType,
    pub(crate) emits: Vec<Emission>,
    pub(crate) publish: PublishFn,
}

impl Publisher {
    pub(crate) fn of<D, E, P>(publish: impl Fn(&D, &E) -> P + Send + Sync + 'static) -> Self
    where
        D: Decider,
        E: Event + OneOf<D::Event>,
        P: Publishes,
    {
        let mut emits = Vec::new();
        P::declare(Times::Once, &mut emits);
        let publish: PublishFn = Arc::new(move |state, schema_version, payload, outputs| {
            let event: E = decode(schema_version, payload)?;
            publish(downcast::<D>(state)?, &event).publish(outputs)
        });
        Self { category: D::CATEGORY, takes: MessageType::of::<E>(), emits, publish }
    }
}
