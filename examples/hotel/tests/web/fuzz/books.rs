//! Whether the answers were true: what an accepted command has claimed is in the log and on the bill once, and what was
//! refused is nowhere.

use std::collections::{BTreeMap, BTreeSet};

use hotel::{
    Amount, GuestId, Money,
    reservations::{GuestExternalId, Night, Nights},
};
use procession::{
    log::{Kind, Position, Recorded},
    replay::Replay,
};
use serde_json::Value;

use super::{
    api::{Api, Operation, Route},
    request::{Request, client},
    session::Asked,
};
use crate::hotel::Hotel;

/// What the answers of a session have claimed.
pub(super) struct Books<'a> {
    api: &'a Api,
    style: String,
    before: Position,
    bills: BTreeMap<String, Value>,
    /// The commands that were executed, by the process that each began.
    executed: BTreeMap<u64, Vec<Claim>>,
    /// How many commands were rejected without a key, and the keys of the others.
    rejected: (usize, BTreeSet<String>),
}

/// That a command was executed.
struct Claim {
    command: &'static str,
    request: Request,
    body: Value,
    answer: Value,
    key: Option<String>,
}

impl<'a> Books<'a> {
    pub(super) fn open(api: &'a Api, hotel: &Hotel, style: &str) -> Result<Self, String> {
        let (before, bills) = (hotel.head(), bills(hotel)?);
        Ok(Self {
            api,
            style: style.into(),
            before,
            bills,
            executed: BTreeMap::new(),
            rejected: Default::default(),
        })
    }

    /// Takes note of what an answer claims.
    pub(super) fn note(&mut self, Asked { request, answer }: Asked) {
        let Route::To(operation) = self.api.route(&request.method, &request.path) else { return };
        let Some(command) = command(operation) else { return };
        let told = answer.json().unwrap_or_default();
        let key = key(&request);
        match (answer.status, told["type"].as_str().unwrap_or_default()) {
            // What is refused before anything was begun names no process.
            (409, "/api/docs#no-room") if told["process"].is_null() => {}
            (200..=299, _) | (409, "/api/docs#checkout-failed" | "/api/docs#no-room") => {
                let body = serde_json::from_slice(&request.body.bytes()).unwrap_or_default();
                let process = told["process"].as_u64().unwrap_or_default();
                let claim = Claim { command, request, body, answer: told, key };
                self.executed.entry(process).or_default().push(claim);
            }
            (409, "/api/docs#rejected") => match key {
                Some(key) => drop(self.rejected.1.insert(key)),
                None => self.rejected.0 += 1,
            },
            _ => {}
        }
    }

    /// Compares the claims with what the hotel shows when all is quiet, and with its log.
    pub(super) fn check(self, hotel: Hotel) -> Result<(), String> {
        for claim in self.executed.values().flatten() {
            self.wait_until_quiet(&hotel, claim)?;
        }
        let bills = bills(&hotel)?;
        self.nights_are_right(&hotel)?;
        let log = hotel.closed_log();
        self.replays(&log)?;
        let new = log.iter().skip_while(|it| it.position <= self.before);
        let new: BTreeMap<u64, &Recorded> = new.map(|it| (it.position.0, it)).collect();
        self.once(&new)?;
        for (process, claims) in &self.executed {
            let first = new.get(process).ok_or_else(|| format!("process {process} is not in the log"))?;
            claims.iter().try_for_each(|it| it.is_true(first, &new))?;
        }
        self.bills_are_right(&bills, &new)
    }

    fn wait_until_quiet(&self, hotel: &Hotel, claim: &Claim) -> Result<(), String> {
        let get = |path: &str| Request::get(path).send(&client(), &hotel.address);
        let events = format!("/api/processes/{}/events", claim.answer["process"]);
        if !get(&events)?.text.contains("event: quiet\ndata: {\"parked\":0") {
            return Err(format!("{events} does not become quiet"));
        }
        if claim.command != "InitiateGroupCheckout" {
            return Ok(());
        }
        let group = text(&claim.answer["group_checkout"]);
        let group = get(&format!("/api/group-checkouts/{group}"))?.json().unwrap_or_default();
        let answers = group["answers"].as_array().into_iter().flatten();
        let asked: BTreeSet<String> = answers.map(|it| text(&it["guest_stay"])).collect();
        let wanted = claim.body["guest_stays"].as_array().into_iter().flatten().map(text).collect();
        if asked != wanted || group["outcome"].is_null() {
            return Err(format!("all is quiet, but the group of {} is {group}", claim.body));
        }
        Ok(())
    }

    fn replays(&self, log: &[Recorded]) -> Result<(), String> {
        let application = hotel::hotel(self.style.parse().unwrap()).unwrap();
        let mut replay = Replay::new(application.engine());
        for (recorded, position) in log.iter().zip(1..) {
            if recorded.position.0 != position {
                return Err(format!("the log has a gap before {}", recorded.position));
            }
            replay.next(recorded.clone()).map_err(|it| it.to_string())?;
        }
        replay.finish().map(drop).map_err(|it| it.to_string())
    }

    /// Every command in the log was claimed, or was told to be rejected; and a key has one effect.
    fn once(&self, new: &BTreeMap<u64, &Recorded>) -> Result<(), String> {
        let begun = new.values().filter(|it| it.process.0 == it.position.0);
        let unclaimed: Vec<&&Recorded> =
            begun.filter(|it| !self.executed.contains_key(&it.position.0)).collect();
        let is_rejected = |it: &Recorded| {
            new.values().any(|no| no.entry.kind == Kind::Rejection && no.causation == Some(it.position))
        };
        if let Some(lie) = unclaimed.iter().find(|it| !is_rejected(it)) {
            return Err(format!("nobody was told of {lie:?}"));
        }
        let told = self.rejected.0 + self.rejected.1.len();
        if unclaimed.len() != told {
            return Err(format!("{told} commands were told to be rejected, and {} were", unclaimed.len()));
        }
        let mut keys = BTreeSet::new();
        for claims in self.executed.values() {
            let key = claims.first().and_then(|it| it.key.as_ref());
            if claims.len() > 1 && (key.is_none() || claims.iter().any(|it| it.key.as_ref() != key)) {
                return Err(format!("two commands have the one effect {}", claims[0].answer));
            }
            if key.is_some_and(|it| !keys.insert(it)) {
                return Err(format!("the key {key:?} has had two effects"));
            }
        }
        Ok(())
    }

    /// Every night has as many rooms taken as reservations have it.
    fn nights_are_right(&self, hotel: &Hotel) -> Result<(), String> {
        let get = |path: &str| -> Result<Value, String> {
            Ok(Request::get(path).send(&client(), &hotel.address)?.json().unwrap_or_default())
        };
        let (mut taken, mut nights) = (BTreeMap::<Night, u64>::new(), BTreeSet::new());
        for reservation in self.reservations() {
            let made = get(&format!("/api/reservations/{reservation}"))?;
            let stay = serde_json::from_value::<Nights>(made.clone());
            let stay = stay.map_err(|error| format!("{reservation} has no nights: {error} in {made}"))?;
            nights.extend(stay.each());
            if made["status"] == "reserved" || made["status"] == "confirmed" {
                stay.each().for_each(|it| *taken.entry(it).or_default() += 1);
            }
        }
        for night in nights {
            let Night { room_type, date } = night;
            let found = get(&format!("/api/availability?from={date}&days=1&room_type={room_type}"))?;
            let expected = taken.get(&night).copied().unwrap_or_default();
            if found["availability"][0]["reserved"] != expected {
                return Err(format!("{expected} rooms of {night} are taken, and the hotel says {found}"));
            }
        }
        Ok(())
    }

    /// All that were made, and all that were refused when it was found that a night is full.
    fn reservations(&self) -> BTreeSet<String> {
        let made = self.executed.values().flatten();
        let made = made.filter(|it| matches!(it.command, "ReserveRoom" | "RecordBooking"));
        made.filter_map(Claim::reservation).collect()
    }

    /// Each bill is what it was before, with every charge and payment that was acknowledged.
    fn bills_are_right(
        &self,
        bills: &BTreeMap<String, Value>,
        new: &BTreeMap<u64, &Recorded>,
    ) -> Result<(), String> {
        for (stay, bill) in bills {
            let before = self.bills.get(stay);
            let mut balance = money(&before.map_or("0".into(), |it| text(&it["balance"])))?;
            for claim in self.executed.values().filter_map(|it| it.first()).filter(|it| it.stay() == *stay) {
                let amount = || claim.body["amount"].as_str().unwrap_or_default().parse::<Amount>();
                match claim.command {
                    "RecordCharge" => balance -= amount().map_err(|it| it.to_string())?,
                    "RecordPayment" => balance += amount().map_err(|it| it.to_string())?,
                    _ => {}
                }
            }
            let events = new.values().filter(|it| it.entry.kind == Kind::Event);
            let events: Vec<_> = events
                .filter(|it| it.entry.stream.id() == stay && it.entry.stream.category() == "guest_stay")
                .collect();
            let version =
                before.map_or(0, |it| it["version"].as_u64().unwrap_or_default()) + events.len() as u64;
            let has_left = before.is_some_and(|it| it["status"] == "checked_out")
                || events.iter().any(|it| it.entry.name == "GuestCheckedOut");
            let status = if has_left { "checked_out" } else { "open" };
            if text(&bill["balance"]) != balance.to_string()
                || bill["version"] != version
                || bill["status"] != status
            {
                return Err(format!("{bill} should have {balance}, version {version} and be {status}"));
            }
        }
        Ok(())
    }
}

impl Claim {
    /// The stay that the command was for, as the answer says.
    fn stay(&self) -> String {
        text(&self.answer["guest_stay"])
    }

    /// The reservation that the command was for: as the answer says, or the body, when it was refused.
    fn reservation(&self) -> Option<String> {
        let told = [&self.answer["reservation"], &self.body["reservation"]];
        told.iter().find_map(|it| it.as_str()).map(str::to_owned)
    }

    /// The log holds what was asked for, and what the answer shows.
    fn is_true(&self, first: &Recorded, new: &BTreeMap<u64, &Recorded>) -> Result<(), String> {
        let lie = |what: &str| {
            Err(format!(
                "{what}: {} was answered {}, and the log has {first:?}",
                self.request.path, self.answer
            ))
        };
        let payload: Value = serde_json::from_str(&first.entry.payload).map_err(|it| it.to_string())?;
        if first.entry.name != self.command {
            return lie("another command");
        }
        for field in FIELDS.iter().filter(|it| !self.body[it].is_null()) {
            if payload[field] != self.body[field] {
                return lie(field);
            }
        }
        let is_for_reservation = first.entry.stream.category() == "reservation";
        let guest = if is_for_reservation { guest(&self.body["guest"]) } else { self.body["guest"].clone() };
        if !guest.is_null() && payload["guest"] != guest {
            return lie("another guest");
        }
        if let Some(amount) = self.body["amount"].as_str()
            && money(amount)? != money(&text(&payload["amount"]))?
        {
            return lie("another amount");
        }
        let id = first.entry.stream.id();
        let is_in_path = self.request.path.split(['/', '?']).any(|it| it == id);
        let is_asked_for = ["guest_stay", "group_checkout", "reservation"]
            .iter()
            .all(|it| self.body[it].is_null() || self.body[it] == *id);
        let is_new = ["CheckInGuest", "InitiateGroupCheckout", "ReserveRoom", "RecordBooking"];
        if !is_asked_for || (!is_new.contains(&self.command) && !is_in_path) {
            return lie("another instance");
        }
        let events = self.answer["events"].as_array().into_iter().flatten();
        for event in events {
            let recorded = event["position"].as_u64().and_then(|it| new.get(&it));
            let Some(recorded) = recorded else { return lie("an event that is not there") };
            let payload: Value =
                serde_json::from_str(&recorded.entry.payload).map_err(|it| it.to_string())?;
            let version = recorded.version.map(|it| it.0);
            if event["payload"] != payload
                || event["name"] != *recorded.entry.name
                || event["version"] != Value::from(version)
            {
                return lie("another event");
            }
        }
        Ok(())
    }
}

/// What a command says as the body does.
const FIELDS: [&str; 8] =
    ["room", "clerk", "guest_stays", "room_type", "arrival", "departure", "channel", "booking"];

/// The guest with an id from elsewhere, if there is one.
fn guest(external: &Value) -> Value {
    let id = external.as_str().and_then(|it| it.parse::<GuestExternalId>().ok());
    id.map_or(Value::Null, |it| GuestId::of_external(&it).as_str().into())
}

/// The command that an operation executes.
fn command(operation: &Operation) -> Option<&'static str> {
    Some(match operation.id.as_str() {
        "check_in" => "CheckInGuest",
        "charge" => "RecordCharge",
        "pay" => "RecordPayment",
        "check_out" => "CheckOutGuest",
        "check_out_group" => "InitiateGroupCheckout",
        "reserve_room" => "ReserveRoom",
        "record_booking" => "RecordBooking",
        "confirm_reservation" => "ConfirmReservation",
        "cancel_reservation" => "CancelReservation",
        other if operation.method == "POST" => panic!("nobody knows what {other} does to the books"),
        _ => return None,
    })
}

/// The key without the quotes that it may have.
fn key(request: &Request) -> Option<String> {
    request.header("idempotency-key").next().map(|it| it.trim().trim_matches('"').to_owned())
}

fn bills(hotel: &Hotel) -> Result<BTreeMap<String, Value>, String> {
    let answer = Request::get("/api/stays?limit=500").send(&client(), &hotel.address)?;
    let stays = answer.json().unwrap_or_default()["stays"].take();
    let stays = stays.as_array().cloned().unwrap_or_default();
    Ok(stays.into_iter().map(|it| (text(&it["guest_stay"]), it)).collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn money(text: &str) -> Result<Money, String> {
    Money::try_from(text.to_owned()).map_err(|it| it.to_string())
}
