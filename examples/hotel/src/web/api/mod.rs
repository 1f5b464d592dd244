//! The front desk for programs: JSON under `/api`, problems as RFC 9457 says.

mod availability;
mod body;
mod bookings;
mod day;
mod documentation;
mod group_checkouts;
mod headers;
mod health;
mod map;
mod path;
mod processes;
mod progress;
mod reference;
mod reservations;
mod responses;
mod stays;

use axum::Router;
use procession::ProcessMap;
use utoipa::{OpenApi, openapi};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::path::Id;
use super::{
    desk::Desk,
    problem::{Problem, ProblemDocument, ProblemKind},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "The hotel's front desk",
        description = "Guests reserve rooms, check in, are charged, pay, and check out, alone or as a group. A group checkout is a \
                       process: it is accepted at once, and its progress can be followed.\n\nEvery command takes an \
                       `Idempotency-Key`: sent again with the same key, it has no second effect and gets the first \
                       answer. Every error is an `application/problem+json` document.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "Stays", description = "One guest's stay: the bill, and the end of it."),
        (name = "Group checkouts", description = "Many guests leave together."),
        (name = "Reservations", description = "Rooms for the nights to come."),
        (name = "Processes", description = "What happened, and what caused it."),
        (name = "About", description = "The process map, this description, and the hotel's health."),
    )
)]
struct Description;

/// The API's routes, and their description.
pub(super) fn router(map: ProcessMap) -> (Router<Desk>, openapi::OpenApi) {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(stays::list, stays::commands::check_in))
        .routes(routes!(stays::get))
        .routes(routes!(stays::commands::charge))
        .routes(routes!(stays::commands::pay))
        .routes(routes!(stays::commands::check_out))
        .routes(routes!(group_checkouts::initiate))
        .routes(routes!(group_checkouts::get))
        .routes(routes!(reservations::list, reservations::commands::reserve))
        .routes(routes!(reservations::get))
        .routes(routes!(reservations::commands::confirm))
        .routes(routes!(reservations::commands::cancel))
        .routes(routes!(bookings::record))
        .routes(routes!(availability::get))
        .routes(routes!(processes::get))
        .routes(routes!(progress::follow))
        .routes(routes!(map::get))
        .routes(routes!(documentation::document))
        .routes(routes!(documentation::page))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .layer(axum::Extension(std::sync::Arc::new(map)))
        .split_for_parts()
}

/// How many items of a list are told at once.
fn page_size(limit: Option<usize>) -> Result<usize, Problem> {
    let limit = limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::new(ProblemKind::Malformed, format!("limit is {limit}, and must be 1 to 500")));
    }
    Ok(limit)
}
