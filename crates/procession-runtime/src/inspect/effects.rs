use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{InspectError, Inspector};

/// How the calls of one effect stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectOverview {
    /// The effect.
    pub effect: String,
    /// Calls that are not over.
    pub open: u64,
    /// Of those, the ones that are with their target, or go there as soon as it is their turn.
    pub due: u64,
    /// Of those, the ones that have failed, and pause until their next attempt.
    pub pausing: u64,
    /// When the oldest was asked for.
    pub oldest: Option<Timestamp>,
    /// That the circuit breaker is open, if it is.
    pub breaker: Option<OpenBreaker>,
}

/// That the circuit breaker of an effect is open: its target is down, and nobody calls before the next look.
///
/// The processor keeps it as JSON in a note of the store ([`OpenBreaker::note_of`]), written when it changes and forgotten when
/// the breaker closes. A runtime that starts goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBreaker {
    /// When it has opened.
    pub open_since: Timestamp,
    /// When one call looks whether the target is back.
    pub next_look: Timestamp,
    /// How many looks have failed.
    pub failed_looks: u32,
}

impl OpenBreaker {
    /// What the names of these notes begin with.
    pub const NOTES: &'static str = "circuit_breaker/";

    /// The name of the note of an effect.
    #[must_use]
    pub fn note_of(effect: &str) -> String {
        format!("{}{effect}", Self::NOTES)
    }

    /// The effect whose note has this name.
    #[must_use]
    pub fn effect_of(note: &str) -> Option<&str> {
        note.strip_prefix(Self::NOTES)
    }
}

impl EffectOverview {
    fn of(effect: &str) -> Self {
        Self { effect: effect.to_owned(), open: 0, due: 0, pausing: 0, oldest: None, breaker: None }
    }
}

impl Inspector {
    /// How the calls of each effect stand that the application has, or that has open calls, ordered by name.
    ///
    /// # Errors
    /// When the store fails, or holds what cannot be read.
    pub async fn effects(&self, now: Timestamp) -> Result<Vec<EffectOverview>, InspectError> {
        let mut effects: BTreeMap<String, EffectOverview> = BTreeMap::new();
        let handlers = self.description.modules.iter().flat_map(|it| &it.handlers);
        for it in handlers.filter(|it| it.kind == "effect") {
            effects.entry(it.name.clone()).or_insert_with(|| EffectOverview::of(&it.name));
        }
        for call in self.store.calls().await? {
            let effect = call.delivery.handler.strip_prefix("effect ").unwrap_or(&call.delivery.handler);
            let it = effects.entry(effect.to_owned()).or_insert_with(|| EffectOverview::of(effect));
            it.open += 1;
            let counted = if call.due <= now { &mut it.due } else { &mut it.pausing };
            *counted += 1;
            it.oldest = it.oldest.into_iter().chain([call.at]).min();
        }
        for (effect, open) in self.open_breakers().await? {
            // An effect that the application does not have any more calls nobody.
            if let Some(it) = effects.get_mut(&effect) {
                it.breaker = Some(open);
            }
        }
        Ok(effects.into_values().collect())
    }

    /// The circuit breakers that are open, by the names of their effects.
    pub(super) async fn open_breakers(&self) -> Result<BTreeMap<String, OpenBreaker>, InspectError> {
        let notes = self.store.notes(OpenBreaker::NOTES.into()).await?;
        let read = |(name, text): (String, String)| {
            let effect = OpenBreaker::effect_of(&name)?.to_owned();
            let open = serde_json::from_str(&text);
            Some(
                open.map(|it| (effect, it))
                    .map_err(|error| InspectError::Note { name, reason: error.to_string() }),
            )
        };
        notes.into_iter().filter_map(read).collect()
    }
}
