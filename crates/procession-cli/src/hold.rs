use clap::Args;
use jiff::Timestamp;
use procession::{
    Operation, Store,
    inspect::{Inspector, ProcessState, Standing, WaitsFor},
    log::ProcessId,
    store::{ParkedOf, TimersOf},
};

use crate::{
    ask::{Asking, Change},
    error::CliError,
    look, missing,
    program::{Done, Shared},
    words,
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
        let (_, standing) = self.look(shared).await?;
        if let Some(held) = held(&standing) {
            return Err(nothing_changes(format!("process {} is {held} already", self.process)));
        }
        if standing.state == ProcessState::Ended {
            return Err(nothing_changes(format!("process {} has ended; nothing of it waits", self.process)));
        }
        self.ask("suspend", Operation::SuspendProcess(self.process), Vec::new(), shared).await
    }

    pub(crate) async fn resume(self, shared: &Shared) -> Done {
        self.look(shared).await?;
        self.ask("resume", Operation::ResumeProcess(self.process), Vec::new(), shared).await
    }

    pub(crate) async fn cancel(self, shared: &Shared) -> Done {
        let (inspector, standing) = self.look(shared).await?;
        let process = self.process;
        if let Some(held) = held(&standing).filter(|_| standing.state == ProcessState::Ended) {
            return Err(nothing_changes(format!("process {process} is {held} already")));
        }
        // Without a description, an instance that waits is not seen.
        if standing.state == ProcessState::Ended && inspector.description().is_some() {
            return Err(nothing_changes(format!("process {process} has ended; nothing of it is left")));
        }
        let then = taken_out(&**inspector.store(), process).await?;
        self.ask("cancel", Operation::CancelProcess(process), vec![then], shared).await
    }

    async fn look(&self, shared: &Shared) -> Result<(Inspector, Standing), CliError> {
        let inspector = shared.inspector().await?;
        let standing = missing::standing(&inspector, self.process).await?;
        Ok((inspector, standing))
    }

    async fn ask(&self, verb: &str, operation: Operation, then: Vec<String>, shared: &Shared) -> Done {
        let what = format!("{verb} process {}", self.process);
        self.asking.ask(vec![Change { then, ..Change::of(what, operation) }], shared).await
    }
}

/// How an operator holds a process, if one does.
fn held(standing: &Standing) -> Option<String> {
    let by_operator = standing.waits_for.iter().find(|it| matches!(it, WaitsFor::Operator { .. }));
    by_operator.map(|it| words::briefly(it, Timestamp::now()))
}

fn nothing_changes(said: String) -> CliError {
    CliError::usage(said).hint("nothing was changed; `procession show PROCESS` tells how it stands")
}

/// What a process would still do by itself, and what will be taken out with it.
async fn taken_out(store: &dyn Store, process: ProcessId) -> Result<String, CliError> {
    let timers = store.timers(TimersOf::Process(process), usize::MAX).await?.len();
    let calls = store.calls().await?.iter().filter(|it| it.process == process).count();
    let parked = store.parked(ParkedOf::Process(process), usize::MAX).await?.len();
    Ok(format!(
        "it takes out {}, {} of effects and {}; what was done stays done",
        look::count(timers, "timer"),
        look::count(calls, "call"),
        look::count(parked, "parked message")
    ))
}
