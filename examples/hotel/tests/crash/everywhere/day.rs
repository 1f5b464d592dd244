use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use hotel::{Style, guest_stays::CheckInGuest, hotel};
use jiff::Timestamp;
use procession::{
    Command, Decider, Message, Store, Stream,
    log::{Entry, Kind},
    sqlite::SqliteStore,
    store::{Batch, Expected, NewEntry},
};
use serde_json::json;
use tempfile::TempDir;

use super::{count, house::House};
use crate::{
    audit::Audit,
    groups::{self, Group, Guest},
    stored::Stored,
};

/// A day in a hotel: guests arrive, groups leave, and in the evening it closes.
pub(super) struct Day {
    folder: TempDir,
    style: Style,
    beginning: Beginning,
}

/// What the hotel finds when it is first opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// No file.
    NoStore,
    /// An empty store of the oldest format.
    OldStore,
    /// The store of yesterday, with the guests of the groups in it.
    Store,
}

/// So few messages in a commit that each group takes several.
const BATCH_MESSAGES: &str = "2";

impl Beginning {
    pub(super) const ALL: [Self; 3] = [Self::NoStore, Self::OldStore, Self::Store];

    /// Whether the process is to die at a point on a day that begins so: what opening a file is about is tried with every
    /// file, and everything else on a day that has begun.
    pub(super) fn concerns(self, point: &str) -> bool {
        let is_opening = ["Open", "Create", "Upgrade"].iter().any(|it| point.starts_with(it));
        is_opening || self == Self::Store
    }
}

impl Day {
    /// `templates` keeps what days of a style have in common.
    pub(super) fn prepare(templates: &Path, style: Style, beginning: Beginning) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("hotel.db");
        match beginning {
            Beginning::NoStore => {}
            Beginning::OldStore => write_old_store(&store),
            Beginning::Store => {
                let template = templates.join(format!("{style}.db"));
                if !template.exists() {
                    groups::arrive(&template, style, &groups());
                }
                fs::copy(template, store).unwrap();
            }
        }
        Self { folder, style, beginning }
    }

    /// Nobody dies. Returns how often each fault point was passed.
    pub(super) fn run_and_count(self) -> BTreeMap<String, u64> {
        let passages = self.folder.path().join("passages");
        let deaths = self.run(&[("PROCESSION_PASSAGES", passages.display().to_string())], []);
        assert_eq!(deaths, 0, "nobody was to die");
        count(&passages)
    }

    /// The process dies at the first place, and when it was opened again, at the second. Returns how often it has died.
    pub(super) fn run_with_deaths(self, deaths: [String; 2]) -> usize {
        self.run(&[], deaths)
    }

    fn run(&self, environment: &[(&'static str, String)], deaths: impl IntoIterator<Item = String>) -> usize {
        let small = [("PROCESSION_BATCH_MESSAGES", BATCH_MESSAGES.to_owned())];
        let environment = environment.iter().cloned().chain(small).collect();
        let mut house = House::new(&self.store(), self.style, environment, deaths);
        let groups = groups();
        if self.beginning != Beginning::Store {
            groups.iter().flat_map(|it| &it.guests).for_each(|it| arrive(&mut house, it));
        }
        let (before, after) = groups.split_at(groups.len() / 2);
        before.iter().for_each(|it| house.initiate(it));
        send_from_outside(&mut house, &self.store());
        after.iter().for_each(|it| house.initiate(it));
        self.wait_until_ended(&mut house, &groups);
        house.close();
        self.is_in_order(&groups);
        house.deaths
    }

    fn wait_until_ended(&self, house: &mut House, groups: &[Group]) {
        const LONGEST: Duration = Duration::from_secs(60);
        let (start, stored) = (Instant::now(), Stored::open(&self.store(), self.style));
        while !groups.iter().all(|it| stored.has_ended(it)) {
            assert!(start.elapsed() < LONGEST, "a group has not ended");
            house.open();
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Everything acknowledged has ended, once, and the log is dense and replays to the same.
    fn is_in_order(&self, groups: &[Group]) {
        Stored::open(&self.store(), self.style).assert_outcomes(groups);
        let application = hotel(self.style).unwrap();
        let mut audit = Audit::new(&application);
        audit.follow(&self.store(), self.style);
        assert!(audit.finish(groups) > 0);
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("hotel.db")
    }
}

/// One that completes, one that fails, one whose time is up, and one after them.
fn groups() -> Vec<Group> {
    let guest = |stay: String, is_settled| Guest { stay: stay.parse().unwrap(), is_settled };
    let settled = |number: usize| guest(format!("settled-{number}"), true);
    let debtor = |number: usize| guest(format!("debtor-{number}"), false);
    let group = |name: &str, guests, within| Group { id: name.parse().unwrap(), guests, within };
    vec![
        group("completes", (0..3).map(settled).collect(), Some("1h")),
        group("fails", vec![settled(3), debtor(0)], None),
        group("too-late", (0..12).map(debtor).collect(), Some("1ms")),
        group("last", vec![settled(4)], None),
    ]
}

fn arrive(house: &mut House, guest: &Guest) {
    let (stay, amount) = (&guest.stay, json!({ "amount": "100.00" }));
    let check_in = json!({ "guest_stay": stay, "guest": "Grace", "room": 1 });
    house.post("/api/stays", &format!("check-in-{stay}"), &check_in);
    house.post(&format!("/api/stays/{stay}/charges"), &format!("charge-{stay}"), &amount);
    if guest.is_settled {
        house.post(&format!("/api/stays/{stay}/payments"), &format!("pay-{stay}"), &amount);
    }
}

/// Another program sends a command, so that the next commit of the hotel is refused, and it has to recover.
#[tokio::main]
async fn send_from_outside(house: &mut House, store: &Path) {
    house.open();
    let store = SqliteStore::open_beside(store).unwrap();
    let command = CheckInGuest { guest_stay: "outsider".parse().unwrap(), guest: "Eve".into(), room: 13 };
    let stream = Stream::new(<CheckInGuest as Command>::To::CATEGORY, command.target()).unwrap();
    let entry = Arc::new(Entry::new(Kind::Command, stream, command.encode().unwrap(), Timestamp::now()));
    let new =
        NewEntry { entry, process: None, causation: None, expected: Expected::Any, idempotency_key: None };
    store.commit(Batch { entries: vec![new], ..Batch::default() }).await.unwrap();
    store.close().await.unwrap();
}

fn write_old_store(path: &Path) {
    let store = rusqlite::Connection::open(path).unwrap();
    store
        .execute_batch(include_str!("../../../../../crates/procession-sqlite/tests/it/format_1.sql"))
        .unwrap();
    // The hotel knows nothing of what is in it.
    store
        .execute_batch(
            "DELETE FROM log; DELETE FROM stream; DELETE FROM message_type; DELETE FROM process_span;
             DELETE FROM timer; DELETE FROM parked",
        )
        .unwrap();
}
