use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// How hard the storm blows. The usual size is for every day; `SHOP_STORM_ORDERS=10000 SHOP_STORM_DOWN=60s
/// SHOP_STORM_KILLS=30` is the full one, and `SHOP_STORM_SEED` gives one again that has been.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) orders: usize,
    /// How long the provider is away.
    pub(super) down: Duration,
    pub(super) kills: usize,
    pub(super) seed: u64,
}

impl Size {
    pub(super) fn wanted() -> Self {
        let number =
            |name: &str| Some(std::env::var(name).ok()?.trim_end_matches('s').parse::<u64>().unwrap());
        Self {
            orders: number("SHOP_STORM_ORDERS").unwrap_or(300) as usize,
            down: Duration::from_secs(number("SHOP_STORM_DOWN").unwrap_or(4)),
            kills: number("SHOP_STORM_KILLS").unwrap_or(6) as usize,
            seed: number("SHOP_STORM_SEED").unwrap_or_else(|| RandomState::new().hash_one(0)),
        }
    }

    /// How long orders may take to end when the provider is back: the longest pauses of those who ask again, and what
    /// an order costs on a machine that has much else to do.
    pub(super) fn longest_end(self) -> Duration {
        Duration::from_secs(20) + Duration::from_millis(10) * self.orders as u32
    }

    /// How much memory the shop may hold: a constant, and what it must remember of each order under way.
    pub(super) fn most_memory_kib(self) -> u64 {
        160 * 1024 + 16 * self.orders as u64
    }
}

/// Random pauses, the same ones for the same seed (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A time between nothing and twice this one.
    pub(super) fn about(&mut self, time: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64;
        time.mul_f64(2.0 * share)
    }
}
