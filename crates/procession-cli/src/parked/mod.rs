//! Messages whose handlers have failed.

mod discard;
mod edit;
mod filter;
mod list;
mod retry;
mod show;
mod view;

use clap::Subcommand;

use crate::program::{Done, Shared};

/// See and repair messages whose handlers have failed.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List them, in the order of the log. Ends with 1 if there are any.
    List(list::List),
    /// Show one: its cause, what stands in it, and what has failed before.
    Show(show::Named),
    /// Let the handlers try failed messages again; what is parked behind them follows.
    Retry(retry::Retry),
    /// Let the handler see another payload. The log keeps the message as it was.
    Edit(edit::Edit),
    /// Give messages up for their handlers, for ever; what is parked behind them goes on.
    Discard(discard::Discard),
}

impl Command {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        match self {
            Self::List(it) => it.run(shared).await,
            Self::Show(it) => it.show(shared).await,
            Self::Retry(it) => it.run(shared).await,
            Self::Edit(it) => it.edit(shared).await,
            Self::Discard(it) => it.run(shared).await,
        }
    }
}
