use std::collections::{BTreeMap, BTreeSet};

use procession::{Projection, ProjectionError, ReadModel, ReadModelError, Rows};

use super::{Availability, BookedNightRecorded, Night, NightReleased, NightReserved, RoomType};

/// The name of the read model that tells how many rooms are taken.
pub const ROOM_AVAILABILITY: &str = "room_availability";

/// How many rooms are taken in each night that anybody has ever asked for.
///
/// It is written with the events, so who was told that a room is theirs finds it taken.
pub fn room_availability() -> Projection {
    Projection::named(ROOM_AVAILABILITY)
        .on(|event: &NightReserved, rows| one_more(event.night, rows))
        .on(|event: &BookedNightRecorded, rows| one_more(event.night, rows))
        .on(|event: &NightReleased, rows| one_less(event.night, rows))
        .inline()
}

fn one_more(night: Night, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
    rows.update(key(night), |taken: &mut u32| *taken += 1)
}

fn one_less(night: Night, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
    let taken: u32 = rows.get(key(night))?.unwrap_or_default();
    let left =
        taken.checked_sub(1).ok_or_else(|| ProjectionError::park("nobody has a room in this night"))?;
    rows.put(key(night), &left);
    Ok(())
}

/// Days first, so that days in a row are rows in a row.
fn key(Night { room_type, date }: Night) -> String {
    format!("{date}/{room_type}")
}

impl Availability {
    /// How many rooms are left in some nights, as the read model tells.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn of(nights: &[Night], rows: &ReadModel) -> Result<Vec<Self>, ReadModelError> {
        let keys: BTreeSet<String> = nights.iter().map(|it| key(*it)).collect();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return Ok(Vec::new()) };
        // The first and the last night have other room types between them.
        let most = nights.len() * RoomType::ALL.len();
        let taken: BTreeMap<String, u32> =
            rows.range(first.as_str()..=last.as_str(), most).await?.into_iter().collect();
        let of =
            |night: &Night| Self { night: *night, reserved: taken.get(&key(*night)).copied().unwrap_or(0) };
        Ok(nights.iter().map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, civil::date};
    use procession::test::given_projection;

    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;
    const NIGHT: Night = Night { room_type: RoomType::Suite, date: date(2099, 12, 24) };

    fn reserved(reservation: &str) -> NightReserved {
        NightReserved { night: NIGHT, reservation: reservation.parse().unwrap(), at: AT }
    }

    fn booked(reservation: &str) -> BookedNightRecorded {
        BookedNightRecorded { night: NIGHT, reservation: reservation.parse().unwrap(), at: AT }
    }

    fn released(reservation: &str) -> NightReleased {
        NightReleased { night: NIGHT, reservation: reservation.parse().unwrap(), at: AT }
    }

    #[test]
    fn rooms_that_are_taken_are_counted_until_they_are_given_back() {
        given_projection(room_availability())
            .when(reserved("a"))
            .when(booked("b"))
            .when(booked("c"))
            .then_row("2099-12-24/suite", &3_u32)
            .when(released("a"))
            .then_row("2099-12-24/suite", &2_u32)
            .then_no_row("2099-12-24/double");
    }
}
