use std::{io, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// How long requests may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until Ctrl-C or SIGTERM, and then lets requests finish. What serves is given the future that says when to stop.
pub(super) async fn until_signal<F>(serve: impl FnOnce(Stopping) -> F) -> Result<(), io::Error>
where
    F: Future<Output = Result<(), io::Error>>,
{
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (stop, stopping) = oneshot::channel();
    let mut serving = std::pin::pin!(serve(stopping));
    tokio::select! {
        served = &mut serving => return served,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    drop(stop);
    // A client may wait for the end of an order; it is cut off, and asks again.
    tokio::time::timeout(GRACE, serving).await.unwrap_or(Ok(()))
}

/// Is done when it is time to stop.
pub(super) type Stopping = oneshot::Receiver<()>;
