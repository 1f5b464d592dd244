use std::{fmt, time::Duration};

use serde::Serialize;

/// What was measured: as a table for people, and as one line of JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) style: &'static str,
    pub(super) seconds: f64,
    pub(super) lease_ms: u64,
    pub(super) nodes_started: usize,
    pub(super) starts_that_failed: usize,
    pub(super) closed_taken_over: Times,
    pub(super) killed_taken_over: Times,
    pub(super) frozen_taken_over: Times,
    pub(super) database_restarts: Times,
    pub(super) questions: Times,
    pub(super) asked_again_unanswered: u64,
    pub(super) asked_again_answered: u64,
    pub(super) longest_silence_ms: u64,
    pub(super) group_checkouts: Times,
    pub(super) last_end_after_load_ms: u64,
    pub(super) entries: u64,
    pub(super) facts_audited: u64,
    pub(super) decisions_again: u64,
}

/// How often something happened, and how long it took.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    count: usize,
    median_ms: u64,
    p99_ms: u64,
    longest_ms: u64,
}

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<u64> = times.into_iter().map(milliseconds).collect();
        times.sort_unstable();
        // The one that so many in a hundred do not exceed.
        let quantile = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).copied().unwrap_or_default()
        };
        let [median_ms, p99_ms, longest_ms] = [50, 99, 100].map(quantile);
        Self { count: times.len(), median_ms, p99_ms, longest_ms }
    }
}

pub(super) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, p99, longest] = [self.median_ms, self.p99_ms, self.longest_ms].map(seconds);
        write!(f, "{}; median {median}, 99 % {p99}, longest {longest}", self.count)
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = |count: u64| format!("{:.1} per second", count as f64 / self.seconds);
        let rows = [
            ("seed, style", format!("{}, {}", self.seed, self.style)),
            ("storm, lease", format!("{:.0} s, {}", self.seconds, seconds(self.lease_ms))),
            ("nodes started", format!("{}; {} starts failed", self.nodes_started, self.starts_that_failed)),
            ("closed nodes taken over", self.closed_taken_over.to_string()),
            ("killed nodes taken over", self.killed_taken_over.to_string()),
            ("frozen nodes taken over", self.frozen_taken_over.to_string()),
            ("database restarts", self.database_restarts.to_string()),
            ("questions answered", self.questions.to_string()),
            ("", per_second(self.questions.count as u64)),
            ("asked again", format!("{} times without an answer", self.asked_again_unanswered)),
            ("", format!("{} times with one", self.asked_again_answered)),
            ("longest silence for all", seconds(self.longest_silence_ms)),
            ("group checkouts", self.group_checkouts.to_string()),
            ("", per_second(self.group_checkouts.count as u64)),
            ("last end after the load", seconds(self.last_end_after_load_ms)),
            ("entries of the log", format!("{}; {}", self.entries, per_second(self.entries))),
            ("facts, each once", self.facts_audited.to_string()),
            ("decisions again", self.decisions_again.to_string()),
        ];
        rows.iter().try_for_each(|(what, how)| writeln!(f, "{what:<26}{how}"))
    }
}
