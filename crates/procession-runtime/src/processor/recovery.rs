//! When the store says no: nothing of a failed batch took effect, so all of it is run again on fresh state.

use std::{sync::Arc, time::Duration};

use procession_core::log::Position;

use super::{
    Backlog, Processor,
    blocked::Blocked,
    commit::{InFlight, Outcome, next_answer, tell},
    finished::Finished,
    holds::Holds,
    inline::Inline,
    quiet::QuietReply,
    replies::Reply,
};
use crate::{
    fault_points::FaultPoint,
    request::{Request, RequestError},
    store::{Conflict, ParkedPages, StoreError},
};

/// How long to wait before the store is asked again: doubling, from 20 ms to 1 s.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    async fn wait(&mut self) {
        let delay = Duration::from_millis(20) * 2_u32.pow(self.failures.min(6));
        self.failures += 1;
        tokio::time::sleep(delay.min(Duration::from_secs(1))).await;
    }
}

/// What was built, but is not in the store.
#[derive(Default)]
pub(super) struct Undone {
    pub(super) answered: Vec<(Request, Outcome)>,
    pub(super) replies: Vec<Reply>,
    pub(super) quiet: Vec<QuietReply>,
    pub(super) finished: Vec<Finished>,
}

impl Processor {
    /// Gives up a batch that did not become durable, with all that stand on it, and starts again from the store.
    ///
    /// # Errors
    /// When it makes no sense to go on: the store is damaged, or another owner has taken over.
    pub(super) async fn recover(&mut self, undone: Undone, error: StoreError) -> Result<(), StoreError> {
        FaultPoint::RecoveryBegun.pass();
        self.failed(&error);
        let undone = self.give_up_in_flight(undone).await;
        FaultPoint::RecoveryUndone.pass();
        self.quiet.put_back(undone.quiet);
        self.replies.put_back(undone.replies);
        self.effects.put_back(undone.finished);
        let requests = undone.answered.into_iter().map(|(request, _)| request);
        match &error {
            StoreError::Conflict(Conflict::StaleOwner { .. }) if self.ask_for_share().await? => {
                tracing::warn!(%error, "this node has lost a partition to another one");
                self.put_back(requests.collect());
            }
            StoreError::Conflict(Conflict::StaleOwner { .. })
            | StoreError::Permanent(_)
            | StoreError::TooLarge { .. } => {
                self.put_back(requests.collect());
                return Err(error);
            }
            StoreError::ProcessTooLarge { .. } => {
                tracing::debug!(%error, "running the batch again, without what makes the process too large");
                self.close_look.begin();
                self.put_back(requests.collect());
            }
            StoreError::Conflict(conflict) => {
                tracing::debug!(%conflict, "somebody else was faster; running the batch again");
                self.put_back(requests.collect());
            }
            StoreError::Duplicate { key, position } => {
                let (seen, others): (Vec<_>, Vec<_>) =
                    requests.partition(|it| it.idempotency_key.as_deref() == Some(key));
                seen.into_iter().for_each(|it| it.refuse(RequestError::Seen { position: *position }));
                self.put_back(others);
                self.refuse_seen().await;
            }
            StoreError::Transient(reason) => {
                tracing::warn!(
                    store = self.store.name(),
                    reason,
                    "the store cannot commit now; trying again"
                );
                requests.for_each(|it| it.refuse(RequestError::Unavailable(reason.clone())));
                self.backoff.wait().await;
            }
        }
        self.synchronize().await
    }

    /// Waits for the answers to all batches in flight; those that failed too are undone with the first.
    async fn give_up_in_flight(&mut self, mut undone: Undone) -> Undone {
        while !self.in_flight.is_empty() {
            let answer = next_answer(&mut self.in_flight).await;
            let Some(batch) = self.in_flight.pop_front() else { break };
            let mut batch = batch;
            if let Ok(committed) = &answer {
                batch.stands_after(*committed);
            }
            let InFlight { answered, replies, quiet, finished, head, tally, .. } = batch;
            if answer.is_ok() {
                self.became_durable(tally);
                self.committed.send_replace(head);
                tell(answered, replies, quiet);
            } else {
                undone.answered.extend(answered);
                undone.replies.extend(replies);
                undone.quiet.extend(quiet);
                undone.finished.extend(finished);
            }
        }
        undone
    }

    /// Who repeats one request often repeats many, and each of them would undo a batch of its own.
    async fn refuse_seen(&mut self) {
        for request in std::mem::take(&mut self.requests) {
            let mut seen = None;
            if let Some(key) = &request.idempotency_key {
                // What cannot be looked up now is met again by the commit.
                seen = self.store.find_key(Arc::clone(key)).await.ok().flatten();
            }
            match seen {
                Some(position) => request.refuse(RequestError::Seen { position }),
                None => self.requests.push_back(request),
            }
        }
    }

    fn put_back(&mut self, requests: Vec<Request>) {
        for request in requests.into_iter().rev() {
            self.requests.push_front(request);
        }
    }

    /// Forgets everything that was folded, and begins where the store says.
    pub(super) async fn synchronize(&mut self) -> Result<(), StoreError> {
        loop {
            match self.try_synchronize().await {
                Err(StoreError::Transient(reason)) => {
                    self.vitals.store_fails();
                    tracing::warn!(
                        store = self.store.name(),
                        reason,
                        "the store cannot be read now; trying again"
                    );
                    self.backoff.wait().await;
                }
                result => return result,
            }
        }
    }

    async fn try_synchronize(&mut self) -> Result<(), StoreError> {
        FaultPoint::SynchronizeBegun.pass();
        let progress = self.store.progress().await?;
        FaultPoint::SynchronizeHalf.pass();
        let holds = self.store.holds().await?;
        let mut calls = self.store.calls().await?;
        calls.retain(|it| self.share.owns(&it.stream));
        self.read_next_due().await?;
        self.share.read_anew();
        self.send_away();
        self.states.clear();
        self.quiet.reset();
        calls.iter().for_each(|it| self.quiet.begun(it.process));
        self.effects.reset(calls);
        self.holds = Holds::of(holds);
        self.inline = Inline::look(&self.engine, &*self.store, self.share.is_part()).await?;
        self.blocked = Blocked::default();
        self.read_parked().await?;
        self.head = progress.head;
        let owns = |it| !self.share.is_part() || self.share.owns_partition(it);
        self.backlog = Backlog::of_share(progress.checkpoints, owns, progress.head, &self.limits);
        self.committed.send_replace(progress.head);
        // What was in flight is in the log, or will be decided again.
        self.replies.are_registered_up_to(Position(u64::MAX));
        self.owned.send_replace(self.share.owned().iter().map(|it| it.partition).collect());
        FaultPoint::SynchronizeDone.pass();
        Ok(())
    }

    /// Learns what parked messages hold up. What is kept of them grows with the streams and processes that wait, and not with
    /// the messages.
    async fn read_parked(&mut self) -> Result<(), StoreError> {
        let store = Arc::clone(&self.store);
        let mut pages = ParkedPages::of(&*store);
        while let Some(page) = pages.next().await? {
            for it in page.into_iter().filter(|it| self.share.owns(&it.stream)) {
                self.quiet.parked(it.process);
                self.holds.learn(&it);
                self.blocked.learn(it);
            }
        }
        self.vitals.set_parked(self.quiet.all_parked());
        Ok(())
    }

    /// Tells everybody who asked, or still asks, that nothing will come.
    pub(super) fn refuse_all(&mut self, error: &StoreError) {
        let refusal = RequestError::Stopped(error.to_string());
        self.inbox.close();
        while let Some(call) = self.inbox.try_next(true) {
            self.take_call(call);
        }
        for request in std::mem::take(&mut self.requests) {
            request.refuse(refusal.clone());
        }
    }
}
