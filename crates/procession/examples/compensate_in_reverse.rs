//! Write a process from top to bottom, with what undoes each step. When one fails, those before it are undone, the last one
//! first.

mod trip;

use std::error::Error;

use procession::{
    Lifecycle, MemoryStore, Runtime, StepStatus,
    log::{Kind, Position},
};
use trip::{Plan, RequestTrip};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let saga = trip::trip_saga()
        .step(trip::reserve("flight"))
        .step(trip::reserve("hotel"))
        .step(trip::reserve("car"));
    let runtime = Runtime::start(&trip::agency(saga)?, MemoryStore::new()).await?;

    let request = RequestTrip { trip: "rome".into(), sold_out: Some("car".into()) };
    let process = runtime.execute(request).await?.process;
    runtime.wait(process).await?;

    let saga = runtime.reader().linear_saga::<Plan>("trip_saga", "rome").await?;
    assert_eq!(saga.lifecycle, Lifecycle::Ended("SagaCompensated"));
    let steps: Vec<_> = saga.state.steps().collect();
    let undone = StepStatus::Compensated;
    assert_eq!(steps, [("flight", undone), ("hotel", undone), ("car", StepStatus::Failed)]);

    let history = runtime.reader().history(process, Position::START).await?;
    let cancelled =
        history.iter().filter(|it| it.entry.kind == Kind::Event && it.entry.name == "ReservationCancelled");
    let cancelled: Vec<_> = cancelled.map(|it| it.entry.stream.id()).collect();
    assert_eq!(cancelled, ["rome-hotel", "rome-flight"]);
    Ok(())
}
