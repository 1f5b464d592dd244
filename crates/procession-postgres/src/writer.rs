//! The one connection that writes.

use std::{
    collections::VecDeque,
    future::{Future, pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use procession_core::Partition;
use procession_runtime::{
    StoreError,
    store::{Batch, Committed, Ownership},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_postgres::error::SqlState;

use crate::{
    ConnectError,
    commit::{self, Context, Outcome},
    encode::Shape,
    known::Known,
    listen::Listener,
    read::Readers,
    refusal,
    server::{Link, Server},
    writing::Writing,
};

/// What the writer is asked for.
pub(crate) enum Job {
    Commit { batch: Box<Batch>, reply: Reply<Committed> },
    AcquireProjection { projection: Arc<str>, reply: Reply<u64> },
    Acquire { partitions: Vec<Partition>, reply: Reply<Vec<Ownership>> },
    Close { reply: Reply<()> },
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What a store was connected for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It may handle messages.
    Node,
    /// It appends to the log only.
    Beside,
}

/// Sends batches one behind the other, without waiting for the answers in between.
pub(crate) struct Writer {
    pub(crate) context: Arc<Context>,
    role: Role,
    pub(crate) writing: Arc<Writing>,
    /// The number of the last batch that was sent.
    sequence: i64,
    pub(crate) in_flight: VecDeque<Call>,
    /// What could not be sent while the server was away, with the time that it came.
    pub(crate) waiting: VecDeque<(Instant, Job)>,
}

/// What was sent, and is still to be answered.
pub(crate) type Call = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Batches that are sent and not answered. What the database remembers of a connection's commits is more.
const MOST_IN_FLIGHT: usize = 16;

impl Writer {
    pub(crate) async fn begin(
        server: &Arc<Server>,
        link: Link,
        shape: Shape,
        known: Known,
        readers: Readers,
        listener: &Listener,
        role: Role,
    ) -> Result<Self, ConnectError> {
        let (writing, _) = match Writing::begin(link, None).await {
            Ok(begun) => begun,
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                let reason = refusal::who_blocks(server, &readers).await;
                return Err(ConnectError::Failed { server: server.name.clone(), reason });
            }
            Err(error) => return Err(server.connect_error(&error)),
        };
        listener.heads().saw(writing.head);
        let (id, _) = watch::channel(writing.id);
        let context =
            Context { server: server.clone(), writer: id, shape, known, readers, heads: listener.heads() };
        Ok(Self {
            context: Arc::new(context),
            role,
            writing: Arc::new(writing),
            sequence: 0,
            in_flight: VecDeque::new(),
            waiting: VecDeque::new(),
        })
    }

    /// By which number the database knows the connection that writes now.
    pub(crate) fn id(&self) -> watch::Receiver<i64> {
        self.context.writer.subscribe()
    }

    /// Starts its task.
    pub(crate) fn start(self) -> mpsc::UnboundedSender<Job> {
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(self.run(queue));
        jobs
    }

    async fn run(mut self, mut queue: mpsc::UnboundedReceiver<Job>) {
        loop {
            let has_room = self.in_flight.len() < MOST_IN_FLIGHT;
            let job = match self.waiting.pop_front() {
                Some((_, job)) if has_room => Some(job),
                waiting => {
                    if let Some(waiting) = waiting {
                        self.waiting.push_front(waiting);
                    }
                    tokio::select! {
                        biased;
                        outcome = front(&mut self.in_flight) => {
                            self.in_flight.pop_front();
                            if let Outcome::Lost(unanswered) = outcome
                                && !self.begin_again(unanswered, &mut queue).await
                            {
                                return;
                            }
                            continue;
                        }
                        job = queue.recv(), if has_room && self.waiting.is_empty() => job,
                    }
                }
            };
            match job {
                // What is not sent on a connection that is lost need not be asked after, and waits for the next one.
                Some(job) if self.writing.client().is_closed() => {
                    self.waiting.push_front((Instant::now(), job));
                    if !self.begin_again(None, &mut queue).await {
                        return;
                    }
                }
                Some(Job::Commit { batch, reply }) => self.commit(batch, reply).await,
                Some(Job::Acquire { partitions, reply }) => self.acquire(partitions, reply).await,
                Some(Job::AcquireProjection { projection, reply }) => {
                    let (context, writing) = (self.context.clone(), self.writing.clone());
                    self.send(commit::acquire_projection(context, writing, projection, reply)).await;
                }
                Some(Job::Close { reply }) => return self.close(&mut queue, Some(reply)).await,
                None => return self.close(&mut queue, None).await,
            }
        }
    }

    async fn commit(&mut self, batch: Box<Batch>, reply: Reply<Committed>) {
        self.sequence += 1;
        let (context, writing) = (self.context.clone(), self.writing.clone());
        self.send(commit::commit(context, writing, self.sequence, batch, reply)).await;
    }

    async fn acquire(&mut self, partitions: Vec<Partition>, reply: Reply<Vec<Ownership>>) {
        if self.role == Role::Beside {
            let reason = "the store was connected to beside the nodes that handle its messages; connect as a node for that";
            _ = reply.send(Err(StoreError::Permanent(reason.into())));
            return;
        }
        let (context, writing) = (self.context.clone(), self.writing.clone());
        self.send(commit::acquire(context, writing, partitions, reply)).await;
    }

    /// A call is on its way as soon as it was polled once, so the order of the calls is that of the jobs.
    async fn send(&mut self, call: impl Future<Output = Outcome> + Send + 'static) {
        let mut call: Call = Box::pin(call);
        let polled = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        self.in_flight.push_back(match polled {
            Poll::Pending => call,
            Poll::Ready(outcome) => Box::pin(std::future::ready(outcome)),
        });
    }

    /// Lets go of the store, when everything that was sent is answered.
    async fn close(mut self, queue: &mut mpsc::UnboundedReceiver<Job>, reply: Option<Reply<()>>) {
        while let Some(call) = self.in_flight.pop_front() {
            if let Outcome::Lost(unanswered) = call.await
                && !self.begin_again(unanswered, queue).await
            {
                break;
            }
        }
        self.writing.end().await;
        if let Some(reply) = reply {
            _ = reply.send(Ok(()));
        }
    }
}

/// The outcome of the first call in flight, as long as there is one.
async fn front(in_flight: &mut VecDeque<Call>) -> Outcome {
    match in_flight.front_mut() {
        Some(call) => call.await,
        None => pending().await,
    }
}
