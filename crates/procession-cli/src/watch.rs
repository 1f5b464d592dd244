use std::{
    io::{IsTerminal, Write},
    num::NonZeroU64,
    time::Duration,
};

use clap::Args;

use crate::{
    age::duration,
    program::{Done, Shared},
    status::Overview,
};

/// Show the status again and again, until Ctrl-C.
///
/// Without a terminal, or with --json, one status follows the other.
#[derive(Args)]
#[command(after_help = "Example:\n  procession watch --every 5s")]
pub(crate) struct Watch {
    /// How long to wait between two looks.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    every: Duration,
    /// How often to look; without it, until Ctrl-C.
    #[arg(long, value_name = "NUMBER")]
    times: Option<NonZeroU64>,
}

const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

impl Watch {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let (inspector, mut looks) = (shared.inspector().await?, 0);
        loop {
            let overview = Overview::of(&inspector, shared).await?;
            let mut out = anstream::stdout();
            if shared.json {
                serde_json::to_writer(&mut out, &overview)?;
                writeln!(out)?;
            } else {
                if std::io::stdout().is_terminal() {
                    write!(out, "{CLEAR}")?;
                } else if looks > 0 {
                    writeln!(out)?;
                }
                overview.tell(&mut out)?;
            }
            out.flush()?;
            looks += 1;
            if self.times.is_some_and(|it| looks >= it.get()) {
                return Ok(overview.found());
            }
            tokio::time::sleep(self.every).await;
        }
    }
}
