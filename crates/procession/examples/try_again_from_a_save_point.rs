//! Let a failing saga go back to a save-point and try again after a pause, before it gives up.

mod trip;

use std::{error::Error, time::Duration};

use procession::{Lifecycle, MemoryStore, Runtime, log::Position};
use trip::{Plan, RequestTrip, reserve};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let saga = trip::trip_saga()
        .step(reserve("flight"))
        .save_point("the flight is booked", 2, HOUR)
        .step(reserve("hotel"))
        .step(reserve("car"));
    let runtime = Runtime::builder().virtual_time("2030-01-01T00:00:00Z".parse()?);
    let runtime = runtime.start(&trip::agency(saga)?, MemoryStore::new()).await?;

    let request = RequestTrip { trip: "rome".into(), sold_out: Some("car".into()) };
    let process = runtime.execute(request).await?.process;
    runtime.advance(3 * HOUR).await?;

    // The car stays sold out: the hotel was reserved three times, the flight once, and all was given back.
    let history = runtime.reader().history(process, Position::START).await?;
    let count = |name: &str, id: &str| {
        history
            .iter()
            .filter(|it| it.version.is_some() && it.entry.name == name && it.entry.stream.id() == id)
            .count()
    };
    assert_eq!((count("Reserved", "rome-hotel"), count("ReservationCancelled", "rome-hotel")), (3, 3));
    assert_eq!((count("Reserved", "rome-flight"), count("ReservationCancelled", "rome-flight")), (1, 1));
    let saga = runtime.reader().linear_saga::<Plan>("trip_saga", "rome").await?;
    assert_eq!(saga.lifecycle, Lifecycle::Ended("SagaCompensated"));
    Ok(())
}
