use std::{collections::BTreeMap, io::Write};

use clap::Args;
use jiff::Timestamp;
use procession::{
    history::{Layer, layers, written},
    inspect::{Inspector, LeftOut, ProcessState, Standing, archived_of},
    log::{Kind, Position, ProcessId, Recorded},
    store::Archived,
};
use serde::{Deserialize, Serialize};

use crate::{
    age::{absolute, ago},
    error::CliError,
    look, missing,
    program::{Done, Found, Shared},
    remedies, words,
};

/// Tell one process, layer by layer, and what it waits for.
///
/// Ends with 1 if it is stuck.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession show 42
  procession show 42 --payloads")]
pub(crate) struct Show {
    /// The process: the position of the message that began it.
    process: ProcessId,
    /// Show what stands in the messages, too.
    #[arg(long)]
    payloads: bool,
}

#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    standing: &'a Standing,
    layers: Vec<Layer<'a>>,
    /// What read models leave out of it.
    left_out: Vec<(String, LeftOut)>,
    /// Only of a process that is archived.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    archived: &'a [Archived],
}

/// More messages of one name are folded into a count; the first few, and all failures, stay.
const MOST_UNFOLDED: usize = 24;
const FIRST_FEW: usize = 3;
const REMARKS_BEGIN_AT: usize = 26;
/// What is left of a stream where the line is full.
const SHORTEST_STREAM: usize = 12;
const ENTRIES_PER_READ: usize = 4096;

/// What read models leave out because of this process, each with the name of its projection.
async fn left_out_of(process: ProcessId, inspector: &Inspector) -> Result<Vec<(String, LeftOut)>, CliError> {
    let mut left_out = Vec::new();
    for read_model in inspector.read_models().await? {
        let of_process = read_model.left_out.into_iter().filter(|it| it.process == process);
        left_out.extend(of_process.map(|it| (read_model.projection.clone(), it)));
    }
    Ok(left_out)
}

impl Show {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let inspector = shared.inspector().await?;
        let archived = archived_of(&**inspector.store(), self.process).await?;
        let left = inspector.process(self.process).await?;
        if left.is_none() && !archived.is_empty() {
            return all_is_archived(self.process, &archived, shared);
        }
        let standing = match left {
            Some(standing) => standing,
            None => missing::standing(&inspector, self.process).await?,
        };
        let (mut history, mut after) = (Vec::new(), Position::START);
        loop {
            let entries = inspector.store().read_process(self.process, after, ENTRIES_PER_READ).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            history.extend(entries);
        }
        let left_out = left_out_of(self.process, &inspector).await?;
        let found = Found::wrong_if(standing.state == ProcessState::Stuck);
        if shared.json {
            look::json(&Told {
                standing: &standing,
                layers: layers(&history),
                left_out,
                archived: &archived,
            })?;
            return Ok(found);
        }
        let mut out = anstream::stdout();
        for layer in layers(&history) {
            self.tell_layer(&layer, standing.began, &mut out)?;
        }
        tell_standing(&standing, &mut out)?;
        tell_archived(&archived, &mut out)?;
        for (projection, it) in left_out {
            let (event, position, cause) = (&it.event, it.position, look::harmless(&it.cause));
            writeln!(
                out,
                "The read model {projection} leaves out {event} (#{position}) and what follows in its stream: {cause}"
            )?;
        }
        Ok(found)
    }

    fn tell_layer(&self, layer: &Layer<'_>, began: Timestamp, out: &mut dyn Write) -> Result<(), CliError> {
        let strong = look::STRONG;
        writeln!(out, "{strong}{:>2}  {}{strong:#}", layer.depth + 1, kinds(layer))?;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for message in &layer.messages {
            *seen.entry(&message.entry.name).or_default() += 1;
        }
        let many: BTreeMap<&str, usize> =
            seen.into_iter().filter(|(_, count)| *count > MOST_UNFOLDED).collect();
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        for message in &layer.messages {
            let name = &*message.entry.name;
            let count = shown.entry(name).or_default();
            *count += 1;
            match many.get(name) {
                Some(all) if *count == FIRST_FEW + 1 => {
                    writeln!(out, "    … {} more {name}", look::number((all - FIRST_FEW) as u64))?;
                }
                Some(_) if *count > FIRST_FEW => {}
                _ => self.tell_message(message, began, out)?,
            }
        }
        Ok(writeln!(out)?)
    }

    fn tell_message(
        &self,
        message: &Recorded,
        began: Timestamp,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let entry = &message.entry;
        let (glyph, style) = match entry.kind {
            Kind::Command | Kind::ExecutedCommand => ("▸", look::COMMAND),
            Kind::Event | Kind::PublicEvent => ("●", look::EVENT),
            Kind::Input => ("→", look::EVENT),
            Kind::Ignored => ("·", look::FAINT),
            Kind::Rejection | Kind::Failure => ("✗", look::BAD),
            Kind::Operation => ("!", look::STRONG),
            Kind::EffectResult => ("◇", look::EVENT),
        };
        let faint = look::FAINT;
        let place = message.causation.map_or_else(
            || format!("#{}", message.position),
            |cause| format!("#{} ← #{cause}", message.position),
        );
        let time = format!("+{:.3}s", entry.at.duration_since(began).as_secs_f64());
        let line = look::line_width().unwrap_or(usize::MAX);
        let name = look::harmless(&entry.name);
        let left = line.saturating_sub(30 + name.chars().count());
        let stream = look::cut(&entry.stream.to_string(), left.max(SHORTEST_STREAM));
        writeln!(out, "  {faint}{time:>9} {place:<13}{faint:#} {style}{glyph} {name}{style:#}  {stream}")?;
        let remarks = if self.payloads {
            // In one line, so that it can be copied.
            vec![look::harmless(written("", &entry.payload).trim())]
        } else {
            let width = line.saturating_sub(REMARKS_BEGIN_AT);
            remark(message).map(|it| look::wrapped(&look::harmless(&it), width)).unwrap_or_default()
        };
        for remark in remarks.iter().filter(|it| !it.is_empty()) {
            writeln!(out, "{:REMARKS_BEGIN_AT$}{faint}{remark}{faint:#}", "")?;
        }
        Ok(())
    }
}

/// What is said of a message beside its name, where that is more than data.
fn remark(message: &Recorded) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Said {
        message: Option<serde_json::Value>,
        handler: String,
        attempt: u32,
        cause: Option<String>,
        effect: Option<String>,
        attempts: u32,
        reason: Option<String>,
        by: Option<String>,
        why: Option<String>,
    }
    let entry = &message.entry;
    let said = || serde_json::from_str::<Said>(&entry.payload).ok();
    match entry.kind {
        Kind::Rejection | Kind::Ignored => said()?.message?.as_str().map(str::to_owned),
        Kind::Failure => match said()? {
            Said { handler, attempt, cause: Some(cause), .. } if handler.starts_with("effect ") => {
                Some(format!("{handler}, attempt {attempt}: {cause}"))
            }
            Said { cause, .. } => cause,
        },
        Kind::EffectResult => match said()? {
            Said { effect: Some(effect), attempts, reason: Some(reason), .. } => {
                Some(format!("effect {effect}, {}: {reason}", look::count(attempts as usize, "attempt")))
            }
            Said { effect, .. } => effect.map(|it| format!("effect {it}")),
        },
        Kind::Operation => {
            said().map(|it| format!("by {}: {}", it.by.unwrap_or_default(), it.why.unwrap_or_default()))
        }
        _ => None,
    }
}

/// `10 events`, `1 event, 2 rejections`.
fn kinds(layer: &Layer<'_>) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for message in &layer.messages {
        let kind = message.entry.kind;
        *counts.entry(if kind.is_command() { Kind::Command } else { kind }).or_default() += 1;
    }
    let noun = |kind: Kind| serde_json::to_value(kind).ok()?.as_str().map(|it| it.replace('_', " "));
    let counted = counts.into_iter().map(|(kind, count)| look::count(count, &noun(kind).unwrap_or_default()));
    counted.collect::<Vec<_>>().join(", ")
}

/// Of a process that has recorded nothing that is kept.
fn all_is_archived(process: ProcessId, archived: &[Archived], shared: &Shared) -> Done {
    if shared.json {
        look::json(&serde_json::json!({ "process": process, "state": "ended", "archived": archived }))?;
        return Ok(Found::Fine);
    }
    let mut out = anstream::stdout();
    writeln!(out, "Process {process} is archived: nothing of it is left in the log.")?;
    tell_archived(archived, &mut out)?;
    Ok(Found::Fine)
}

fn tell_archived(archived: &[Archived], out: &mut dyn Write) -> Result<(), CliError> {
    for Archived { last, entries, file, at, .. } in archived {
        let messages = look::count(usize::try_from(*entries).unwrap_or(usize::MAX), "message");
        let (file, since) = (look::harmless(file), absolute(*at));
        writeln!(out, "Archived up to #{last}: {messages}, in {file}, since {since}.")?;
    }
    Ok(())
}

fn tell_standing(standing: &Standing, out: &mut dyn Write) -> Result<(), CliError> {
    let (now, style) = (Timestamp::now(), look::of_state(standing.state));
    writeln!(
        out,
        "Process {} is {style}{}{style:#}: {} since {} ({}).",
        standing.process,
        standing.state,
        look::count(usize::try_from(standing.messages).unwrap_or(usize::MAX), "message"),
        absolute(standing.began),
        ago(standing.began, now)
    )?;
    for it in &standing.waits_for {
        for (index, line) in words::fully(it, now).into_iter().enumerate() {
            let mark = if index == 0 { "-" } else { " " };
            writeln!(out, "  {mark} {}", look::harmless(&line))?;
        }
    }
    remedies::tell(standing, out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use procession::{
        Stream,
        log::{Encoded, Entry},
    };

    use super::*;

    fn remarked(kind: Kind, payload: &str) -> Option<String> {
        let message = Encoded { name: "It".into(), schema_version: 1, payload: payload.into() };
        let entry = Entry::new(kind, Stream::new("bill", "a").unwrap(), message, Timestamp::UNIX_EPOCH);
        let (position, causation) = (Position(2), Some(Position(1)));
        let process = ProcessId(1);
        remark(&Recorded { position, process, causation, version: None, entry: Arc::new(entry) })
    }

    #[test]
    fn what_became_of_a_call_names_its_effect_and_its_attempts() {
        let failed = r#"{"handler":"effect charge","attempt":2,"cause":"nobody answers"}"#;
        let told = "effect charge, attempt 2: nobody answers";
        assert_eq!(remarked(Kind::Failure, failed).as_deref(), Some(told));
        let given_up = r#"{"effect":"charge","attempts":3,"reason":"nobody answers"}"#;
        let told = "effect charge, 3 attempts: nobody answers";
        assert_eq!(remarked(Kind::EffectResult, given_up).as_deref(), Some(told));
        let completed = r#"{"effect":"charge","attempts":1}"#;
        assert_eq!(remarked(Kind::EffectResult, completed).as_deref(), Some("effect charge"));
    }

    #[test]
    fn what_became_of_a_message_says_why_its_handler_has_failed() {
        let failed = r#"{"handler":"bill","attempt":2,"cause":"it is torn"}"#;
        assert_eq!(remarked(Kind::Failure, failed).as_deref(), Some("it is torn"));
    }
}
