use std::{io, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

/// How long requests may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// The signals that say when to stop. Caught from now on, so that whoever has seen the first line may send one.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn catch() -> Result<Self, io::Error> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Serves until Ctrl-C or SIGTERM, and then lets requests finish. What serves is given what says when to stop.
    pub(super) async fn end<F>(mut self, serve: impl FnOnce(Stopping) -> F) -> Result<(), io::Error>
    where
        F: Future<Output = Result<(), io::Error>>,
    {
        let (stop, stopping) = oneshot::channel();
        let mut serving = std::pin::pin!(serve(stopping));
        tokio::select! {
            served = &mut serving => return served,
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        drop(stop);
        // A client may wait for the end of an order; it is cut off, and asks again.
        tokio::time::timeout(GRACE, serving).await.unwrap_or(Ok(()))
    }
}

/// Is done when it is time to stop.
pub(super) type Stopping = oneshot::Receiver<()>;
