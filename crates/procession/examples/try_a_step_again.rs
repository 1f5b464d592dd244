//! Try a failing step again, each time after a pause, before the saga gives up.

mod trip;

use std::{error::Error, time::Duration};

use procession::{Lifecycle, MemoryStore, Runtime, log::Position};
use trip::{Plan, RequestTrip, reserve};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let saga = trip::trip_saga().step(reserve("flight")).step(reserve("car").retries(3, 10 * MINUTE));
    let runtime = Runtime::builder().virtual_time("2030-01-01T00:00:00Z".parse()?);
    let runtime = runtime.start(&trip::agency(saga)?, MemoryStore::new()).await?;

    let request = RequestTrip { trip: "rome".into(), sold_out: Some("car".into()) };
    let process = runtime.execute(request).await?.process;
    let asked = async || -> Result<usize, Box<dyn Error>> {
        let history = runtime.reader().history(process, Position::START).await?;
        Ok(history.iter().filter(|it| it.version.is_some() && it.entry.name == "SoldOut").count())
    };
    runtime.advance(25 * MINUTE).await?;
    assert_eq!(asked().await?, 3);
    runtime.advance(60 * MINUTE).await?;
    assert_eq!(asked().await?, 4);

    let saga = runtime.reader().linear_saga::<Plan>("trip_saga", "rome").await?;
    assert_eq!(saga.lifecycle, Lifecycle::Ended("SagaCompensated"));
    Ok(())
}
