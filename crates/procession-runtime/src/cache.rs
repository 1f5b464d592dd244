use std::{collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;

/// A map that keeps at least the `capacity` entries used last, and at most twice as many.
///
/// Entries belong to generations. When `capacity` entries were used in one, those that were not are forgotten and the
/// next begins. It costs no lists and no clocks, only now and then a sweep.
#[derive(Debug)]
pub struct Cache<K, V> {
    entries: HashMap<K, Entry<V>, RandomState>,
    generation: u64,
    used_in_generation: usize,
    capacity: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    last_used: u64,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// An empty cache.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::default(), generation: 0, used_in_generation: 0, capacity: capacity.max(1) }
    }

    /// The entry of a key, which counts as a use.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let entry = self.entries.get_mut(key)?;
        if entry.last_used != self.generation {
            entry.last_used = self.generation;
            self.used_in_generation += 1;
        }
        Some(&mut entry.value)
    }

    /// Puts an entry in, which counts as a use.
    pub fn insert(&mut self, key: K, value: V) {
        if self.used_in_generation >= self.capacity {
            let generation = self.generation;
            self.entries.retain(|_, entry| entry.last_used == generation);
            self.generation += 1;
            self.used_in_generation = 0;
        }
        self.used_in_generation += 1;
        self.entries.insert(key, Entry { value, last_used: self.generation });
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets one entry.
    pub fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.used_in_generation = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn what_was_used_last_is_kept_and_the_size_is_bounded() {
        let mut cache = Cache::new(10);
        for key in 0..100 {
            cache.insert(key, key);
            assert!(cache.get_mut(&0).is_some(), "0 is used all the time");
            assert!(cache.entries.len() <= 21, "{} entries", cache.entries.len());
        }
        assert!((91..100).all(|key| cache.get_mut(&key) == Some(&mut key.clone())));
    }
}
