//! What runs is among what was checked.

use hotel::{
    Amount, GuestStayId, Style,
    checks::{Group, every_group_checkout_ends},
    group_checkouts::{GroupCheckout, InitiateGroupCheckout},
    guest_stays::{CheckInGuest, GuestStay, RecordCharge, RecordPayment},
    hotel,
};
use jiff::SignedDuration;
use procession::{
    MemoryStore, Runtime,
    check::{Verdict, World},
};

/// How it ends: the group and its guests.
type End = (GroupCheckout, Vec<GuestStay>);

/// The application that was checked runs on a runtime, and comes to an end that the check has seen: both ask the same handlers
/// through the same engine. So to say that there is no such end does not hold.
#[tokio::test]
async fn promise_7_what_the_checker_verified_is_the_code_that_runs() {
    for style in Style::ALL {
        // given how it has ended on a runtime
        let ran = end_of_a_run(style).await;

        // when all ends are explored, and this one is said to be none of them
        let group = Group { guests: 2, unsettled: 1, has_deadline: true };
        let end = ran.clone();
        let check = every_group_checkout_ends(hotel(style), group).unwrap();
        let report = check.finally("it ends otherwise", move |it| explored(it) != end).explore().unwrap();

        // then it is one of them
        let Verdict::Broken(found) = report.verdict else { panic!("{style}: not seen: {ran:?}\n{report}") };
        assert_eq!(found.property, "it ends otherwise", "{found}");
    }
}

/// The same commands as in the check: two guests leave, and the first of them owes something.
async fn end_of_a_run(style: Style) -> End {
    let runtime = Runtime::start(&hotel(style).unwrap(), MemoryStore::new()).await.unwrap();
    let amount: Amount = "99.50".parse().unwrap();
    for guest_stay in stays() {
        let (guest, charged) = ("Ada".into(), guest_stay.clone());
        runtime.execute(CheckInGuest { guest_stay, guest, room: 7 }).await.unwrap();
        runtime.execute(RecordCharge { guest_stay: charged, amount }).await.unwrap();
    }
    let [_, guest_stay] = stays();
    runtime.execute(RecordPayment { guest_stay, amount }).await.unwrap();
    let (group_checkout, clerk) = ("tour".parse().unwrap(), "eve".parse().unwrap());
    let within = Some(SignedDuration::from_mins(30));
    let guest_stays = stays().to_vec();
    let leave = InitiateGroupCheckout { group_checkout, clerk, guest_stays, within };
    let process = runtime.execute(leave).await.unwrap().process;
    runtime.wait(process).await.unwrap();

    let group = runtime.reader().instance::<GroupCheckout>("tour").await.unwrap().state;
    let mut guests = Vec::new();
    for stay in stays() {
        guests.push(runtime.reader().instance::<GuestStay>(stay).await.unwrap().state);
    }
    runtime.stop().await.unwrap();
    assert!(group.outcome.is_some(), "it has ended");
    (group, guests)
}

fn explored(world: &World<'_>) -> End {
    (world.state::<GroupCheckout>("tour"), stays().iter().map(|it| world.state::<GuestStay>(it)).collect())
}

fn stays() -> [GuestStayId; 2] {
    ["stay-1", "stay-2"].map(|it| it.parse().unwrap())
}
