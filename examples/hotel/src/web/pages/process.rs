use axum::extract::State;
use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};
use procession::{
    history::{self, Layer},
    log::{Kind, ProcessId, Recorded},
};
use serde_json::Value;

use super::layout::layout;
use crate::web::{api::Id, desk::Desk, problem::Problem};

/// A layer of a large group would make the page too long to be of use.
const MESSAGES_PER_LAYER: usize = 100;

/// A process, layer by layer: who caused what, and when.
pub(super) async fn page(State(desk): State<Desk>, Id(process): Id<ProcessId>) -> Result<Markup, Problem> {
    let recorded = desk.history(process).await?;
    let layers = history::layers(&recorded);
    let began = recorded.first().map_or(Timestamp::UNIX_EPOCH, |it| it.entry.at);
    let ended = recorded.last().map_or(began, |it| it.entry.at);
    let took = ended.duration_since(began);
    Ok(layout(
        "Process",
        &html! {
            header.intro {
                p.eyebrow { "Process " (process) }
                h1 { "What happened, and why" }
                p.figures {
                    span { strong { (recorded.len()) } " messages" }
                    span { strong { (layers.len()) } " layers" }
                    span { "began at " strong { (precise_clock(began)) } }
                    span { "took " strong { (duration(took)) } }
                }
            }
            ol.layers { @for layer in &layers { li { (layer_panel(layer)) } } }
        },
    ))
}

fn layer_panel(layer: &Layer<'_>) -> Markup {
    let (shown, count) = (layer.messages.iter().take(MESSAGES_PER_LAYER), layer.messages.len());
    let kinds = kinds(layer);
    html! {
        section.panel.flush aria-labelledby={ "layer-" (layer.depth) } {
            div.panel-head {
                h2 id={ "layer-" (layer.depth) } { (kinds) }
                span.hint { (count) @if layer.depth > 0 { ", caused by the layer above" } }
            }
            div.scroll { table.messages role="table" {
                thead role="rowgroup" { tr role="row" {
                    th.number role="columnheader" scope="col" { "No." }
                    th role="columnheader" scope="col" { "Time" }
                    th role="columnheader" scope="col" { "Message" }
                    th role="columnheader" scope="col" { "Of or for" }
                    th.number role="columnheader" scope="col" { "Caused by" }
                } }
                tbody role="rowgroup" { @for message in shown { (row(message)) } }
            } }
            @if count > MESSAGES_PER_LAYER { p.empty { "And " (count - MESSAGES_PER_LAYER) " more." } }
        }
    }
}

/// `Command`, `Events`, `Commands and event`: a process manager sends and records in one step.
fn kinds(layer: &Layer<'_>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for word in layer.messages.iter().map(|it| word(it.entry.kind)) {
        match counts.iter_mut().find(|(it, _)| *it == word) {
            Some((_, count)) => *count += 1,
            None => counts.push((word, 1)),
        }
    }
    let plural = |(word, count)| format!("{word}{}", if count > 1 { "s" } else { "" });
    let mut words = counts.into_iter().map(plural);
    let first = words.next().unwrap_or_default();
    words.fold(first, |before, word| format!("{before} and {}", word.to_lowercase()))
}

fn row(message: &Recorded) -> Markup {
    let entry = &message.entry;
    html! {
        tr role="row" id={ "message-" (message.position) } {
            td.number role="cell" { (message.position) }
            td.time role="cell" { (precise_clock(entry.at)) }
            th role="rowheader" scope="row" {
                span.kind data-kind=(word(entry.kind).to_lowercase()) { (entry.name) }
                @let details = details(&entry.payload, entry.stream.id());
                @if !details.is_empty() { span.hint { (details) } }
            }
            td.address role="cell" { code { (entry.stream) } }
            td.number.cause role="cell" { @if let Some(cause) = message.causation { a href={ "#message-" (cause) } { (cause) } } @else { "outside" } }
        }
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Event => "Event",
        Kind::PublicEvent => "Public event",
        Kind::Input => "Input",
        Kind::Ignored => "Ignored message",
        Kind::Command | Kind::ExecutedCommand => "Command",
        Kind::Rejection => "Rejection",
        Kind::Failure => "Failure",
        Kind::Operation => "Operation",
        Kind::EffectResult => "Result of an effect",
    }
}

/// What the message says beside its address and its time.
fn details(payload: &str, id: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(payload) else { return String::new() };
    let is_news = |name: &str, value: &Value| name != "at" && !value.is_null() && value.as_str() != Some(id);
    let details = fields.iter().filter(|(name, value)| is_news(name, value)).map(|(name, value)| {
        let value = match value {
            Value::Array(items) => format!("{} in all", items.len()),
            other => other.as_str().map_or_else(|| other.to_string(), str::to_owned),
        };
        format!("{}: {value}", name.replace('_', " "))
    });
    details.collect::<Vec<_>>().join(", ")
}

/// A time of the day, as the hotel's clock shows it.
pub(super) fn clock(at: Timestamp) -> Markup {
    time(at, "%H:%M:%S")
}

/// A time that may be on another day.
pub(super) fn day_and_clock(at: Timestamp) -> Markup {
    let day = |at: Timestamp| at.to_zoned(TimeZone::system()).date();
    let format = if day(at) == day(Timestamp::now()) { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    time(at, format)
}

fn duration(took: jiff::SignedDuration) -> String {
    match took.as_micros() {
        ..1000 => "less than 1 ms".into(),
        micros => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
    }
}

fn precise_clock(at: Timestamp) -> Markup {
    time(at, "%H:%M:%S.%3f")
}

fn time(at: Timestamp, format: &str) -> Markup {
    let local = at.to_zoned(TimeZone::system());
    html! { time datetime=(at) { (local.strftime(format)) } }
}
