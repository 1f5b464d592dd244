use std::{cmp::Reverse, collections::BTreeSet};

use axum::extract::{Query, State, rejection::QueryRejection};
use hotel::guest_stays::{GuestStay, Status};
use maud::{Markup, html};

use super::{amounts::balance, forms::key_field, layout::layout};
use crate::web::{
    conditions::tag,
    desk::{Desk, ShownStay},
    problem::Problem,
};

/// More guests than this are shown on further pages.
const STAYS_PER_PAGE: usize = 200;

/// What the address asks for: chosen guests, a note about what was done, where the list begins.
struct Asked {
    chosen: BTreeSet<String>,
    choose_settled: bool,
    note: Option<(String, String)>,
    after: Option<String>,
}

impl Asked {
    fn of(query: Vec<(String, String)>) -> Self {
        let mut asked = Self { chosen: BTreeSet::new(), choose_settled: false, note: None, after: None };
        for (name, value) in query {
            match name.as_str() {
                "choose" if value == "settled" => asked.choose_settled = true,
                "guest_stay" => _ = asked.chosen.insert(value),
                "settled" | "charged" => asked.note = Some((name, value)),
                "after" => asked.after = Some(value),
                _ => {}
            }
        }
        asked
    }

    fn is_chosen(&self, stay: &ShownStay) -> bool {
        self.chosen.contains(&stay.id) || (self.choose_settled && stay.state.balance.is_zero())
    }
}

/// The guests, what they owe, and who of them leaves together.
pub(super) async fn page(
    State(desk): State<Desk>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Markup, Problem> {
    let Query(query) = query?;
    let asked = Asked::of(query);
    let mut stays = desk.stays(asked.after.clone(), STAYS_PER_PAGE + 1).await?;
    let has_more = stays.len() > STAYS_PER_PAGE;
    stays.truncate(STAYS_PER_PAGE);
    let next = stays.last().filter(|_| has_more).map(|it| it.id.clone());
    stays.sort_by_key(|it| (it.state.room, Reverse(it.version)));
    let (present, left): (Vec<_>, Vec<_>) = stays.into_iter().partition(|it| it.state.status == Status::Open);
    Ok(layout(
        "Front desk",
        &html! {
            header.intro {
                h1 { "Front desk" }
                p.figures { (figures(&present, left.len())) }
            }
            (note(&asked, &present))
            (in_the_house(&asked, &present))
            @if let Some(next) = next {
                p { a.button.quiet href={ "/?after=" (next) } { "More guests" } }
            }
            (departed(&left))
        },
    ))
}

fn figures(present: &[ShownStay], left: usize) -> Markup {
    let open = present.iter().filter(|it| !it.state.balance.is_zero()).count();
    html! {
        span { strong { (present.len()) } " in the house" }
        span { strong { (open) } " with an open balance" }
        span { strong { (left) } " checked out" }
    }
}

/// What the form before has done. The name is read from the stay, so that nobody can put words here.
fn note(asked: &Asked, present: &[ShownStay]) -> Markup {
    let found = asked
        .note
        .as_ref()
        .and_then(|(done, id)| present.iter().find(|it| it.id == *id).map(|stay| (done.as_str(), stay)));
    html! {
        p.note role="status" hidden[found.is_none()] {
            @if let Some((done, stay)) = found {
                @if done == "settled" { "The balance of " (stay.state.guest) " is settled." }
                @else { (stay.state.guest) " was charged." }
            }
        }
    }
}

fn in_the_house(asked: &Asked, present: &[ShownStay]) -> Markup {
    html! {
        section.panel.flush aria-labelledby="in-the-house" {
            div.panel-head {
                h2 id="in-the-house" { "In the house" }
                p.choices {
                    a.button.quiet href="/?choose=settled" data-choose="settled" { "Choose all settled" }
                    a.button.quiet href="/" data-choose="none" { "Choose none" }
                }
            }
            @if present.is_empty() {
                p.empty { "Nobody is in the house." }
            } @else {
                table.guests role="table" {
                    thead role="rowgroup" { tr role="row" {
                        th role="columnheader" scope="col" { "Leaves" }
                        th role="columnheader" scope="col" { "Room" }
                        th role="columnheader" scope="col" { "Guest" }
                        th.number role="columnheader" scope="col" { "Balance" }
                        th.bill role="columnheader" scope="col" { "Bill" }
                    } }
                    tbody role="rowgroup" { @for stay in present { (row(stay, asked.is_chosen(stay))) } }
                }
                (check_out_bar())
            }
        }
    }
}

fn row(stay: &ShownStay, is_chosen: bool) -> Markup {
    let GuestStay { guest, room, balance: due, .. } = &stay.state;
    html! {
        tr role="row" id={ "stay-" (stay.id) } {
            td.choose role="cell" {
                label {
                    input type="checkbox" name="guest_stay" value=(stay.id) form="group-checkout"
                        checked[is_chosen] data-settled[due.is_zero()];
                    span.hidden { "Check out " (guest) }
                }
            }
            td.room role="cell" { (room) }
            th.guest role="rowheader" scope="row" { (guest) }
            td.number role="cell" { (balance(*due)) }
            td.bill role="cell" {
                @if let Some(owed) = due.owed() { (settle_form(stay, &owed.to_string(), None)) }
                (charge_form(stay))
            }
        }
    }
}

/// A form that pays exactly what is owed.
pub(super) fn settle_form(stay: &ShownStay, owed: &str, group_checkout: Option<&str>) -> Markup {
    html! {
        form.settle method="post" action={ "/stays/" (stay.id) "/settle" } {
            (key_field())
            input type="hidden" name="version" value=(tag(stay.version));
            input type="hidden" name="amount" value=(owed);
            @if let Some(id) = group_checkout { input type="hidden" name="group_checkout" value=(id); }
            button type="submit" { "Settle " (owed) span.hidden { " for " (stay.state.guest) } }
        }
    }
}

fn charge_form(stay: &ShownStay) -> Markup {
    let field = format!("charge-{}", stay.id);
    html! {
        details.charge {
            summary { "Charge" span.hidden { " " (stay.state.guest) } }
            form method="post" action={ "/stays/" (stay.id) "/charges" } {
                (key_field())
                label for=(field) { "Amount" }
                input id=(field) name="amount" inputmode="decimal" required pattern="[0-9]+([.][0-9]{1,2})?"
                    placeholder="12.50" title="An amount like 12.50" size="8" autocomplete="off";
                button type="submit" { "Add" span.hidden { " to the bill of " (stay.state.guest) } }
            }
        }
    }
}

fn check_out_bar() -> Markup {
    html! {
        form.check-out id="group-checkout" method="post" action="/group-checkouts" {
            (key_field())
            p.count role="status" data-count="" {}
            label for="clerk" { "Clerk" }
            input id="clerk" name="clerk" value="front-desk" required pattern="[A-Za-z0-9._\\-]{1,64}"
                title="1 to 64 letters, digits, - , _ and ." size="14" autocomplete="off";
            button.primary type="submit" { "Check out the chosen guests" }
        }
    }
}

fn departed(left: &[ShownStay]) -> Markup {
    html! {
        @if !left.is_empty() {
            details.panel.flush.departed {
                summary { h2 { "Checked out" } span.hint { (left.len()) " on this page" } }
                table.guests role="table" {
                    thead role="rowgroup" { tr role="row" {
                        th role="columnheader" scope="col" { "Room" }
                        th role="columnheader" scope="col" { "Guest" }
                        th role="columnheader" scope="col" { "Status" }
                    } }
                    tbody role="rowgroup" { @for stay in left {
                        tr role="row" {
                            td.room role="cell" { (stay.state.room) }
                            th.guest role="rowheader" scope="row" { (stay.state.guest) }
                            td role="cell" { span.chip.good { "checked out" } }
                        }
                    } }
                }
            }
        }
    }
}
