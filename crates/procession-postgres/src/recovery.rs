//! When the connection that writes is lost: another one tells what became of what was not answered.

use std::{
    future::pending,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use procession_core::log::Position;
use procession_runtime::StoreError;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use crate::{
    commit::{Context, Outcome, Unanswered},
    writer::{Job, Writer},
    writing::Writing,
};

/// So long what is asked for waits for a server that is away.
const PATIENCE: Duration = Duration::from_secs(3);
/// The pauses between attempts to reach it grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Writer {
    /// The connection is lost. Begins with another one, which tells what became of the batches that were not answered. Tells
    /// whether there is still somebody to work for.
    pub(crate) async fn begin_again(
        &mut self,
        unanswered: Option<Unanswered>,
        queue: &mut mpsc::UnboundedReceiver<Job>,
    ) -> bool {
        self.writing.abandon();
        let mut all: Vec<Unanswered> = unanswered.into_iter().collect();
        for call in self.in_flight.drain(..) {
            if let Outcome::Lost(Some(unanswered)) = call.await {
                all.push(unanswered);
            }
        }
        let (context, lost) = (self.context.clone(), self.writing.id);
        tracing::warn!(
            server = context.server.name,
            unanswered = all.len(),
            "the connection that writes is lost"
        );
        let last_error = Mutex::new(None);
        let mut is_in_use = true;
        let mut opening = pin!(open_again(&context, lost, &last_error));
        loop {
            let overdue = self.waiting.front().map(|(since, _)| *since + PATIENCE);
            tokio::select! {
                biased;
                (writing, committed) = &mut opening => {
                    context.heads.saw(writing.head);
                    all.into_iter().for_each(|it| it.resolve(&context, committed.as_deref()));
                    context.writer.send_replace(writing.id);
                    self.writing = Arc::new(writing);
                    return true;
                }
                () = at(overdue) => {
                    let error = last_error.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    if let Some((_, job)) = self.waiting.pop_front() && !refuse(job, &context, error) {
                        return false;
                    }
                }
                job = queue.recv(), if is_in_use => match job {
                    Some(job) => self.waiting.push_back((Instant::now(), job)),
                    None if all.is_empty() => return false,
                    // Who was not answered may still wait, though nobody has the store any more.
                    None => is_in_use = false,
                },
            }
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// Tries for as long as it takes.
async fn open_again(
    context: &Context,
    lost: i64,
    last_error: &Mutex<Option<StoreError>>,
) -> (Writing, Option<Vec<(i64, Position)>>) {
    let mut pause = Duration::from_millis(50);
    loop {
        match Writing::open(&context.server, lost).await {
            Ok(opened) => {
                // Behind the same address there may be another database now: one that was restored.
                context.known.rows().forget();
                return opened;
            }
            Err(error) => {
                tracing::debug!(%error, "the server is still away");
                *last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Answers what has waited too long for the server. Tells whether the store is still in use.
fn refuse(job: Job, context: &Context, error: Option<StoreError>) -> bool {
    let away = || StoreError::Transient(format!("{} is away", context.server.name));
    let error = error.unwrap_or_else(away);
    match job {
        Job::Commit { reply, .. } => _ = reply.send(Err(error)),
        Job::Acquire { reply, .. } => _ = reply.send(Err(error)),
        Job::AcquireProjection { reply, .. } => _ = reply.send(Err(error)),
        Job::Close { reply } => {
            _ = reply.send(Ok(()));
            return false;
        }
    }
    true
}
