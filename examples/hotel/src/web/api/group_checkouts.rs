use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use hotel::{
    ClerkId, Deadline, GroupCheckoutId, GuestStayId,
    group_checkouts::{Answer, InitiateGroupCheckout, Outcome},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::Body,
    headers::Once,
    path::Id,
    responses::{CreateProblems, ReadProblems},
};
use crate::web::{
    conditions::{OfSomethingNew, tag},
    desk::{Desk, OngoingCheckout, invalid, new_id},
    problem::Problem,
};

/// A group that wants to leave.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupCheckoutRequest {
    /// The id of the group checkout. Without it one is made up, or derived from the idempotency key.
    #[schema(value_type = Option<String>, example = "tour-7", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    group_checkout: Option<GroupCheckoutId>,
    /// Who asks.
    #[schema(value_type = String, example = "eve", pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    clerk: ClerkId,
    /// The stays that are to end: at least one, and each of them once.
    #[schema(value_type = Vec<String>, example = json!(["okafor-101", "lindqvist-102"]), min_items = 1)]
    guest_stays: Vec<GuestStayId>,
    /// How long the guests may take to answer, as an ISO 8601 duration (`PT30M`) or in words (`30m`, `1h 30m`): more than
    /// nothing, and at most 366 days. Without it, as long as the hotel says; that is for ever, unless it was opened with a
    /// deadline.
    #[schema(value_type = Option<String>, example = "30m")]
    within: Option<Deadline>,
}

/// A group checkout that has begun.
#[derive(Serialize, ToSchema)]
struct Accepted {
    /// The group checkout.
    #[schema(example = "tour-7")]
    group_checkout: String,
    /// The process that carries it.
    #[schema(example = 121)]
    process: u64,
    /// Where its progress can be followed.
    #[schema(example = "/api/processes/121/events")]
    events: String,
}

/// A group checkout: who was asked, and who has answered what.
#[derive(Serialize, ToSchema)]
struct Checkout {
    /// The group checkout.
    #[schema(example = "tour-7")]
    group_checkout: String,
    /// Who asked.
    #[schema(example = "eve")]
    clerk: String,
    /// When.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T10:00:00Z")]
    at: jiff::Timestamp,
    /// The process that carries it.
    #[schema(example = 121)]
    process: u64,
    /// How many events it has.
    #[schema(example = 5)]
    version: u64,
    /// When the guests must have answered; none if they have all the time in the world.
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-11-23T10:30:00Z")]
    deadline: Option<jiff::Timestamp>,
    /// `completed`, `failed`, or `timed_out`, when some guests had not answered by the deadline; none while answers are
    /// awaited.
    #[schema(value_type = Option<String>, example = "failed")]
    outcome: Option<Outcome>,
    /// How many guests have not answered. What comes after the end is not recorded here: look at their stays.
    #[schema(example = 0)]
    unanswered: usize,
    /// Each guest's answer.
    answers: Vec<GuestAnswer>,
}

/// One guest's answer.
#[derive(Serialize, ToSchema)]
struct GuestAnswer {
    /// The stay.
    #[schema(example = "okafor-101")]
    guest_stay: String,
    /// `pending`, `completed` or `failed`. It stays `pending` when time was up.
    #[schema(example = "failed")]
    answer: &'static str,
    /// Why the guest could not leave.
    #[schema(example = "the balance is not settled")]
    reason: Option<String>,
}

/// Check a group out
///
/// The group checkout is a process: it is accepted when it is durable, and goes on by itself. Guests who cannot leave
/// make it end as failed, and nothing is undone: settle what is open, and check those guests out again.
///
/// With a deadline (`within`) it ends as timed out when some guests have not answered by then.
#[utoipa::path(
    post, operation_id = "check_out_group", path = "/api/group-checkouts", tag = "Group checkouts", request_body = GroupCheckoutRequest,
    params(Once),
    responses(
        (status = 202, description = "It has begun", body = Accepted,
            headers(("Location" = String, description = "The group checkout"))),
        CreateProblems
    )
)]
pub(super) async fn initiate(
    State(desk): State<Desk>,
    OfSomethingNew(conditions): OfSomethingNew,
    Body(GroupCheckoutRequest { group_checkout, clerk, guest_stays, within }): Body<GroupCheckoutRequest>,
) -> Result<impl IntoResponse, Problem> {
    let group_checkout = match group_checkout {
        Some(given) => given,
        None => new_id("group", conditions.key.as_deref()).parse().map_err(invalid)?,
    };
    let id = group_checkout.to_string();
    let within = within.or(desk.deadline).map(Deadline::within);
    let command = InitiateGroupCheckout { group_checkout, clerk, guest_stays, within };
    let process = desk.initiate(command, conditions).await?.process;
    let location = [(header::LOCATION, format!("/api/group-checkouts/{id}"))];
    let events = format!("/api/processes/{process}/events");
    Ok((StatusCode::ACCEPTED, location, Json(Accepted { group_checkout: id, process: process.0, events })))
}

/// Look at a group checkout
#[utoipa::path(
    get, operation_id = "get_group_checkout", path = "/api/group-checkouts/{id}", tag = "Group checkouts",
    params(("id" = String, Path, example = "tour-7")),
    responses(
        (status = 200, description = "Each guest's answer, and how it ended", body = Checkout,
            headers(("ETag" = String, description = "The version"))),
        ReadProblems
    )
)]
pub(super) async fn get(
    State(desk): State<Desk>,
    Id(id): Id<GroupCheckoutId>,
) -> Result<impl IntoResponse, Problem> {
    let checkout = desk.group_checkout(&id).await?;
    Ok(([(header::ETAG, tag(checkout.instance.version))], Json(Checkout::from(checkout))))
}

impl From<OngoingCheckout> for Checkout {
    fn from(checkout: OngoingCheckout) -> Self {
        let deadline = checkout.deadline();
        let OngoingCheckout { instance, initiated, process } = checkout;
        Self {
            group_checkout: instance.id,
            clerk: initiated.clerk.to_string(),
            at: initiated.at,
            process: process.0,
            version: instance.version.0,
            deadline,
            outcome: instance.state.outcome,
            unanswered: instance.state.guests.missing().count(),
            answers: instance.state.guests.members().map(GuestAnswer::from).collect(),
        }
    }
}

impl From<(&GuestStayId, Option<&Answer>)> for GuestAnswer {
    fn from((stay, answer): (&GuestStayId, Option<&Answer>)) -> Self {
        let (answer, reason) = match answer {
            None => ("pending", None),
            Some(Answer::Completed) => ("completed", None),
            Some(Answer::Failed(reason)) => ("failed", Some(reason.to_string())),
        };
        Self { guest_stay: stay.to_string(), answer, reason }
    }
}
