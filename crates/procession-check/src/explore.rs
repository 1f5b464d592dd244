use std::{
    cell::RefCell,
    collections::{BTreeSet, HashSet, VecDeque},
};

use crate::{
    moves::{Mechanics, Nobody, Obstacle},
    properties::{Broken, Properties},
    reach::{Categories, Reach},
    report::{Bound, Progress},
    state::{Move, State},
};

/// What is to be explored, and how far.
pub(crate) struct Exploration<'a> {
    pub(crate) mechanics: &'a mut Mechanics,
    pub(crate) properties: &'a Properties,
    pub(crate) most_states: usize,
    pub(crate) deepest: usize,
    pub(crate) is_reduced: bool,
    pub(crate) progress: &'a mut dyn FnMut(Progress),
}

/// What was explored.
#[derive(Debug, Default)]
pub(crate) struct Explored {
    pub(crate) states: usize,
    pub(crate) moves: usize,
    pub(crate) rests: usize,
    pub(crate) depth: usize,
    pub(crate) bound: Option<Bound>,
    /// The shortest way into trouble, and what the trouble is.
    pub(crate) broken: Option<(Vec<Move>, Broken)>,
}

/// A world that was come to: from which one, and how.
#[derive(Clone, Copy)]
struct Node {
    before: u32,
    by: Option<Move>,
    depth: u32,
}

impl Exploration<'_> {
    /// Explores all worlds that can be come to, the nearest first.
    pub(crate) fn run(&mut self, first: &State) -> Explored {
        let looked_at = RefCell::new(BTreeSet::new());
        // What the properties look at first is what they mostly look at; the search itself says whether they hold.
        _ = self.properties.hold(&self.mechanics.machine, first, &looked_at);
        loop {
            let reach = self.is_reduced.then(|| Reach::of(&self.mechanics.machine.map)).flatten();
            let seen = self.seen(&looked_at, reach.as_ref());
            let explored = Search::of(self, reach, seen, &looked_at).run(first);
            // A property has looked at what was taken for unseen: what was left out may matter to it.
            let reach = self.is_reduced.then(|| Reach::of(&self.mechanics.machine.map)).flatten();
            if explored.broken.is_some() || self.seen(&looked_at, reach.as_ref()) == seen {
                return explored;
            }
        }
    }

    fn seen(&self, looked_at: &RefCell<BTreeSet<String>>, reach: Option<&Reach>) -> Categories {
        let Some(reach) = reach else { return 0 };
        looked_at.borrow().iter().map(|it| reach.category(it)).fold(0, |all, it| all | it)
    }
}

struct Search<'a, 'b> {
    exploration: &'a mut Exploration<'b>,
    reach: Option<Reach>,
    seen: Categories,
    looked_at: &'a RefCell<BTreeSet<String>>,
    nodes: Vec<Node>,
    known: HashSet<u128>,
    pasts: HashSet<u128>,
    outcomes: Vec<Option<String>>,
    waiting: VecDeque<(u32, State)>,
    explored: Explored,
}

impl<'a, 'b> Search<'a, 'b> {
    fn of(
        exploration: &'a mut Exploration<'b>,
        reach: Option<Reach>,
        seen: Categories,
        looked_at: &'a RefCell<BTreeSet<String>>,
    ) -> Self {
        let outcomes = vec![None; exploration.properties.outcomes.len()];
        Self {
            exploration,
            reach,
            seen,
            looked_at,
            nodes: Vec::new(),
            known: HashSet::new(),
            pasts: HashSet::new(),
            outcomes,
            waiting: VecDeque::new(),
            explored: Explored::default(),
        }
    }

    fn run(mut self, first: &State) -> Explored {
        let start = self.add(Node { before: 0, by: None, depth: 0 });
        self.known.insert(self.exploration.mechanics.canonical(first));
        if let Err(broken) = self.come_to(start, first.clone()) {
            self.explored.broken = Some((Vec::new(), broken));
            return self.explored;
        }
        while let Some((node, state)) = self.waiting.pop_front() {
            if let Err((by, broken)) = self.go_on(node, &state) {
                let mut path = self.path(node);
                path.extend(by);
                self.explored.broken = Some((path, broken));
                break;
            }
            if let Some(bound) = self.bound(node) {
                self.explored.bound = Some(bound);
                break;
            }
        }
        self.explored.states = self.nodes.len();
        self.explored
    }

    fn bound(&self, node: u32) -> Option<Bound> {
        let Exploration { most_states, deepest, .. } = *self.exploration;
        let depth = self.nodes[node as usize].depth as usize;
        if self.nodes.len() >= most_states && !self.waiting.is_empty() {
            return Some(Bound::States(most_states));
        }
        (depth >= deepest && !self.waiting.is_empty()).then_some(Bound::Depth(deepest))
    }

    /// Makes all moves that there are in a world.
    fn go_on(&mut self, node: u32, state: &State) -> Result<(), (Option<Move>, Broken)> {
        if state.is_at_rest() {
            self.explored.rests += 1;
            let properties = self.exploration.properties;
            properties
                .hold_at_rest(&self.exploration.mechanics.machine, state, &mut self.outcomes)
                .map_err(|broken| (None, broken))?;
        }
        let all = self.exploration.mechanics.moves(state).map_err(|it| (None, Broken::from(it)))?;
        let few = match &self.reach {
            Some(reach) => self.exploration.mechanics.independent(state, &all, reach, self.seen),
            None => None,
        };
        let is_new = self.make(node, state, few.as_ref().unwrap_or(&all))?;
        // What was left out would never come, if this led back to worlds that are known.
        if few.is_some() && !is_new {
            self.make(node, state, &all)?;
        }
        Ok(())
    }

    fn make(&mut self, node: u32, state: &State, moves: &[Move]) -> Result<bool, (Option<Move>, Broken)> {
        let mut is_new = false;
        for by in moves.iter().copied() {
            self.explored.moves += 1;
            let mut after = state.clone();
            let made = self.exploration.mechanics.make(&mut after, by, &mut Nobody);
            made.map_err(|obstacle: Obstacle| (Some(by), Broken::from(obstacle)))?;
            let depth = self.nodes[node as usize].depth + 1;
            let fingerprint = self.exploration.mechanics.canonical(&after);
            if !self.known.insert(fingerprint) {
                continue;
            }
            is_new = true;
            let new = self.add(Node { before: node, by: Some(by), depth });
            self.come_to(new, after).map_err(|broken| (Some(by), broken))?;
        }
        Ok(is_new)
    }

    fn add(&mut self, node: Node) -> u32 {
        self.explored.depth = self.explored.depth.max(node.depth as usize);
        self.nodes.push(node);
        let count = self.nodes.len();
        if count.is_multiple_of(10_000) {
            let progress = Progress { states: count, depth: node.depth as usize };
            (self.exploration.progress)(progress);
        }
        (count - 1) as u32
    }

    fn come_to(&mut self, node: u32, state: State) -> Result<(), Broken> {
        let past = self.exploration.mechanics.print_of_past(&state, 0);
        if self.pasts.insert(past) {
            let machine = &self.exploration.mechanics.machine;
            self.exploration.properties.hold(machine, &state, self.looked_at)?;
        }
        self.waiting.push_back((node, state));
        Ok(())
    }

    fn path(&self, node: u32) -> Vec<Move> {
        let mut path = Vec::new();
        let mut node = self.nodes[node as usize];
        while let Some(by) = node.by {
            path.push(by);
            node = self.nodes[node.before as usize];
        }
        path.reverse();
        path
    }
}
