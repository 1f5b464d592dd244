use std::io::Write;

use procession::{
    Emission, EmissionKind,
    history::Layer,
    log::{Kind, Recorded},
    map::{HandlerKind, HandlerMap},
};

use super::{
    Unfolding,
    row::Row,
    who::{Sender, Who},
};
use crate::cli::{Done, look};

/// More messages of one type are folded into a count; the first few and all failures stay.
const MOST_UNFOLDED: usize = 24;
const FIRST_FEW: usize = 3;

impl Unfolding<'_> {
    pub(super) fn tell_layer(&self, layer: &Layer<'_>, out: &mut dyn Write) -> Done {
        self.tell_heading(layer, out)?;
        let rows: Vec<Row> = layer.messages.iter().map(|it| self.row(it)).collect();
        // Positions grow while the process runs; with a digit to spare the columns of all layers stand in line.
        let digits = self.process.to_string().len() + 1;
        Row::write_all(&folded(rows), digits, out)
    }

    fn tell_heading(&self, layer: &Layer<'_>, out: &mut dyn Write) -> Done {
        let (strong, faint) = (look::STRONG, look::FAINT);
        let (number, kinds) = (layer.depth + 1, kinds(layer));
        let durable =
            self.durable.map(look::milliseconds).map_or_else(String::new, |it| format!("  durable at {it}"));
        let left = look::WIDTH.saturating_sub(format!(" {number:>2}  {kinds}  {durable}").chars().count());
        let who = self.who(layer, left);
        let left = if durable.is_empty() { 0 } else { left };
        Ok(writeln!(out, "\n {strong}{number:>2}  {kinds}{strong:#}  {faint}{who:<left$}{durable}{faint:#}")?)
    }

    fn row(&self, message: &Recorded) -> Row {
        Row::of(message, self.began().unwrap_or(message.entry.at))
    }

    /// Who sent, routed or recorded the messages, in at most so many characters.
    fn who(&self, layer: &Layer<'_>, room: usize) -> String {
        let who = Who::of(layer, |command| self.sender(command));
        let fits = |it: &String| it.chars().count() <= room;
        let [in_full, without_targets, shortest] = who.told();
        [in_full, without_targets].into_iter().find(fits).unwrap_or_else(|| look::cut(&shortest, room))
    }

    /// What has sent this command: its process manager, as the log says, or else whoever, by the map, turns the cause of
    /// this command into such a command.
    fn sender(&self, command: &Recorded) -> Sender {
        let Some(cause) = command.causation else { return Sender::Outside };
        if let Some(process) = &command.entry.sender {
            return Sender::Named("process manager", process.category().into());
        }
        let is_sender = |handler: &HandlerMap, cause: &Recorded| {
            let sends = |it: &Emission| !matches!(it.kind, EmissionKind::Records | EmissionKind::Cancels);
            handler.takes.name == cause.entry.name
                && handler.emits.iter().any(|it| sends(it) && it.message.name == command.entry.name)
        };
        let found = self.message(cause).and_then(|cause| {
            self.map.handlers().map(|(_, it)| it).find(|handler| is_sender(handler, cause))
        });
        match found {
            Some(it) if it.kind == HandlerKind::Saga => Sender::Named("saga", it.name.into()),
            Some(it) if it.kind == HandlerKind::Choreography => Sender::Named("module", it.name.into()),
            _ => Sender::Unknown,
        }
    }
}

/// `10 events`, `1 event and 2 rejections`.
fn kinds(layer: &Layer<'_>) -> String {
    let count = |is: fn(Kind) -> bool| layer.messages.iter().filter(|it| is(it.entry.kind)).count();
    let kinds = [
        (count(Kind::is_command), "command"),
        (count(|it| it == Kind::Event), "event"),
        (count(|it| it == Kind::PublicEvent), "public event"),
        (count(|it| it == Kind::Input), "input"),
        (count(|it| it == Kind::Ignored), "ignored message"),
        (count(|it| it == Kind::Rejection), "rejection"),
        (count(|it| it == Kind::Failure), "failure"),
        (count(|it| it == Kind::Operation), "operation"),
        (count(|it| it == Kind::EffectResult), "effect result"),
    ];
    let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
    let kinds: Vec<String> = kinds.map(|(count, noun)| look::count(count, noun)).collect();
    look::list(&kinds.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Many messages of one type become a few and a count, which stands where the first of the others stood.
fn folded(rows: Vec<Row>) -> Vec<Row> {
    let mut seen: Vec<(String, usize)> = Vec::new();
    for row in &rows {
        match seen.iter_mut().find(|(name, _)| *name == row.name) {
            Some((_, count)) => *count += 1,
            None => seen.push((row.name.clone(), 1)),
        }
    }
    seen.retain(|(_, count)| *count > MOST_UNFOLDED);
    seen.into_iter().fold(rows, |rows, (name, _)| fold_type(rows, &name))
}

fn fold_type(rows: Vec<Row>, name: &str) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    let (mut shown, mut hidden, mut count_stands_at) = (0, 0, 0);
    for row in rows {
        if row.name == name && !row.is_failure {
            if shown == FIRST_FEW {
                count_stands_at = if hidden == 0 { kept.len() } else { count_stands_at };
                hidden += 1;
                continue;
            }
            shown += 1;
        }
        kept.push(row);
    }
    if hidden > 0 {
        kept.insert(count_stands_at, Row::count(hidden, name));
    }
    kept
}
