use clap::Args;
use procession::{Operation, log::ProcessId};

use crate::{
    ask::{Asking, Change},
    program::{Done, Shared},
};

/// A process, and why it is to be held or let go.
///
/// A suspended process keeps all that it waits for, and goes on with it when it is resumed. A cancelled one is over: its
/// timers, calls of effects and parked messages are taken out, and what is on its way has no effect. Nothing is undone, and
/// nothing brings it back.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession suspend 42 --why 'the warehouse counts its stock'
  procession resume 42 --why 'counted'
  procession cancel 42 --why 'a test order'")]
pub(crate) struct Hold {
    /// The process: the position of the message that began it.
    process: ProcessId,
    #[command(flatten)]
    asking: Asking,
}

impl Hold {
    pub(crate) async fn suspend(self, shared: &Shared) -> Done {
        self.ask("suspend", Operation::SuspendProcess(self.process), shared).await
    }

    pub(crate) async fn resume(self, shared: &Shared) -> Done {
        self.ask("resume", Operation::ResumeProcess(self.process), shared).await
    }

    pub(crate) async fn cancel(self, shared: &Shared) -> Done {
        self.ask("cancel", Operation::CancelProcess(self.process), shared).await
    }

    async fn ask(&self, verb: &str, operation: Operation, shared: &Shared) -> Done {
        let what = format!("{verb} process {}", self.process);
        self.asking.ask(vec![Change::of(what, operation)], shared).await
    }
}
