use procession::{
    Application, Command, Context, Decider, Either, Event, Events, Handle, Module, Never, Runtime, Saga,
    WiringErrors, history, log::Position, sqlite::SqliteStore,
};
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize)]
#[command(to = Order, id = order)]
struct PlaceOrder {
    machine: String,
    order: String,
}

#[derive(Event, Serialize, Deserialize)]
struct OrderPlaced {
    machine: String,
    order: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = CoffeeMachine, id = machine)]
struct MakeCoffee {
    machine: String,
    order: String,
}

#[derive(Event, Serialize, Deserialize)]
struct CoffeeMade {
    machine: String,
    order: String,
}

#[derive(Event, Serialize, Deserialize)]
struct BeansRanOut {
    machine: String,
    order: String,
}

#[derive(Default)]
struct Order {
    is_placed: bool,
}

#[derive(Events)]
enum OrderEvent {
    Placed(OrderPlaced),
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum OrderRejection {
    #[error("the order was placed before")]
    AlreadyPlaced,
}

impl Decider for Order {
    const CATEGORY: &'static str = "order";
    type Event = OrderEvent;
    type Rejection = OrderRejection;

    fn evolve(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::Placed(_) => self.is_placed = true,
        }
    }
}

impl Handle<PlaceOrder> for Order {
    type Records = OrderPlaced;

    fn handle(&self, command: PlaceOrder, _: &Context) -> Result<OrderPlaced, OrderRejection> {
        if self.is_placed {
            return Err(OrderRejection::AlreadyPlaced);
        }
        let PlaceOrder { machine, order } = command;
        Ok(OrderPlaced { machine, order })
    }
}

#[derive(Default)]
struct CoffeeMachine {
    coffees_made: u32,
}

const COFFEES_PER_FILLING: u32 = 2;

#[derive(Events)]
enum CoffeeMachineEvent {
    CoffeeMade(CoffeeMade),
    BeansRanOut(BeansRanOut),
}

impl Decider for CoffeeMachine {
    const CATEGORY: &'static str = "coffee_machine";
    type Event = CoffeeMachineEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &CoffeeMachineEvent) {
        match event {
            CoffeeMachineEvent::CoffeeMade(_) => self.coffees_made += 1,
            CoffeeMachineEvent::BeansRanOut(_) => {}
        }
    }
}

impl Handle<MakeCoffee> for CoffeeMachine {
    type Records = Either<CoffeeMade, BeansRanOut>;

    fn handle(&self, command: MakeCoffee, _: &Context) -> Result<Self::Records, Never> {
        let MakeCoffee { machine, order } = command;
        if self.coffees_made < COFFEES_PER_FILLING {
            Ok(Either::Left(CoffeeMade { machine, order }))
        } else {
            Ok(Either::Right(BeansRanOut { machine, order }))
        }
    }
}

fn barista() -> Saga {
    Saga::named("barista")
        .on(|event: &OrderPlaced| MakeCoffee { machine: event.machine.clone(), order: event.order.clone() })
}

fn coffee_bar() -> Result<Application, WiringErrors> {
    Application::assemble([Module::named("coffee_bar")
        .handles::<PlaceOrder>()
        .handles::<MakeCoffee>()
        .saga(barista())])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let order = std::env::args().nth(1).unwrap_or("1".into());
    let bar = coffee_bar()?;
    println!("{}", bar.map().to_text());

    let runtime = Runtime::start(&bar, SqliteStore::open("coffee.db")?).await?;
    let executed = runtime.execute(PlaceOrder { machine: "corner".into(), order }).await?;
    runtime.wait(executed.process).await?;

    let messages = runtime.reader().history(executed.process, Position::START).await?;
    for layer in history::layers(&messages) {
        for message in layer.messages {
            let indent = "  ".repeat(layer.depth);
            println!("{indent}{}", history::written(&message.entry.name, &message.entry.payload));
        }
    }
    runtime.stop().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use procession::test::{given, given_saga};

    use super::*;

    fn placed(order: &str) -> OrderPlaced {
        OrderPlaced { machine: "corner".into(), order: order.into() }
    }

    fn made(order: &str) -> CoffeeMade {
        CoffeeMade { machine: "corner".into(), order: order.into() }
    }

    fn make_coffee(order: &str) -> MakeCoffee {
        MakeCoffee { machine: "corner".into(), order: order.into() }
    }

    #[test]
    fn an_order_is_placed_once() {
        given::<Order>(placed("1"))
            .when(PlaceOrder { machine: "corner".into(), order: "1".into() })
            .then_rejected(OrderRejection::AlreadyPlaced);
    }

    #[test]
    fn a_machine_with_beans_makes_coffee() {
        given::<CoffeeMachine>(made("1")).when(make_coffee("2")).then(made("2"));
    }

    #[test]
    fn a_machine_without_beans_says_so() {
        given::<CoffeeMachine>([made("1"), made("2")])
            .when(make_coffee("3"))
            .then(BeansRanOut { machine: "corner".into(), order: "3".into() });
    }

    #[test]
    fn the_barista_makes_what_was_ordered() {
        given_saga(barista()).when(placed("1")).then(make_coffee("1"));
    }

    #[test]
    fn the_parts_fit_together() {
        coffee_bar().unwrap();
    }
}
