use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    fmt::{self, Write as _},
    panic::Location,
    sync::Arc,
};

use procession_core::{
    Version,
    history::{layers, written},
    log::{Kind, Position, ProcessId, Recorded},
};

use crate::{
    ids::{CallId, DeliveryId, MessageId},
    machine::{Emitted, Handled, Machine},
    moves::{Mechanics, Witness},
    properties::{Broken, Properties},
    state::{Move, State},
};

/// The shortest way into trouble.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// The property that does not hold.
    pub property: String,
    /// Why it does not; empty when the property says no more.
    pub reason: String,
    /// What happens, move by move. [`Check::along`](crate::Check::along) goes the same way.
    pub way: Vec<String>,
    /// What would be possible next.
    pub next: Vec<String>,
    /// What is written to the log on this way, as the runtime would write it.
    pub log: Vec<Recorded>,
    at: &'static Location<'static>,
}

/// A way, and what is written to the log on it.
pub(crate) struct Trace<'a> {
    mechanics: &'a mut Mechanics,
    state: State,
    way: Vec<String>,
    writer: Writer,
}

/// Writes the log.
#[derive(Default)]
struct Writer {
    log: Vec<Recorded>,
    /// Where each message on its way was written.
    places: HashMap<MessageId, Position>,
}

impl<'a> Trace<'a> {
    pub(crate) fn of(mechanics: &'a mut Mechanics, first: State) -> Self {
        let mut writer = Writer::default();
        let waiting = first.queues.iter().flat_map(|(_, waiting)| waiting);
        for delivery in waiting.chain(&first.timers) {
            writer.sent(&mechanics.machine, *delivery);
        }
        Self { mechanics, state: first, way: Vec::new(), writer }
    }

    pub(crate) fn make(&mut self, by: Move) -> Result<(), Broken> {
        let among = self.mechanics.moves(&self.state)?;
        self.way.push(self.mechanics.told(by, &among));
        self.mechanics.make(&mut self.state, by, &mut self.writer).map_err(Broken::from)
    }

    /// Whether all holds that must hold here.
    pub(crate) fn holds(
        &self,
        properties: &Properties,
        looked_at: &RefCell<BTreeSet<String>>,
        outcomes: &mut [Option<String>],
    ) -> Result<(), Broken> {
        let machine = &self.mechanics.machine;
        properties.hold(machine, &self.state, looked_at)?;
        if self.state.is_at_rest() {
            properties.hold_at_rest(machine, &self.state, outcomes)?;
        }
        Ok(())
    }

    /// The move that is told so; or, if there is none, one that must come.
    pub(crate) fn next(&mut self, told: Option<&str>) -> Result<Option<Move>, Broken> {
        let moves = self.mechanics.moves(&self.state)?;
        let same = told.and_then(|told| moves.iter().find(|it| self.mechanics.told(**it, &moves) == told));
        let is_due = |it: &&Move| !matches!(it, Move::Send { .. } | Move::Crash { .. });
        let must_come = || moves.iter().find(is_due);
        Ok(same.or_else(must_come).copied())
    }

    pub(crate) fn finish(self, broken: Broken, at: &'static Location<'static>) -> Counterexample {
        let moves = self.mechanics.moves(&self.state).unwrap_or_default();
        let next = moves.iter().map(|it| self.mechanics.told(*it, &moves)).collect();
        let Broken { property, reason } = broken;
        Counterexample { property, reason, way: self.way, next, log: self.writer.log, at }
    }
}

impl Writer {
    fn write(&mut self, machine: &Machine, message: MessageId, causation: Option<Position>) {
        let position = Position(self.log.len() as u64 + 1);
        let process = causation.and_then(|it| self.log.get(it.0 as usize - 1)).map(|it| it.process);
        let entry = machine.entry(message);
        let version = (entry.kind == Kind::Event).then_some(Version::NONE);
        self.places.insert(message, position);
        self.log.push(Recorded {
            position,
            process: process.unwrap_or(ProcessId::from(position)),
            causation,
            version,
            entry: Arc::new(entry),
        });
    }

    fn write_all(&mut self, machine: &Machine, emitted: &[Emitted], cause: Option<Position>) {
        for emitted in emitted {
            match emitted {
                Emitted::Event { event, .. } => self.write(machine, *event, cause),
                Emitted::Message(delivery) | Emitted::Later(delivery) => {
                    self.write(machine, machine.deliveries[*delivery].message, cause);
                }
                Emitted::Refused(refused) => self.write(machine, *refused, cause),
                Emitted::Cancel(_) | Emitted::Call(_) | Emitted::TakeBackCalls { .. } => {}
            }
        }
    }
}

impl Witness for Writer {
    fn handled(&mut self, machine: &Machine, delivery: DeliveryId, handled: &Handled) {
        let cause = self.places.get(&machine.deliveries[delivery].message).copied();
        self.write_all(machine, &handled.emitted, cause);
    }

    fn answered(&mut self, machine: &Machine, call: CallId, emitted: &[Emitted]) {
        let cause = self.places.get(&machine.calls[call].event).copied();
        self.write_all(machine, emitted, cause);
    }

    fn sent(&mut self, machine: &Machine, delivery: DeliveryId) {
        self.write(machine, machine.deliveries[delivery].message, None);
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moves = if self.way.len() == 1 { "move" } else { "moves" };
        writeln!(f, "\"{}\" does not hold after {} {moves}", self.property, self.way.len())?;
        if !self.reason.is_empty() {
            writeln!(f, "{}", self.reason)?;
        }
        self.write_layers(f)?;
        writeln!(f, "\n the way there")?;
        for (number, step) in (1..).zip(&self.way) {
            writeln!(f, "  {number:>3}  {step}")?;
        }
        if !self.next.is_empty() {
            writeln!(f, "\n what could come next")?;
            self.next.iter().try_for_each(|it| writeln!(f, "       {it}"))?;
        }
        writeln!(f, "\n a test to keep")?;
        self.to_test().lines().try_for_each(|it| writeln!(f, "   {it}"))
    }
}

impl Counterexample {
    fn write_layers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n read    ▸ command   ● event   ✗ \"no\"   #4 ← #3 message 4, caused by message 3")?;
        for layer in layers(&self.log) {
            writeln!(f, "\n  {}", layer.depth + 1)?;
            for message in layer.messages {
                let entry = &message.entry;
                let sign = match entry.kind {
                    Kind::Event | Kind::PublicEvent => '●',
                    Kind::Rejection | Kind::Ignored | Kind::Failure => '✗',
                    _ => '▸',
                };
                let cause = message.causation.map(|it| format!(" ← #{}", it.0)).unwrap_or_default();
                let place = format!("#{}{cause}", message.position.0);
                let text = written(&entry.name, &entry.payload);
                let line = format!("    {place:<11} {sign} {:<24} {text}", entry.stream.to_string());
                writeln!(f, "{}", cut(&line))?;
            }
        }
        Ok(())
    }

    /// A test that goes the same way, and fails as long as the property does not hold. It belongs beside the check that
    /// has found it.
    #[must_use]
    pub fn to_test(&self) -> String {
        let words: String =
            self.property.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
        let words = words.to_lowercase();
        let mut test = String::new();
        _ = writeln!(test, "// Found by the check at {}:{}.", self.at.file(), self.at.line());
        _ = writeln!(test, "#[test]\nfn {}_also_on_this_way() {{", words.trim_matches('_'));
        _ = writeln!(test, "    the_check().along([");
        self.way.iter().for_each(|it| _ = writeln!(test, "        {it:?},"));
        _ = writeln!(test, "    ]);\n}}");
        test
    }

    /// The way as a sequence diagram, in Mermaid's language.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut diagram = String::from("sequenceDiagram\n");
        let by_position: HashMap<Position, &Recorded> = self.log.iter().map(|it| (it.position, it)).collect();
        for message in &self.log {
            let entry = &message.entry;
            let to = mermaid_name(&entry.stream.to_string());
            let from = message.causation.and_then(|it| by_position.get(&it));
            let from = from.map_or("outside".into(), |it| mermaid_name(&it.entry.stream.to_string()));
            let name = &entry.name;
            _ = match entry.kind {
                Kind::Event | Kind::PublicEvent => writeln!(diagram, "    Note over {to}: {name}"),
                Kind::Rejection | Kind::Ignored => writeln!(diagram, "    {to} --x {from}: {name}"),
                _ => writeln!(diagram, "    {from} ->> {to}: {name}"),
            };
        }
        _ = writeln!(diagram, "    Note right of outside: {} does not hold", self.property);
        diagram
    }
}

/// A line that is not too wide for a terminal. What it leaves out is in [`Counterexample::log`].
fn cut(line: &str) -> String {
    const WIDTH: usize = 100;
    match line.char_indices().nth(WIDTH) {
        Some(_) => line.chars().take(WIDTH - 1).chain(['…']).collect(),
        None => line.into(),
    }
}

fn mermaid_name(stream: &str) -> String {
    stream.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect()
}
