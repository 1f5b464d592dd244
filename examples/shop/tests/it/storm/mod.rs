//! When things go wrong, all others go on: one order meets a bug, the provider is away and answers twice afterwards, and
//! the shop is killed again and again. The provider's own ledger is the judge.

mod books;
mod clients;
mod lives;
mod orders;
mod size;
mod stock;
mod watch;

use std::time::{Duration, Instant};

use procession::inspect::WaitsFor;
use serde_json::json;
use shop::provider::{Tally, Transaction};

use self::{
    lives::Lives,
    orders::{Fate, Planned, planned},
    size::{Chance, Size},
    watch::Watch,
};
use crate::program::{Program, Serving, free_address};

/// Orders that end before the storm.
const CALM: usize = 5;
/// For what takes no time unless something is broken.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn in_a_storm_every_order_ends_as_it_should_but_the_one_that_meets_a_bug() {
    // given orders that have ended, and a provider that goes away
    let size = Size::wanted();
    println!("{size:?}");
    let (program, provider, orders) = (Program::new(), free_address(), planned(size.orders));
    let mut lives = Lives::begin(&program, &provider);
    let store = program.path("shop.db");
    let mut watch = Watch::of(&store);
    stock::receive(program.address(), &orders);
    let (calm, others) = orders.split_at(CALM);
    let paying = program.provider(&["--listen", &provider]);
    std::thread::scope(|scope| drop(clients::place(scope, program.address(), calm)));
    watch.until(SOON, |it| it.ended == CALM);
    // A call that was not heard of would be made again, at a provider whose ledger does not know it.
    crate::crash::until(|| !watch.has_calls());
    let mut ledger = ledger_of(&paying);
    paying.kill();

    // when clients order while it is away, and the shop is killed
    let mut chance = Chance::of(size.seed);
    order_while_the_provider_is_away(&program, &provider, others, size, &mut chance, &mut lives);
    watch.until(SOON, |it| it.payments_requested == orders.len());
    let (acknowledged, under_way) = (watch.seen.confirmed, watch.seen.confirmed - watch.seen.ended);
    assert_eq!((acknowledged, under_way), (orders.len(), others.len()), "all wait for their payment at once");
    let kills_while_away = lives.kills;

    // and the provider comes back and says everything twice, and the shop is killed
    let (paying, back) = (program.provider(&["--listen", &provider, "--answer-twice"]), Instant::now());
    while lives.kills < size.kills {
        std::thread::sleep(chance.about(size.down / 20));
        lives.kill();
    }
    let ended_at_the_last_kill = watch.look().ended;

    // then all orders end in time but the one
    watch.until(size.longest_end().saturating_sub(back.elapsed()), |it| it.ended == orders.len() - 1);
    let took = back.elapsed();
    // and it is found, with the reason
    let stopped = *orders.iter().find(|it| it.fate == Fate::Stopped).unwrap();
    only_it_is_stuck(stopped, &watch, lives.shop());

    // when the bug is gone, and an operator asks for it, then it ends too
    lives.repair();
    watch.retry(&watch.parked()[0]);
    let order = lives.shop().end_of(&json!(stopped.order()));
    assert_eq!(order["status"], "completed", "{order}");

    // then nothing is lost, and nothing was done twice
    let heard = |it: &Tally| it.answers_heard >= 2 * others.len() as u64;
    crate::crash::until(|| heard(&tally_of(&paying)) && !watch.has_calls());
    assert_eq!(lives.shop().get("/api/stock").1, stock::left(&orders));
    let (kills, peak_memory_kib) = lives.end();
    let (tally, report) = (tally_of(&paying), watch.verify());
    ledger.extend(ledger_of(&paying));
    let charged = books::audit(&watch, &ledger, &orders);
    assert_eq!(report.violations, []);
    // and memory was bounded
    let most = size.most_memory_kib();
    assert!(peak_memory_kib.is_none_or(|it| it <= most), "{peak_memory_kib:?} KiB are more than {most}");
    println!(
        "{acknowledged} orders, {under_way} of them under way at once; {kills} kills, {kills_while_away} while the provider \
         was away; {ended_at_the_last_kill} had ended at the last kill in the storm; all but one have ended {took:?} after \
         the provider was back; the shop has held at most {peak_memory_kib:?} KiB; {charged} payments charged; since it was \
         back, {tally:?}; {} entries",
        report.entries
    );
}

/// Nobody is at the provider's address at first, and then somebody who refuses everything.
fn order_while_the_provider_is_away(
    program: &Program,
    provider: &str,
    orders: &[Planned],
    size: Size,
    chance: &mut Chance,
    lives: &mut Lives<'_>,
) {
    let (since, kills) = (Instant::now(), size.kills * 2 / 3);
    let mut refusing: Option<Serving> = None;
    std::thread::scope(|scope| {
        let clients = clients::place(scope, program.address(), orders);
        while clients.iter().any(|it| !it.is_finished()) || lives.kills < kills || since.elapsed() < size.down
        {
            std::thread::sleep(chance.about(size.down / kills as u32));
            lives.kill();
            if since.elapsed() > size.down / 2 {
                refusing.get_or_insert_with(|| program.provider(&["--listen", provider, "--unavailable"]));
            }
        }
    });
    let refusing = refusing.unwrap();
    assert_eq!((ledger_of(&refusing), tally_of(&refusing)), (Vec::new(), Tally::default()));
    refusing.kill();
}

fn only_it_is_stuck(stopped: Planned, watch: &Watch<'_>, shop: &Serving) {
    let parked = watch.parked();
    assert_eq!(parked.len(), 1, "{parked:?}");
    assert_eq!(parked[0].stream.id(), stopped.order().to_string());
    let stuck = watch.stuck();
    assert_eq!(stuck.iter().map(|it| it.process).collect::<Vec<_>>(), [parked[0].process], "{stuck:?}");
    let told = stuck[0].waits_for.iter().find_map(|it| match it {
        WaitsFor::Parked { message, cause, .. } => Some((&**message, cause.as_deref()?)),
        _ => None,
    });
    let (message, cause) = told.unwrap();
    assert_eq!(message, "RecordOrderPayment");
    assert!(cause.contains("no invoice can be written for this product"), "{cause}");
    let (status, health) = shop.get("/health/ready");
    assert_eq!((status, &health["parked"]), (200, &json!(1)), "the shop is as well as ever: {health}");
}

fn ledger_of(provider: &Serving) -> Vec<Transaction> {
    serde_json::from_value(provider.get("/ledger").1).unwrap()
}

fn tally_of(provider: &Serving) -> Tally {
    serde_json::from_value(provider.get("/tally").1).unwrap()
}
