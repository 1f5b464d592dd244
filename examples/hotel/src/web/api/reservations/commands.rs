use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use hotel::{
    GuestId, ReservationId,
    reservations::{CancelReservation, ConfirmReservation, GuestExternalId, Nights, ReserveRoom, RoomType},
};
use procession::Executed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::{
    api::{
        body::Body,
        day::Day,
        headers::{IfMatch, Once},
        path::Id,
        responses::{CommandProblems, Message, ReserveProblems, messages},
    },
    conditions::{Conditions, OfSomethingNew, tag},
    desk::{Desk, invalid, new_id},
    problem::Problem,
};

/// A room that somebody wants.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct Wish {
    /// The id of the reservation. Without it one is made up, or derived from the idempotency key.
    #[schema(value_type = Option<String>, example = "amara-1", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    reservation: Option<ReservationId>,
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

/// A reservation that was asked for.
#[derive(Serialize, ToSchema)]
struct Asked {
    /// The reservation.
    #[schema(example = "amara-1")]
    reservation: String,
    /// The process that takes its nights.
    #[schema(example = 121)]
    process: u64,
    /// Where its progress can be followed.
    #[schema(example = "/api/processes/121/events")]
    events: String,
}

/// What came of a command for a reservation. Sent again with the same idempotency key, it gets the same receipt.
#[derive(Serialize, ToSchema)]
struct ReservationReceipt {
    /// The reservation.
    #[schema(example = "amara-1")]
    reservation: String,
    /// The version that the reservation had right after it.
    #[schema(example = 3)]
    version: u64,
    /// The process that the command began.
    #[schema(example = 121)]
    process: u64,
    /// The events that were recorded; none if it was so before.
    events: Vec<Message>,
}

/// Reserve a room
///
/// The nights are taken one after the other. When one is full, those before it are given back, and the answer is a problem of the
/// type `no-room`. So two guests who ask at once never get the same room.
#[utoipa::path(
    post, operation_id = "reserve_room", path = "/api/reservations", tag = "Reservations", request_body = Wish,
    params(Once),
    responses(
        (status = 201, description = "The guest has a room", body = Asked,
            headers(("Location" = String, description = "The reservation"))),
        (status = 202, description = "It takes longer than usual: look at the reservation", body = Asked,
            headers(("Location" = String, description = "The reservation"))),
        ReserveProblems
    )
)]
pub(in crate::web::api) async fn reserve(
    State(desk): State<Desk>,
    OfSomethingNew(conditions): OfSomethingNew,
    Body(Wish { reservation, guest, room_type, arrival, departure }): Body<Wish>,
) -> Result<impl IntoResponse, Problem> {
    let nights = Nights::new(room_type, arrival.0, departure.0).map_err(invalid)?;
    let reservation = match reservation {
        Some(given) => given,
        None => new_id("reservation", conditions.key.as_deref()).parse().map_err(invalid)?,
    };
    let id = reservation.to_string();
    let command = ReserveRoom { reservation, guest: GuestId::of_external(&guest), nights };
    let asked = desk.reserve(command, conditions).await?;
    let status = if asked.is_pending { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/api/reservations/{id}"))];
    let events = format!("/api/processes/{}/events", asked.process);
    Ok((status, location, Json(Asked { reservation: id, process: asked.process.0, events })))
}

/// Confirm a reservation
///
/// The guest will come. A booking from a channel is confirmed from the start.
#[utoipa::path(
    post, operation_id = "confirm_reservation", path = "/api/reservations/{id}/confirm", tag = "Reservations",
    params(("id" = String, Path, example = "amara-1"), IfMatch, Once),
    responses(
        (status = 200, description = "The guest will come", body = ReservationReceipt,
            headers(("ETag" = String, description = "The new version"))),
        CommandProblems
    )
)]
pub(in crate::web::api) async fn confirm(
    State(desk): State<Desk>,
    Id(reservation): Id<ReservationId>,
    conditions: Conditions,
) -> Result<impl IntoResponse, Problem> {
    let command = ConfirmReservation { reservation: reservation.clone() };
    let executed = desk.execute_for_reservation(&reservation, command, conditions).await?;
    receipt(&reservation, &executed)
}

/// Cancel a reservation
///
/// Its nights are given back a moment later.
#[utoipa::path(
    post, operation_id = "cancel_reservation", path = "/api/reservations/{id}/cancel", tag = "Reservations",
    params(("id" = String, Path, example = "amara-1"), IfMatch, Once),
    responses(
        (status = 200, description = "The guest will not come", body = ReservationReceipt,
            headers(("ETag" = String, description = "The new version"))),
        CommandProblems
    )
)]
pub(in crate::web::api) async fn cancel(
    State(desk): State<Desk>,
    Id(reservation): Id<ReservationId>,
    conditions: Conditions,
) -> Result<impl IntoResponse, Problem> {
    let command = CancelReservation { reservation: reservation.clone() };
    let executed = desk.execute_for_reservation(&reservation, command, conditions).await?;
    receipt(&reservation, &executed)
}

fn receipt(reservation: &ReservationId, executed: &Executed) -> Result<impl IntoResponse + use<>, Problem> {
    let receipt = ReservationReceipt {
        reservation: reservation.to_string(),
        version: executed.version.0,
        process: executed.process.0,
        events: messages(&executed.events)?,
    };
    Ok((AppendHeaders([(header::ETAG, tag(executed.version))]), Json(receipt)))
}
