use std::collections::BTreeMap;

use jiff::Timestamp;
use procession_core::log::{Position, ProcessId, Recorded};
use serde::Deserialize;

use super::{
    InspectError, Inspector, OpenBreaker, Standing, Sweep, WaitsFor,
    facts::{Facts, OpenInstance, ParkedFact},
};
use crate::store::{Delivery, EffectCall, HoldKind, ProcessExtent, StoreError};

impl Inspector {
    /// How a process stands. None if there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn process(&self, process: ProcessId) -> Result<Option<Standing>, StoreError> {
        let Some(extent) = self.store.process(process).await? else { return Ok(None) };
        let facts = self.steady_facts(process).await?.unwrap_or_default();
        let mut standings = self.explained(&[(extent, facts)], None).await?;
        Ok(standings.pop())
    }

    /// How a process would stand if parked messages of it were discarded, and it were not suspended. None if there is no such
    /// process.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn process_without(
        &self,
        process: ProcessId,
        discarded: &[Delivery],
    ) -> Result<Option<Standing>, StoreError> {
        let Some(extent) = self.store.process(process).await? else { return Ok(None) };
        let mut facts = self.steady_facts(process).await?.unwrap_or_default();
        facts.parked.retain(|it| !discarded.contains(&it.row.delivery()));
        facts.parked_count = facts.parked_count.saturating_sub(discarded.len() as u64);
        facts.hold = facts.hold.filter(|it| it.kind == HoldKind::Cancelled);
        let mut standings = self.explained(&[(extent, facts)], None).await?;
        Ok(standings.pop())
    }

    /// How processes stand now that a sweep has found open, in the order of the processes asked for. Those that are not there
    /// are left out. Each is read from the store, so ask for those only that are shown.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standings(
        &self,
        sweep: &Sweep,
        processes: impl IntoIterator<Item = ProcessId>,
    ) -> Result<Vec<Standing>, StoreError> {
        let surroundings = self.surroundings().await?;
        let mut found = Vec::new();
        for process in processes {
            if let Some(extent) = self.store.process(process).await? {
                let has_ended = !sweep.knows(process);
                let facts =
                    if has_ended { Facts::default() } else { self.facts(process, &surroundings).await? };
                found.push((extent, facts));
            }
        }
        self.explained(&found, Some(sweep)).await
    }

    async fn explained(
        &self,
        processes: &[(ProcessExtent, Facts)],
        sweep: Option<&Sweep>,
    ) -> Result<Vec<Standing>, StoreError> {
        let mut positions: Vec<Position> = Vec::new();
        for (extent, facts) in processes {
            positions.push(extent.process.began_at());
            positions.extend(facts.pending.as_ref().map(|it| it.position));
            positions.extend(facts.calls.iter().map(|it| it.delivery.position));
            positions.extend(facts.parked.iter().map(|it| it.row.position));
            positions.extend(facts.timer.iter().map(|it| it.causation));
            positions.extend(facts.hold.map(|it| it.operation));
        }
        positions.sort_unstable();
        positions.dedup();
        let entries = self.store.read_entries(positions).await?;
        let mut entries: BTreeMap<Position, Recorded> =
            entries.into_iter().map(|it| (it.position, it)).collect();
        for process in processes.iter().map(|(it, _)| it.process) {
            // That of an archived process has its place taken by the first that is left.
            if !entries.contains_key(&process.began_at()) {
                let left = self.store.read_process(process, Position::START, 1).await?;
                entries.extend(left.into_iter().map(|it| (process.began_at(), it)));
            }
        }
        let calls = processes.iter().any(|(_, facts)| !facts.calls.is_empty());
        let breakers =
            if calls { self.open_breakers().await.map_err(in_the_store)? } else { BTreeMap::new() };
        let explaining = Explaining { inspector: self, entries: &entries, breakers, sweep };
        Ok(processes.iter().filter_map(|(extent, facts)| explaining.standing(extent, facts)).collect())
    }
}

fn in_the_store(error: InspectError) -> StoreError {
    match error {
        InspectError::Store(error) => error,
        other => StoreError::Permanent(other.to_string()),
    }
}

/// What is needed to put facts into words.
struct Explaining<'a> {
    inspector: &'a Inspector,
    entries: &'a BTreeMap<Position, Recorded>,
    breakers: BTreeMap<String, OpenBreaker>,
    sweep: Option<&'a Sweep>,
}

impl Explaining<'_> {
    fn standing(&self, extent: &ProcessExtent, facts: &Facts) -> Option<Standing> {
        let first = self.entries.get(&extent.process.began_at())?;
        let state = facts.state();
        Some(Standing {
            process: extent.process,
            name: first.entry.name.to_string(),
            stream: first.entry.stream.clone(),
            began: first.entry.at,
            messages: extent.messages,
            last: extent.last,
            state,
            waits_for: self.waits_for(facts),
        })
    }

    /// What matters most stands first: what an operator does or must do, then what is next.
    fn waits_for(&self, facts: &Facts) -> Vec<WaitsFor> {
        let mut waits: Vec<WaitsFor> = self.operator(facts).into_iter().collect();
        if facts.hold.is_some_and(|it| it.kind == HoldKind::Cancelled) {
            return waits;
        }
        let unlisted = facts.parked_count.saturating_sub(facts.parked.len() as u64);
        let last = facts.parked.len().saturating_sub(1);
        let more = |index: usize| if index == last { unlisted } else { 0 };
        waits.extend(facts.parked.iter().enumerate().map(|(index, it)| self.parked(it, more(index))));
        waits.extend(self.handler(facts));
        waits.extend(facts.calls.iter().map(|it| self.effect(it, facts)));
        waits.extend(self.timer(facts));
        let rests = facts.is_at_rest();
        // While something of the process is on its way, it is this that its instances wait for.
        let waits_itself =
            |it: &&OpenInstance| (rests || it.can_be_woken) && self.woken_by(it, facts).is_empty();
        waits.extend(facts.instances.iter().filter(waits_itself).map(|it| self.instance(it)));
        waits
    }

    fn name(&self, position: Position) -> String {
        self.entries.get(&position).map_or_else(String::new, |it| it.entry.name.to_string())
    }

    fn at(&self, position: Position) -> Timestamp {
        self.entries.get(&position).map_or(Timestamp::UNIX_EPOCH, |it| it.entry.at)
    }

    fn operator(&self, facts: &Facts) -> Option<WaitsFor> {
        #[derive(Default, Deserialize)]
        struct Asked {
            by: Option<String>,
            why: Option<String>,
        }
        let hold = facts.hold?;
        let operation = self.entries.get(&hold.operation);
        let asked = operation.and_then(|it| serde_json::from_str(&it.entry.payload).ok());
        let Asked { by, why } = asked.unwrap_or_default();
        let since = self.at(hold.operation);
        Some(WaitsFor::Operator { kind: hold.kind, operation: hold.operation, by, why, since })
    }

    fn parked(&self, ParkedFact { row, behind, retry_at }: &ParkedFact, more: u64) -> WaitsFor {
        WaitsFor::Parked {
            message: self.name(row.position),
            position: row.position,
            handler: row.handler.to_string(),
            stream: row.stream.clone(),
            reason: row.reason,
            cause: row.cause.clone(),
            attempts: row.attempts,
            retry_at: *retry_at,
            behind: *behind,
            more,
            since: row.at,
        }
    }

    fn handler(&self, facts: &Facts) -> Option<WaitsFor> {
        let pending = facts.pending.as_ref()?;
        let first = self.entries.get(&pending.position)?;
        let lag = self.sweep.and_then(|it| it.lags.get(pending.partition.index())).copied();
        Some(WaitsFor::Handler {
            message: first.entry.name.to_string(),
            position: pending.position,
            stream: first.entry.stream.clone(),
            partition: pending.partition,
            lag: lag.unwrap_or(facts.pending_count),
            more: facts.pending_count.saturating_sub(1),
            since: first.entry.at,
        })
    }

    /// The open calls that an instance waits for: what it takes can follow from them.
    fn woken_by<'f>(&self, instance: &OpenInstance, facts: &'f Facts) -> Vec<&'f EffectCall> {
        if facts.calls.is_empty() {
            return Vec::new();
        }
        let category = instance.stream.category();
        let awaited = self.inspector.description.awaited(category, instance.awaits.clone());
        facts.calls.iter().filter(|it| awaited.effects.contains(effect_of(it))).collect()
    }

    fn effect(&self, call: &EffectCall, facts: &Facts) -> WaitsFor {
        let effect = effect_of(call);
        let waits = |it: &&OpenInstance| self.woken_by(it, facts).contains(&call);
        WaitsFor::Effect {
            effect: effect.into(),
            breaker: self.breakers.get(effect).copied(),
            wakes: facts.instances.iter().filter(waits).map(|it| it.stream.to_string()).collect(),
            message: self.name(call.delivery.position),
            position: call.delivery.position,
            attempt: call.attempts.saturating_add(1),
            due: call.due,
            cause: call.cause.clone(),
            since: call.at,
        }
    }

    fn timer(&self, facts: &Facts) -> Option<WaitsFor> {
        let timer = facts.timer.as_ref()?;
        Some(WaitsFor::Timer {
            timer: timer.id.0,
            message: timer.message.name.to_string(),
            to: timer.to.clone(),
            due: timer.due,
            more: facts.timer_count.saturating_sub(1),
            since: self.at(timer.causation),
        })
    }

    fn instance(&self, instance: &OpenInstance) -> WaitsFor {
        let OpenInstance { stream, since, awaits, can_be_woken, .. } = instance;
        let awaited = self.inspector.description.awaited(stream.category(), awaits.clone());
        let (instance, since) = (stream.clone(), *since);
        let (awaits, from) = (awaited.messages.into_iter().collect(), awaited.from.into_iter().collect());
        if *can_be_woken {
            let wakes = awaited.wakes.into_iter().collect();
            WaitsFor::Outside { instance, awaits, from, wakes, since }
        } else {
            WaitsFor::Nothing { instance, awaits, from, since }
        }
    }
}

fn effect_of(call: &EffectCall) -> &str {
    call.delivery.handler.strip_prefix("effect ").unwrap_or(&call.delivery.handler)
}
