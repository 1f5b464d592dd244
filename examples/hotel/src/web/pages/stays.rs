use axum::{extract::State, response::Redirect};
use hotel::{
    Amount, GroupCheckoutId, GuestStayId,
    guest_stays::{RecordCharge, RecordPayment},
};

use super::forms::Fields;
use crate::web::{api::Id, desk::Desk, problem::Problem};

/// Takes the payment of exactly what the page showed as owed.
pub(super) async fn settle(
    State(desk): State<Desk>,
    Id(guest_stay): Id<GuestStayId>,
    fields: Fields,
) -> Result<Redirect, Problem> {
    let amount: Amount = fields.one("amount")?;
    let command = RecordPayment { guest_stay: guest_stay.clone(), amount };
    desk.execute_for_stay(&guest_stay, command, fields.conditions()?).await?;
    back(&fields, "settled", &guest_stay)
}

pub(super) async fn charge(
    State(desk): State<Desk>,
    Id(guest_stay): Id<GuestStayId>,
    fields: Fields,
) -> Result<Redirect, Problem> {
    let amount: Amount = fields.one("amount")?;
    let command = RecordCharge { guest_stay: guest_stay.clone(), amount };
    desk.execute_for_stay(&guest_stay, command, fields.conditions()?).await?;
    back(&fields, "charged", &guest_stay)
}

/// Back to the page that held the form.
fn back(fields: &Fields, done: &str, stay: &GuestStayId) -> Result<Redirect, Problem> {
    if fields.all("group_checkout").next().is_none() {
        return Ok(Redirect::to(&format!("/?{done}={stay}#stay-{stay}")));
    }
    let group_checkout: GroupCheckoutId = fields.one("group_checkout")?;
    Ok(Redirect::to(&format!("/group-checkouts/{group_checkout}#outcome")))
}
