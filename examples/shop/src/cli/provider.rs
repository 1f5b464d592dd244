use std::{io::Write, net::SocketAddr, time::Duration};

use clap::Args;
use shop::provider::{self, Answers, Behaviour};

use super::{Done, report_troubles, serve::listen, signals::Signals, span::span};

/// Runs the payment provider alone, until Ctrl-C or SIGTERM. Its ledger is kept in memory: `GET /ledger`.
#[derive(Args)]
pub(super) struct Provide {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4100")]
    listen: SocketAddr,
    /// How long a charge takes.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = span)]
    takes: Duration,
    #[command(flatten)]
    answers: AnswersFlags,
}

#[derive(Args)]
#[group(multiple = false)]
struct AnswersFlags {
    /// Decline every charge.
    #[arg(long)]
    decline: bool,
    /// Take no money, and say nothing.
    #[arg(long)]
    never_answer: bool,
    /// Say twice that the money was taken.
    #[arg(long)]
    answer_twice: bool,
    /// Refuse every question for now, as a service does that is overloaded.
    #[arg(long)]
    unavailable: bool,
}

impl Provide {
    pub(super) async fn run(self) -> Done {
        let behaviour = Behaviour { takes: self.takes, answers: self.answers.answers() };
        let listener = listen(self.listen, "the provider").await?;
        let signals = Signals::catch()?;
        report_troubles();
        let mut out = anstream::stdout();
        writeln!(out, "The provider is open at http://{}", listener.local_addr()?)?;
        out.flush()?;
        signals.end(|stopping| provider::serve(listener, behaviour, async { _ = stopping.await })).await?;
        Ok(writeln!(out, "The provider is closed")?)
    }
}

impl AnswersFlags {
    fn answers(&self) -> Answers {
        match self {
            Self { decline: true, .. } => Answers::Declined,
            Self { never_answer: true, .. } => Answers::Never,
            Self { answer_twice: true, .. } => Answers::Twice,
            Self { unavailable: true, .. } => Answers::Unavailable,
            _ => Answers::Completed,
        }
    }
}
