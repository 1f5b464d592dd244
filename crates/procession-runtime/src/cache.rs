use std::{
    collections::{HashMap, hash_map},
    hash::Hash,
};

/// A map that keeps at least the `capacity` entries used last, and at most twice as many.
///
/// Two generations: what is used moves to the young one; when that is full, the old one is forgotten. It costs no
/// lists and no clocks, only now and then a drop of many entries at once.
#[derive(Debug)]
pub struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V> Cache<K, V> {
    /// An empty cache.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), capacity: capacity.max(1) }
    }

    /// The entry of a key, which counts as a use.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    /// Puts an entry in and gives it back.
    pub fn insert(&mut self, key: K, value: V) -> &mut V {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        match self.young.entry(key) {
            hash_map::Entry::Occupied(mut entry) => {
                entry.insert(value);
                entry.into_mut()
            }
            hash_map::Entry::Vacant(entry) => entry.insert(value),
        }
    }

    /// Whether a key has an entry.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.young.contains_key(key) || self.old.contains_key(key)
    }

    /// Forgets one entry.
    pub fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
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
        }
        assert!((91..100).all(|key| cache.contains(&key)));
        assert!(cache.young.len() + cache.old.len() <= 20);
    }
}
