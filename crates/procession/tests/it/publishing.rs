//! Two deciders may record one type of event. Publishing it for the one leaves the other alone.

use procession::{
    Application, Command, Context, Decider, Event, Events, Handle, MemoryStore, Module, Never, PublicEvent,
    Runtime, log::Position,
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
struct Renamed {
    id: u16,
}

#[derive(PublicEvent, Serialize, Deserialize)]
struct ShipRenamed {
    id: u16,
}

macro_rules! renamed_by {
    ($decider:ident, $category:literal, $events:ident, $command:ident) => {
        #[derive(Default)]
        struct $decider;

        #[derive(Events)]
        enum $events {
            Renamed(Renamed),
        }

        #[derive(Command, Serialize, Deserialize)]
        #[command(to = $decider, id = id)]
        struct $command {
            id: u16,
        }

        impl Decider for $decider {
            const CATEGORY: &'static str = $category;
            type Event = $events;
            type Rejection = Never;

            fn evolve(&mut self, _: &$events) {}
        }

        impl Handle<$command> for $decider {
            type Records = Renamed;

            fn handle(&self, command: $command, _: &Context) -> Result<Renamed, Never> {
                Ok(Renamed { id: command.id })
            }
        }
    };
}

renamed_by!(Ship, "ship", ShipEvent, RenameShip);
renamed_by!(Port, "port", PortEvent, RenamePort);

#[tokio::test]
async fn an_event_of_two_deciders_is_published_for_the_one_that_says_so() {
    let harbour = Module::named("harbour")
        .handles::<RenameShip>()
        .handles::<RenamePort>()
        .publishes_as(|_: &Ship, event: &Renamed| ShipRenamed { id: event.id });
    let runtime =
        Runtime::start(&Application::assemble([harbour]).unwrap(), MemoryStore::new()).await.unwrap();

    runtime.execute(RenameShip { id: 1 }).await.unwrap();
    runtime.execute(RenamePort { id: 2 }).await.unwrap();

    let log = runtime.reader().store().read_log(Position::START, 100).await.unwrap();
    let published: Vec<_> = log.iter().filter(|it| it.entry.name == "ShipRenamed").collect();
    assert_eq!(published.iter().map(|it| it.entry.stream.to_string()).collect::<Vec<_>>(), ["ship/1"]);
}
