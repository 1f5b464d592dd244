//! C1: three nodes on one PostgreSQL, under load. Every few seconds a node is killed, or frozen for longer than its lease, and the
//! database is restarted, and crashes.

#![expect(clippy::print_stdout, reason = "who waits for a storm to end wants to see it")]

mod books;
mod clients;
mod nodes;
mod procession;
mod report;
mod size;
mod storm;
mod tours;
mod watch;

use std::time::{Duration, Instant};

use hotel::{Style, hotel};
use procession_test_servers::Postgres;

use self::{
    books::{Books, stays_are_right},
    clients::{Answered, CLIENTS, Load},
    nodes::{Doors, Nodes},
    report::{Report, milliseconds},
    size::Size,
    storm::{Kind, Storm},
    watch::{Sight, Takeover, Watch, takeovers},
};
use crate::chance::Chance;

const NODES: usize = 3;

#[test]
fn c1_three_nodes_under_fire_end_every_process_and_do_everything_once() {
    // given three nodes, and guests who are in the house
    let (size, mut chance) = (Size::wanted(), Chance::new());
    let (seed, style) = (chance.seed(), Style::ALL[chance.below(3) as usize]);
    println!("seed {seed}, {style}, {size:?}");
    let server = Postgres::start().unwrap();
    let database = server.database().unwrap();
    let (store, doors) = (database.url(), Doors::default());
    let mut nodes = Nodes::new(&doors, &store, style, size.lease);
    nodes.add();
    let (watch, application) = (Watch::of(&store), hotel(style).unwrap());
    let mut books = Books::open(&watch, &application);
    (1..NODES).for_each(|_| nodes.add());
    watch.until_all_is_owned_by(&nodes.names());
    let load = Load::new(&doors, seed);
    let mut answered = load.one_tour(CLIENTS);

    // when nodes are killed and frozen while clients ask, and the database goes away
    let (began, mut storm) = (Instant::now(), Storm::new(size, &server, chance));
    let (answers, sights) = under_load(&load, &watch, |clients_ask| {
        while clients_ask() && !storm.is_over() {
            storm.blow(&mut nodes);
        }
        storm.end(&mut nodes);
        watch.until_all_is_owned_by(&nodes.names());
    });
    let lasted = began.elapsed();
    answered.extend(answers);

    // then every process ends, soon
    let load_ended = Instant::now();
    watch.until("all group checkouts have ended", || !watch.has_running());
    let last_end = load_ended.elapsed();
    watch.until("nothing is left over", || watch.left_over() == [0, 0]);
    nodes.all_live();
    let takeovers = takeovers(&storm.faults, &sights);
    // and everything was done once
    let entries = books.read(&watch);
    let took = std::mem::take(&mut books.took);
    stays_are_right(&watch, style, &answered.tours);
    let (facts, decisions) = books.balance(&answered.tours);
    let (lives, failed_starts) = (nodes.lives, nodes.failed_starts);
    nodes.close();
    procession::verify(&store);

    // and nodes have taken over from each other in time
    let taken_over = |kind| takeovers.iter().filter(|it| it.kind == kind).filter_map(|it| it.took).collect();
    let report = Report {
        seed,
        style: style.name(),
        seconds: lasted.as_secs_f64(),
        lease_ms: milliseconds(size.lease),
        nodes_started: lives,
        starts_that_failed: failed_starts,
        closed_taken_over: taken_over(Kind::Closed),
        killed_taken_over: taken_over(Kind::Killed),
        frozen_taken_over: taken_over(Kind::Frozen),
        database_restarts: storm.outages.iter().map(|(_, took)| *took).collect(),
        questions: answered.waits.into_iter().collect(),
        asked_again_unanswered: answered.unanswered,
        asked_again_answered: answered.repeated,
        longest_silence_ms: milliseconds(load.longest_silence()),
        group_checkouts: took.into_iter().collect(),
        last_end_after_load_ms: milliseconds(last_end),
        entries,
        facts_audited: facts,
        decisions_again: decisions,
    };
    println!("{report}{}", serde_json::to_string(&report).unwrap());
    in_time(&takeovers, size, &storm);
}

/// Does something while clients ask and somebody watches. Returns what clients have lived through, and what was seen.
fn under_load(
    load: &Load<'_>,
    watch: &Watch,
    work: impl FnOnce(&dyn Fn() -> bool),
) -> (Answered, Vec<Sight>) {
    std::thread::scope(|scope| {
        // Also when something fails: the others would go on for ever.
        let ending = Ending(load);
        let watching = scope.spawn(|| watch.owners(|| load.has_ended()));
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || load.tours(client))).collect();
        work(&|| clients.iter().all(|it| !it.is_finished()));
        drop(ending);
        let answered = clients.into_iter().map(|it| it.join().unwrap()).collect();
        (answered, watching.join().unwrap())
    })
}

struct Ending<'a>(&'a Load<'a>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What nodes need beyond the lease, to notice and to be seen.
const BEYOND: Duration = Duration::from_secs(2);

/// Others own what a node had within its lease; those whose nodes were restarting with the database have that time too.
fn in_time(takeovers: &[Takeover], size: Size, storm: &Storm<'_>) {
    for it in takeovers {
        let within = size.lease + BEYOND;
        let meanwhile = storm.outages.iter().filter(|(at, _)| (it.at..it.at + within).contains(at));
        let within = within + meanwhile.map(|(_, took)| *took).sum::<Duration>();
        let Takeover { kind, node, took, .. } = it;
        assert!(
            took.is_some_and(|it| it <= within),
            "{kind:?} {node}, taken over in {took:?}, not {within:?}"
        );
    }
}
