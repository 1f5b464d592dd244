use std::{cell::RefCell, collections::BTreeSet, panic::Location, time::Instant};

use crate::{
    counterexample::{Counterexample, Trace},
    coverage,
    describe::{is_told_to_crash, is_told_to_repeat},
    explore::{Exploration, Explored},
    moves::Mechanics,
    properties::{Broken, Properties},
    report::{Progress, Report, Verdict},
    state::{Move, State},
};

/// A check that is ready to be explored.
pub(crate) struct Prepared {
    pub(crate) at: &'static Location<'static>,
    pub(crate) mechanics: Mechanics,
    pub(crate) properties: Properties,
    pub(crate) first: State,
    /// How many messages belong to the past.
    pub(crate) past: usize,
    pub(crate) duplicates: u8,
    pub(crate) crashes: u8,
    pub(crate) most_states: usize,
    pub(crate) deepest: usize,
    pub(crate) is_reduced: bool,
    pub(crate) is_partial: bool,
    pub(crate) facts: BTreeSet<String>,
}

impl Prepared {
    /// Explores with few accidents first: what goes wrong without any is easier to understand.
    pub(crate) fn explore(&mut self, progress: &mut dyn FnMut(Progress)) -> Explored {
        let mut explored = Explored::default();
        for (duplicates, crashes) in self.accidents() {
            (self.first.duplicates, self.first.crashes) = (duplicates, crashes);
            let first = self.first.clone();
            explored = self.exploration(progress).run(&first);
            if explored.broken.is_some() || explored.bound.is_some() {
                break;
            }
        }
        self.shorten(&mut explored);
        explored
    }

    /// How many duplicates and crashes there may be: each time more, up to all.
    fn accidents(&self) -> Vec<(u8, u8)> {
        let has_effects = self.mechanics.machine.has_effects();
        let crashes = if has_effects { self.crashes } else { 0 };
        let mut accidents = vec![(0, 0)];
        accidents.extend((0..=self.duplicates).map(|it| (it, crashes)));
        accidents.dedup();
        accidents
    }

    fn exploration<'a>(&'a mut self, progress: &'a mut dyn FnMut(Progress)) -> Exploration<'a> {
        Exploration {
            mechanics: &mut self.mechanics,
            properties: &self.properties,
            most_states: self.most_states,
            deepest: self.deepest,
            is_reduced: self.is_reduced,
            progress,
        }
    }

    /// What is independent was done on the way into trouble although trouble does not need it: there may be a shorter one.
    fn shorten(&mut self, explored: &mut Explored) {
        let Some((way, _)) = explored.broken.as_ref().filter(|_| self.is_reduced) else { return };
        let shorter = way.len().saturating_sub(1);
        let mut nobody = |_| {};
        let first = self.first.clone();
        let mut exploration = self.exploration(&mut nobody);
        exploration.is_reduced = false;
        exploration.most_states = (4 * explored.states).max(FEW);
        exploration.deepest = shorter;
        let broken = exploration.run(&first).broken.filter(|(way, _)| way.len() <= shorter);
        explored.broken = broken.or(explored.broken.take());
    }

    pub(crate) fn report(mut self, explored: Explored, begun: Instant) -> Report {
        let Explored { states, moves, rests, depth, bound, broken } = explored;
        let unreached = coverage::unreached(&self.mechanics.machine, self.past, &self.facts);
        let verdict = match (broken, bound) {
            (Some((way, broken)), _) => Verdict::Broken(Box::new(self.counterexample(&way, broken))),
            (None, Some(bound)) => Verdict::NotFinished(bound),
            (None, None) if !self.is_partial && !unreached.is_empty() => Verdict::Unreached(unreached),
            (None, None) => Verdict::Holds,
        };
        Report { verdict, states, moves, rests, depth, elapsed: begun.elapsed() }
    }

    fn counterexample(&mut self, way: &[Move], broken: Broken) -> Counterexample {
        let mut trace = Trace::of(&mut self.mechanics, self.first.clone());
        way.iter().for_each(|by| _ = trace.make(*by));
        trace.finish(broken, self.at)
    }

    /// Goes one way, and on from there until nothing is left to do.
    pub(crate) fn walk<'a>(&mut self, way: impl IntoIterator<Item = &'a str>) -> Option<Counterexample> {
        let way: Vec<&str> = way.into_iter().collect();
        // As many accidents as the way tells of: so many there were when it was found.
        let count = |is_told: fn(&str) -> bool| way.iter().filter(|it| is_told(it)).count();
        let told = [count(is_told_to_repeat), count(is_told_to_crash)];
        [self.first.duplicates, self.first.crashes] = told.map(|it| u8::try_from(it).unwrap_or(u8::MAX));
        let looked_at = RefCell::default();
        let mut outcomes = vec![None; self.properties.outcomes.len()];
        let mut trace = Trace::of(&mut self.mechanics, self.first.clone());
        let mut way = way.into_iter();
        let broken = loop {
            if let Err(broken) = trace.holds(&self.properties, &looked_at, &mut outcomes) {
                break broken;
            }
            let next = match trace.next(way.next()) {
                Ok(Some(next)) => next,
                Ok(None) => return None,
                Err(broken) => break broken,
            };
            if let Err(broken) = trace.make(next) {
                break broken;
            }
        };
        Some(trace.finish(broken, self.at))
    }
}

/// So many worlds are explored in a moment.
const FEW: usize = 10_000;
