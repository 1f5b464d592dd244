use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use crate::chance::Chance;

/// A group of guests: what they ask for, and what must have come of it. Both follow from the seed.
#[derive(Clone, Debug)]
pub(super) struct Tour {
    pub(super) id: String,
    guests: Vec<Guest>,
    /// Lodgers are in the house already.
    arrive: bool,
}

#[derive(Clone, Debug)]
struct Guest {
    stay: String,
    charges: Vec<Cents>,
    fate: Fate,
}

/// What becomes of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Pays, and leaves with the group.
    Leaves,
    /// Does not pay, and stays.
    Owes,
    /// Pays and leaves alone, so that the group cannot check this guest out.
    LeavesBefore,
    /// Cannot leave alone without having paid; pays then, and leaves with the group.
    TriesBefore,
}

#[derive(Clone, Copy, Debug)]
struct Cents(u64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// What a client posts until it is answered: where, with which key, what, and the status of the answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) body: Value,
    pub(super) status: u16,
}

/// How a stay must be in the end.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    pub(super) stay: String,
    pub(super) is_open: bool,
    pub(super) balance: String,
}

const OK: u16 = 200;
const CREATED: u16 = 201;
const ACCEPTED: u16 = 202;
const CONFLICT: u16 = 409;

/// So many that their checkout takes several commits.
const LODGERS: u64 = 120;
/// Every tour of this number is one of the lodgers.
const LODGERS_EVERY: u64 = 12;
const LARGEST_TOUR: u64 = 12;

impl Tour {
    /// The first tour, before the storm, is the arrival of the lodgers.
    pub(super) fn number(seed: u64, number: u64) -> Self {
        let id = format!("tour-{number}");
        if number.is_multiple_of(LODGERS_EVERY) {
            return Self { id, guests: (0..LODGERS).map(Guest::lodger).collect(), arrive: number == 0 };
        }
        let mut chance = Chance::of(seed ^ number.rotate_left(32));
        let guests = (0..=chance.below(LARGEST_TOUR)).map(|it| Guest::drawn(&id, it, &mut chance)).collect();
        Self { id, guests, arrive: true }
    }

    /// What its clerk asks for, in order.
    pub(super) fn questions(&self) -> Vec<Question> {
        let mut questions: Vec<Question> =
            if self.arrive { self.guests.iter().flat_map(Guest::questions).collect() } else { Vec::new() };
        let stays: Vec<&str> = self.guests.iter().map(|it| &*it.stay).collect();
        let body = json!({ "group_checkout": self.id, "clerk": "grace", "guest_stays": stays });
        let (path, key) = ("/api/group-checkouts".into(), format!("initiate-{}", self.id));
        questions.push(Question { path, key, body, status: ACCEPTED });
        questions
    }

    /// The events that must have been recorded, each as often as it stands here.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let of_group = |name| Fact::new(name, [&self.id, "", "", ""]);
        let has_failed = self.guests.iter().any(|it| it.failure().is_some());
        let end = if has_failed { "GroupCheckoutFailed" } else { "GroupCheckoutCompleted" };
        let mut facts: Vec<Fact> =
            ["GroupCheckoutInitiated", "GuestCheckoutsInitiated", end].map(of_group).into();
        for guest in &self.guests {
            if self.arrive {
                facts.extend(guest.facts());
            }
            facts.extend(guest.facts_of_group(&self.id));
        }
        facts
    }

    /// How the stays of those who have arrived with it must be.
    pub(super) fn ends(&self) -> impl Iterator<Item = End> {
        self.guests.iter().filter(|_| self.arrive).map(Guest::end)
    }
}

impl Guest {
    fn lodger(number: u64) -> Self {
        Self { stay: format!("lodger-{number}"), charges: vec![Cents(100 + number)], fate: Fate::Owes }
    }

    fn drawn(tour: &str, number: u64, chance: &mut Chance) -> Self {
        let fate = match chance.below(12) {
            0 => Fate::Owes,
            1 => Fate::LeavesBefore,
            2 => Fate::TriesBefore,
            _ => Fate::Leaves,
        };
        let charges = (0..=chance.below(2)).map(|_| Cents(1 + chance.below(50_000))).collect();
        Self { stay: format!("{tour}-{number}"), charges, fate }
    }

    fn owes(&self) -> Cents {
        Cents(self.charges.iter().map(|it| it.0).sum())
    }

    fn questions(&self) -> Vec<Question> {
        let stay = &self.stay;
        let of_stay = |what: &str, key: String, body, status| Question {
            path: format!("/api/stays/{stay}/{what}"),
            key: format!("{key}-{stay}"),
            body,
            status,
        };
        let check_in = json!({ "guest_stay": stay, "guest": "Grace", "room": 1 });
        let mut questions = vec![Question {
            path: "/api/stays".into(),
            key: format!("check-in-{stay}"),
            body: check_in,
            status: CREATED,
        }];
        for (number, cents) in self.charges.iter().enumerate() {
            let body = json!({ "amount": cents.to_string() });
            questions.push(of_stay("charges", format!("charge-{number}"), body, OK));
        }
        let leave = |status| of_stay("check-out", "leave".into(), Value::Null, status);
        let pay = || of_stay("payments", "pay".into(), json!({ "amount": self.owes().to_string() }), OK);
        match self.fate {
            Fate::Owes => {}
            Fate::Leaves => questions.push(pay()),
            Fate::LeavesBefore => questions.extend([pay(), leave(OK)]),
            Fate::TriesBefore => questions.extend([leave(CONFLICT), pay()]),
        }
        questions
    }

    /// What comes of what this guest asks for alone.
    fn facts(&self) -> Vec<Fact> {
        let of_stay = |name, amount: &str, reason| Fact::new(name, ["", &self.stay, amount, reason]);
        let charges = self.charges.iter().map(|it| of_stay("ChargeRecorded", &it.to_string(), ""));
        let mut facts: Vec<Fact> = charges.collect();
        facts.push(of_stay("GuestCheckedIn", "", ""));
        if self.fate != Fate::Owes {
            facts.push(of_stay("PaymentRecorded", &self.owes().to_string(), ""));
        }
        match self.fate {
            Fate::Leaves | Fate::Owes => {}
            Fate::LeavesBefore => facts.push(of_stay("GuestCheckedOut", "", "")),
            Fate::TriesBefore => facts.push(of_stay("GuestCheckoutFailed", "", OWES)),
        }
        facts
    }

    /// What comes of the group's asking.
    fn facts_of_group(&self, group: &str) -> [Fact; 2] {
        let fact = |name| Fact::new(name, [group, &self.stay, "", self.failure().unwrap_or_default()]);
        match self.failure() {
            None => ["GuestCheckedOut", "GuestCheckoutCompletionRecorded"].map(fact),
            Some(_) => ["GuestCheckoutFailed", "GuestCheckoutFailureRecorded"].map(fact),
        }
    }

    /// Why this guest cannot leave with the group.
    fn failure(&self) -> Option<&'static str> {
        match self.fate {
            Fate::Leaves | Fate::TriesBefore => None,
            Fate::Owes => Some(OWES),
            Fate::LeavesBefore => Some(HAS_LEFT),
        }
    }

    fn end(&self) -> End {
        let is_open = self.fate == Fate::Owes;
        let balance = if is_open { format!("-{}", self.owes()) } else { Cents(0).to_string() };
        End { stay: self.stay.clone(), is_open, balance }
    }
}

const OWES: &str = "BalanceNotSettled";
const HAS_LEFT: &str = "NotOpened";

/// An event, by its name and what tells it from others: the group, the guest, the amount and the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fact(String);

impl Fact {
    fn new(name: &str, what: [&str; 4]) -> Self {
        let [group, stay, amount, reason] = what;
        Self(format!("{name} {group} {stay} {amount} {reason}"))
    }

    pub(super) fn of(name: &str, payload: &Value) -> Self {
        let what = ["group_checkout", "guest_stay", "amount", "reason"];
        Self::new(name, what.map(|it| payload[it].as_str().unwrap_or_default()))
    }
}

/// How often each fact stands in a list.
pub(super) fn count(facts: impl IntoIterator<Item = Fact>) -> BTreeMap<Fact, u32> {
    let mut counts = BTreeMap::new();
    for fact in facts {
        *counts.entry(fact).or_default() += 1;
    }
    counts
}
