//! Worlds are told apart by 128 bits. With some millions of them, the chance that two have the same is below 10^-24.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::Value;

/// 128 bits that stand for a thing.
pub(crate) type Fingerprint = u128;

pub(crate) fn fingerprint(of: impl Hash) -> Fingerprint {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        of.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (half(1) << 64) | half(2)
}

/// One fingerprint of two, in this order.
pub(crate) fn chain(first: Fingerprint, second: Fingerprint) -> Fingerprint {
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let mixed = (first.rotate_left(59) ^ second).wrapping_mul(ODD);
    (mixed ^ (mixed >> 67)).wrapping_mul(ODD) ^ (mixed >> 64)
}

/// Names that may be exchanged for one another, and all the ways to do so. The first way leaves all as it is.
pub(crate) struct Symmetry {
    groups: Vec<Vec<String>>,
    ways: Vec<BTreeMap<String, String>>,
}

impl Symmetry {
    pub(crate) fn of(groups: Vec<Vec<String>>) -> Self {
        let mut ways = vec![BTreeMap::new()];
        for group in &groups {
            let permutations = permutations(group);
            let combined = ways.iter().flat_map(|way| {
                permutations.iter().map(move |permutation| {
                    let exchanged = group.iter().cloned().zip(permutation.iter().cloned());
                    way.clone().into_iter().chain(exchanged).collect()
                })
            });
            ways = combined.collect();
        }
        Self { groups, ways }
    }

    pub(crate) fn ways(&self) -> usize {
        self.ways.len()
    }

    /// The first member that cannot take the place of another, when these are the fingerprints of one world in all ways.
    pub(crate) fn misfit(&self, fingerprints: &[Fingerprint]) -> Option<(&str, &str)> {
        let identity = fingerprints.first()?;
        let (way, _) = self.ways.iter().zip(fingerprints).find(|(_, it)| *it != identity)?;
        let moved = self.groups.iter().flatten().find(|it| way.get(*it) != Some(it))?;
        Some((moved, way.get(moved)?))
    }

    /// A name after an exchange.
    pub(crate) fn name<'a>(&'a self, way: usize, name: &'a str) -> &'a str {
        self.ways[way].get(name).map_or(name, String::as_str)
    }

    /// A payload after an exchange, in a form that does not depend on the order of lists of those who are exchanged.
    pub(crate) fn payload(&self, way: usize, payload: &str) -> String {
        if self.groups.is_empty() {
            return payload.into();
        }
        match serde_json::from_str(payload) {
            Ok(value) => self.exchanged(way, value).0.to_string(),
            Err(_) => payload.into(),
        }
    }

    /// The value, and whether it mentions anybody who may be exchanged.
    fn exchanged(&self, way: usize, value: Value) -> (Value, bool) {
        match value {
            Value::String(text) => match self.ways[way].get(&text) {
                Some(other) => (Value::String(other.clone()), true),
                None => (Value::String(text), false),
            },
            Value::Array(items) => {
                let exchanged: Vec<_> = items.into_iter().map(|it| self.exchanged(way, it)).collect();
                let is_mentioned = exchanged.iter().any(|(_, it)| *it);
                let mut items: Vec<Value> = exchanged.into_iter().map(|(it, _)| it).collect();
                if is_mentioned {
                    items.sort_by_cached_key(Value::to_string);
                }
                (Value::Array(items), is_mentioned)
            }
            Value::Object(fields) => {
                let mut is_mentioned = false;
                let fields = fields.into_iter().map(|(name, value)| {
                    let (value, mentions) = self.exchanged(way, value);
                    is_mentioned |= mentions || self.ways[way].contains_key(&name);
                    (self.name(way, &name).to_owned(), value)
                });
                let fields = Value::Object(fields.collect());
                (fields, is_mentioned)
            }
            other => (other, false),
        }
    }
}

fn permutations(of: &[String]) -> Vec<Vec<String>> {
    let Some((first, others)) = of.split_first() else { return vec![Vec::new()] };
    let shorter = permutations(others);
    let places = shorter.iter().flat_map(|it| (0..=it.len()).map(move |place| (it, place)));
    let inserted = places.map(|(it, place)| {
        let mut longer = it.clone();
        longer.insert(place, first.clone());
        longer
    });
    inserted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_way_leaves_all_as_it_is() {
        let symmetry = Symmetry::of(vec![names(&["a", "b", "c"]), names(&["x", "y"])]);
        assert_eq!(symmetry.ways(), 6 * 2);
        assert_eq!(symmetry.name(0, "b"), "b");
        assert_eq!(symmetry.payload(0, r#"{"of":"b"}"#), r#"{"of":"b"}"#);
    }

    #[test]
    fn lists_of_those_who_are_exchanged_have_no_order_and_others_have_one() {
        let symmetry = Symmetry::of(vec![names(&["a", "b"])]);
        assert_eq!(
            symmetry.payload(1, r#"{"who":["a","b"],"then":[2,1]}"#),
            r#"{"then":[2,1],"who":["a","b"]}"#
        );
        assert_eq!(symmetry.payload(1, r#"{"a":1,"of":"b"}"#), r#"{"b":1,"of":"a"}"#);
    }

    #[test]
    fn a_chain_knows_its_order() {
        let (one, two) = (fingerprint("one"), fingerprint("two"));
        assert_ne!(chain(one, two), chain(two, one));
        assert_ne!(chain(0, one), one);
    }
}
