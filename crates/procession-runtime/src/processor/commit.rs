//! Commit: a batch is handed to the store, and whoever is concerned is told when it is durable.

use std::collections::VecDeque;

use jiff::Timestamp;
use procession_core::log::{Position, ProcessId};

use super::{
    Processor,
    batching::Batching,
    finished::Finished,
    measured::Tally,
    quiet::QuietReply,
    read_back::{Written, WrittenMessage},
    recovery::Undone,
    replies::Reply,
};
use crate::{
    fault_points::FaultPoint,
    request::{Answered, Mode, Request, RequestError, Sent},
    store::{Answer, CheckpointMove, Committed, Delivery, Ownership, StoreError},
};

/// A batch that the store has, but has not answered yet.
pub(super) struct InFlight {
    pub(super) answer: Answer<Committed>,
    /// Where the log ends after it, if nobody else writes.
    pub(super) head: Position,
    entries: u64,
    /// Whether it moves checkpoints. Then the next batch is refused if this one is: it says where they were before.
    pub(super) moves: bool,
    /// Its messages for this node, when others write too.
    written: Vec<WrittenMessage>,
    /// Whom to tell what, when it is durable. The requests are kept, to run them again if it fails.
    pub(super) answered: Vec<(Request, Outcome)>,
    pub(super) quiet: Vec<QuietReply>,
    pub(super) replies: Vec<Reply>,
    pub(super) finished: Vec<Finished>,
    /// The calls of effects that it opens.
    pub(super) calls: Vec<Delivery>,
    fired_timers: bool,
    pub(super) tally: Tally,
    /// When the first of its timers becomes due.
    next_due: Option<Timestamp>,
}

/// What came of a request, if the batch becomes durable.
pub(super) enum Outcome {
    Executed(Result<Answered, RequestError>),
    Sent(Sent),
}

impl Processor {
    /// Hands a batch to the store.
    pub(super) fn submit(&mut self, mut batching: Batching, all_checkpoints: bool) {
        let quiet = if self.nothing_waits_behind(batching.head(), batching.now) {
            self.quiet.take_quiet()
        } else {
            Vec::new()
        };
        if batching.is_empty() && !all_checkpoints {
            return self.nothing_to_write(quiet);
        }
        if self.share.is_part() {
            // So that the next batch need not wait for this one.
            self.backlog.touch_one();
        }
        let moves = self.backlog.moves(all_checkpoints);
        batching.move_checkpoints(&moves, self.share.owned());
        let moves = !batching.batch.checkpoints.is_empty();
        let fences = self.fences(&batching.batch.checkpoints);
        batching.batch.checkpoints.extend(fences);
        if self.share.is_part() {
            batching.let_float();
        } else {
            self.head = batching.head();
        }
        let next_due = batching.batch.timers.iter().map(|it| it.due).min();
        self.next_due = self.next_due.into_iter().chain(next_due).min();
        let fired_timers = !batching.batch.fired.is_empty();
        let calls = batching.batch.calls.iter().map(|it| it.delivery.clone()).collect();
        if batching.room.is_none() {
            batching.batch.process_limits = self.limits.of_a_process();
        }
        self.measure(&mut batching.tally, &batching.batch, batching.bytes);
        FaultPoint::BatchSubmitting.pass();
        let (head, entries) = (batching.head(), batching.batch.entries.len() as u64);
        let written = self.written_for_itself(&batching.batch);
        let answer = self.store.commit(batching.batch);
        FaultPoint::BatchSubmitted.pass();
        self.in_flight.push_back(InFlight {
            answer,
            head,
            entries,
            moves,
            written,
            answered: batching.answered,
            quiet,
            replies: batching.replies,
            finished: batching.finished,
            calls,
            fired_timers,
            tally: batching.tally,
            next_due,
        });
        self.submitted();
    }

    /// Checkpoints that stay where they are: with them, a batch is refused when somebody else owns the partitions.
    ///
    /// Who stands on the exact end of the log needs one, because whoever takes over is noticed by it.
    fn fences(&self, moves: &[CheckpointMove]) -> Vec<CheckpointMove> {
        let fence = |it: &Ownership| {
            let Ownership { partition, token, .. } = *it;
            let at = self.backlog.checkpoint(partition)?;
            Some(CheckpointMove { partition, token, from: at, to: at })
        };
        let moves_not = |it: &&Ownership| !moves.iter().any(|moved| moved.partition == it.partition);
        let owned = self.share.owned().iter();
        if self.share.is_part() {
            owned.filter(moves_not).filter_map(fence).collect()
        } else {
            owned.take(usize::from(moves.is_empty())).filter_map(fence).collect()
        }
    }

    /// News that stand on nothing new are told when all that they saw is durable.
    fn nothing_to_write(&mut self, quiet: Vec<QuietReply>) {
        match self.in_flight.back_mut() {
            Some(last) => last.quiet.extend(quiet),
            None => tell(Vec::new(), Vec::new(), quiet),
        }
    }

    /// Takes the store's answer to the oldest batch in flight. Returns whether that is durable; if not, all that were in
    /// flight are undone.
    pub(super) async fn answered(
        &mut self,
        answer: Result<Committed, StoreError>,
    ) -> Result<bool, StoreError> {
        let Some(mut batch) = self.in_flight.pop_front() else { return Ok(true) };
        match answer {
            Ok(committed) => {
                batch.stands_after(committed);
                if self.share.is_part() {
                    self.head = self.head.max(batch.head);
                    let (after, messages) = (committed.after, std::mem::take(&mut batch.written));
                    let written = Written { after, head: batch.head, messages };
                    self.share.wrote(written, self.limits.queued_messages);
                }
                FaultPoint::BatchDurable.pass();
                self.backoff.reset();
                self.became_durable(batch.tally);
                self.committed.send_replace(batch.head);
                self.replies.are_registered_up_to(batch.head);
                tell(batch.answered, batch.replies, batch.quiet);
                if !batch.finished.is_empty() {
                    FaultPoint::ResultsDurable.pass();
                }
                self.effects.are_durable(&batch.calls);
                if !batch.calls.is_empty() {
                    FaultPoint::CallsDurable.pass();
                }
                FaultPoint::BatchTold.pass();
                if batch.fired_timers {
                    self.read_next_due().await?;
                    FaultPoint::NextDueRead.pass();
                }
                Ok(true)
            }
            Err(error) => {
                let InFlight { answered, replies, quiet, finished, .. } = batch;
                self.recover(Undone { answered, replies, quiet, finished }, error).await?;
                Ok(false)
            }
        }
    }

    /// When the next timer is due. The store need not have those of the batches that are still under way.
    pub(super) async fn read_next_due(&mut self) -> Result<(), StoreError> {
        if self.share.is_part() {
            // It is read with the log.
            self.next_due = None;
            self.share.has_grown();
            return Ok(());
        }
        let in_flight = self.in_flight.iter().filter_map(|it| it.next_due).min();
        self.next_due = self.store.next_due().await?.into_iter().chain(in_flight).min();
        Ok(())
    }

    /// Waits for all batches in flight. Returns whether they are durable.
    pub(super) async fn finish_in_flight(&mut self) -> Result<bool, StoreError> {
        let mut are_durable = true;
        while !self.in_flight.is_empty() {
            let answer = next_answer(&mut self.in_flight).await;
            are_durable &= self.answered(answer).await?;
        }
        Ok(are_durable)
    }
}

impl InFlight {
    /// Puts what its news say of its own entries where they really stand.
    pub(super) fn stands_after(&mut self, Committed { after }: Committed) {
        let guess = Position(self.head.0 - self.entries);
        self.head = after.plus(self.entries);
        if after == guess {
            return;
        }
        let put = |it: &mut Position| {
            if *it > guess {
                *it = Position(it.0 - guess.0 + after.0);
            }
        };
        for (_, outcome) in &mut self.answered {
            outcome.each_position(put);
        }
    }
}

impl Outcome {
    fn each_position(&mut self, put: impl Fn(&mut Position)) {
        let put_process = |it: &mut ProcessId| {
            let mut began_at = it.began_at();
            put(&mut began_at);
            *it = began_at.into();
        };
        match self {
            Self::Sent(Sent { process, position }) => {
                put_process(process);
                put(position);
            }
            Self::Executed(Ok(Answered { process, position, outcome, .. })) => {
                put_process(process);
                put(position);
                for it in outcome {
                    put(&mut it.position);
                    put_process(&mut it.process);
                    it.causation.iter_mut().for_each(&put);
                }
            }
            Self::Executed(Err(_)) => {}
        }
    }
}

pub(super) async fn next_answer(in_flight: &mut VecDeque<InFlight>) -> Result<Committed, StoreError> {
    match in_flight.front_mut() {
        Some(batch) => (&mut batch.answer).await,
        None => std::future::pending().await,
    }
}

/// Whoever went away meanwhile does not hear it; the log has it.
pub(super) fn tell(answered: Vec<(Request, Outcome)>, replies: Vec<Reply>, quiet: Vec<QuietReply>) {
    for (request, outcome) in answered {
        request.answer(outcome);
    }
    replies.into_iter().for_each(Reply::send);
    quiet.into_iter().for_each(QuietReply::send);
}

impl Request {
    fn answer(self, outcome: Outcome) {
        match (self.mode, outcome) {
            (Mode::Execute { reply, .. }, Outcome::Executed(answer)) => _ = reply.send(answer),
            (Mode::Send { reply }, Outcome::Sent(sent)) => _ = reply.send(Ok(sent)),
            (Mode::Send { reply }, Outcome::Executed(Err(error))) => _ = reply.send(Err(error)),
            (Mode::Send { .. }, Outcome::Executed(Ok(_))) | (Mode::Execute { .. }, Outcome::Sent(_)) => {}
        }
    }

    pub(super) fn refuse(self, error: RequestError) {
        self.answer(Outcome::Executed(Err(error)));
    }
}
