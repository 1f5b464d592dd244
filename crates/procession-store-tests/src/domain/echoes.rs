use procession::{Command, Context, Decider, Event, Events, Handle, Module, Never, Saga};
use serde::{Deserialize, Serialize};

/// Two valleys that answer each other without end.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Valley {
    pub(crate) heard: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Valley, id = valley)]
pub(crate) struct Shout {
    pub(crate) valley: String,
    pub(crate) other: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct ShoutHeard {
    valley: String,
    other: String,
}

#[derive(Events)]
pub(crate) enum ValleyEvent {
    Heard(ShoutHeard),
}

impl Decider for Valley {
    const CATEGORY: &'static str = "valley";
    type Event = ValleyEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ValleyEvent) {
        let ValleyEvent::Heard(_) = event;
        self.heard += 1;
    }
}

impl Handle<Shout> for Valley {
    type Records = ShoutHeard;

    fn handle(&self, command: Shout, _: &Context) -> Result<ShoutHeard, Never> {
        Ok(ShoutHeard { valley: command.valley, other: command.other })
    }
}

pub(crate) fn module() -> Module {
    let echo = Saga::named("echo")
        .on(|event: &ShoutHeard| Shout { valley: event.other.clone(), other: event.valley.clone() });
    Module::named("echoes").handles::<Shout>().saga(echo)
}
