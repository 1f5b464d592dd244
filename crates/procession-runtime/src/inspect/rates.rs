use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;
use procession_core::log::{Kind, Position};
use serde::Serialize;

use super::{Inspector, inspector::ENTRIES_PER_READ};
use crate::store::StoreError;

/// How fast a log grows, and is handled, by the times in the log itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Messages whose handlers have written something, in a second. Those that had nothing to say are not seen.
    pub handled_per_second: f64,
    /// Entries of any kind that were written, in a second.
    pub entries_per_second: f64,
    /// Over how many seconds up to now: a minute, or less if so many entries were written that not all are read.
    pub over_seconds: f64,
}

const LONGEST: Duration = Duration::from_secs(60);
const MOST_ENTRIES: usize = 16 * ENTRIES_PER_READ;

impl Inspector {
    /// How fast the log has grown, and was handled, in the minute before `now`.
    ///
    /// It reads the end of the log, backwards: what was written in that minute, and at most 32,768 entries.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rates(&self, now: Timestamp) -> Result<Rates, StoreError> {
        let mut since = now.checked_sub(LONGEST).unwrap_or(Timestamp::MIN);
        let mut end = self.store.progress().await?.head;
        let (mut entries, mut causes, mut results) = (0, BTreeSet::new(), BTreeSet::new());
        while end > Position::START {
            let begin = Position(end.0.saturating_sub(ENTRIES_PER_READ as u64));
            let read = self.store.read_log(begin, (end.0 - begin.0) as usize).await?;
            // Where entries are archived, it reaches further.
            for it in read.iter().filter(|it| it.position <= end && it.entry.at > since) {
                entries += 1;
                match it.entry.kind {
                    Kind::EffectResult => _ = results.insert(it.position),
                    Kind::Failure => {}
                    _ => causes.extend(it.causation),
                }
            }
            let Some(oldest) = read.first().map(|it| it.entry.at).filter(|it| *it > since) else { break };
            if entries >= MOST_ENTRIES {
                since = oldest;
                break;
            }
            end = begin;
        }
        let over = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        // Of a moment no rate can be told.
        let over_seconds = over.max(Duration::from_millis(1)).as_secs_f64();
        let per_second = |count: usize| count as f64 / over_seconds;
        Ok(Rates {
            handled_per_second: per_second(causes.difference(&results).count()),
            entries_per_second: per_second(entries),
            over_seconds,
        })
    }
}
