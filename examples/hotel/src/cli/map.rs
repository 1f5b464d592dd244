use std::io::Write;

use clap::{Args, ValueEnum};
use hotel::{Style, hotel};

use super::Done;

/// Draws the process map, which is read from the signatures of the handlers.
///
/// In the text `?` marks a message that may follow, and `*` one that follows any number of times.
#[derive(Args)]
pub(super) struct Map {
    /// How to draw it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// A line for each handler.
    #[default]
    Text,
    /// A Mermaid flowchart, as Markdown pages show it.
    Mermaid,
    /// For programs.
    Json,
}

impl Map {
    pub(super) fn run(self, style: Style) -> Done {
        let (hotel, mut out) = (hotel(style)?, anstream::stdout());
        match self.format {
            Format::Text => write!(out, "{}", hotel.map().to_text())?,
            Format::Mermaid => write!(out, "{}", hotel.map().to_mermaid())?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, hotel.map())?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}
