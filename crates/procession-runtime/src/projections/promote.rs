//! A generation that has caught up takes the place of the one that is read.

use procession_core::log::Position;
use tokio::sync::{mpsc, oneshot};

use super::keeper::{ENTRIES, Keeper};
use crate::{
    request::Call,
    store::{GenerationState, ReadModelChanges, StoreError},
};

/// As long as it lives, the processor of this runtime commits nothing.
pub(super) struct Pause {
    _resume: oneshot::Sender<()>,
}

impl Pause {
    /// None if the processor has ended.
    pub(super) async fn of(processor: &mpsc::WeakSender<Call>) -> Option<Self> {
        let (paused, is_paused) = oneshot::channel();
        let (resume, resumed) = oneshot::channel();
        processor.upgrade()?.send(Call::Pause { paused, resumed }).await.ok()?;
        is_paused.await.ok()?;
        Some(Self { _resume: resume })
    }
}

impl Keeper {
    /// Puts the generation that has caught up in its place. Returns whether there was one.
    pub(super) async fn promote(
        &mut self,
        head: Position,
        processor: &mpsc::WeakSender<Call>,
    ) -> Result<bool, StoreError> {
        let find = |state| self.fillings.iter().position(|it| it.state == state && self.follows(it));
        let (building, live) = (find(GenerationState::Building), find(GenerationState::Live));
        let Some(next) = building.or(live.filter(|_| self.projection.is_inline())) else { return Ok(false) };
        if self.projection.is_inline() {
            self.go_inline(next, processor).await?;
            return Ok(true);
        }
        // Who has read the old one must not be taken back in time.
        let read = self.fillings.iter().find(|it| it.state.is_read());
        if self.fillings[next].through < head.max(read.map_or(head, |it| it.through)) {
            return Ok(false);
        }
        self.put_in_place(next, GenerationState::Live, self.fillings[next].through, None).await?;
        Ok(true)
    }

    /// From one position on, rows are written with their events. Nobody may commit between what was folded and that.
    async fn go_inline(&mut self, next: usize, processor: &mpsc::WeakSender<Call>) -> Result<(), StoreError> {
        let Some(_pause) = Pause::of(processor).await else { return Ok(()) };
        loop {
            let head = self.store.progress().await?.head;
            if self.fillings[next].through == head {
                return self.put_in_place(next, GenerationState::Inline, head, Some(head)).await;
            }
            let entries = self.store.read_log(self.fillings[next].through, ENTRIES).await?;
            self.fold(next, &entries).await?;
        }
    }

    async fn put_in_place(
        &mut self,
        next: usize,
        state: GenerationState,
        to: Position,
        after: Option<Position>,
    ) -> Result<(), StoreError> {
        let read =
            self.fillings.iter().position(|it| it.state.is_read() && !std::ptr::eq(it, &self.fillings[next]));
        let mut generations = vec![self.fillings[next].becomes(self.token(), state)];
        generations.extend(read.map(|it| self.fillings[it].becomes(self.token(), GenerationState::Retired)));
        let changes = ReadModelChanges { generations, ..ReadModelChanges::default() };
        self.commit_at(next, to, after, changes).await?;
        self.fillings[next].state = state;
        if let Some(read) = read {
            self.fillings[read].state = GenerationState::Retired;
        }
        tracing::info!(
            projection = self.name(),
            generation = self.fillings[next].generation.number,
            "the read model is another one now"
        );
        Ok(())
    }
}
