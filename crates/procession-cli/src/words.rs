//! What a process waits for, in words.

use jiff::Timestamp;
use procession::{
    inspect::{OpenBreaker, WaitsFor},
    store::{HoldKind, ParkedReason},
};

use crate::age::{absolute, ago};

/// In one line, as short as it goes.
pub(crate) fn briefly(it: &WaitsFor, now: Timestamp) -> String {
    match it {
        WaitsFor::Handler { message, stream, .. } => format!("{message} before {stream}"),
        WaitsFor::Timer { message, due, .. } => format!("timer {message}, {}", ago(*due, now)),
        WaitsFor::Effect { effect, breaker: Some(_), .. } => {
            format!("effect {effect}, paused: its target is down")
        }
        WaitsFor::Effect { effect, attempt, .. } => format!("effect {effect}, attempt {attempt}"),
        WaitsFor::Parked { message, handler, behind: Some(first), .. } => {
            format!("{message} parked for {handler} behind #{first}")
        }
        WaitsFor::Parked { message, handler, cause, .. } => {
            let cause = cause.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
            format!("{message} parked for {handler}{cause}")
        }
        WaitsFor::Outside { wakes, .. } => format!("{} from outside", wakes.join(" or ")),
        WaitsFor::Operator { kind, by, .. } => {
            format!("{} by {}", held(*kind), by.as_deref().unwrap_or("somebody"))
        }
        WaitsFor::Nothing { instance, .. } => format!("nothing will wake {instance}"),
    }
}

/// In sentences: what, from whom, since when, and what will wake it.
pub(crate) fn fully(it: &WaitsFor, now: Timestamp) -> Vec<String> {
    let mut said = match it {
        WaitsFor::Handler { message, position, stream, partition, lag, more, .. } => {
            let others = if *more > 0 { format!(", and {more} more of this process") } else { String::new() };
            vec![
                format!("{message} (#{position}) is before its handler, for {stream}{others}"),
                format!("partition {partition} handles it when its turn comes; {lag} wait there"),
            ]
        }
        WaitsFor::Timer { timer, message, to, due, more, .. } => {
            let others =
                if *more > 0 { format!("; {more} more timers are due later") } else { String::new() };
            vec![
                format!("timer {timer}: {message} for {to}"),
                format!("due {} ({}){others}", ago(*due, now), absolute(*due)),
            ]
        }
        WaitsFor::Effect { effect, message, position, attempt, due, cause, breaker, wakes, .. } => {
            let mut said = vec![format!("effect {effect} for {message} (#{position}), attempt {attempt}")];
            said.push(match breaker {
                Some(OpenBreaker { open_since, next_look, .. }) => {
                    let look = if *next_look <= now { "now".into() } else { ago(*next_look, now) };
                    format!("paused: the target is down since {}; next look {look}", absolute(*open_since))
                }
                None => format!("due {} ({})", ago(*due, now), absolute(*due)),
            });
            said.extend(cause.as_ref().map(|it| format!("the last attempt has failed: {it}")));
            said.extend(wakes.iter().map(|it| format!("{it} waits for what comes of it")));
            said
        }
        WaitsFor::Parked {
            message,
            position,
            handler,
            stream,
            reason,
            cause,
            attempts,
            retry_at,
            behind,
            more,
            ..
        } => {
            let mut said = vec![format!("{message} (#{position}) for {stream} is parked for {handler}")];
            said.extend(behind.map(|it| format!("it stands behind #{it}, which has failed, and follows it")));
            said.extend(cause.as_ref().map(|it| format!("it has failed {}: {it}", times(*attempts))));
            said.extend(retry_at.map(|it| format!("it is tried again {} ({})", ago(it, now), absolute(it))));
            if retry_at.is_none() && *reason == ParkedReason::Failed {
                said.push("no retry is coming: only an operator can let it go on".into());
            }
            if *more > 0 {
                said.push(format!("{more} more messages of this process are parked: procession parked list"));
            }
            said
        }
        WaitsFor::Outside { instance, awaits, from, wakes, .. } => vec![
            format!("{instance} waits for {}{}", awaits.join(" or "), makers(from)),
            format!("it follows from {} from outside", wakes.join(" or ")),
        ],
        WaitsFor::Operator { kind, operation, by, why, .. } => vec![format!(
            "{} by {} (#{operation}): {}",
            held(*kind),
            by.as_deref().unwrap_or("somebody"),
            why.as_deref().unwrap_or("it was not said why")
        )],
        WaitsFor::Nothing { instance, awaits, from, .. } => {
            vec![
                format!("{instance} waits for {}", awaited(awaits, from)),
                "nothing will ever wake it: no message, timer, effect or retry is on its way".into(),
            ]
        }
    };
    said.push(format!("since {} ({})", absolute(it.since()), ago(it.since(), now)));
    said
}

/// What an instance waits for that nothing will wake, and who would make it.
pub(crate) fn awaited(awaits: &[String], from: &[String]) -> String {
    let messages = if awaits.is_empty() { "nothing that anybody sends".into() } else { awaits.join(" or ") };
    format!("{messages}{}", makers(from))
}

fn makers(from: &[String]) -> String {
    if from.is_empty() { String::new() } else { format!(" from {}", from.join(" or ")) }
}

fn held(kind: HoldKind) -> &'static str {
    match kind {
        HoldKind::Suspended => "suspended",
        HoldKind::Cancelled => "cancelled",
    }
}

pub(crate) fn times(count: u32) -> String {
    if count == 1 { "once".into() } else { format!("{count} times") }
}
