use std::io::Write;

use clap::{Args, ValueEnum};
use shop::{orders::ORDER_PROCESS, shop};

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
    /// BPMN 2.0, for a viewer.
    Bpmn,
    /// The order process as a state diagram in Mermaid.
    States,
}

impl Map {
    pub(super) fn run(self) -> Done {
        let (shop, mut out) = (shop(DEADLINE, None)?, anstream::stdout());
        match self.format {
            Format::Text => write!(out, "{}", shop.map().to_text())?,
            Format::Mermaid => write!(out, "{}", shop.map().to_mermaid())?,
            Format::Json => {
                let map = serde_json::to_string_pretty(shop.map())?;
                writeln!(out, "{map}")?;
            }
            Format::Bpmn => write!(out, "{}", shop.map().to_bpmn())?,
            Format::States => {
                let states = shop.map().to_state_diagram(ORDER_PROCESS).unwrap_or_default();
                write!(out, "{states}")?;
            }
        }
        Ok(())
    }
}
