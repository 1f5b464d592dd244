use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use hotel::{
    GroupCheckoutId, GuestStayId, Style,
    group_checkouts::{Answer, GroupCheckout, Outcome},
    guest_stays::{CheckoutFailure, GuestStay, Status},
    hotel,
};
use procession::{
    Reader, Store,
    log::{Position, Recorded},
    sqlite::SqliteStore,
};

use crate::groups::Group;

/// What the store holds, read beside the server.
pub(crate) struct Stored {
    reader: Reader,
    store: Arc<dyn Store>,
    tokio: tokio::runtime::Runtime,
}

/// A process that takes longer than this will never end.
const LONGEST: Duration = Duration::from_secs(30);

impl Stored {
    pub(crate) fn open(path: &Path, style: Style) -> Self {
        let application = hotel(style).unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_read_only(path).unwrap());
        let reader = Reader::new(&application, Arc::clone(&store));
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { reader, store, tokio }
    }

    pub(crate) fn has_running(&self, groups: &[Group]) -> bool {
        groups.iter().any(|it| self.group(&it.id).outcome.is_none())
    }

    pub(crate) fn wait_until_ended(&self, groups: &[Group]) {
        let start = Instant::now();
        for group in groups {
            while !self.has_ended(group) {
                assert!(start.elapsed() < LONGEST, "{} has not ended: {:?}", group.id, self.group(&group.id));
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    /// The guests of a group whose time was up leave all the same, when their turn comes.
    pub(crate) fn has_ended(&self, group: &Group) -> bool {
        match self.group(&group.id).outcome {
            None => false,
            Some(Outcome::TimedOut) => {
                let mut settled = group.guests.iter().filter(|it| it.is_settled);
                settled.all(|it| self.stay(&it.stay).status == Status::CheckedOut)
            }
            Some(Outcome::Completed | Outcome::Failed) => true,
        }
    }

    /// Returns how many groups have timed out.
    pub(crate) fn assert_outcomes(&self, groups: &[Group]) -> usize {
        let mut timed_out = 0;
        for group in groups {
            let checkout = self.group(&group.id);
            if checkout.outcome == Some(Outcome::TimedOut) {
                timed_out += 1;
                assert!(group.within.is_some() && !checkout.guests.is_complete(), "{group:?}");
            } else {
                let all_settled = group.guests.iter().all(|it| it.is_settled);
                let outcome = if all_settled { Outcome::Completed } else { Outcome::Failed };
                assert_eq!(checkout.outcome, Some(outcome), "{group:?}");
                assert!(checkout.guests.is_complete(), "{group:?}");
            }
            for guest in &group.guests {
                let (answer, status) = if guest.is_settled {
                    (Answer::Completed, Status::CheckedOut)
                } else {
                    (Answer::Failed(CheckoutFailure::BalanceNotSettled), Status::Open)
                };
                // Who has not answered in time would have answered this.
                assert_eq!(*checkout.guests.answer(&guest.stay).unwrap_or(&answer), answer, "{guest:?}");
                assert_eq!(self.stay(&guest.stay).status, status, "{guest:?}");
            }
        }
        timed_out
    }

    fn stay(&self, id: &GuestStayId) -> GuestStay {
        self.tokio.block_on(self.reader.instance(id)).unwrap().state
    }

    fn group(&self, id: &GroupCheckoutId) -> GroupCheckout {
        self.tokio.block_on(self.reader.instance(id)).unwrap().state
    }

    pub(crate) fn log_after(&self, start: Position) -> Vec<Recorded> {
        let mut log: Vec<Recorded> = Vec::new();
        loop {
            let after = log.last().map_or(start, |it| it.position);
            let entries = self.tokio.block_on(async { self.store.read_log(after, 10_000).await }).unwrap();
            if entries.is_empty() {
                return log;
            }
            log.extend(entries);
        }
    }
}
