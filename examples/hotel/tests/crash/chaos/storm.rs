use std::time::{Duration, Instant};

use procession_test_servers::Postgres;

use super::{nodes::Nodes, size::Size};
use crate::chance::Chance;

/// What happens to the nodes and their database.
pub(super) struct Storm<'a> {
    size: Size,
    server: &'a Postgres,
    chance: Chance,
    began: Instant,
    /// When the database is restarted, the next time last.
    restarts: Vec<Instant>,
    frozen: Option<Frozen>,
    /// What has happened so far.
    pub(super) faults: Vec<Fault>,
    /// When the database went away, and for how long.
    pub(super) outages: Vec<(Instant, Duration)>,
}

/// One node does nothing for a while.
struct Frozen {
    place: usize,
    until: Instant,
}

/// Something that has happened to a node.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) node: String,
    pub(super) at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Closed,
    Killed,
    Frozen,
}

/// From one fault to the next, at least and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(4));

impl<'a> Storm<'a> {
    /// Restarts come somewhere in the first and in the second half.
    pub(super) fn new(size: Size, server: &'a Postgres, mut chance: Chance) -> Self {
        let began = Instant::now();
        let half = size.lasts / 2;
        let mut restart = |from: Duration| began + from + chance.between(half / 4, half * 3 / 4);
        let restarts = vec![restart(half), restart(Duration::ZERO)];
        Self { size, server, chance, began, restarts, frozen: None, faults: Vec::new(), outages: Vec::new() }
    }

    pub(super) fn is_over(&self) -> bool {
        self.began.elapsed() >= self.size.lasts
    }

    /// The next thing that happens.
    pub(super) fn blow(&mut self, nodes: &mut Nodes<'_>) {
        let next = Instant::now() + self.chance.between(PAUSE.0, PAUSE.1);
        if let Some(frozen) = self.frozen.take_if(|it| it.until <= next) {
            sleep_until(frozen.until);
            nodes.thaw(frozen.place);
        }
        sleep_until(next);
        nodes.all_live();
        if self.restarts.pop_if(|it| *it <= Instant::now()).is_some() {
            return self.restart();
        }
        let drawn = self.chance.below(nodes.nodes.len() as u64) as usize;
        match &self.frozen {
            // What is frozen stays so for its time, and its neighbour ends.
            Some(frozen) if frozen.place == drawn => self.end_one(nodes, (drawn + 1) % nodes.nodes.len()),
            Some(_) => self.end_one(nodes, drawn),
            None if self.chance.below(2) == 0 => self.freeze(nodes, drawn),
            None => self.end_one(nodes, drawn),
        }
    }

    /// Lets go what is frozen.
    pub(super) fn end(&mut self, nodes: &mut Nodes<'_>) {
        if let Some(frozen) = self.frozen.take() {
            sleep_until(frozen.until);
            nodes.thaw(frozen.place);
        }
        nodes.all_live();
    }

    /// The first time as an administrator would, the second time by a crash.
    fn restart(&mut self) {
        let at = Instant::now();
        if self.outages.is_empty() {
            println!("{:7.1?}: the database is restarted", self.began.elapsed());
            self.server.restart().unwrap();
        } else {
            println!("{:7.1?}: the database has crashed", self.began.elapsed());
            self.server.kill().unwrap();
            self.server.start_again().unwrap();
        }
        self.outages.push((at, at.elapsed()));
    }

    fn freeze(&mut self, nodes: &Nodes<'_>, place: usize) {
        let (shortest, longest) = self.size.frozen();
        self.note(Kind::Frozen, nodes, place);
        nodes.freeze(place);
        self.frozen = Some(Frozen { place, until: Instant::now() + self.chance.between(shortest, longest) });
    }

    /// Now and then in good order.
    fn end_one(&mut self, nodes: &mut Nodes<'_>, place: usize) {
        let kind = if self.chance.below(4) == 0 { Kind::Closed } else { Kind::Killed };
        self.note(kind, nodes, place);
        nodes.replace(place, kind);
    }

    fn note(&mut self, kind: Kind, nodes: &Nodes<'_>, place: usize) {
        let node = nodes.nodes[place].name.clone();
        println!("{:7.1?}: {node} is {kind:?}", self.began.elapsed());
        self.faults.push(Fault { kind, node, at: Instant::now() });
    }
}

fn sleep_until(at: Instant) {
    std::thread::sleep(at.saturating_duration_since(Instant::now()));
}
