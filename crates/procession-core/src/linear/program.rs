use std::{collections::BTreeSet, time::Duration};

use super::step::Step;

/// The steps of a linear saga, and the order that they have.
pub(super) struct Program<D> {
    pub(super) steps: Vec<Step<D>>,
    pub(super) stages: Vec<Node>,
}

/// A part of the order.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Step(usize),
    /// Branches that run beside each other; what comes after them waits for all.
    Parallel(Vec<Vec<Node>>),
    SavePoint(SavePoint),
}

/// A place that a failing saga comes back to, instead of giving up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SavePoint {
    pub(super) name: &'static str,
    pub(super) retries: u32,
    pub(super) pause: Duration,
}

impl<D> Program<D> {
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.steps.iter().position(|it| it.name == name)
    }

    /// The steps that are to be started now, when those of `is_done` are done.
    pub(super) fn ready(&self, is_done: &impl Fn(usize) -> bool) -> Vec<usize> {
        let mut ready = Vec::new();
        collect_ready(&self.stages, is_done, &mut ready);
        ready
    }

    /// The steps that can be done while this one is not, in their order: those before it, and those of branches
    /// beside it.
    pub(super) fn reachable_without(&self, step: usize) -> Vec<usize> {
        let mut done = BTreeSet::new();
        loop {
            let ready = self.ready(&|it| done.contains(&it));
            let before = done.len();
            done.extend(ready.into_iter().filter(|it| *it != step));
            if done.len() == before {
                return done.into_iter().collect();
            }
        }
    }

    /// The steps of a top-level stage.
    pub(super) fn steps_from(&self, stage: usize) -> Vec<usize> {
        let mut steps = Vec::new();
        collect(self.stages.get(stage..).unwrap_or_default(), &mut steps);
        steps
    }

    /// The top-level stage of a save-point.
    pub(super) fn find_save_point(&self, name: &str) -> Option<usize> {
        (0..self.stages.len()).find(|stage| self.save_point(*stage).is_some_and(|it| it.name == name))
    }

    /// The save-point of a top-level stage, if it is one.
    pub(super) fn save_point(&self, stage: usize) -> Option<SavePoint> {
        match self.stages.get(stage)? {
            Node::SavePoint(it) => Some(*it),
            Node::Step(_) | Node::Parallel(_) => None,
        }
    }
}

/// Adds what is to be started in a sequence. Returns whether the whole sequence is done.
fn collect_ready(nodes: &[Node], is_done: &impl Fn(usize) -> bool, ready: &mut Vec<usize>) -> bool {
    nodes.iter().all(|node| match node {
        Node::Step(step) => {
            let done = is_done(*step);
            if !done {
                ready.push(*step);
            }
            done
        }
        Node::Parallel(branches) => {
            // Every branch is looked at, also those behind one that is not done.
            let done: Vec<bool> = branches.iter().map(|it| collect_ready(it, is_done, ready)).collect();
            done.into_iter().all(|it| it)
        }
        Node::SavePoint(_) => true,
    })
}

fn collect(nodes: &[Node], steps: &mut Vec<usize>) {
    for node in nodes {
        match node {
            Node::Step(step) => steps.push(*step),
            Node::Parallel(branches) => branches.iter().for_each(|it| collect(it, steps)),
            Node::SavePoint(_) => {}
        }
    }
}
