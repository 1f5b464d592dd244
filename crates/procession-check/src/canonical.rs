use std::collections::BTreeMap;

use crate::{
    fingerprint::{Fingerprint, chain, fingerprint},
    moves::Mechanics,
    state::{Place, State},
};

impl Mechanics {
    /// The fingerprint of a world: the same for worlds that differ only in who of those who are alike is who.
    pub(crate) fn canonical(&self, state: &State) -> Fingerprint {
        self.prints(state).into_iter().min().unwrap_or_default()
    }

    /// The fingerprints of a world in all the ways in which those who are alike may be exchanged.
    pub(crate) fn prints(&self, state: &State) -> Vec<Fingerprint> {
        (0..self.machine.symmetry.ways()).map(|way| self.print(state, way)).collect()
    }

    // What has no order is added up, so that it need not be sorted anew for every way.
    fn print(&self, state: &State, way: usize) -> Fingerprint {
        let machine = &self.machine;
        let queues = state.queues.iter().map(|(queue, waiting)| {
            let place = match queue.to {
                Place::Instance(stream) => machine.print_of_stream(stream, way),
                Place::Reactor(reactor) => Fingerprint::from(reactor.0),
            };
            waiting.iter().fold(chain(QUEUE, place), |print, it| chain(print, machine.print_of(*it, way)))
        });
        let timers = state.timers.iter().map(|it| chain(TIMER, machine.print_of(*it, way)));
        let repeating = state.repeating.iter().map(|it| chain(REPEATING, machine.print_of(*it, way)));
        let sends = self.meanwhile.iter().enumerate().filter(|(index, _)| state.outside & (1 << index) != 0);
        let sends = sends.map(|(_, it)| chain(OUTSIDE, machine.print_of(*it, way)));
        let mut lanes: BTreeMap<_, Fingerprint> = BTreeMap::new();
        for call in state.calls.iter().map(|it| &machine.calls[*it]) {
            let lane = lanes
                .entry((call.effect, machine.messages[call.event].stream))
                .or_insert_with(|| chain(CALL, fingerprint(call.effect)));
            *lane = chain(*lane, machine.print_of_event(call.event, way));
        }
        let budgets = chain(Fingerprint::from(state.duplicates), Fingerprint::from(state.crashes));
        let parts = queues.chain(timers).chain(repeating).chain(sends).chain(lanes.into_values());
        parts.fold(chain(budgets, self.print_of_past(state, way)), Fingerprint::wrapping_add)
    }

    /// Of what has happened, without what is on its way: all that properties can see.
    pub(crate) fn print_of_past(&self, state: &State, way: usize) -> Fingerprint {
        let machine = &self.machine;
        let histories = state.histories.iter().map(|(stream, history)| {
            chain(machine.print_of_stream(*stream, way), machine.print_of_history(*history, way))
        });
        histories.fold(0, Fingerprint::wrapping_add)
    }
}

const QUEUE: Fingerprint = 1 << 96;
const TIMER: Fingerprint = 2 << 96;
const REPEATING: Fingerprint = 3 << 96;
const OUTSIDE: Fingerprint = 4 << 96;
const CALL: Fingerprint = 5 << 96;
