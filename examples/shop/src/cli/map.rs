use std::io::Write;

use clap::{Args, ValueEnum};
use shop::shop;

use super::{Done, serve::DEADLINE};

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
    pub(super) fn run(self) -> Done {
        let (shop, mut out) = (shop(DEADLINE)?, anstream::stdout());
        match self.format {
            Format::Text => write!(out, "{}", shop.map().to_text())?,
            Format::Mermaid => write!(out, "{}", shop.map().to_mermaid())?,
            Format::Json => {
                let map = serde_json::to_string_pretty(shop.map())?;
                writeln!(out, "{map}")?;
            }
        }
        Ok(())
    }
}
