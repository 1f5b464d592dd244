//! One guest's stay: reading it, and the commands for it.

pub(super) mod commands;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::IntoResponse,
};
use hotel::{
    GuestStayId,
    guest_stays::{GuestStay, Status},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    page_size,
    path::Id,
    responses::{ListProblems, ReadProblems},
};
use crate::web::{
    conditions::tag,
    desk::{Desk, ShownStay},
    problem::Problem,
};

/// One guest's stay.
#[derive(Serialize, ToSchema)]
struct Stay {
    /// The stay's id.
    #[schema(example = "okafor-101")]
    guest_stay: String,
    /// The guest's name.
    #[schema(example = "Amara Okafor")]
    guest: String,
    /// The room.
    #[schema(example = 101)]
    room: u16,
    /// What was paid less what was charged.
    #[schema(example = "-99.50")]
    balance: String,
    /// What the guest has to pay; none when nothing is owed.
    #[schema(example = "99.50")]
    owed: Option<String>,
    /// `open` or `checked_out`.
    #[schema(value_type = String, example = "open")]
    status: Status,
    /// How many events the stay has; the `ETag` is the same number in quotes.
    #[schema(example = 2)]
    version: u64,
}

/// Some stays, in the order of their ids.
#[derive(Serialize, ToSchema)]
struct Stays {
    /// The stays.
    stays: Vec<Stay>,
    /// Where the list goes on, if it does.
    #[schema(example = "/api/stays?after=okafor-101&limit=100")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The id after which the list begins.
    after: Option<String>,
    /// How many stays are wanted: 1 to 500, without it 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// List stays
#[utoipa::path(
    get, operation_id = "list_stays", path = "/api/stays", tag = "Stays", params(Page),
    responses((status = 200, description = "Stays in the order of their ids", body = Stays), ListProblems)
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(Page { after, limit }) = page?;
    let limit = page_size(limit)?;
    let mut found = desk.stays(after, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    // Ids have no characters that would need escaping.
    let next =
        found.last().filter(|_| has_more).map(|it| format!("/api/stays?after={}&limit={limit}", it.id));
    Ok(Json(Stays { stays: found.into_iter().map(Stay::from).collect(), next }))
}

/// Look at a stay
#[utoipa::path(
    get, operation_id = "get_stay", path = "/api/stays/{id}", tag = "Stays", params(("id" = String, Path, example = "okafor-101")),
    responses(
        (status = 200, description = "The stay", body = Stay,
            headers(("ETag" = String, description = "The version, for `If-Match`"))),
        ReadProblems
    )
)]
pub(super) async fn get(
    State(desk): State<Desk>,
    Id(id): Id<GuestStayId>,
) -> Result<impl IntoResponse, Problem> {
    let stay = desk.stay(&id).await?;
    Ok(([(header::ETAG, tag(stay.version))], Json(Stay::from(ShownStay::from(stay)))))
}

impl From<ShownStay> for Stay {
    fn from(stay: ShownStay) -> Self {
        let ShownStay { id, version, state: GuestStay { status, guest, room, balance } } = stay;
        Self {
            guest_stay: id,
            guest,
            room,
            balance: balance.to_string(),
            owed: balance.owed().map(|it| it.to_string()),
            status,
            version: version.0,
        }
    }
}
