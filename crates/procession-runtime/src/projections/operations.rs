//! What operators ask for: a generation does it when it passes the request in the log.

use std::collections::BTreeMap;

use procession_core::{
    Stream,
    log::{Position, Recorded},
};
use tokio::sync::mpsc;

use super::{
    keeper::{ENTRIES, Keeper},
    promote::Pause,
};
use crate::{
    Operation, Requested,
    request::Call,
    store::{GenerationState, ReadModelChanges, StoreError},
};

impl Keeper {
    pub(super) fn is_operation(&self, entry: &Recorded) -> bool {
        self.operation(entry).is_some()
    }

    /// What the processor cannot read, it tells.
    fn operation(&self, entry: &Recorded) -> Option<Operation> {
        let operation = Requested::read(&entry.entry).ok().flatten()?.operation;
        let is_ours = operation.projection().is_some_and(|it| it == self.name());
        is_ours.then_some(operation)
    }

    /// Does what an operator has asked for. Only the generation that is read does; one that is filled beside it is new enough.
    pub(super) async fn operate(
        &mut self,
        index: usize,
        entry: &Recorded,
        processor: &mpsc::WeakSender<Call>,
    ) -> Result<(), StoreError> {
        let is_read = self.fillings[index].state.is_read();
        match self.operation(entry).filter(|_| is_read) {
            Some(Operation::RebuildProjection(_)) => self.rebuild(index, entry.position).await,
            Some(Operation::RetryProjection { stream, .. }) => {
                self.retry(index, entry.position, stream.as_ref(), processor).await
            }
            _ => self.commit_at(index, entry.position, None, ReadModelChanges::default()).await,
        }
    }

    /// Begins another generation, unless one is on its way.
    async fn rebuild(&mut self, index: usize, at: Position) -> Result<(), StoreError> {
        let is_under_way = self.fillings.iter().any(|it| it.state == GenerationState::Building);
        let mut changes = ReadModelChanges::default();
        if !is_under_way {
            changes.generations.push(self.new_generation(GenerationState::Building));
        }
        self.commit_at(index, at, None, changes).await?;
        self.look().await
    }

    /// Folds what was left out of the streams that are meant, in the order of the log.
    async fn retry(
        &mut self,
        index: usize,
        at: Position,
        stream: Option<&Stream>,
        processor: &mpsc::WeakSender<Call>,
    ) -> Result<(), StoreError> {
        let is_inline = self.fillings[index].state == GenerationState::Inline;
        // What is written inline must not go on meanwhile, and must know what is left out no longer.
        let _pause = if is_inline { Pause::of(processor).await } else { None };
        let (end, after) = if is_inline {
            let head = self.store.progress().await?.head;
            (head, Some(head))
        } else {
            (at, None)
        };
        let meant: BTreeMap<Stream, Position> = self.fillings[index]
            .parked
            .iter()
            .filter(|(it, _)| stream.is_none_or(|stream| stream == *it))
            .map(|(stream, first)| (stream.clone(), *first))
            .collect();
        let left_out = self.left_out(&meant, end).await?;
        let mut changes = self.folded(index, &left_out, |_, _| false).await?;
        let generation = &self.fillings[index].generation;
        changes.released = meant.into_keys().map(|stream| (generation.clone(), stream)).collect();
        self.commit_at(index, at, after, changes).await
    }

    /// The events of streams that were left out, up to a position.
    async fn left_out(
        &self,
        streams: &BTreeMap<Stream, Position>,
        end: Position,
    ) -> Result<Vec<Recorded>, StoreError> {
        let Some(first) = streams.values().min() else { return Ok(Vec::new()) };
        let mut after = Position(first.0.saturating_sub(1));
        let mut left_out = Vec::new();
        while after < end {
            let entries = self.store.read_log(after, ENTRIES).await?;
            let Some(last) = entries.last() else { break };
            after = last.position;
            left_out.extend(entries.into_iter().filter(|it| {
                it.position <= end && streams.get(&it.entry.stream).is_some_and(|first| it.position >= *first)
            }));
        }
        Ok(left_out)
    }
}
