use procession::{Projection, ReadModel, ReadModelError};

use super::{BookingRecorded, Nights, ReservationRequested};
use crate::{GuestId, ReservationId};

/// The name of the read model that tells which reservations a guest has made.
pub const GUEST_RESERVATIONS: &str = "guest_reservations";

/// The reservations of each guest, also those that were refused or cancelled, with their nights.
pub fn guest_reservations() -> Projection {
    Projection::named(GUEST_RESERVATIONS)
        .on(|event: &ReservationRequested, rows| {
            rows.put(key(&event.guest, &event.reservation), &event.nights);
            Ok(())
        })
        .on(|event: &BookingRecorded, rows| {
            rows.put(key(&event.guest, &event.reservation), &event.nights);
            Ok(())
        })
}

fn key(guest: &GuestId, reservation: &ReservationId) -> String {
    format!("{guest}/{reservation}")
}

/// Up to `limit` reservations of a guest in the order of their ids, after one of them or from the first.
///
/// # Errors
/// When the read model cannot be read.
pub async fn reservations_of(
    guest: &GuestId,
    after: Option<&ReservationId>,
    limit: usize,
    rows: &ReadModel,
) -> Result<Vec<String>, ReadModelError> {
    let (prefix, after) = (format!("{guest}/"), after.map(|it| key(guest, it)));
    let rows = rows.prefix::<Nights>(&prefix, after.as_deref(), limit).await?;
    let id = |key: &str| key.strip_prefix(&prefix).map(str::to_owned);
    Ok(rows.iter().filter_map(|(key, _)| id(key)).collect())
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given_projection;

    use super::*;
    use crate::reservations::RoomType;

    #[test]
    fn a_guest_s_reservations_are_found_whoever_has_sold_the_room() {
        let nights = Nights::new(RoomType::Suite, date(2099, 12, 24), date(2099, 12, 27)).unwrap();
        let (guest, at): (GuestId, _) = ("amara".parse().unwrap(), Timestamp::UNIX_EPOCH);
        let requested =
            ReservationRequested { reservation: "a".parse().unwrap(), guest: guest.clone(), nights, at };
        let booked = BookingRecorded {
            reservation: "b".parse().unwrap(),
            channel: "rooms.example".parse().unwrap(),
            booking: "8845".parse().unwrap(),
            guest,
            nights,
            at,
        };

        given_projection(guest_reservations())
            .when(requested)
            .when(booked)
            .then_row("amara/a", &nights)
            .then_row("amara/b", &nights);
    }
}
