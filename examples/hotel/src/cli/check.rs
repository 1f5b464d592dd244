use std::io::{IsTerminal, Write, stderr};

use clap::Args;
use hotel::{
    Style,
    checks::{Group, every_group_checkout_ends},
    hotel,
};
use procession::check::{Progress, Report, Verdict};

use super::{CliError, Done};

/// Try every order in which the messages of a group checkout may arrive.
///
/// A payment comes at any moment, one message comes twice, and time is up at any moment. Nothing is stored.
#[derive(Args)]
pub(super) struct Check {
    /// How many guests leave together. Each one more takes about ten times as long.
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=8))]
    guests: u8,
    /// How many of them have not paid, and may pay at any moment.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    unsettled: u8,
    /// How many messages come twice.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    duplicates: u8,
    /// The guests may take for ever to answer.
    #[arg(long)]
    no_deadline: bool,
    /// If something is wrong, draw the way there as a Mermaid sequence diagram.
    #[arg(long)]
    mermaid: bool,
}

impl Check {
    pub(super) fn run(self, style: Style) -> Done {
        if self.unsettled > self.guests {
            let said =
                format!("--unsettled is {}, but the group has only {} guests", self.unsettled, self.guests);
            return Err(
                CliError::usage(said).hint("give --guests a larger number, or --unsettled a smaller one")
            );
        }
        let group = Group {
            guests: self.guests.into(),
            unsettled: self.unsettled.into(),
            has_deadline: !self.no_deadline,
        };
        let check = every_group_checkout_ends(hotel(style), group).map_err(CliError::failed)?;
        let report = check.duplicates(self.duplicates).explore_with(progress);
        if stderr().is_terminal() {
            eprint!("\r\u{1b}[K");
        }
        self.tell(style, &report.map_err(CliError::failed)?)
    }

    fn tell(&self, style: Style, report: &Report) -> Done {
        let told = match &report.verdict {
            Verdict::Broken(counterexample) if self.mermaid => counterexample.to_mermaid(),
            _ => format!("{style}: {report}\n"),
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
