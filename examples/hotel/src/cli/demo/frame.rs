use std::{io::Write, time::Duration};

use hotel::{
    GroupCheckoutId, Style,
    group_checkouts::{Answer, GroupCheckout, Outcome},
};
use jiff::tz::TimeZone;
use procession::{Runtime, log::ProcessId};

use super::Shown;
use crate::cli::{CliError, Done, guests::DemoGuest, look, process::Unfolding};

/// Who checks out, and where that is written down.
pub(super) fn write_title(guests: &[DemoGuest], shown: &Shown<'_>, out: &mut dyn Write) -> Done {
    let owing = guests.iter().filter(|it| !it.pays).count();
    let who = match owing {
        0 => "all of them have paid".into(),
        1 => "one of them has not paid".into(),
        some => format!("{} of them have not paid", look::number(some)),
    };
    let (strong, faint, count) = (look::STRONG, look::FAINT, look::count(guests.len(), "guest"));
    writeln!(out, "\n {strong}A tour group checks out{strong:#}  {count}, {who}\n")?;
    writeln!(out, " {faint}style {faint:#}  {}: {}", shown.style, in_words(shown.style))?;
    if let Some(deadline) = shown.deadline {
        writeln!(out, " {faint}within{faint:#}  {deadline}: who has not answered by then is not waited for")?;
    }
    let store = shown.kept.map_or("a temporary SQLite file".into(), ToString::to_string);
    Ok(writeln!(out, " {faint}store {faint:#}  {store}; every commit is synced to the disk")?)
}

/// Who is in charge.
fn in_words(style: Style) -> &'static str {
    match style {
        Style::Saga => "a stateless saga turns events into commands, and deciders decide",
        Style::Choreography => "the modules react to each other's events, and nobody is in charge",
        Style::ProcessManager => "one stateful component asks, keeps the answers, and finishes",
    }
}

/// What had to happen before; it is not part of the process.
pub(super) fn write_set_up(guests: &[DemoGuest], took: Duration, out: &mut dyn Write) -> Done {
    let (faint, arrived, paid) = (look::FAINT, guests.len(), guests.iter().filter(|it| it.pays).count());
    let (arrived, paid) = (look::number(arrived), look::number(paid));
    let took = look::milliseconds(took);
    Ok(writeln!(out, " {faint}set-up{faint:#}  {arrived} checked in and charged, {paid} paid, in {took}")?)
}

/// When it began, and how to read what follows.
pub(super) fn write_beginning(
    unfolding: &Unfolding<'_>,
    process: ProcessId,
    style: Style,
    out: &mut dyn Write,
) -> Done {
    let (faint, began) = (look::FAINT, unfolding.began().unwrap_or_default());
    let began = began.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f %:z");
    writeln!(out, " {faint}began {faint:#}  {began}, as process {process}")?;
    let (command, event) = (look::COMMAND, look::EVENT);
    write!(out, " {faint}read  {faint:#}  {command}▸ command{command:#}   {event}● event{event:#}   ")?;
    if style == Style::ProcessManager {
        write!(out, "{event}→ input{event:#}   ")?;
    }
    Ok(writeln!(out, "{faint}#4 ← #3{faint:#} message 4 of the log, caused by message 3")?)
}

/// How it ended, and for whom it went wrong.
pub(super) async fn write_end(
    runtime: &Runtime,
    group: &GroupCheckoutId,
    guests: &[DemoGuest],
    took: Duration,
    out: &mut dyn Write,
) -> Done {
    const MOST_NAMED: usize = 20;
    let group = runtime.reader().instance::<GroupCheckout>(group).await?.state;
    let reason = |guest: &DemoGuest| match group.guests.answer(&guest.stay) {
        Some(Answer::Failed(reason)) => Some(*reason),
        _ => None,
    };
    let failed: Vec<_> = guests.iter().filter_map(|it| Some((it, reason(it)?))).collect();
    let unanswered = group.guests.missing().count();
    let (left, took) = (guests.len() - failed.len() - unanswered, look::milliseconds(took));
    match group.outcome {
        Some(Outcome::Completed) => {
            let good = look::GOOD.bold();
            writeln!(out, "\n {good}Completed{good:#} in {took}: everybody has left")?;
        }
        Some(Outcome::Failed) => {
            let (bad, left, failed) = (look::BAD.bold(), look::number(left), look::number(failed.len()));
            writeln!(out, "\n {bad}Failed{bad:#} in {took}: {left} have left, {failed} could not")?;
        }
        Some(Outcome::TimedOut) => {
            let (bad, counts) = (look::BAD.bold(), [left, failed.len(), unanswered].map(look::number));
            let [left, failed, unanswered] = counts;
            let told = format!("{left} had left, {failed} could not, {unanswered} had not answered in time");
            writeln!(out, "\n {bad}Timed out{bad:#} in {took}: {told}")?;
        }
        None => {
            return Err(CliError::failed(
                "the group checkout has not ended; `hotel history` tells where it is",
            ));
        }
    }
    for (guest, reason) in failed.iter().take(MOST_NAMED) {
        let DemoGuest { name, room, owes, .. } = guest;
        let bad = look::BAD;
        writeln!(out, "   {bad}✗{bad:#} {name:<20} room {room:<5}  {reason}: {owes:>8} is open")?;
    }
    if failed.len() > MOST_NAMED {
        writeln!(out, "   … and {} more", look::number(failed.len() - MOST_NAMED))?;
    }
    Ok(())
}

/// Where to go from here.
pub(super) fn write_next(process: ProcessId, shown: &Shown<'_>, out: &mut dyn Write) -> Done {
    let again = match shown.unsettled {
        0 => ("hotel demo --unsettled 2".into(), "two guests have not paid"),
        _ => ("hotel demo --unsettled 0".into(), "everybody has paid, everybody leaves"),
    };
    let other = match shown.style {
        Style::Saga => {
            ("hotel demo --style process-manager".into(), "the same, with one component in charge")
        }
        Style::ProcessManager => {
            ("hotel demo --style choreography".into(), "the same, with nobody in charge")
        }
        Style::Choreography => {
            ("hotel demo --style saga".into(), "the same, with a saga between the modules")
        }
    };
    let keep = match shown.kept {
        Some(store) => {
            let style = if shown.style == Style::default() {
                String::new()
            } else {
                format!(" --style {}", shown.style)
            };
            (format!("hotel history {process} --store {store}{style}"), "this process again, from the log")
        }
        None => ("hotel demo --store sqlite:demo.db".into(), "keep the log, for `hotel history`"),
    };
    let next = [
        again,
        other,
        ("hotel serve".into(), "the front desk in your browser"),
        ("hotel map".into(), "which message can follow from which"),
        keep,
    ];
    let (faint, width) = (look::FAINT, next.iter().map(|(it, _)| it.chars().count()).max().unwrap_or(0));
    writeln!(out, "\n {faint}try next (hotel is: cargo run --release -p hotel --){faint:#}")?;
    for (command, what) in next {
        writeln!(out, "   {command:<width$}  {faint}{what}{faint:#}")?;
    }
    Ok(())
}
