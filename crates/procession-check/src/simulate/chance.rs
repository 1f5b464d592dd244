use std::time::Duration;

/// Everything random of a simulation: the same seed, the same chance.
#[derive(Clone, Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The chance of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// One of its own, so that who draws from it changes nothing for others.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// A number below `bound`, which is taken for 1 if it is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.u64(..bound.max(1))
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.u64(least..=most.max(least))
    }

    /// Whether something happens that does in this share of all cases, from 0 to 1.
    pub fn happens(&mut self, share: f64) -> bool {
        self.0.f64() < share
    }

    /// A duration up to `most`, in whole milliseconds; half of them are short.
    pub fn pause(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        let most = if self.happens(0.5) { most / 16 } else { most };
        Duration::from_millis(self.below(most.saturating_add(1)))
    }

    /// One of several.
    ///
    /// # Panics
    /// Without any.
    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        let index = self.0.usize(..choices.len());
        choices[index].clone()
    }

    pub(crate) fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }
}
