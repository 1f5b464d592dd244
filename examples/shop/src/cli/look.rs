//! How the output looks. Colours reach only a terminal: `anstream` takes them away elsewhere.

use anstyle::{AnsiColor, Style};

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const COMMAND: Style = AnsiColor::Cyan.on_default();
pub(crate) const EVENT: Style = AnsiColor::Yellow.on_default();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// The width that nothing exceeds.
pub(crate) const WIDTH: usize = 100;

/// The text in at most `width` characters, none of which can steer the terminal.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let harmless = |it: char| if it.is_control() { '\u{fffd}' } else { it };
    if text.chars().count() <= width {
        return text.chars().map(harmless).collect();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).map(harmless).collect();
    format!("{kept}…")
}
