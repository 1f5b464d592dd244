use std::collections::BTreeMap;

use axum::{extract::State, response::Redirect};
use hotel::{
    Deadline, GroupCheckoutId, GuestStayId,
    group_checkouts::{Answer, InitiateGroupCheckout, Outcome},
    guest_stays::Status,
};
use maud::{Markup, html};

use super::{
    amounts::balance,
    forms::Fields,
    front_desk::settle_form,
    layout::layout_with,
    process::{clock, day_and_clock},
};
use crate::web::{
    api::Id,
    desk::{Desk, OngoingCheckout, ShownStay, invalid, new_id},
    problem::Problem,
};

/// Begins a group checkout, and shows it.
pub(super) async fn initiate(State(desk): State<Desk>, fields: Fields) -> Result<Redirect, Problem> {
    let conditions = fields.conditions()?;
    let group_checkout: GroupCheckoutId =
        new_id("group", conditions.key.as_deref()).parse().map_err(invalid)?;
    let guest_stays: Result<Vec<GuestStayId>, _> = fields.all("guest_stay").map(str::parse).collect();
    let guest_stays = guest_stays.map_err(invalid)?;
    if guest_stays.is_empty() {
        return Err(invalid("nobody was chosen: go back, and choose the guests who leave"));
    }
    let page = format!("/group-checkouts/{group_checkout}#live");
    let (clerk, within) = (fields.one("clerk")?, desk.deadline.map(Deadline::within));
    let command = InitiateGroupCheckout { group_checkout, clerk, guest_stays, within };
    desk.initiate(command, conditions).await?;
    Ok(Redirect::to(&page))
}

/// Each guest's answer, how it ended, and what to do now.
pub(super) async fn page(State(desk): State<Desk>, Id(id): Id<GroupCheckoutId>) -> Result<Markup, Problem> {
    let checkout = desk.group_checkout(&id).await?;
    let mut stays = BTreeMap::new();
    for (id, _) in checkout.instance.state.guests.members() {
        stays.insert(id.clone(), desk.stay(id).await?.into());
    }
    let refresh = html! {
        @if checkout.instance.state.outcome.is_none() {
            noscript { meta http-equiv="refresh" content="1"; }
        }
    };
    Ok(layout_with("Group checkout", &refresh, &body(&checkout, &stays)))
}

type Stays = BTreeMap<GuestStayId, ShownStay>;

fn body(checkout: &OngoingCheckout, stays: &Stays) -> Markup {
    let state = &checkout.instance.state;
    let (all, answered) = (state.guests.len(), state.guests.answers().count());
    html! {
        header.intro {
            p.eyebrow { "Group checkout" }
            h1 { (all) @if all == 1 { " guest leaves" } @else { " guests leave together" } }
            p.hint {
                "Asked by " (checkout.initiated.clerk) " at " (clock(checkout.initiated.at)) " · "
                a href={ "/processes/" (checkout.process) } { "The process, step by step" }
            }
            @if let Some(deadline) = checkout.deadline().filter(|_| state.outcome.is_none()) {
                p.hint { "The guests have until " (day_and_clock(deadline)) " to answer." }
            }
        }
        div id="checkout" data-process=(checkout.process) data-ended[state.outcome.is_some()]
            data-deadline=[checkout.deadline()] {
            section.panel aria-labelledby="progress" {
                h2.hidden id="progress" { "Progress" }
                p.progress {
                    progress max=(all) value=(answered) aria-labelledby="answered" {}
                    span id="answered" { span data-answered="" { (answered) } " of " (all) " guests have answered" }
                }
                div.hidden role="log" aria-live="polite" aria-label="Answers" data-announcements="" {}
            }
            section id="outcome" aria-live="polite" { (outcome(checkout, stays)) }
            section.panel.flush aria-labelledby="answers" {
                div.panel-head { h2 id="answers" { "Each guest's answer" } }
                table.answers role="table" {
                    thead role="rowgroup" { tr role="row" {
                        th role="columnheader" scope="col" { "Room" }
                        th role="columnheader" scope="col" { "Guest" }
                        th role="columnheader" scope="col" { "Answer" }
                    } }
                    tbody role="rowgroup" {
                        @for (stay, answer) in in_room_order(checkout, stays) { (row(stay, answer, state.outcome.is_some())) }
                    }
                }
            }
        }
    }
}

fn in_room_order<'a>(checkout: &OngoingCheckout, stays: &'a Stays) -> Vec<(&'a ShownStay, Option<Answer>)> {
    let answers = checkout.instance.state.guests.members();
    let mut rows: Vec<_> =
        answers.filter_map(|(id, answer)| Some((stays.get(id)?, answer.copied()))).collect();
    rows.sort_by_key(|(stay, _)| stay.state.room);
    rows
}

fn row(stay: &ShownStay, answer: Option<Answer>, has_ended: bool) -> Markup {
    let (name, words) = match answer {
        None if has_ended => ("pending", "no answer in time".into()),
        None => ("pending", "asked, no answer yet".into()),
        Some(Answer::Completed) => ("completed", "checked out".into()),
        Some(Answer::Failed(reason)) => ("failed", format!("could not check out: {reason}")),
    };
    html! {
        tr role="row" data-stay=(stay.id) data-answer=(name) {
            td.room role="cell" { (stay.state.room) }
            th.guest role="rowheader" scope="row" { (stay.state.guest) }
            td role="cell" { span.chip data-words="" { (words) } }
        }
    }
}

fn outcome(checkout: &OngoingCheckout, stays: &Stays) -> Markup {
    let state = &checkout.instance.state;
    let all = state.guests.len();
    match state.outcome {
        None => html! {},
        Some(Outcome::Completed) => html! {
            div.panel.ended.good {
                h2 { @if all == 1 { "The guest has checked out" } @else { "All " (all) " guests have checked out" } }
                p { a.button href="/" { "Back to the front desk" } }
            }
        },
        Some(Outcome::Failed) => {
            let rows = in_room_order(checkout, stays).into_iter();
            let failed: Vec<_> =
                rows.filter(|(_, answer)| matches!(answer, Some(Answer::Failed(_)))).collect();
            let failed: Vec<&ShownStay> = failed.into_iter().map(|(stay, _)| stay).collect();
            failed_outcome(&checkout.instance.id, all, &failed)
        }
        Some(Outcome::TimedOut) => timed_out_outcome(checkout, stays),
    }
}

/// How many have not answered, and who is still here.
fn timed_out_outcome(checkout: &OngoingCheckout, stays: &Stays) -> Markup {
    let guests = &checkout.instance.state.guests;
    let failed = guests.answers().filter(|(_, it)| **it != Answer::Completed).count();
    let rows = in_room_order(checkout, stays).into_iter();
    let not_left: Vec<_> =
        rows.filter(|(_, answer)| *answer != Some(Answer::Completed)).map(|(stay, _)| stay).collect();
    html! {
        div.panel.ended.bad {
            h2 {
                "Time was up: " (guests.missing().count()) " of " (counted(guests.len())) " had not answered"
            }
            p {
                @if let Some(deadline) = checkout.deadline() {
                    "The guests had until " (day_and_clock(deadline)) ". "
                }
                @if failed > 0 { (counted(failed)) " could not check out." }
            }
            (still_here(&checkout.instance.id, &not_left))
        }
    }
}

fn failed_outcome(group_checkout: &str, all: usize, failed: &[&ShownStay]) -> Markup {
    html! {
        div.panel.ended.bad {
            h2 { (failed.len()) " of " (counted(all)) " could not check out" }
            @if failed.len() < all { p { "Everybody else has left." } }
            (still_here(group_checkout, failed))
        }
    }
}

/// Those of the guests who are here, what they still owe, and the way to ask them again.
fn still_here(group_checkout: &str, guests: &[&ShownStay]) -> Markup {
    let still_here: Vec<_> = guests.iter().filter(|it| it.state.status == Status::Open).collect();
    let chosen: Vec<String> = still_here.iter().map(|it| format!("guest_stay={}", it.id)).collect();
    html! {
        @if still_here.is_empty() {
            p { "They have left meanwhile: nothing is left to do." }
            p { a.button href="/" { "Back to the front desk" } }
        } @else {
            p { "Settle what is open, then check these guests out again." }
            ul.open { @for stay in still_here {
                li {
                    span.room { (stay.state.room) }
                    span.guest { (stay.state.guest) }
                    (balance(stay.state.balance))
                    @if let Some(owed) = stay.state.balance.owed() {
                        (settle_form(stay, &owed.to_string(), Some(group_checkout)))
                    }
                }
            } }
            p { a.button.primary href={ "/?" (chosen.join("&")) "#group-checkout" } { "Choose them again" } }
        }
    }
}

/// `1 guest`, `2 guests`.
fn counted(guests: usize) -> String {
    format!("{guests} guest{}", if guests == 1 { "" } else { "s" })
}
