use std::io::Write;

use anstyle::Style;
use jiff::Timestamp;
use procession::log::{Kind, Recorded};

use super::remark::Remark;
use crate::cli::{Done, look};

/// One line of a layer.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) is_failure: bool,
    time: String,
    position: String,
    cause: String,
    glyph: &'static str,
    style: Style,
    instance: String,
    remark: String,
}

impl Row {
    pub(super) fn of(message: &Recorded, began: Timestamp) -> Self {
        let (entry, Remark { text, is_failure }) = (&message.entry, Remark::on(message));
        let (glyph, style) = match entry.kind {
            Kind::Command | Kind::ExecutedCommand if is_failure => ("▸", look::BAD),
            _ if is_failure => ("✗", look::BAD),
            Kind::Command | Kind::ExecutedCommand => ("▸", look::COMMAND),
            Kind::Event | Kind::PublicEvent => ("●", look::EVENT),
            Kind::Input => ("→", look::EVENT),
            Kind::Ignored => ("·", look::PLAIN),
            Kind::Rejection | Kind::Failure => ("✗", look::BAD),
            Kind::Operation => ("!", look::COMMAND),
            Kind::EffectResult => ("◇", look::EVENT),
        };
        Self {
            name: entry.name.to_string(),
            is_failure,
            time: since(began, entry.at),
            position: format!("#{}", message.position),
            cause: message.causation.map_or_else(String::new, |it| format!("← #{it}")),
            glyph,
            style,
            instance: look::harmless(entry.stream.id()),
            remark: look::harmless(&text),
        }
    }

    /// Stands for messages that are not shown one by one.
    pub(super) fn count(hidden: usize, name: &str) -> Self {
        Self {
            name: format!("{} more {name}", look::number(hidden)),
            is_failure: false,
            time: String::new(),
            position: String::new(),
            cause: String::new(),
            glyph: "…",
            style: look::FAINT,
            instance: String::new(),
            remark: String::new(),
        }
    }

    /// Writes rows in columns, with room for positions of so many digits. A time that is the same as above is not
    /// repeated.
    pub(super) fn write_all(rows: &[Self], digits: usize, out: &mut dyn Write) -> Done {
        let columns = Columns::of(rows, digits);
        let mut time = "";
        for row in rows {
            let shown = if row.time == time { "" } else { &row.time };
            time = if row.time.is_empty() { time } else { &row.time };
            row.write(shown, &columns, out)?;
        }
        Ok(())
    }

    fn write(&self, time: &str, columns: &Columns, out: &mut dyn Write) -> Done {
        let Self { glyph, style, name, position, cause, .. } = self;
        let faint = look::FAINT;
        let Columns { position: left, cause: right, name: longest, instance: width, remark: rest } = *columns;
        write!(out, " {faint}{time:>TIME$}  {position:>left$} {cause:<right$}{faint:#}  ")?;
        let instance = look::cut(&self.instance, width);
        let remark = look::cut(&self.remark, rest);
        // What ends a line is not padded.
        match (instance.is_empty(), remark.is_empty()) {
            (true, true) => writeln!(out, "{style}{glyph} {name}{style:#}")?,
            (_, true) => writeln!(out, "{style}{glyph} {name:<longest$}{style:#}  {instance}")?,
            _ => {
                let remark_style = if self.is_failure { look::BAD } else { look::FAINT };
                write!(out, "{style}{glyph} {name:<longest$}{style:#}  {instance:<width$}  ")?;
                writeln!(out, "{remark_style}{remark}{remark_style:#}")?;
            }
        }
        Ok(())
    }
}

const TIME: usize = 9;

/// The widths of the columns.
struct Columns {
    position: usize,
    cause: usize,
    name: usize,
    instance: usize,
    remark: usize,
}

impl Columns {
    fn of(rows: &[Row], digits: usize) -> Self {
        let widest = |of: fn(&Row) -> &str| rows.iter().map(|it| of(it).chars().count()).max().unwrap_or(0);
        let position = widest(|it| &it.position).max("#".len() + digits);
        let cause = widest(|it| &it.cause).max("< #".len() + digits);
        let name = widest(|it| if it.position.is_empty() { "" } else { &it.name }).min(44);
        let used = 1 + TIME + 2 + position + 1 + cause + 2 + 2 + name + 2 + 2;
        let left = look::WIDTH.saturating_sub(used);
        let remark = widest(|it| &it.remark).min(left * 2 / 3);
        let instance = widest(|it| &it.instance).min(left - remark);
        Self { position, cause, name, instance, remark: left - instance }
    }
}

/// A process may take milliseconds or weeks.
fn since(began: Timestamp, at: Timestamp) -> String {
    let milliseconds = at.duration_since(began).as_secs_f64() * 1e3;
    match milliseconds {
        ..10_000.0 => format!("{milliseconds:.1} ms"),
        ..600_000.0 => format!("{:.1} s", milliseconds / 1e3),
        _ => format!("{:.1} h", milliseconds / 3.6e6),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn times_are_told_in_a_unit_that_fits() {
        let after = |it: SignedDuration| since(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + it);
        assert_eq!(after(SignedDuration::from_micros(1234)), "1.2 ms");
        assert_eq!(after(SignedDuration::from_secs(90)), "90.0 s");
        assert_eq!(after(SignedDuration::from_hours(36)), "36.0 h");
        assert_eq!(after(SignedDuration::from_millis(-3)), "-3.0 ms", "the clock was set back");
    }
}
