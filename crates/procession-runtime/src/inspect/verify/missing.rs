use std::collections::{BTreeMap, BTreeSet};

use procession_core::log::{Position, ProcessId};

use super::{Reading, Rule};
use crate::store::Archived;

/// What is not in the log because it is archived.
pub(super) struct Missing {
    /// Of each process, in the order of its entries.
    pieces: BTreeMap<ProcessId, Vec<Archived>>,
    /// Those of which pieces were archived while the log was read: what was read of them tells nothing.
    changing: BTreeSet<ProcessId>,
    /// How many entries were archived before the log was read.
    before: u64,
    entries: u64,
}

impl Missing {
    /// What was archived before the log was read, and after.
    pub(super) fn between(before: Vec<Archived>, after: Vec<Archived>) -> Self {
        let count = |pieces: &[Archived]| pieces.iter().map(|it| it.entries).sum();
        let (was, entries) = (count(&before), count(&after));
        let known: BTreeSet<_> = before.into_iter().map(|it| (it.process, it.first)).collect();
        let new = after.iter().filter(|it| !known.contains(&(it.process, it.first)));
        let changing = new.map(|it| it.process).collect();
        let mut pieces: BTreeMap<ProcessId, Vec<Archived>> = BTreeMap::new();
        for it in after {
            pieces.entry(it.process).or_default().push(it);
        }
        Self { pieces, changing, before: was, entries }
    }

    /// How many entries are archived.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    pub(super) fn is_changing(&self, process: ProcessId) -> bool {
        self.changing.contains(&process)
    }

    /// How many entries a process has, and which is the last, with those that are archived.
    pub(super) fn added_to(&self, process: ProcessId, (messages, last): (u64, Position)) -> (u64, Position) {
        let pieces = self.pieces.get(&process).into_iter().flatten();
        pieces.fold((messages, last), |(messages, last), it| (messages + it.entries, last.max(it.last)))
    }

    /// Finds what is neither in the log nor archived.
    pub(super) fn account_for(&self, reading: &mut Reading) {
        let (stretches, mut missing) = (self.stretches(), 0);
        for (first, last) in std::mem::take(&mut reading.gaps) {
            missing += (last.0 + 1).saturating_sub(first.0);
            // The last stretch that begins at or before the gap, if it reaches over it.
            let index = stretches.partition_point(|(begin, _)| *begin <= first);
            let around = index.checked_sub(1).and_then(|it| stretches.get(it));
            // Who reads backwards finds gaps that end before they begin.
            if last < first || around.is_none_or(|(_, end)| *end < last) {
                let found = format!("it follows {}, and what is missing is not archived", first.0 - 1);
                reading.add(Rule::DensePositions, Some(last.plus(1)), found);
            }
        }
        if missing < self.before || missing > self.entries {
            let found = format!("{missing} entries are missing, and {} are archived", self.entries);
            reading.add(Rule::ArchivedEntries, None, found);
        }
        for (process, position, cause) in std::mem::take(&mut reading.without_cause) {
            let mut pieces = self.pieces.get(&process).into_iter().flatten();
            if !pieces.any(|it| it.covers(process, cause)) {
                reading.add(Rule::CausesBefore, Some(position), format!("its cause {cause} is missing"));
            }
        }
    }

    /// From where to where something is archived, without overlaps, in order.
    fn stretches(&self) -> Vec<(Position, Position)> {
        let mut all: Vec<_> = self.pieces.values().flatten().map(|it| (it.first, it.last)).collect();
        all.sort_unstable();
        let mut stretches: Vec<(Position, Position)> = Vec::new();
        for (first, last) in all {
            match stretches.last_mut() {
                Some((_, end)) if first <= end.plus(1) => *end = last.max(*end),
                _ => stretches.push((first, last)),
            }
        }
        stretches
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn piece(process: u64, first: u64, last: u64, entries: u64) -> Archived {
        let (digest, file) = (String::new(), String::new());
        let (process, at) = (ProcessId(process), Timestamp::UNIX_EPOCH);
        Archived { process, first: Position(first), last: Position(last), entries, digest, file, at }
    }

    fn broken(pieces: &[Archived], gaps: &[(u64, u64)], without_cause: &[(u64, u64, u64)]) -> Vec<Rule> {
        let gaps = gaps.iter().map(|(first, last)| (Position(*first), Position(*last)));
        let without_cause =
            without_cause.iter().map(|(it, at, cause)| (ProcessId(*it), Position(*at), Position(*cause)));
        let (gaps, without_cause) = (gaps.collect(), without_cause.collect());
        let mut reading = Reading { gaps, without_cause, ..Reading::default() };
        Missing::between(pieces.to_vec(), pieces.to_vec()).account_for(&mut reading);
        reading.violations.iter().map(|it| it.rule).collect()
    }

    #[test]
    fn every_gap_and_every_missing_cause_is_accounted_for_by_what_is_archived() {
        let pieces = [piece(1, 1, 4, 2), piece(3, 3, 9, 3), piece(20, 20, 20, 1)];

        let found = broken(&pieces, &[(1, 1), (3, 5), (8, 8), (20, 20)], &[(1, 2, 1), (3, 6, 5)]);

        assert_eq!(found, []);
    }

    #[test]
    fn what_is_missing_and_not_archived_is_found() {
        let pieces = [piece(1, 1, 4, 2), piece(20, 20, 20, 1)];

        assert_eq!(broken(&[], &[(7, 7)], &[]), [Rule::DensePositions, Rule::ArchivedEntries]);
        assert_eq!(broken(&pieces, &[(1, 1), (20, 21)], &[]), [Rule::DensePositions]);
        assert_eq!(broken(&pieces, &[(1, 3), (20, 20)], &[]), [Rule::ArchivedEntries], "more than archived");
        assert_eq!(broken(&pieces, &[(20, 20)], &[]), [Rule::ArchivedEntries], "less than archived");
        assert_eq!(
            broken(&pieces, &[(1, 2), (20, 20)], &[(5, 6, 1)]),
            [Rule::CausesBefore],
            "of another process"
        );
    }

    #[test]
    fn what_is_archived_meanwhile_may_be_missing_or_there() {
        let (before, after) = (vec![piece(1, 1, 4, 2)], vec![piece(1, 1, 4, 2), piece(5, 5, 6, 2)]);
        for gaps in [vec![(1, 2)], vec![(1, 2), (5, 6)]] {
            let gaps = gaps.into_iter().map(|(first, last)| (Position(first), Position(last))).collect();
            let mut reading = Reading { gaps, ..Reading::default() };

            let missing = Missing::between(before.clone(), after.clone());
            missing.account_for(&mut reading);

            assert_eq!(reading.violations, []);
            assert!(missing.is_changing(ProcessId(5)) && !missing.is_changing(ProcessId(1)));
        }
    }
}
