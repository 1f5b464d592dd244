use std::time::Duration;

/// How long the storm lasts, and how patient the nodes are.
///
/// The usual one is for every day. `PROCESSION_CHAOS_SECONDS=600` is the full one, with the lease that nodes have without a
/// choice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) lasts: Duration,
    pub(super) lease: Duration,
}

impl Size {
    pub(super) fn wanted() -> Self {
        match std::env::var("PROCESSION_CHAOS_SECONDS") {
            Ok(seconds) => {
                Self { lasts: Duration::from_secs(seconds.parse().unwrap()), lease: Duration::from_secs(10) }
            }
            Err(_) => Self { lasts: Duration::from_secs(30), lease: Duration::from_secs(2) },
        }
    }

    /// How long a node is frozen, at least and at most: longer than its lease.
    pub(super) fn frozen(self) -> (Duration, Duration) {
        (self.lease * 6 / 5, self.lease * 3 / 2)
    }
}
