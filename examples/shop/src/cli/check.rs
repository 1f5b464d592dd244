use std::io::{IsTerminal, Write, stderr};

use clap::Args;
use procession::check::{Progress, Report, Verdict};
use shop::checks::{Orders, every_order_ends};

use super::{CliError, Done};

/// Try every order in which the messages of an order may arrive.
///
/// The provider takes the money, declines, says nothing, or says twice and late what it says; one message comes twice, a crash
/// takes the result of a call, and time is up at any moment. Nothing is stored.
#[derive(Args)]
pub(super) struct Check {
    /// How many orders there are, each for one piece of the same product. Each one more takes about a thousand times as
    /// long.
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=3))]
    orders: u8,
    /// How many pieces are in stock.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    in_stock: u32,
    /// How many messages come twice.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    duplicates: u8,
    /// How many crashes take the result of a call.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    crashes: u8,
    /// If something is wrong, draw the way there as a Mermaid sequence diagram.
    #[arg(long)]
    mermaid: bool,
}

impl Check {
    pub(super) fn run(self) -> Done {
        let orders = Orders { orders: self.orders.into(), in_stock: self.in_stock };
        let check = every_order_ends(orders).map_err(CliError::failed)?;
        let check = check.duplicates(self.duplicates).crashes(self.crashes);
        let report = check.explore_with(progress);
        if stderr().is_terminal() {
            eprint!("\r\u{1b}[K");
        }
        self.tell(&report.map_err(CliError::failed)?)
    }

    fn tell(&self, report: &Report) -> Done {
        let told = match &report.verdict {
            Verdict::Broken(counterexample) if self.mermaid => counterexample.to_mermaid(),
            _ => format!("{report}\n"),
        };
        write!(anstream::stdout(), "{told}")?;
        match report.verdict {
            Verdict::Holds => Ok(()),
            Verdict::Broken(_) => Err(CliError::failed("the check does not hold")),
            _ => Err(CliError::failed("the check was not finished, so nothing is proved")),
        }
    }
}

/// Somebody who waits sees that it goes on.
fn progress(Progress { states, depth, .. }: Progress) {
    if stderr().is_terminal() {
        eprint!("\r{states} worlds, {depth} moves deep ");
    }
}
