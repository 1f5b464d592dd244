//! The front desk for people: pages that work without a script, and are quicker with one.

mod amounts;
mod assets;
mod availability;
mod failure;
mod forms;
mod front_desk;
mod group_checkout;
mod layout;
mod process;
mod stays;

use axum::{
    Router,
    routing::{get, post},
};

pub(super) use self::{assets::protect, failure::failure, layout::layout};
use super::desk::Desk;

/// The pages' routes.
pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(front_desk::page))
        .route("/availability", get(availability::page))
        .route("/stays/{id}/settle", post(stays::settle))
        .route("/stays/{id}/charges", post(stays::charge))
        .route("/group-checkouts", post(group_checkout::initiate))
        .route("/group-checkouts/{id}", get(group_checkout::page))
        .route("/processes/{process}", get(process::page))
        .route("/assets/desk.css", get(assets::stylesheet))
        .route("/assets/desk.js", get(assets::script))
        .route("/assets/bell.svg", get(assets::icon))
}
