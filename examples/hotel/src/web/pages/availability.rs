use axum::extract::{Query, State, rejection::QueryRejection};
use hotel::reservations::{Availability, Night, RoomType, nights_from};
use jiff::{ToSpan, civil::Date};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::layout;
use crate::web::{
    desk::{Desk, invalid, today},
    problem::Problem,
};

/// What fits on a screen.
const DAYS: u32 = 14;

#[derive(Deserialize)]
pub(super) struct Asked {
    /// The first day; without it today.
    from: Option<String>,
}

/// How many rooms are left, day by day.
pub(super) async fn page(
    State(desk): State<Desk>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Markup, Problem> {
    let Query(Asked { from }) = asked?;
    let from: Date = from.map_or_else(|| Ok(today()), |it| it.parse()).map_err(invalid)?;
    let nights: Vec<Night> = nights_from(from, DAYS, None).collect();
    let found = desk.availability(&nights).await?;
    let overbooked = found.iter().filter(|it| it.overbooked() > 0).count();
    Ok(layout(
        "Rooms",
        &html! {
            header.intro {
                h1 { "Rooms" }
                p.figures {
                    @for it in RoomType::ALL { span { strong { (it.rooms()) } " " (plural(it)) } }
                    @if overbooked > 0 { span.owed { strong { (overbooked) } " overbooked" } }
                }
            }
            section.panel.flush aria-labelledby="left" {
                div.panel-head {
                    h2 id="left" { "Left in the night of" }
                    (choices(from))
                }
                (table(&found))
            }
        },
    ))
}

fn plural(room_type: RoomType) -> &'static str {
    match room_type {
        RoomType::Single => "singles",
        RoomType::Double => "doubles",
        RoomType::Suite => "suites",
    }
}

/// The days before, today, and the days after: as far as the calendar goes.
fn choices(from: Date) -> Markup {
    let days = i64::from(DAYS).days();
    html! {
        p.choices {
            @if let Ok(before) = from.checked_sub(days) { (choice(before, "Earlier")) }
            a.button.quiet href="/availability" { "Today" }
            @if let Ok(after) = from.checked_add(days) { (choice(after, "Later")) }
        }
    }
}

fn choice(from: Date, what: &str) -> Markup {
    html! { a.button.quiet href={ "/availability?from=" (from) } { (what) } }
}

fn table(found: &[Availability]) -> Markup {
    html! {
        table.rooms {
            thead { tr {
                th scope="col" { "Day" }
                @for it in RoomType::ALL { th.number scope="col" { (it) } }
            } }
            tbody { @for day in found.chunk_by(|one, other| one.night.date == other.night.date) { (row(day)) } }
        }
    }
}

fn row(day: &[Availability]) -> Markup {
    html! {
        @if let Some(date) = day.first().map(|it| it.night.date) {
            tr {
                th scope="row" { time datetime=(date) { (date.strftime("%a %e %b")) } }
                @for it in day { td.number { (left(*it)) } }
            }
        }
    }
}

/// A word beside the number, for those who do not see the colour.
fn left(it: Availability) -> Markup {
    let over = it.over_the_limit();
    html! {
        @if it.overbooked() > 0 {
            span.chip.bad {
                (it.overbooked()) " missing"
                @if over > 0 { span.limit { (over) " over limit" } }
            }
        } @else if it.available() == 0 {
            span.chip { "full" }
        } @else {
            (it.available())
        }
    }
}
