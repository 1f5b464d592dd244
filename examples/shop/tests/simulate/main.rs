//! A shop that dies, freezes, and is asked twice, and a provider that is late, away, and says things twice: every order is paid
//! and sent, or neither.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod provider;
mod scenario;

use procession::{check::simulate::simulate, sqlite::SqliteStore};

use crate::scenario::orders_are_fulfilled;

#[test]
fn every_order_is_paid_and_sent_or_neither() {
    println!("the shop: {}", simulate(orders_are_fulfilled).run());
}

#[test]
fn every_order_is_paid_and_sent_or_neither_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (path, next) = (folder.path().to_owned(), std::sync::atomic::AtomicU64::new(0));
    let stores = move || {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        SqliteStore::open(path.join(format!("{number}.db"))).unwrap()
    };
    println!("in SQLite: {}", simulate(orders_are_fulfilled).on(stores).one_in(10).run());
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for seed in 0..20 {
        let [once, again] = [(); 2].map(|()| simulate(orders_are_fulfilled).seed(seed));
        assert!(!once.log.is_empty());
        assert_eq!(once.log, again.log, "seed {seed}");
    }
}
