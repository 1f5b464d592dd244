//! Reservations: looking at one, and the commands for it.

pub(super) mod commands;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::IntoResponse,
};
use hotel::{
    GuestId, ReservationId,
    reservations::{GuestExternalId, Reservation, Status},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use procession::Instance;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    page_size,
    path::Id,
    responses::{ListProblems, ReadProblems},
};
use crate::web::{conditions::tag, desk::Desk, problem::Problem};

/// One reservation of a room.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
struct Reserved {
    /// The reservation.
    #[schema(example = "amara-1")]
    reservation: String,
    /// `requested` while its nights are taken, `reserved`, `confirmed`, `refused` or `cancelled`.
    #[schema(value_type = String, example = "reserved")]
    status: Status,
    /// The guest.
    #[schema(example = "guest-0e4a4b0c-6f3f-5b0e-8d59-8a5f0a3f1c11")]
    guest: Option<String>,
    /// The type of the room.
    #[schema(example = "suite")]
    room_type: Option<String>,
    /// The first day.
    #[schema(example = "2030-07-01")]
    arrival: Option<String>,
    /// The last day, which has no night.
    #[schema(example = "2030-07-04")]
    departure: Option<String>,
    /// Who has sold the room, if it was not the hotel.
    #[schema(example = "rooms.example")]
    channel: Option<String>,
    /// What the channel calls the booking.
    #[schema(example = "8845")]
    booking: Option<String>,
    /// The night without a room, if it was refused.
    #[schema(example = "2030-07-02")]
    full: Option<String>,
    /// How many events the reservation has; the `ETag` is the same number in quotes.
    #[schema(example = 2)]
    version: u64,
}

/// Some reservations of a guest, in the order of their ids.
#[derive(Serialize, ToSchema)]
struct Reservations {
    /// The reservations.
    reservations: Vec<Reserved>,
    /// Where the list goes on, if it does.
    #[schema(example = "/api/reservations?guest=amara%40example.com&after=amara-1&limit=100")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfGuest {
    /// What the guest is called elsewhere, like an e-mail address.
    #[param(value_type = String, example = "amara@example.com", pattern = "^[!-~]{1,100}$")]
    guest: GuestExternalId,
    /// The reservation after which the list begins.
    #[param(value_type = Option<String>, example = "amara-1", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    after: Option<ReservationId>,
    /// How many reservations are wanted: 1 to 500, without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// List a guest's reservations
///
/// Those that were refused or cancelled are among them.
#[utoipa::path(
    get, operation_id = "list_reservations", path = "/api/reservations", tag = "Reservations", params(OfGuest),
    responses((status = 200, description = "Reservations in the order of their ids", body = Reservations), ListProblems)
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    of: Result<Query<OfGuest>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(OfGuest { guest, after, limit }) = of?;
    let limit = page_size(limit)?;
    let found = desk.reservations_of(&GuestId::of_external(&guest), after.as_ref(), limit + 1).await?;
    let has_more = found.len() > limit;
    let mut reservations: Vec<Reserved> = found.into_iter().map(Reserved::from).collect();
    reservations.truncate(limit);
    let guest = utf8_percent_encode(guest.as_str(), NON_ALPHANUMERIC);
    let next =
        |last: &Reserved| format!("/api/reservations?guest={guest}&after={}&limit={limit}", last.reservation);
    let next = reservations.last().filter(|_| has_more).map(next);
    Ok(Json(Reservations { reservations, next }))
}

/// Look at a reservation
#[utoipa::path(
    get, operation_id = "get_reservation", path = "/api/reservations/{id}", tag = "Reservations",
    params(("id" = String, Path, example = "amara-1")),
    responses(
        (status = 200, description = "The reservation", body = Reserved,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        ReadProblems
    )
)]
pub(super) async fn get(
    State(desk): State<Desk>,
    Id(id): Id<ReservationId>,
) -> Result<impl IntoResponse, Problem> {
    let reservation = desk.reservation(&id).await?;
    Ok(([(header::ETAG, tag(reservation.version))], Json(Reserved::from(reservation))))
}

impl From<Instance<Reservation>> for Reserved {
    fn from(instance: Instance<Reservation>) -> Self {
        let Instance { id, version, state: Reservation { status, guest, nights, booking, full }, .. } =
            instance;
        let (channel, booking) = booking.map(|it| (it.channel.to_string(), it.id.to_string())).unzip();
        Self {
            reservation: id,
            status,
            guest: guest.map(|it| it.to_string()),
            room_type: nights.map(|it| it.room_type().to_string()),
            arrival: nights.map(|it| it.arrival().to_string()),
            departure: nights.map(|it| it.departure().to_string()),
            channel,
            booking,
            full: full.map(|it| it.to_string()),
            version: version.0,
        }
    }
}
