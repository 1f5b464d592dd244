use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use hotel::{
    Amount, GuestStayId,
    guest_stays::{CheckInGuest, CheckOutGuest, RecordCharge, RecordPayment},
};
use procession::{Executed, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::web::{
    api::{
        body::Body,
        headers::{IfMatch, Once},
        path::Id,
        responses::{CheckoutProblems, CommandBodyProblems, CreateProblems, Message, messages},
    },
    conditions::{Conditions, OfSomethingNew, tag},
    desk::{Desk, checkout_failure, invalid, new_id},
    problem::Problem,
};

/// A guest who checks in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct CheckIn {
    /// The id of the stay: 1 to 64 letters, digits, `-`, `_` and `.`. Without it one is made up.
    #[schema(value_type = Option<String>, example = "okafor-101", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    guest_stay: Option<GuestStayId>,
    /// The guest's name, of 1 to 100 characters.
    #[schema(example = "Amara Okafor", min_length = 1, max_length = 100)]
    guest: String,
    /// The room.
    #[schema(example = 101, maximum = 65535)]
    room: u16,
}

/// A sum of money.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web::api) struct Sum {
    /// More than zero, up to a million, exact to the cent, as text.
    #[schema(value_type = String, example = "99.50", pattern = r"^[0-9]+(\.[0-9]+)?$")]
    amount: Amount,
}

/// What came of a command. Sent again with the same idempotency key, it gets the same receipt.
#[derive(Serialize, ToSchema)]
struct Receipt {
    /// The stay.
    #[schema(example = "okafor-101")]
    guest_stay: String,
    /// The version that the stay had right after it.
    #[schema(example = 3)]
    version: u64,
    /// The process that the command began.
    #[schema(example = 121)]
    process: u64,
    /// The events that were recorded.
    events: Vec<Message>,
}

/// Check a guest in
#[utoipa::path(
    post, operation_id = "check_in", path = "/api/stays", tag = "Stays", request_body = CheckIn,
    params(Once),
    responses(
        (status = 201, description = "The guest is in the house", body = Receipt, headers(
            ("Location" = String, description = "The stay"), ("ETag" = String, description = "Its version"))),
        CreateProblems
    )
)]
pub(in crate::web::api) async fn check_in(
    State(desk): State<Desk>,
    OfSomethingNew(conditions): OfSomethingNew,
    Body(CheckIn { guest_stay, guest, room }): Body<CheckIn>,
) -> Result<impl IntoResponse, Problem> {
    if guest.trim().is_empty() || guest.chars().count() > 100 {
        return Err(invalid("the guest's name must have 1 to 100 characters"));
    }
    let guest_stay = match guest_stay {
        Some(given) => given,
        None => new_id("stay", conditions.key.as_deref()).parse().map_err(invalid)?,
    };
    let location = format!("/api/stays/{guest_stay}");
    let command = CheckInGuest { guest_stay: guest_stay.clone(), guest, room };
    let executed = desk.execute(command, conditions, Version::NONE).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], receipt(&guest_stay, &executed)?))
}

/// Charge a guest
#[utoipa::path(
    post, operation_id = "charge", path = "/api/stays/{id}/charges", tag = "Stays", request_body = Sum,
    params(("id" = String, Path, example = "okafor-101"), IfMatch, Once),
    responses(
        (status = 200, description = "The charge is on the bill", body = Receipt,
            headers(("ETag" = String, description = "The new version"))),
        CommandBodyProblems
    )
)]
pub(in crate::web::api) async fn charge(
    State(desk): State<Desk>,
    Id(guest_stay): Id<GuestStayId>,
    conditions: Conditions,
    Body(Sum { amount }): Body<Sum>,
) -> Result<impl IntoResponse, Problem> {
    let command = RecordCharge { guest_stay: guest_stay.clone(), amount };
    let executed = desk.execute_for_stay(&guest_stay, command, conditions).await?;
    receipt(&guest_stay, &executed)
}

/// Take a guest's money
#[utoipa::path(
    post, operation_id = "pay", path = "/api/stays/{id}/payments", tag = "Stays", request_body = Sum,
    params(("id" = String, Path, example = "okafor-101"), IfMatch, Once),
    responses(
        (status = 200, description = "The payment is on the bill", body = Receipt,
            headers(("ETag" = String, description = "The new version"))),
        CommandBodyProblems
    )
)]
pub(in crate::web::api) async fn pay(
    State(desk): State<Desk>,
    Id(guest_stay): Id<GuestStayId>,
    conditions: Conditions,
    Body(Sum { amount }): Body<Sum>,
) -> Result<impl IntoResponse, Problem> {
    let command = RecordPayment { guest_stay: guest_stay.clone(), amount };
    let executed = desk.execute_for_stay(&guest_stay, command, conditions).await?;
    receipt(&guest_stay, &executed)
}

/// Check a guest out
///
/// A guest who owes money, has paid too much, or has left before, cannot check out: that is a problem of the type
/// `checkout-failed`, and it is recorded in the stay as an event.
#[utoipa::path(
    post, operation_id = "check_out", path = "/api/stays/{id}/check-out", tag = "Stays",
    params(("id" = String, Path, example = "okafor-101"), IfMatch, Once),
    responses(
        (status = 200, description = "The guest has left", body = Receipt,
            headers(("ETag" = String, description = "The new version"))),
        CheckoutProblems
    )
)]
pub(in crate::web::api) async fn check_out(
    State(desk): State<Desk>,
    Id(guest_stay): Id<GuestStayId>,
    conditions: Conditions,
) -> Result<impl IntoResponse, Problem> {
    let command = CheckOutGuest { guest_stay: guest_stay.clone(), group_checkout: None };
    let executed = desk.execute_for_stay(&guest_stay, command, conditions).await?;
    checkout_failure(&executed).map_or_else(|| receipt(&guest_stay, &executed), Err)
}

fn receipt(guest_stay: &GuestStayId, executed: &Executed) -> Result<impl IntoResponse + use<>, Problem> {
    let receipt = Receipt {
        guest_stay: guest_stay.to_string(),
        version: executed.version.0,
        process: executed.process.0,
        events: messages(&executed.events)?,
    };
    Ok((AppendHeaders([(header::ETAG, tag(executed.version))]), Json(receipt)))
}
