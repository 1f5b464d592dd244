use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Random numbers that can be had again from the seed that the test prints.
pub(crate) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// A new seed, or that of `PROCESSION_SEED`.
    pub(crate) fn new() -> Self {
        let given = std::env::var("PROCESSION_SEED").ok().and_then(|it| it.parse().ok());
        Self::of(given.unwrap_or_else(|| RandomState::new().hash_one(0)))
    }

    /// The numbers of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// A number from 0 up to `end`, `end` not included (SplitMix64).
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    /// A time from the first up to the last.
    pub(crate) fn between(&mut self, first: Duration, last: Duration) -> Duration {
        let span = u64::try_from((last - first).as_micros()).unwrap();
        first + Duration::from_micros(self.below(span + 1))
    }
}
