//! Nodes, each as alone as a process: a thread of its own, which can be killed, and frozen.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use procession::Application;
use procession_runtime::{Runtime, Store};
use tokio::sync::{mpsc as requests, oneshot};

use crate::{
    domain::application,
    running::small_limits,
    shared::{Shared, SharedStoreUnderTest},
};

/// Short, so that a case need not wait for long; ten heartbeats are still in it.
pub(crate) const LEASE: Duration = Duration::from_millis(1500);

type Work = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A runtime on a thread of its own.
pub(crate) struct Node {
    pub(crate) runtime: Runtime,
    work: requests::UnboundedSender<Work>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Lets a frozen node go on when it is dropped.
pub(crate) struct Frozen {
    _thaw: mpsc::Sender<()>,
}

impl Node {
    /// Starts one more node.
    pub(crate) async fn start<U: SharedStoreUnderTest>(place: &Shared<U>, name: &str) -> Self {
        Self::start_on::<U, _>(place, name, |store| store).await
    }

    /// Starts one more node, with something between it and its store.
    pub(crate) async fn start_on<U: SharedStoreUnderTest, S: Store>(
        place: &Shared<U>,
        name: &str,
        layer: impl FnOnce(U::Store) -> S + Send + 'static,
    ) -> Self {
        Self::start_with(place, name, application(), layer).await
    }

    /// Starts one more node, with another program.
    pub(crate) async fn start_with<U: SharedStoreUnderTest, S: Store>(
        place: &Shared<U>,
        name: &str,
        application: Application,
        layer: impl FnOnce(U::Store) -> S + Send + 'static,
    ) -> Self {
        let (work, mut asked) = requests::unbounded_channel::<Work>();
        let (started, is_started) = oneshot::channel();
        let (place, name) = (place.clone(), name.to_owned());
        let thread = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let local = tokio::task::LocalSet::new();
            local.block_on(&tokio, async move {
                let store = layer(place.open().await);
                let builder = Runtime::builder().limits(small_limits()).node_name(name).lease(LEASE);
                let runtime = builder.start(&application, store).await.unwrap();
                _ = started.send(runtime);
                while let Some(work) = asked.recv().await {
                    tokio::task::spawn_local(work());
                }
            });
            // Nobody says goodbye: whatever it was doing ends here.
            drop(local);
            tokio.shutdown_background();
        });
        Self { runtime: is_started.await.unwrap(), work, thread: Mutex::new(Some(thread)) }
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) fn kill(self) {
        let Self { runtime, work, thread } = self;
        drop(work);
        // Its handle must not keep what belongs to it.
        drop(runtime);
        thread.into_inner().unwrap().unwrap().join().unwrap();
    }

    /// It does nothing until it is let go on, and does not know that.
    pub(crate) fn freeze(&self) -> Frozen {
        let (thaw, thawed) = mpsc::channel::<()>();
        let freeze: Work = Box::new(move || {
            Box::pin(async move {
                // It blocks the one thread that it has.
                _ = thawed.recv();
            })
        });
        self.work.send(freeze).unwrap_or_else(|_| panic!("the node has ended"));
        Frozen { _thaw: thaw }
    }

    /// How many partitions it owns, as the store says.
    pub(crate) async fn partitions(&self, name: &str) -> usize {
        let nodes = self.runtime.reader().store().nodes().unwrap();
        let listed = nodes.list().await.unwrap();
        listed.iter().find(|it| it.name == name).map_or(0, |it| it.partitions.len())
    }
}
