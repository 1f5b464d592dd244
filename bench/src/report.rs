use serde::Serialize;

/// One line of output.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) store: &'static str,
    pub(crate) style: &'static str,
    pub(crate) nodes: u32,
    pub(crate) groups: u32,
    pub(crate) guests: u32,
    pub(crate) guests_per_s: f64,
    pub(crate) group_p50_ms: f64,
    pub(crate) group_p99_ms: f64,
    /// How long processors have worked for the timed part, exact to 10 ms.
    pub(crate) processor_ms: f64,
    /// Commits that the timed part took.
    pub(crate) commits: u64,
    /// Rows that the timed part wrote to the log.
    pub(crate) rows: u64,
    /// Rows that the log held before the timed part.
    pub(crate) rows_before: u64,
    pub(crate) peak_rss_mib: f64,
    pub(crate) store_bytes: u64,
    pub(crate) verified: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<Comparison>,
}

/// The same rows without anything around them.
#[derive(Serialize)]
pub(crate) struct Comparison {
    /// The median of one run before the job and two after it.
    pub(crate) raw_guests_per_s: f64,
    /// Ours as a share of raw.
    pub(crate) ratio: f64,
}

impl Comparison {
    pub(crate) fn of(guests_per_s: f64, mut raw_rates: Vec<f64>) -> Self {
        raw_rates.sort_by(f64::total_cmp);
        let raw = percentile(&raw_rates, 0.5);
        Self { raw_guests_per_s: rounded(raw), ratio: rounded(guests_per_s / raw) }
    }
}

/// The smallest value that at least `share` of the values do not exceed.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
