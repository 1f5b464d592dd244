//! Read models of the store in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use procession_core::{Stream, log::Position};

use super::{
    Becomes, Conflict, Generation, GenerationState, KeyRange, NewParkedStream, ParkedStream, ProjectionMove,
    ProjectionStanding, Projections, ReadModelChanges, Row, RowsOf, StoreError,
};

/// All read models: who may change them, and what is in them.
#[derive(Default)]
pub(super) struct ReadModels {
    epoch: u64,
    tokens: BTreeMap<Arc<str>, u64>,
    generations: BTreeMap<Generation, Filling>,
}

struct Filling {
    version: u32,
    state: GenerationState,
    checkpoint: Position,
    rows: BTreeMap<String, Row>,
    parked: BTreeMap<Stream, ParkedStream>,
}

impl ReadModels {
    pub(super) fn acquire(&mut self, projection: &str) -> u64 {
        let token = self.tokens.entry(projection.into()).or_default();
        *token += 1;
        *token
    }

    /// Checks all changes of a batch before any of it is made. `head` is the newest position after the batch.
    pub(super) fn check(&self, changes: &ReadModelChanges, head: Position) -> Result<(), StoreError> {
        if let Some(expected) = changes.epoch.filter(|it| *it != self.epoch) {
            return Err(Conflict::Epoch { expected, actual: self.epoch }.into());
        }
        for it in &changes.generations {
            self.check_owner(&it.generation, it.token)?;
            let exists = self.generations.contains_key(&it.generation);
            if exists == matches!(it.to, Becomes::New { .. }) {
                return Err(unknown(&it.generation));
            }
        }
        self.check_moves(changes, head)?;
        let mut seen = HashMap::new();
        for it in &changes.rows {
            if !self.will_exist(&it.generation, changes) {
                return Err(unknown(&it.generation));
            }
            let key = (&it.generation, &it.key);
            let actual = seen.get(&key).copied().unwrap_or_else(|| self.revision(&it.generation, &it.key));
            if let Some(expected) = it.expected.filter(|it| *it != actual) {
                let (projection, key) = (it.generation.projection.to_string(), it.key.clone());
                return Err(Conflict::Row { projection, key, expected, actual }.into());
            }
            seen.insert(key, if it.value.is_some() { it.revision } else { 0 });
        }
        Ok(())
    }

    fn check_owner(&self, generation: &Generation, token: u64) -> Result<(), StoreError> {
        let actual = self.tokens.get(&generation.projection).copied().unwrap_or_default();
        if token == actual {
            return Ok(());
        }
        let projection = generation.projection.to_string();
        Err(Conflict::StaleProjection { projection, token, actual }.into())
    }

    fn check_moves(&self, changes: &ReadModelChanges, head: Position) -> Result<(), StoreError> {
        let mut moved: HashMap<&Generation, Position> = HashMap::new();
        for it in &changes.moves {
            if !self.will_exist(&it.generation, changes) {
                return Err(unknown(&it.generation));
            }
            let token = self.tokens.get(&it.generation.projection).copied().unwrap_or_default();
            let stored = || self.generations.get(&it.generation).map(|it| it.checkpoint);
            let actual = moved.get(&it.generation).copied().or_else(stored).unwrap_or_default();
            Conflict::check_projection_move(it, token, actual, head)?;
            moved.insert(&it.generation, it.to.to);
        }
        Ok(())
    }

    fn will_exist(&self, generation: &Generation, changes: &ReadModelChanges) -> bool {
        self.generations.contains_key(generation)
            || changes.generations.iter().any(|it| it.generation == *generation)
    }

    fn revision(&self, generation: &Generation, key: &str) -> u64 {
        self.generations.get(generation).and_then(|it| it.rows.get(key)).map_or(0, |it| it.revision)
    }

    /// Makes changes that were checked.
    pub(super) fn apply(&mut self, changes: ReadModelChanges, after: Position) {
        self.epoch += u64::from(changes.raises_epoch());
        for it in changes.generations {
            match it.to {
                Becomes::New { version, state } => {
                    let (rows, parked) = (BTreeMap::new(), BTreeMap::new());
                    let filling = Filling { version, state, checkpoint: Position::START, rows, parked };
                    self.generations.insert(it.generation, filling);
                }
                Becomes::State(state) => self.change(&it.generation, |it| it.state = state),
                Becomes::Gone => _ = self.generations.remove(&it.generation),
            }
        }
        for ProjectionMove { generation, to, .. } in changes.moves {
            self.change(&generation, |it| it.checkpoint = to.to);
        }
        for row in changes.rows {
            self.change(&row.generation.clone(), |it| match row.value {
                Some(value) => _ = it.rows.insert(row.key, Row { value, revision: row.revision }),
                None => _ = it.rows.remove(&row.key),
            });
        }
        for (generation, stream) in changes.released {
            self.change(&generation, |it| _ = it.parked.remove(&stream));
        }
        for NewParkedStream { generation, stream, first, cause, at } in changes.parked {
            let position = first.resolve(after);
            let parked = ParkedStream { generation: generation.clone(), stream, position, cause, at };
            self.change(&generation, |it| _ = it.parked.insert(parked.stream.clone(), parked));
        }
    }

    fn change(&mut self, generation: &Generation, change: impl FnOnce(&mut Filling)) {
        if let Some(filling) = self.generations.get_mut(generation) {
            change(filling);
        }
    }

    pub(super) fn standings(&self) -> Projections {
        let generations = self.generations.iter().map(|(generation, it)| ProjectionStanding {
            generation: generation.clone(),
            version: it.version,
            state: it.state,
            checkpoint: it.checkpoint,
            parked: it.parked.len() as u64,
        });
        Projections { epoch: self.epoch, generations: generations.collect() }
    }

    pub(super) fn rows(&self, of: &RowsOf, keys: &[String]) -> Vec<Option<Row>> {
        let filling = self.filling(of);
        keys.iter().map(|key| filling?.rows.get(key).cloned()).collect()
    }

    pub(super) fn scan(&self, of: &RowsOf, range: &KeyRange, limit: usize) -> Vec<(String, Row)> {
        let Some(filling) = self.filling(of) else { return Vec::new() };
        let rows = filling.rows.range(range.from.clone()..);
        let rows = rows.skip_while(|(key, _)| range.is_after && **key == range.from);
        let rows = rows.take_while(|(key, _)| range.contains(key));
        rows.take(limit).map(|(key, row)| (key.clone(), row.clone())).collect()
    }

    fn filling(&self, of: &RowsOf) -> Option<&Filling> {
        let is_meant = |(it, filling): &(&Generation, &Filling)| {
            it.projection == of.projection
                && of.number.map_or(filling.state.is_read(), |number| it.number == number)
        };
        self.generations.iter().find(is_meant).map(|(_, it)| it)
    }

    pub(super) fn parked(&self, generation: &Generation, limit: usize) -> Vec<ParkedStream> {
        let parked = self.generations.get(generation).into_iter().flat_map(|it| it.parked.values());
        parked.take(limit).cloned().collect()
    }
}

fn unknown(generation: &Generation) -> StoreError {
    let Generation { projection, number } = generation;
    StoreError::Permanent(format!(
        "the read model `{projection}` has no generation {number} to be changed so"
    ))
}
