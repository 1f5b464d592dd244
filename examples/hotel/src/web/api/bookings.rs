use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use hotel::{
    BookingId, ChannelId, GuestId, ReservationId,
    reservations::{GuestExternalId, Nights, RecordBooking, RoomType},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::Body, day::Day, headers::Once, responses::CreateProblems};
use crate::web::{
    conditions::OfSomethingNew,
    desk::{Desk, invalid},
    problem::Problem,
};

/// A room that a channel has sold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sold {
    /// Who has sold it.
    #[schema(value_type = String, example = "rooms.example", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    channel: ChannelId,
    /// What the channel calls the booking.
    #[schema(value_type = String, example = "8845", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    booking: BookingId,
    /// What the guest is called elsewhere, like an e-mail address. Who comes back is the same guest.
    #[schema(value_type = String, example = "amara@example.com", pattern = "^[!-~]{1,100}$")]
    guest: GuestExternalId,
    /// The type of the room.
    #[schema(value_type = String, example = "suite", pattern = "^(single|double|suite)$")]
    room_type: RoomType,
    /// The first day.
    #[schema(value_type = String, format = Date, example = "2030-07-01", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    arrival: Day,
    /// The last day, which has no night: at most 31 days later.
    #[schema(value_type = String, format = Date, example = "2030-07-04", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    departure: Day,
}

/// A booking that is recorded.
#[derive(Serialize, ToSchema)]
struct Booked {
    /// The reservation that it is here: always the same one for the same booking.
    #[schema(example = "booking-5cf86d02-46a6-5b0c-9d86-1c7a0e0fd2f4")]
    reservation: String,
    /// The process that takes its nights.
    #[schema(example = 121)]
    process: u64,
    /// Where its progress can be followed.
    #[schema(example = "/api/processes/121/events")]
    events: String,
}

/// Record a booking
///
/// What a channel has sold is a fact: it is confirmed at once, even when no room is left. Then `DailyOverbookingDetected` tells how
/// many rooms are missing. A booking that comes again is the same one.
#[utoipa::path(
    post, operation_id = "record_booking", path = "/api/bookings", tag = "Reservations", request_body = Sold,
    params(Once),
    responses(
        (status = 200, description = "It was recorded before", body = Booked,
            headers(("Location" = String, description = "The reservation"))),
        (status = 201, description = "It is recorded and confirmed", body = Booked,
            headers(("Location" = String, description = "The reservation"))),
        CreateProblems
    )
)]
pub(super) async fn record(
    State(desk): State<Desk>,
    OfSomethingNew(conditions): OfSomethingNew,
    Body(Sold { channel, booking, guest, room_type, arrival, departure }): Body<Sold>,
) -> Result<impl IntoResponse, Problem> {
    let nights = Nights::new(room_type, arrival.0, departure.0).map_err(invalid)?;
    let reservation = ReservationId::of_booking(&channel, &booking);
    let (id, guest) = (reservation.to_string(), GuestId::of_external(&guest));
    let command = RecordBooking { reservation, channel, booking, guest, nights };
    let executed = desk.book(command, conditions).await?;
    let status = if executed.events.is_empty() { StatusCode::OK } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/api/reservations/{id}"))];
    let events = format!("/api/processes/{}/events", executed.process);
    Ok((status, location, Json(Booked { reservation: id, process: executed.process.0, events })))
}
