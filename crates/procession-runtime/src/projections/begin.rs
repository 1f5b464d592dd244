//! A keeper begins: what is new is made, and what another release has left is looked at.

use std::sync::Arc;

use procession_core::log::Position;

use super::keeper::Keeper;
use crate::store::{
    Batch, Becomes, Conflict, Generation, GenerationChange, GenerationState, Move, ProjectionChange,
    ReadModelChanges, Store, StoreError,
};

impl Keeper {
    /// Takes the projection over, and begins it if it is new.
    pub(super) async fn acquire(&mut self) -> Result<(), StoreError> {
        self.token = Some(self.store.acquire_projection(self.name().into()).await?);
        self.look().await?;
        let inline = self.fillings.iter().find(|it| it.state == GenerationState::Inline);
        if let Some(it) = inline.filter(|it| !self.projection.is_inline() || !self.follows(it)) {
            // The rows of the old release are read until there are new ones, but nobody can write them any more.
            leave_inline(&*self.store, it.generation.clone(), self.token(), it.checkpoint).await?;
            self.look().await?;
        }
        let is_there = self.fillings.iter().any(|it| it.state.is_read());
        if is_there {
            self.begin_anew().await?
        } else {
            self.begin().await?
        }
        self.tell(None);
        Ok(())
    }

    /// Begins the first generation. On an empty log it can be inline from the first event on.
    async fn begin(&mut self) -> Result<(), StoreError> {
        let is_new = self.store.progress().await?.head == Position::START;
        let is_inline = is_new && self.projection.is_inline();
        let state = if is_inline { GenerationState::Inline } else { GenerationState::Live };
        let generations = vec![self.new_generation(state)];
        let read_models = ReadModelChanges { generations, ..ReadModelChanges::default() };
        let after = is_inline.then_some(Position::START);
        self.store.commit(Batch { after, read_models, ..Batch::default() }).await?;
        self.look().await
    }

    /// Begins another generation when the functions have another version than the one that is read.
    async fn begin_anew(&mut self) -> Result<(), StoreError> {
        let building = self.fillings.iter().filter(|it| it.state == GenerationState::Building);
        let (current, outdated): (Vec<_>, Vec<_>) = building.partition(|it| self.follows(it));
        let mut generations: Vec<_> = outdated.iter().map(|it| it.is_gone(self.token())).collect();
        let is_read = self.fillings.iter().any(|it| it.state.is_read() && self.follows(it));
        if !is_read && current.is_empty() {
            generations.push(self.new_generation(GenerationState::Building));
        }
        if generations.is_empty() {
            return Ok(());
        }
        let read_models = ReadModelChanges { generations, ..ReadModelChanges::default() };
        self.store.commit(Batch { read_models, ..Batch::default() }).await?;
        self.look().await
    }

    pub(super) fn new_generation(&self, state: GenerationState) -> GenerationChange {
        let last = self.fillings.iter().map(|it| it.generation.number).max();
        let generation = Generation { projection: self.name().into(), number: last.unwrap_or(0) + 1 };
        let to = Becomes::New { version: self.projection.declared_version(), state };
        ProjectionChange { token: self.token(), generation, to }
    }
}

/// An inline read model that this program cannot write, because it is one of another release: what this one records would be
/// missing there.
pub(crate) async fn leave_behind(
    store: &dyn Store,
    generation: Generation,
    checkpoint: Position,
) -> Result<(), StoreError> {
    let token = store.acquire_projection(Arc::clone(&generation.projection)).await?;
    leave_inline(store, generation, token, checkpoint).await
}

/// Notes where rows stop to be written inline: at the exact end of the log, so that it is known what they lack.
async fn leave_inline(
    store: &dyn Store,
    generation: Generation,
    token: u64,
    checkpoint: Position,
) -> Result<(), StoreError> {
    loop {
        let head = store.progress().await?.head;
        let to = Becomes::State(GenerationState::Live);
        let becomes = ProjectionChange { token, generation: generation.clone(), to };
        let to = Move { from: checkpoint, to: head };
        let moves = ProjectionChange { token, generation: generation.clone(), to };
        let read_models = ReadModelChanges {
            generations: vec![becomes],
            moves: vec![moves],
            ..ReadModelChanges::default()
        };
        match store.commit(Batch { after: Some(head), read_models, ..Batch::default() }).await {
            Err(StoreError::Conflict(Conflict::Head { .. })) => tokio::task::yield_now().await,
            answer => return answer.map(drop),
        }
    }
}
