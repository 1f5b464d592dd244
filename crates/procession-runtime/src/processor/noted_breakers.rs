//! What the store says of circuit breakers: for operators, who look from outside, and for the next start.

use std::collections::BTreeMap;

use procession_core::effect_handler;

use super::{Processor, batching::Batching, breaker::BreakerNews};
use crate::{inspect::OpenBreaker, store::StoreError};

impl Processor {
    /// Goes on with the circuit breakers as they were when the last runtime ended.
    pub(super) async fn read_breakers(&mut self) -> Result<(), StoreError> {
        if self.engine.effects().next().is_none() {
            return Ok(());
        }
        let mut noted = BTreeMap::new();
        for (note, text) in self.store.notes(OpenBreaker::NOTES.into()).await? {
            let Some(effect) = OpenBreaker::effect_of(&note) else { continue };
            match serde_json::from_str(&text) {
                Ok(open) => _ = noted.insert(effect_handler(effect), open),
                Err(error) => {
                    tracing::warn!(note, %error, "what was noted of a circuit breaker cannot be read; it begins closed");
                }
            }
        }
        self.effects.begin_with(noted, self.now());
        Ok(())
    }

    /// Notes what has changed, with the batch that goes anyway.
    pub(super) fn note_breakers(&mut self, batching: &mut Batching) {
        for (handler, BreakerNews(open)) in self.effects.breaker_news() {
            let effect = handler.strip_prefix("effect ").unwrap_or(&handler);
            // Times and numbers can always be written.
            let text = open.and_then(|it| serde_json::to_string(&it).ok());
            batching.batch.notes.push((OpenBreaker::note_of(effect).into(), text));
        }
    }
}
