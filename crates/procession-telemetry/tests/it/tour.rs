//! A hotel, and a tour group that leaves it.

use hotel::{
    Amount, GuestStayId, Style,
    group_checkouts::InitiateGroupCheckout,
    guest_stays::{CheckInGuest, RecordCharge},
};
use procession::{Runtime, Store, log::ProcessId};

pub(crate) async fn open(store: impl Store) -> Runtime {
    Runtime::start(&hotel::hotel(Style::Saga).unwrap(), store).await.unwrap()
}

/// Guests of whom the last owes money.
pub(crate) async fn arrive(runtime: &Runtime, tour: &str, guests: u16) -> InitiateGroupCheckout {
    let stays: Vec<GuestStayId> = (0..guests).map(|it| format!("{tour}-{it}").parse().unwrap()).collect();
    for (room, guest_stay) in (100..).zip(stays.clone()) {
        runtime.execute(CheckInGuest { guest_stay, guest: "Ada".into(), room }).await.unwrap();
    }
    let amount: Amount = "7.00".parse().unwrap();
    let owing = stays.last().unwrap().clone();
    runtime.execute(RecordCharge { guest_stay: owing, amount }).await.unwrap();
    let group_checkout = tour.parse().unwrap();
    InitiateGroupCheckout { group_checkout, clerk: "eve".parse().unwrap(), guest_stays: stays, within: None }
}

pub(crate) async fn leave(runtime: &Runtime, group: InitiateGroupCheckout) -> ProcessId {
    let process = runtime.execute(group).await.unwrap().process;
    runtime.wait(process).await.unwrap();
    process
}
