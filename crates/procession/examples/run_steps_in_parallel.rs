//! Let branches of a linear saga run beside each other. What comes next waits for all of them.

mod trip;

use std::error::Error;

use procession::{Branch, Lifecycle, MemoryStore, Runtime};
use trip::{Plan, RequestTrip, reserve};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let saga = trip::trip_saga()
        .step(reserve("flight"))
        .in_parallel([
            Branch::new().step(reserve("hotel")).step(reserve("dinner")),
            Branch::new().step(reserve("car")),
        ])
        .step(reserve("insurance"));
    let runtime = Runtime::start(&trip::agency(saga)?, MemoryStore::new()).await?;

    let request = RequestTrip { trip: "rome".into(), sold_out: None };
    let process = runtime.execute(request).await?.process;
    runtime.wait(process).await?;

    let saga = runtime.reader().linear_saga::<Plan>("trip_saga", "rome").await?;
    assert_eq!(saga.lifecycle, Lifecycle::Ended("SagaCompleted"));
    Ok(())
}
