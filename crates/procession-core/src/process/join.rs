use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Waits for one answer of each member of a group. It ignores duplicates and strangers, and knows who is missing.
///
/// ```
/// # extern crate procession_core as procession;
/// use procession::Join;
///
/// let mut guests = Join::of(["ada", "bob"]);
/// guests.record(&"ada", "left");
///
/// // What if this answer comes? A duplicate or a stranger gives none, so `?` is all the guard a handler needs.
/// assert!(guests.with(&"ada", "left").is_none());
/// assert!(guests.with(&"eve", "left").is_none());
/// let answered = guests.with(&"bob", "stays").unwrap();
/// assert!(answered.is_complete());
/// assert_eq!(answered.answers().collect::<Vec<_>>(), [(&"ada", &"left"), (&"bob", &"stays")]);
/// assert_eq!(guests.missing().collect::<Vec<_>>(), [&"bob"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Members<Id, A>", bound(deserialize = "Id: Deserialize<'de>, A: Deserialize<'de>"))]
pub struct Join<Id: Ord, A = ()> {
    members: BTreeMap<Id, Option<A>>,
    #[serde(skip)]
    missing: usize,
}

/// What is written of a join: who is missing follows from it.
#[derive(Deserialize)]
#[serde(bound(deserialize = "Id: Deserialize<'de> + Ord, A: Deserialize<'de>"))]
struct Members<Id: Ord, A> {
    members: BTreeMap<Id, Option<A>>,
}

impl<Id: Ord, A> From<Members<Id, A>> for Join<Id, A> {
    fn from(Members { members }: Members<Id, A>) -> Self {
        Self { missing: members.values().filter(|it| it.is_none()).count(), members }
    }
}

/// A [`Join`] as it is with one answer more. It costs no copy of the group.
#[derive(Clone, Copy, Debug)]
#[must_use = "it only looks; `Join::record` keeps the answer"]
pub struct Answered<'a, Id: Ord, A> {
    join: &'a Join<Id, A>,
    id: &'a Id,
    answer: A,
}

impl<Id: Ord, A> Default for Join<Id, A> {
    fn default() -> Self {
        Self { members: BTreeMap::new(), missing: 0 }
    }
}

impl<Id: Ord, A> Join<Id, A> {
    /// A join of these members, none of whom has answered. A member that is named twice answers once.
    pub fn of(members: impl IntoIterator<Item = Id>) -> Self {
        let members: BTreeMap<_, _> = members.into_iter().map(|id| (id, None)).collect();
        Self { missing: members.len(), members }
    }

    /// The join as it would be with this answer; none for a duplicate or a stranger.
    pub fn with<'a>(&'a self, id: &'a Id, answer: A) -> Option<Answered<'a, Id, A>> {
        self.awaits(id).then_some(Answered { join: self, id, answer })
    }

    /// Keeps an answer. The first one of a member counts.
    pub fn record(&mut self, id: &Id, answer: A) {
        if let Some(member @ None) = self.members.get_mut(id) {
            *member = Some(answer);
            self.missing -= 1;
        }
    }

    /// Whether this member has not answered yet. Nobody waits for a stranger.
    pub fn awaits(&self, id: &Id) -> bool {
        self.members.get(id).is_some_and(Option::is_none)
    }

    /// Whether it has this member.
    pub fn contains(&self, id: &Id) -> bool {
        self.members.contains_key(id)
    }

    /// What this member has answered; none if it has not, or is a stranger.
    pub fn answer(&self, id: &Id) -> Option<&A> {
        self.members.get(id)?.as_ref()
    }

    /// Whether every member has answered. A join without members is complete.
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many members it has.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Who has not answered, in the order of the ids.
    pub fn missing(&self) -> impl Iterator<Item = &Id> {
        self.members.iter().filter(|(_, answer)| answer.is_none()).map(|(id, _)| id)
    }

    /// Who has answered what, in the order of the ids.
    pub fn answers(&self) -> impl Iterator<Item = (&Id, &A)> {
        self.members.iter().filter_map(|(id, answer)| Some((id, answer.as_ref()?)))
    }

    /// All members, with their answer if they have given one, in the order of the ids.
    pub fn members(&self) -> impl Iterator<Item = (&Id, Option<&A>)> {
        self.members.iter().map(|(id, answer)| (id, answer.as_ref()))
    }
}

impl<Id: Ord, A> Answered<'_, Id, A> {
    /// Whether this answer is the last one.
    pub fn is_complete(&self) -> bool {
        self.join.missing == 1
    }

    /// Who has answered what, with this answer, in the order of the ids.
    pub fn answers(&self) -> impl Iterator<Item = (&Id, &A)> {
        self.join.members.iter().filter_map(|(id, answer)| {
            let answer = if id == self.id { Some(&self.answer) } else { answer.as_ref() };
            Some((id, answer?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Join;

    #[test]
    fn the_last_answer_completes_it_once() {
        let mut join = Join::of([1, 2, 2]);
        assert_eq!((join.len(), join.is_complete()), (2, false));
        assert!(!join.with(&1, "yes").unwrap().is_complete());
        join.record(&1, "yes");
        join.record(&1, "no");
        assert!(join.with(&2, "no").unwrap().is_complete());
        join.record(&2, "no");
        join.record(&3, "stranger");
        assert!(join.is_complete() && join.with(&2, "no").is_none());
        assert_eq!(join.answers().collect::<Vec<_>>(), [(&1, &"yes"), (&2, &"no")]);
    }

    #[test]
    fn nobody_is_complete_at_once() {
        assert!(Join::<u8>::of([]).is_complete());
    }
}
