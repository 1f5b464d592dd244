//! What a runtime counts and measures, through the [`metrics`](https://docs.rs/metrics) facade.
//!
//! [`ALL`] is the one list of names. Install a recorder **before** the runtime starts: what is counted goes to the recorder
//! that was there. Without one it goes nowhere, and costs nothing.
//!
//! Counting happens when a batch has become durable, so that nothing is counted twice when a batch is run again. Gauges are
//! refreshed once a second while there is something to do, and every five seconds otherwise.

mod gauges;
mod list;
mod meters;
mod of_effects;

pub(crate) use gauges::refresh;
pub use list::{ALL, Metric, MetricKind};
pub(crate) use meters::{KINDS, Meters, kind_index};
pub(crate) use of_effects::{EffectCounts, EffectStanding};

/// Gives the installed recorder the unit and the meaning of every metric. A runtime does it when it starts.
pub fn describe() {
    for it in ALL {
        match it.kind {
            MetricKind::Counter => ::metrics::describe_counter!(it.name, it.unit, it.says),
            MetricKind::Gauge => ::metrics::describe_gauge!(it.name, it.unit, it.says),
            MetricKind::Histogram(_) => ::metrics::describe_histogram!(it.name, it.unit, it.says),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_say_their_unit_as_prometheus_wants_it() {
        let mut names: Vec<&str> = ALL.iter().map(|it| it.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for it in ALL {
            assert!(it.name.starts_with("procession_"), "{}", it.name);
            let is_counter = matches!(it.kind, MetricKind::Counter);
            assert_eq!(it.name.ends_with("_total"), is_counter, "{}", it.name);
            assert_eq!(it.labels.first(), Some(&"store"), "{}: every metric says whose it is", it.name);
        }
    }

    #[test]
    fn buckets_rise() {
        for it in ALL {
            if let MetricKind::Histogram(buckets) = it.kind {
                assert!(buckets.is_sorted_by(|a, b| a < b) && !buckets.is_empty(), "{}", it.name);
            }
        }
    }
}
