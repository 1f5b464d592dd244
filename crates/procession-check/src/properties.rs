use std::{cell::RefCell, collections::BTreeSet};

use procession_core::{Lifecycle, Stream};

use crate::{machine::Machine, moves::Obstacle, state::State, view::World};

/// What a property says of a world: whether it holds, or why not.
pub trait Holds {
    #[doc(hidden)]
    fn holds(self) -> Result<(), String>;
}

impl Holds for bool {
    fn holds(self) -> Result<(), String> {
        if self { Ok(()) } else { Err(String::new()) }
    }
}

impl<E: std::fmt::Display> Holds for Result<(), E> {
    fn holds(self) -> Result<(), String> {
        self.map_err(|it| it.to_string())
    }
}

pub(crate) type Property = (String, Box<dyn Fn(&World<'_>) -> Result<(), String>>);
pub(crate) type Outcome = (String, Box<dyn Fn(&World<'_>) -> String>);

/// What must hold.
#[derive(Default)]
pub(crate) struct Properties {
    /// In every world.
    pub(crate) always: Vec<Property>,
    /// In every world at rest.
    pub(crate) finally: Vec<Property>,
    /// The same in all worlds at rest.
    pub(crate) outcomes: Vec<Outcome>,
    /// The categories whose instances need not end.
    pub(crate) may_wait: BTreeSet<&'static str>,
}

/// Which property does not hold, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) property: String,
    pub(crate) reason: String,
}

impl From<Obstacle> for Broken {
    fn from(obstacle: Obstacle) -> Self {
        let property = match obstacle {
            Obstacle::Failed { .. } => "no message is parked",
            Obstacle::Rejected { .. } => "every rejection is for somebody",
            Obstacle::UnknownEffect { .. } => "every effect has a target that answers",
        };
        Self { property: property.into(), reason: obstacle.to_string() }
    }
}

impl Properties {
    /// Whether all that must always hold does.
    pub(crate) fn hold(
        &self,
        machine: &Machine,
        state: &State,
        looked_at: &RefCell<BTreeSet<String>>,
    ) -> Result<(), Broken> {
        all_hold(&self.always, &World { machine, state, looked_at })
    }

    /// Whether all that must hold at rest does.
    pub(crate) fn hold_at_rest(
        &self,
        machine: &Machine,
        state: &State,
        outcomes: &mut [Option<String>],
    ) -> Result<(), Broken> {
        let looked_at = RefCell::default();
        let world = World { machine, state, looked_at: &looked_at };
        self.all_have_ended(&world)?;
        all_hold(&self.finally, &world)?;
        for ((name, outcome), known) in self.outcomes.iter().zip(outcomes) {
            let outcome = outcome(&world);
            let known = known.get_or_insert_with(|| outcome.clone());
            if *known != outcome {
                let reason = format!("it is {outcome}, and in another order it is {known}");
                return Err(Broken { property: name.clone(), reason });
            }
        }
        Ok(())
    }

    fn all_have_ended(&self, world: &World<'_>) -> Result<(), Broken> {
        let machine = world.machine;
        let ends: BTreeSet<_> = machine.engine.ends().map(|(category, _)| category).collect();
        for (stream, history) in &world.state.histories {
            let stream: &Stream = &machine.streams[*stream];
            let category = stream.category();
            if !ends.contains(category) || self.may_wait.contains(category) {
                continue;
            }
            let state = machine.streams.find(stream).map(|it| machine.folded(it, *history));
            if state.is_some_and(|it| it.is_ok_and(|it| it.lifecycle() == Lifecycle::Running)) {
                return Err(Broken {
                    property: "every process ends".into(),
                    reason: format!(
                        "{category} {} has not ended, and nothing that is on its way will end it",
                        stream.id()
                    ),
                });
            }
        }
        Ok(())
    }
}

fn all_hold(properties: &[Property], world: &World<'_>) -> Result<(), Broken> {
    for (property, holds) in properties {
        holds(world).map_err(|reason| Broken { property: property.clone(), reason })?;
    }
    Ok(())
}
