use std::{cell::Cell, collections::BTreeMap, time::Instant};

use hotel::{
    GuestStayId, Style,
    group_checkouts::{Answer, GroupCheckout},
    guest_stays::{CheckoutFailure, GuestStay},
    hotel,
};
use procession::{
    Application, Decider, Limits, MemoryStore, Quiet, Runtime, Store, Stream, Version, log::Position,
    replay::Replay, sqlite::SqliteStore,
};
use proptest::test_runner::{Config, TestRunner};
use tokio::task::JoinSet;

use crate::{
    delivery::Chance,
    plan::{Pays, Plan, answers_of, charge, check_in, group, outcome, pay, plans},
};

#[test]
fn in_a_running_hotel_all_styles_tell_what_the_guests_did() {
    for_any_plan("in memory", 96, &plans(200), |plan, style| leaves(plan, style, MemoryStore::new()));
    for_any_plan("in SQLite", 24, &plans(200), |plan, style| {
        let folder = tempfile::tempdir().unwrap();
        leaves(plan, style, SqliteStore::open(folder.path().join("hotel.db")).unwrap());
    });
}

#[test]
fn a_thousand_guests_leave_in_every_style() {
    const PAYS: [Pays; 5] = [Pays::Before, Pays::InTime, Pays::Before, Pays::TooLate, Pays::Never];
    let (began, folder) = (Instant::now(), tempfile::tempdir().unwrap());
    for style in Style::ALL {
        let plan = Plan { guests: PAYS.into_iter().cycle().take(1000).collect(), seed: 3 };
        leaves(&plan, style, MemoryStore::new());
        leaves(&plan, style, SqliteStore::open(folder.path().join(style.name())).unwrap());
    }
    println!(
        "groups of 1000, in memory and in SQLite, in every style, in {:.1} s",
        began.elapsed().as_secs_f64()
    );
}

fn for_any_plan(
    what: &str,
    cases: u32,
    plans: &impl proptest::strategy::Strategy<Value = Plan>,
    test: impl Fn(&Plan, Style),
) {
    let (began, guests) = (Instant::now(), Cell::new(0));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let result = TestRunner::new(config).run(plans, |plan| {
        guests.update(|it| it + plan.guests.len());
        Style::ALL.into_iter().for_each(|style| test(&plan, style));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{what}: {failure}");
    }
    let (guests, seconds) = (guests.get(), began.elapsed().as_secs_f64());
    println!("running {what}: {cases} plans in every style, {guests} guests in them, in {seconds:.1} s");
}

/// A group leaves a hotel that really runs, while some of its guests pay.
#[tokio::main]
async fn leaves(plan: &Plan, style: Style, store: impl Store) {
    let application = hotel(style).unwrap();
    let runtime = Runtime::builder().limits(limits(plan)).start(&application, store).await.unwrap();
    arrive(&runtime, plan).await;

    let mut paying = JoinSet::new();
    pay_meanwhile(&runtime, plan, Pays::InTime, &mut paying);
    let initiated = runtime.execute(plan.initiate(None)).await;
    pay_meanwhile(&runtime, plan, Pays::TooLate, &mut paying);
    paying.join_all().await;
    if plan.guests.is_empty() {
        initiated.unwrap_err();
        return runtime.stop().await.unwrap();
    }
    let process = initiated.unwrap().process;
    assert_eq!(runtime.wait(process).await.unwrap(), Quiet { process, parked: 0 });

    let answers = answers_of_the_stays(&runtime, plan).await;
    let checkout = runtime.reader().instance::<GroupCheckout>(group()).await.unwrap();
    assert_eq!(answers_of(&checkout.state), answers, "{style}");
    assert_eq!(checkout.state.outcome, Some(outcome(&answers)), "{style}");
    assert_eq!(checkout.version.0 as usize, plan.guests.len() + 3, "{style} records each answer once");
    decides_the_same_again(&application, &runtime).await;
    runtime.stop().await.unwrap();
}

/// Small batches may end anywhere; those of the usual size hold a whole group.
fn limits(plan: &Plan) -> Limits {
    let mut limits = Limits::default();
    limits.batch_messages = [3, 10, 64, limits.batch_messages][Chance(plan.seed).below(4)];
    limits
}

async fn arrive(runtime: &Runtime, plan: &Plan) {
    let mut arriving = JoinSet::new();
    for (stay, pays) in plan.stays() {
        let runtime = runtime.clone();
        arriving.spawn(async move {
            runtime.execute(check_in(stay.clone())).await.unwrap();
            runtime.execute(charge(stay.clone())).await.unwrap();
            if pays == Pays::Before {
                runtime.execute(pay(stay)).await.unwrap();
            }
        });
    }
    arriving.join_all().await;
}

/// Whether a payment comes in time is up to chance here.
fn pay_meanwhile(runtime: &Runtime, plan: &Plan, when: Pays, paying: &mut JoinSet<()>) {
    for (stay, _) in plan.stays().filter(|(_, pays)| *pays == when) {
        let runtime = runtime.clone();
        paying.spawn(async move { drop(runtime.execute(pay(stay)).await.unwrap()) });
    }
}

/// What each guest has answered, by the guest's own stream; and that is what the bill demanded at that moment.
async fn answers_of_the_stays(runtime: &Runtime, plan: &Plan) -> BTreeMap<GuestStayId, Answer> {
    let mut answers = BTreeMap::new();
    for (stay, pays) in plan.stays() {
        let stream = Stream::new(GuestStay::CATEGORY, stay.to_string()).unwrap();
        let events = runtime.reader().store().read_stream(stream, Version::NONE, 100).await.unwrap();
        let place = |name: &str| events.iter().position(|it| it.entry.name == name);
        let (left, failed, paid) =
            (place("GuestCheckedOut"), place("GuestCheckoutFailed"), place("PaymentRecorded"));
        let has_answered_once = left.is_some() != failed.is_some();
        assert!(has_answered_once, "{stay}: {left:?} {failed:?}");
        assert_eq!(left.is_some(), paid.is_some_and(|paid| Some(paid) < left.or(failed)), "{stay}");
        match pays {
            Pays::Before => assert!(left.is_some(), "{stay}"),
            Pays::Never => assert!(failed.is_some(), "{stay}"),
            Pays::InTime | Pays::TooLate => {}
        }
        let failure = Answer::Failed(CheckoutFailure::BalanceNotSettled);
        answers.insert(stay, if left.is_some() { Answer::Completed } else { failure });
    }
    answers
}

async fn decides_the_same_again(application: &Application, runtime: &Runtime) {
    let mut replay = Replay::new(application.engine());
    let log = runtime.reader().store().read_log(Position::START, 1_000_000).await.unwrap();
    log.into_iter().for_each(|it| replay.next(it).unwrap());
    replay.finish().unwrap();
}
