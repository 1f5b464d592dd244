use std::time::Duration;

use hotel::{
    GuestId, ReservationId,
    reservations::{Nights, RecordBooking, RoomType},
};
use jiff::{ToSpan, Zoned, civil::Date};
use procession::Runtime;
use tokio::task::JoinSet;

use super::{CliError, Done};

/// What channels have sold of the demo hotel: a type, in how many days the guest comes, for how many nights, how often.
///
/// All singles of one night are gone, and there are not as many suites as were sold.
const SOLD: [(RoomType, i64, i64, usize); 6] = [
    (RoomType::Single, 5, 1, 12),
    (RoomType::Double, 2, 3, 4),
    (RoomType::Suite, 1, 3, 1),
    (RoomType::Suite, 2, 3, 1),
    (RoomType::Suite, 2, 2, 1),
    (RoomType::Suite, 3, 2, 1),
];

/// Nothing is in the way of an empty hotel, but its disk may be full.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Records the bookings of the demo hotel for the days to come, and waits until their nights are taken.
pub(super) async fn sell(runtime: &Runtime) -> Done {
    let today = Zoned::now().date();
    let mut selling = JoinSet::new();
    let sold = SOLD.iter().flat_map(|it| std::iter::repeat_n(it, it.3));
    for (number, (room_type, in_days, nights, _)) in (1..).zip(sold) {
        let booking = booking(number, today, *room_type, *in_days, *nights)?;
        selling.spawn(record(runtime.clone(), booking));
    }
    while let Some(sold) = selling.join_next().await {
        sold.map_err(|error| CliError::failed(format!("a booking could not be recorded: {error}")))??;
    }
    Ok(())
}

async fn record(runtime: Runtime, booking: RecordBooking) -> Done {
    let process = runtime.execute(booking).await?.process;
    let quiet = tokio::time::timeout(LONGEST_WAIT, runtime.wait(process)).await;
    let late =
        |_| CliError::failed("the bookings of the demo are recorded, but their nights are not taken in time");
    quiet.map_err(|it| late(it).hint("make sure that the disk has room, then start again"))??;
    Ok(())
}

fn booking(
    number: u32,
    today: Date,
    room_type: RoomType,
    in_days: i64,
    nights: i64,
) -> Result<RecordBooking, CliError> {
    let arrival = today.saturating_add(in_days.days());
    let nights = Nights::new(room_type, arrival, arrival.saturating_add(nights.days()));
    let channel = "rooms.example".parse().map_err(CliError::failed)?;
    let booking = number.to_string().parse().map_err(CliError::failed)?;
    let guest = format!("guest-{number}@example.com").parse().map_err(CliError::failed)?;
    Ok(RecordBooking {
        reservation: ReservationId::of_booking(&channel, &booking),
        channel,
        booking,
        guest: GuestId::of_external(&guest),
        nights: nights.map_err(CliError::failed)?,
    })
}
