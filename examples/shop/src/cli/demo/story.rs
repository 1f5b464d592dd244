use std::io::Write;

use procession::{
    Message, Runtime,
    history::layers,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};
use serde_json::Value;
use shop::shipments::PackageWasSent;

use crate::cli::{CliError, Done, look};

/// What the log says about one order, from the confirmation of its cart to its end: one process, over all that was answered
/// from outside.
pub(super) struct Story {
    process: ProcessId,
    history: Vec<Recorded>,
}

const NAME: usize = 22;
const STREAM: usize = 22;

impl Story {
    pub(super) async fn of(runtime: &Runtime, process: ProcessId) -> Result<Self, CliError> {
        let history = runtime.reader().history(process, Position::START).await?;
        Ok(Self { process, history })
    }

    /// The package, if it was sent.
    pub(super) fn package(&self) -> Option<PackageWasSent> {
        let mut sent = self.history.iter().map(|it| &it.entry);
        let sent = sent.find(|it| it.kind == Kind::Event && it.name == PackageWasSent::NAME)?;
        serde_json::from_str(&sent.payload).ok()
    }

    /// Tells it, layer by layer.
    pub(super) fn tell(&self, out: &mut dyn Write) -> Done {
        let Some(first) = self.history.first() else { return Ok(()) };
        let (strong, began) = (look::STRONG, first.entry.at);
        writeln!(out, "\n{strong}Process {}{strong:#}, begun by {}", self.process, first.entry.name)?;
        for layer in layers(&self.history) {
            let mut number = (layer.depth + 1).to_string();
            for message in layer.messages {
                let after = message.entry.at.duration_since(began).as_millis();
                write_row(&std::mem::take(&mut number), after, &message.entry, out)?;
            }
        }
        Ok(())
    }
}

fn write_row(layer: &str, milliseconds: i128, entry: &Entry, out: &mut dyn Write) -> Done {
    let (glyph, style) = match entry.kind {
        Kind::Command | Kind::ExecutedCommand => ("▸", look::COMMAND),
        Kind::Event => ("●", look::EVENT),
        Kind::PublicEvent => ("◆", look::EVENT),
        Kind::Input => ("→", look::FAINT),
        Kind::Ignored => ("·", look::FAINT),
        Kind::Rejection | Kind::Failure => ("✗", look::BAD),
        Kind::Operation => ("!", look::COMMAND),
        Kind::EffectResult => ("◇", look::EVENT),
    };
    let faint = look::FAINT;
    let start = format!("{layer:>3}  {milliseconds:>5} ms  ");
    let name = format!("{:<NAME$}", look::cut(&entry.name, NAME));
    let stream = format!("{}/{}", entry.stream.category(), short(entry.stream.id()));
    let stream = look::cut(&stream, STREAM);
    let left = look::WIDTH.saturating_sub(start.chars().count() + 2 + NAME + 2 + STREAM + 2);
    let remark = look::cut(&remark(entry), left);
    write!(out, "{faint}{start}{faint:#}{style}{glyph} {name}{style:#}  ")?;
    // What ends a line is not padded.
    if remark.is_empty() {
        return Ok(writeln!(out, "{stream}")?);
    }
    Ok(writeln!(out, "{stream:<STREAM$}  {faint}{remark}{faint:#}")?)
}

/// Ids that were derived are long; their beginning tells them apart.
fn short(id: &str) -> &str {
    if id.len() == 36 { id.get(..8).unwrap_or(id) } else { id }
}

/// The fields that say something: not the ids, which the stream shows, nor the time, nor lists.
fn remark(entry: &Entry) -> String {
    const TELLING: [&str; 7] = ["step", "reason", "total", "amount", "product", "asked", "in_stock"];
    let fields: Value = serde_json::from_str(&entry.payload).unwrap_or_default();
    let told = TELLING.iter().filter_map(|name| match fields.get(name)? {
        Value::String(text) => Some(format!("{name}: {text}")),
        other => Some(format!("{name}: {other}")),
    });
    told.collect::<Vec<_>>().join(", ").replace('_', " ")
}
