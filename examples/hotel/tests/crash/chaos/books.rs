use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use procession::{
    Application,
    log::{Kind, Position, Recorded},
    replay::Replay,
};
use serde_json::Value;

use super::{
    tours::{End, Fact, Tour, count},
    watch::Watch,
};

/// What the log holds of the tours, decided again.
pub(super) struct Books<'a> {
    read_through: Position,
    replay: Replay<'a>,
    found: BTreeMap<Fact, u32>,
    began: BTreeMap<String, Timestamp>,
    /// From the beginning of each group checkout to its end.
    pub(super) took: Vec<Duration>,
    /// Entries that no process of a tour should have.
    odd: Vec<Recorded>,
}

const MOST_SHOWN: usize = 10;

impl<'a> Books<'a> {
    /// What stands in the log already is the hotel's own, and is only decided again.
    pub(super) fn open(watch: &Watch, application: &'a Application) -> Self {
        let mut replay = Replay::new(application.engine());
        let read_through = watch.log_after(Position::START, |it| replay.next(it).unwrap());
        let (found, began, took, odd) = Default::default();
        Self { read_through, replay, found, began, took, odd }
    }

    /// Reads what has come. Returns how many entries the log has.
    pub(super) fn read(&mut self, watch: &Watch) -> u64 {
        let after = self.read_through;
        self.read_through = watch.log_after(after, |it| self.note(it));
        self.read_through.0
    }

    fn note(&mut self, recorded: Recorded) {
        match recorded.entry.kind {
            Kind::Event => self.note_event(&recorded),
            Kind::Rejection | Kind::Failure if self.odd.len() < MOST_SHOWN => self.odd.push(recorded.clone()),
            _ => {}
        }
        self.replay.next(recorded).unwrap();
    }

    fn note_event(&mut self, recorded: &Recorded) {
        let (name, payload) = (&*recorded.entry.name, &recorded.entry.payload);
        let payload: Value = serde_json::from_str(payload).unwrap();
        *self.found.entry(Fact::of(name, &payload)).or_default() += 1;
        let group = payload["group_checkout"].as_str().unwrap_or_default();
        let at: Timestamp = payload["at"].as_str().unwrap().parse().unwrap();
        match name {
            "GroupCheckoutInitiated" => _ = self.began.insert(group.to_owned(), at),
            "GroupCheckoutCompleted" | "GroupCheckoutFailed" => {
                let began = self.began.remove(group);
                self.took.extend(began.map(|it| at.duration_since(it).unsigned_abs()));
            }
            _ => {}
        }
    }

    /// Everything has happened that the tours have asked for, exactly once, and nothing else. Returns how many facts that are,
    /// and how many decisions were made again.
    pub(super) fn balance(self, tours: &[Tour]) -> (u64, u64) {
        assert!(self.odd.is_empty(), "nobody has asked for something that is refused: {:#?}", self.odd);
        let wanted = count(tours.iter().flat_map(Tour::facts));
        let differs = |fact: &Fact| self.found.get(fact) != wanted.get(fact);
        let mut differing: Vec<_> = self.found.keys().chain(wanted.keys()).filter(|it| differs(it)).collect();
        differing.truncate(MOST_SHOWN);
        let differences: Vec<_> =
            differing.iter().map(|it| (it, self.found.get(it), wanted.get(it))).collect();
        assert!(differences.is_empty(), "found, and wanted: {differences:#?}");
        let facts = wanted.values().map(|it| u64::from(*it)).sum();
        (facts, self.replay.finish().unwrap())
    }
}

const STAYS_PER_READ: usize = 500;

/// Every guest has left or not, and every bill is right, as the hotel itself folds it.
pub(super) fn stays_are_right(watch: &Watch, style: hotel::Style, tours: &[Tour]) {
    let ends: Vec<End> = tours.iter().flat_map(Tour::ends).collect();
    for ends in ends.chunks(STAYS_PER_READ) {
        let ids: Vec<&str> = ends.iter().map(|it| &*it.stay).collect();
        let mut found: BTreeMap<String, End> = BTreeMap::new();
        for stay in watch.stays(style, &ids) {
            let is_open = stay.state.status == hotel::guest_stays::Status::Open;
            let balance = stay.state.balance.to_string();
            found.insert(stay.id.clone(), End { stay: stay.id, is_open, balance });
        }
        ends.iter().for_each(|it| assert_eq!(found.get(&it.stay), Some(it)));
    }
}
