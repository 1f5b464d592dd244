//! How the output looks. Colours reach only a terminal: `anstream` takes them away elsewhere.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{LineStyle, Table, TableStyle};
use procession::inspect::ProcessState;
use serde::Serialize;

use crate::error::CliError;

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const COMMAND: Style = AnsiColor::Cyan.on_default();
pub(crate) const EVENT: Style = AnsiColor::Yellow.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// The width that nothing exceeds.
pub(crate) const WIDTH: usize = 80;

/// How a state looks.
pub(crate) fn of_state(state: ProcessState) -> Style {
    match state {
        ProcessState::Stuck => BAD,
        ProcessState::Suspended => EVENT,
        ProcessState::Running | ProcessState::Waiting => COMMAND,
        ProcessState::Ended => FAINT,
    }
}

/// `1,024`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 timer`, `2 timers`, `3 processes`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    let plural = if noun.ends_with('s') { "es" } else { "s" };
    format!("{} {noun}{}", number(count as u64), if count == 1 { "" } else { plural })
}

/// Text from outside, which must not be able to move the cursor or to change colours, in at most `width` characters.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let harmless = |it: char| if it.is_control() { ' ' } else { it };
    if text.chars().count() <= width {
        return text.chars().map(harmless).collect();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).map(harmless).collect();
    format!("{kept}…")
}

/// Of all columns but the last.
const WIDEST_CELL: usize = 26;

/// Writes rows under headings. The last column gets what room is left; what does not fit there is cut.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: Vec<[String; N]>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|it| it.get(column)).map(|it| it.chars().count());
        cells.chain(headings.get(column).map(|it| it.len())).max().unwrap_or(0)
    };
    // Three spaces stand between columns, and one before the first.
    let taken: usize = (0..N.saturating_sub(1)).map(|column| width(column).min(WIDEST_CELL) + 3).sum();
    let room = WIDTH.saturating_sub(taken + 2).max(12);
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(headings);
    for row in rows {
        let last = row.len().saturating_sub(1);
        let cells = row
            .iter()
            .enumerate()
            .map(|(column, it)| cut(it, if column == last { room } else { WIDEST_CELL }));
        table.add_row(cells.collect::<Vec<_>>());
    }
    Ok(writeln!(out, "{}", table.trim_fmt())?)
}

/// Writes a value for programs.
pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    let mut out = anstream::stdout();
    serde_json::to_writer_pretty(&mut out, value)?;
    Ok(writeln!(out)?)
}
