use std::{collections::BTreeMap, io::Write};

use procession::{
    Message, Runtime,
    history::layers,
    log::{Entry, Kind, Position, ProcessId, Recorded},
};
use serde_json::Value;
use shop::{CartId, OrderId, PaymentId, ShipmentId, shipments::PackageWasSent};

use crate::cli::{CliError, Done, look};

/// What the log says about one order, as processes. What comes from outside, as a provider's answer does, begins a new one.
pub(super) struct Story {
    processes: BTreeMap<ProcessId, Vec<Recorded>>,
}

const ENTRIES_PER_READ: usize = 1024;
const NAME: usize = 22;
const STREAM: usize = 22;

impl Story {
    /// From the confirmation of the cart on.
    pub(super) async fn of(runtime: &Runtime, cart: &CartId, confirmed: Position) -> Result<Self, CliError> {
        let order = OrderId::of(cart);
        let (payment, shipment) = (PaymentId::of(&order), ShipmentId::of(&order));
        let ours = [cart.to_string(), order.to_string(), payment.to_string(), shipment.to_string()];
        let mut processes: BTreeMap<ProcessId, Vec<Recorded>> = BTreeMap::new();
        let mut after = Position(confirmed.0.saturating_sub(1));
        loop {
            let entries = runtime.reader().store().read_log(after, ENTRIES_PER_READ).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            for entry in entries {
                processes.entry(entry.process).or_default().push(entry);
            }
        }
        processes
            .retain(|_, history| history.iter().any(|it| ours.iter().any(|id| id == it.entry.stream.id())));
        Ok(Self { processes })
    }

    /// The package, if it was sent.
    pub(super) fn package(&self) -> Option<PackageWasSent> {
        let mut sent = self.processes.values().flatten().map(|it| &it.entry);
        let sent = sent.find(|it| it.kind == Kind::Event && it.name == PackageWasSent::NAME)?;
        serde_json::from_str(&sent.payload).ok()
    }

    /// Tells it, layer by layer.
    pub(super) fn tell(&self, out: &mut dyn Write) -> Done {
        let began = self.processes.values().flatten().map(|it| it.entry.at).min().unwrap_or_default();
        for (process, history) in &self.processes {
            let strong = look::STRONG;
            let first = history.first().map_or("", |it| &it.entry.name);
            writeln!(out, "\n{strong}Process {process}{strong:#}, begun by {first}")?;
            for layer in layers(history) {
                let mut number = (layer.depth + 1).to_string();
                for message in layer.messages {
                    let after = message.entry.at.duration_since(began).as_millis();
                    write_row(&std::mem::take(&mut number), after, &message.entry, out)?;
                }
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
        Kind::Rejection => ("✗", look::BAD),
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
