//! How the output looks. Colours reach only a terminal: `anstream` takes them away elsewhere.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use procession::inspect::ProcessState;
use serde::Serialize;

use crate::error::CliError;
pub(crate) use crate::table::{line_width, table, wrapped};

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const COMMAND: Style = AnsiColor::Cyan.on_default();
pub(crate) const EVENT: Style = AnsiColor::Yellow.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

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

/// Text from outside, which must not be able to move the cursor or to change colours.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

/// Harmless text in at most `width` characters.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return harmless(text);
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", harmless(&kept))
}

/// Writes a value for programs.
pub(crate) fn json(value: &impl Serialize) -> Result<(), CliError> {
    let mut out = anstream::stdout();
    serde_json::to_writer_pretty(&mut out, value)?;
    Ok(writeln!(out)?)
}
