use std::collections::BTreeMap;

use procession_core::{Stream, log::Position};

use crate::store::{
    Becomes, Generation, GenerationChange, GenerationState, Move, ProjectionChange, ProjectionMove,
    ProjectionStanding, Store, StoreError,
};

/// One generation of a read model, as its keeper knows it.
pub(super) struct Filling {
    pub(super) generation: Generation,
    pub(super) version: u32,
    pub(super) state: GenerationState,
    /// Up to where it follows the log, as the store has it.
    pub(super) checkpoint: Position,
    /// Up to where the log was read. What lies between was of no concern, so it is not worth a commit of its own.
    pub(super) through: Position,
    /// The streams that are left out, with the first event of each.
    pub(super) parked: BTreeMap<Stream, Position>,
}

impl Filling {
    pub(super) async fn load(standing: ProjectionStanding, store: &dyn Store) -> Result<Self, StoreError> {
        let ProjectionStanding { generation, version, state, checkpoint, parked } = standing;
        let mut left_out = Vec::new();
        if parked > 0 {
            left_out = store.parked_streams(generation.clone(), usize::MAX).await?;
        }
        let parked = left_out.into_iter().map(|it| (it.stream, it.position)).collect();
        Ok(Self { generation, version, state, checkpoint, through: checkpoint, parked })
    }

    /// The move of its checkpoint; to where it is, it only asks for the owner.
    pub(super) fn moves(&self, token: u64, to: Position) -> ProjectionMove {
        let to = Move { from: self.checkpoint, to };
        ProjectionChange { token, generation: self.generation.clone(), to }
    }

    pub(super) fn becomes(&self, token: u64, state: GenerationState) -> GenerationChange {
        ProjectionChange { token, generation: self.generation.clone(), to: Becomes::State(state) }
    }

    pub(super) fn is_gone(&self, token: u64) -> GenerationChange {
        ProjectionChange { token, generation: self.generation.clone(), to: Becomes::Gone }
    }
}
