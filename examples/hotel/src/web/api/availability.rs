use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::IntoResponse,
};
use hotel::reservations::{Availability, RoomType, nights_from};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{day::Day, responses::SearchProblems};
use crate::web::{
    desk::{Desk, invalid, today},
    problem::{Problem, ProblemKind},
};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// The first day; without it today.
    #[param(value_type = Option<String>, format = Date, example = "2030-07-01", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    from: Option<String>,
    /// How many days are wanted: 1 to 92, without it 14.
    #[param(minimum = 1, maximum = 92)]
    days: Option<u32>,
    /// The type of the rooms; without it all types.
    #[param(value_type = Option<String>, example = "suite", pattern = "^(single|double|suite)$")]
    room_type: Option<RoomType>,
}

/// The rooms of one type in one night.
#[derive(Serialize, ToSchema)]
struct RoomsLeft {
    /// The day on which the night begins.
    #[schema(example = "2030-07-01")]
    date: String,
    /// The type of the rooms.
    #[schema(example = "suite")]
    room_type: String,
    /// How many rooms there are.
    #[schema(example = 2)]
    rooms: u32,
    /// How many are taken.
    #[schema(example = 1)]
    reserved: u32,
    /// How many are left.
    #[schema(example = 1)]
    available: u32,
    /// How many are missing, because channels have sold more than there are.
    #[schema(example = 0)]
    overbooked: u32,
    /// How many of them the hotel does not find elsewhere.
    #[schema(example = 0)]
    over_the_limit: u32,
}

/// The rooms of some nights, day by day.
#[derive(Serialize, ToSchema)]
struct Found {
    /// A night and a room type each.
    availability: Vec<RoomsLeft>,
}

/// Look for rooms
#[utoipa::path(
    get, operation_id = "get_availability", path = "/api/availability", tag = "Reservations", params(Search),
    responses((status = 200, description = "What is left, day by day", body = Found), SearchProblems)
)]
pub(super) async fn get(
    State(desk): State<Desk>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let Query(Search { from, days, room_type }) = search?;
    let days = days.unwrap_or(14);
    if !(1..=92).contains(&days) {
        return Err(Problem::new(ProblemKind::Malformed, format!("days is {days}, and must be 1 to 92")));
    }
    let from = from.map(Day::try_from).transpose().map_err(invalid)?;
    let nights: Vec<_> = nights_from(from.map_or_else(today, |it| it.0), days, room_type).collect();
    let found = desk.availability(&nights).await?;
    Ok(Json(Found { availability: found.into_iter().map(RoomsLeft::from).collect() }))
}

impl From<Availability> for RoomsLeft {
    fn from(it: Availability) -> Self {
        Self {
            date: it.night.date.to_string(),
            room_type: it.night.room_type.to_string(),
            rooms: it.rooms(),
            reserved: it.reserved,
            available: it.available(),
            overbooked: it.overbooked(),
            over_the_limit: it.over_the_limit(),
        }
    }
}
