use std::hash::{BuildHasher, RandomState};

/// Random numbers that can be had again from the seed that the test prints.
pub(crate) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// A new seed, or that of `PROCESSION_SEED`.
    pub(crate) fn new() -> Self {
        let given = std::env::var("PROCESSION_SEED").ok().and_then(|it| it.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
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
}
