//! Promise 1: nothing acknowledged is ever lost. The serving process is killed with SIGKILL, again and again, while
//! groups check out; after every restart all processes must end, and each guest must have exactly one answer.

#![expect(clippy::unwrap_used, reason = "what a test cannot have fails it")]

mod audit;
mod chance;
mod groups;
mod serving;
mod stored;

use std::{
    collections::VecDeque,
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use audit::Audit;
use chance::Chance;
use groups::{Group, plan};
use serving::Serving;
use stored::Stored;

/// How often the process is killed.
const KILLS: usize = 50;
/// Groups that are initiated before each kill, at most.
const GROUPS_PER_KILL: usize = 3;
const CLERKS: usize = 3;

#[test]
fn promises_1_2_and_6_hold_over_50_kills() {
    // given a hotel full of groups
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("hotel.db");
    let mut chance = Chance::new();
    let groups = plan(KILLS * GROUPS_PER_KILL, &mut chance);
    groups::arrive(&store, &groups);
    let mut waiting = VecDeque::from(groups);
    let application = hotel::hotel(hotel::Style::default()).unwrap();
    let mut audit = Audit::new(&application);
    let mut acknowledged = Vec::new();
    let (mut hit_running, mut slowest_recovery) = (0, Duration::ZERO);

    // when the process is killed while they check out
    for kill in 1..=KILLS {
        let serving = Serving::start(&store);
        let this_time: Vec<Group> = waiting.drain(..GROUPS_PER_KILL.min(waiting.len())).collect();
        let has_large = this_time.iter().any(Group::is_large);
        let kill_after =
            KillAfter { large_group: has_large, time: Duration::from_micros(chance.below(40_000)) };
        let refused = check_out_until_killed(serving, this_time, kill_after, &mut acknowledged);
        hit_running += usize::from(Stored::open(&store).has_running(&acknowledged));
        waiting.extend(refused);

        // then after a restart everything that was acknowledged ends, once, and the log can be decided again
        let restart = Instant::now();
        let serving = Serving::start(&store);
        Stored::open(&store).wait_until_ended(&acknowledged);
        slowest_recovery = slowest_recovery.max(restart.elapsed());
        serving.kill();
        audit.follow(&store);
        if kill % 10 == 0 {
            println!("{kill} kills: {} groups acknowledged, {hit_running} kills hit one", acknowledged.len());
        }
    }

    // and what was never acknowledged can be asked for again
    let serving = Serving::start(&store);
    for group in std::mem::take(&mut waiting) {
        assert!(group.initiate(serving.address()), "a server that lives takes {group:?}");
        acknowledged.push(group);
    }
    let stored = Stored::open(&store);
    stored.wait_until_ended(&acknowledged);
    serving.kill();
    stored.assert_outcomes(&acknowledged);
    audit.follow(&store);
    let compared = audit.finish(&acknowledged);
    println!(
        "{KILLS} kills and as many restarts killed again (seed {}): {} groups, {hit_running} kills hit a running \
         process, the slowest recovery took {slowest_recovery:?}, {compared} decisions replayed",
        chance.seed(),
        acknowledged.len(),
    );
    assert!(hit_running > 0, "no kill came while a process was running, so this test has shown nothing");
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
