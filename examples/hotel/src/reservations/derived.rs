use uuid::Uuid;

use super::GuestExternalId;
use crate::{BookingId, ChannelId, GuestId, ReservationId};

/// Sets the ids of this module apart from all others that are derived from the same names.
const NAMESPACE: Uuid = Uuid::from_u128(0x1d0c_93b1_6c55_4be0_8f6c_2f0b_7e1a_44d9);

impl ReservationId {
    /// The reservation of a booking: always the same one, so that a booking that comes twice is one.
    #[must_use]
    pub fn of_booking(channel: &ChannelId, booking: &BookingId) -> Self {
        // No id has a slash, so no two bookings have the same name.
        Self::derived("booking", derived("booking", &format!("{channel}/{booking}")))
    }
}

impl GuestId {
    /// The guest with an id from elsewhere: always the same one, so that a guest who comes back is found.
    #[must_use]
    pub fn of_external(id: &GuestExternalId) -> Self {
        Self::derived("guest", derived("guest", id.as_str()))
    }
}

fn derived(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{name}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booking_is_one_reservation_and_another_booking_is_another() {
        let of = |channel: &str, booking: &str| {
            ReservationId::of_booking(&channel.parse().unwrap(), &booking.parse().unwrap())
        };
        assert_eq!(of("rooms.example", "8845"), of("rooms.example", "8845"));
        assert!(of("rooms.example", "8845").as_str().parse::<ReservationId>().is_ok());
        assert_ne!(of("rooms.example", "8845"), of("beds.example", "8845"));
        assert_ne!(of("rooms.example", "8845"), of("rooms.example", "8846"));
    }

    #[test]
    fn a_guest_is_found_by_the_id_from_elsewhere() {
        let of = |id: &str| GuestId::of_external(&id.parse().unwrap());
        assert_eq!(of("amara@example.com"), of("amara@example.com"));
        assert!(of("amara@example.com").as_str().parse::<GuestId>().is_ok());
        assert_ne!(of("amara@example.com"), of("nils@example.com"));
    }
}
