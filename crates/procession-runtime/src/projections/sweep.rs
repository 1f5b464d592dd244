//! What is not read any more is taken out, in small steps.

use super::keeper::Keeper;
use crate::store::{Batch, GenerationState, KeyRange, ReadModelChanges, RowChange, StoreError};

/// Rows that are taken out by one commit.
const ROWS: usize = 1000;

impl Keeper {
    /// Takes some rows of a retired generation out. Returns whether there was one.
    pub(super) async fn sweep(&mut self) -> Result<bool, StoreError> {
        let retired = self.fillings.iter().position(|it| it.state == GenerationState::Retired);
        let Some(index) = retired else { return Ok(false) };
        let generation = self.fillings[index].generation.clone();
        let rows = self.store.scan_rows(generation.clone().into(), KeyRange::default(), ROWS).await?;
        let is_gone = rows.is_empty();
        let rows = rows.into_iter().map(|(key, row)| RowChange {
            generation: generation.clone(),
            key,
            value: None,
            revision: row.revision,
            expected: None,
        });
        let mut changes = ReadModelChanges { rows: rows.collect(), ..ReadModelChanges::default() };
        if is_gone {
            changes.generations.push(self.fillings[index].is_gone(self.token()));
        } else {
            changes.moves.push(self.fillings[index].moves(self.token(), self.fillings[index].checkpoint));
        }
        self.store.commit(Batch { read_models: changes, ..Batch::default() }).await?;
        if is_gone {
            self.fillings.remove(index);
        }
        Ok(true)
    }
}
