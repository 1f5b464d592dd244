//! Partial-order reduction: what happens in one place, and what happens in another one that has nothing to do with it, need
//! not be tried in both orders.
//!
//! The moves of one instance (or one reaction) are enough for now when nothing that happens elsewhere can ever bring it a
//! message, or take back what it has sent; and when no property looks at it (persistent sets: Godefroid, 1996).

use crate::{
    ids::{HistoryId, StreamId},
    machine::Promise,
    moves::Mechanics,
    reach::{Categories, Reach},
    state::{Move, Place, Queue, State, Target},
};

impl Mechanics {
    /// Those of the moves that must be tried now; all of them, when no place stands alone.
    pub(crate) fn independent(
        &mut self,
        state: &State,
        moves: &[Move],
        reach: &Reach,
        seen: Categories,
    ) -> Option<Vec<Move>> {
        // In one log, what two places write to a third one has the order in which they have written.
        if self.machine.promise == Promise::OneStore {
            return None;
        }
        let mut queues: Vec<Queue> = moves.iter().filter_map(|it| self.queue_of(*it)).collect();
        queues.sort_unstable();
        queues.dedup();
        // Reactors first: they are the most alone.
        queues.into_iter().rev().find_map(|queue| {
            let is_here = |other: Queue| match queue.to {
                Place::Instance(_) => other.to == queue.to,
                Place::Reactor(_) => other == queue,
            };
            let stands_alone = match queue.to {
                Place::Reactor(_) => true,
                Place::Instance(stream) => self.is_alone(state, stream, reach, seen),
            };
            let own = moves.iter().copied().filter(|it| self.queue_of(*it).is_some_and(is_here));
            let own: Vec<Move> = stands_alone.then(|| own.collect())?;
            own.iter().all(|it| self.leaves_the_rest_alone(state, *it)).then_some(own)
        })
    }

    fn queue_of(&self, of: Move) -> Option<Queue> {
        let delivery = match of {
            Move::Handle { delivery, .. } | Move::Repeat(delivery) => delivery,
            Move::Send { index, .. } => self.meanwhile[usize::from(index)],
            Move::Fire(_) | Move::Answer { .. } | Move::Crash { .. } => return None,
        };
        Some(self.machine.deliveries[delivery].queue)
    }

    /// Whether a move must come, and takes nothing back. What may never come must not be all that is tried.
    fn leaves_the_rest_alone(&mut self, state: &State, of: Move) -> bool {
        let delivery = match of {
            Move::Handle { delivery, .. } => delivery,
            Move::Repeat(delivery) => self.machine.repetition(delivery),
            Move::Send { .. } | Move::Fire(_) | Move::Answer { .. } | Move::Crash { .. } => return false,
        };
        let history = match self.machine.deliveries[delivery].to {
            Target::Instance(stream) => state.history(stream),
            Target::Reaction(_) => HistoryId(0),
        };
        let outcome = self.machine.handle(history, delivery, jiff::Timestamp::MIN);
        outcome.as_ref().as_ref().is_ok_and(|it| it.takes_nothing_back())
    }

    /// Whether nothing that happens elsewhere leads to this instance, nobody looks at it, and it waits for no time.
    fn is_alone(&self, state: &State, stream: StreamId, reach: &Reach, seen: Categories) -> bool {
        let category = reach.category(self.machine.streams[stream].category());
        if reach.has_effects() || category & seen != 0 {
            return false;
        }
        let machine = &self.machine;
        let here = Target::Instance(stream);
        let on_the_way = state.queues.iter().flat_map(|(_, waiting)| waiting).chain(&state.repeating);
        let sends = self.meanwhile.iter().enumerate();
        let sends = sends.filter(|(index, _)| state.outside & (1 << index) != 0).map(|(_, it)| it);
        let elsewhere = on_the_way.chain(sends).filter(|it| machine.deliveries[**it].to != here);
        let has_timers = state.timers.iter().any(|it| machine.deliveries[*it].to == here);
        let leads_here = |delivery: &crate::ids::DeliveryId| {
            let delivery = &machine.deliveries[*delivery];
            let name = &*machine.messages[delivery.message].name;
            let after = match delivery.to {
                Target::Instance(other) => reach.after_instance(machine.streams[other].category(), name),
                Target::Reaction(_) => reach.after_reaction(name),
            };
            after & category != 0
        };
        !has_timers && !elsewhere.chain(&state.timers).any(leads_here)
    }
}
