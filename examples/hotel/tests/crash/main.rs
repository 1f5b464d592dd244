//! Promise 1: nothing acknowledged is ever lost. The serving process is killed with SIGKILL, again and again, while
//! groups check out, in every style, some of them with a deadline; after every restart all processes must end, and each guest
//! must have exactly one answer.

#![expect(clippy::unwrap_used, reason = "what a test cannot have fails it")]

mod audit;
mod chance;
mod chaos;
mod everywhere;
mod groups;
mod serving;
mod stored;

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use audit::Audit;
use chance::Chance;
use groups::{Group, plan};
use hotel::Style;
use serving::Serving;
use stored::Stored;

/// How often the process is killed, in all styles together.
const KILLS: usize = 50;
/// Groups that are initiated before each kill, at most.
const GROUPS_PER_KILL: usize = 3;
const CLERKS: usize = 3;

#[test]
fn promises_1_2_and_6_hold_over_50_kills() {
    let mut chance = Chance::new();
    println!("seed {}", chance.seed());
    for (index, style) in Style::ALL.into_iter().enumerate() {
        let kills = (KILLS + index) / Style::ALL.len();
        let survived = survive(style, kills, &mut chance);
        println!("{style}, {kills} kills and as many restarts killed again: {survived}");
        assert!(
            survived.hit_running > 0,
            "no kill came while a process was running, so this has shown nothing"
        );
    }
}

/// What a hotel has lived through.
struct Survived {
    groups: usize,
    timed_out: usize,
    hit_running: usize,
    slowest_recovery: Duration,
    decisions_replayed: u64,
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { groups, timed_out, hit_running, slowest_recovery, decisions_replayed } = self;
        write!(
            f,
            "{groups} groups, of which {timed_out} timed out; {hit_running} kills hit a running process, the slowest \
             recovery took {slowest_recovery:?}, {decisions_replayed} decisions replayed"
        )
    }
}

fn survive(style: Style, kills: usize, chance: &mut Chance) -> Survived {
    // given a hotel full of groups
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("hotel.db");
    let groups = plan(kills * GROUPS_PER_KILL, chance);
    groups::arrive(&store, style, &groups);
    let mut waiting = VecDeque::from(groups);
    let application = hotel::hotel(style).unwrap();
    let mut audit = Audit::new(&application);
    let mut acknowledged = Vec::new();
    let (mut hit_running, mut slowest_recovery) = (0, Duration::ZERO);

    // when the process is killed while they check out
    for _ in 0..kills {
        let serving = Serving::start(&store, style);
        let this_time: Vec<Group> = waiting.drain(..GROUPS_PER_KILL.min(waiting.len())).collect();
        let has_large = this_time.iter().any(Group::is_large);
        let kill_after =
            KillAfter { large_group: has_large, time: Duration::from_micros(chance.below(40_000)) };
        let refused = check_out_until_killed(serving, this_time, kill_after, &mut acknowledged);
        hit_running += usize::from(Stored::open(&store, style).has_running(&acknowledged));
        waiting.extend(refused);

        // then after a restart everything that was acknowledged ends, once, and the log can be decided again
        let restart = Instant::now();
        let serving = Serving::start(&store, style);
        Stored::open(&store, style).wait_until_ended(&acknowledged);
        slowest_recovery = slowest_recovery.max(restart.elapsed());
        serving.kill();
        audit.follow(&store, style);
    }

    // and what was never acknowledged can be asked for again
    let serving = Serving::start(&store, style);
    for group in std::mem::take(&mut waiting) {
        assert!(group.initiate(serving.address()), "a server that lives takes {group:?}");
        acknowledged.push(group);
    }
    let stored = Stored::open(&store, style);
    stored.wait_until_ended(&acknowledged);
    serving.kill();
    let timed_out = stored.assert_outcomes(&acknowledged);
    audit.follow(&store, style);
    let decisions_replayed = audit.finish(&acknowledged);
    Survived { groups: acknowledged.len(), timed_out, hit_running, slowest_recovery, decisions_replayed }
}

/// When the process is killed.
struct KillAfter {
    /// Not before a large group was acknowledged, to come between two of its commits.
    large_group: bool,
    time: Duration,
}

/// Clerks initiate groups one after the other until the process dies. Gives back the groups that nobody acknowledged.
fn check_out_until_killed(
    serving: Serving,
    groups: Vec<Group>,
    kill_after: KillAfter,
    acknowledged: &mut Vec<Group>,
) -> Vec<Group> {
    let address = serving.address().to_owned();
    let (queue, done, refused) = (Mutex::new(groups), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let (large_is_acknowledged, large_acknowledged) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..CLERKS {
            let large_is_acknowledged = large_is_acknowledged.clone();
            let (queue, done, refused, address) = (&queue, &done, &refused, &address);
            scope.spawn(move || {
                loop {
                    let Some(group) = queue.lock().unwrap().pop() else { break };
                    let is_acknowledged = group.initiate(address);
                    if is_acknowledged && group.is_large() {
                        large_is_acknowledged.send(()).unwrap();
                    }
                    let into = if is_acknowledged { done } else { refused };
                    into.lock().unwrap().push(group);
                }
            });
        }
        drop(large_is_acknowledged);
        if kill_after.large_group {
            // There may be none left among these groups; then the clerks hang up, and it is time as well.
            _ = large_acknowledged.recv();
        }
        std::thread::sleep(kill_after.time);
        serving.kill();
    });
    acknowledged.extend(done.into_inner().unwrap());
    refused.into_inner().unwrap()
}
