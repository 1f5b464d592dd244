//! What may happen next in a world, and the world after it.

use jiff::Timestamp;
use procession_core::Failure;

use crate::{
    answers::{Answering, Answers},
    emitting::Emitter,
    ids::{CallId, DeliveryId, HistoryId},
    machine::{Emitted, Handled, Machine, Promise},
    state::{Delivery, Move, Place, Source, State, Target},
};

/// A world that moves.
pub(crate) struct Mechanics {
    pub(crate) machine: Machine,
    /// What may come from outside at any moment.
    pub(crate) meanwhile: Vec<DeliveryId>,
    pub(crate) answers: Answers,
    /// Whether reactions that nothing else can notice happen at once.
    pub(crate) is_eager: bool,
}

/// Why a move could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error("{handler} has failed on `{message}`: {failure}")]
    Failed { handler: String, message: String, failure: Failure },
    #[error("nobody reacts to this \"no\": {rejection}")]
    Rejected { rejection: String },
    #[error(
        "the check does not say how the target of effect `{effect}` may answer; add `.effect(\"{effect}\", ...)`"
    )]
    UnknownEffect { effect: &'static str },
}

/// Hears what is handled while a move is made, in order.
pub(crate) trait Witness {
    fn handled(&mut self, machine: &Machine, delivery: DeliveryId, handled: &Handled);
    fn answered(&mut self, machine: &Machine, call: CallId, emitted: &[Emitted]);
    fn sent(&mut self, machine: &Machine, delivery: DeliveryId);
}

/// Nobody listens.
pub(crate) struct Nobody;

impl Witness for Nobody {
    fn handled(&mut self, _: &Machine, _: DeliveryId, _: &Handled) {}
    fn answered(&mut self, _: &Machine, _: CallId, _: &[Emitted]) {}
    fn sent(&mut self, _: &Machine, _: DeliveryId) {}
}

impl Mechanics {
    /// All that may happen next.
    pub(crate) fn moves(&mut self, state: &State) -> Result<Vec<Move>, Obstacle> {
        let mut moves = Vec::new();
        for (_, waiting) in &state.queues {
            let Some(delivery) = waiting.first().copied() else { continue };
            moves.push(Move::Handle { delivery, is_late: false, will_repeat: false });
            if self.notices_the_time(state, delivery) {
                moves.push(Move::Handle { delivery, is_late: true, will_repeat: false });
            }
            if state.duplicates > 0 && self.machine.deliveries[delivery].repeats {
                moves.push(Move::Handle { delivery, is_late: false, will_repeat: true });
            }
        }
        moves.extend(state.timers.iter().map(|it| Move::Fire(*it)));
        for (index, call) in state.calls.iter().enumerate() {
            if self.is_first_of_its_stream(&state.calls[..index], *call) {
                self.answers_of(state, *call, &mut moves)?;
            }
        }
        let sends = (0..self.meanwhile.len() as u8).filter(|it| state.outside & (1 << it) != 0);
        for index in sends {
            moves.push(Move::Send { index, will_repeat: false });
            if state.duplicates > 0 {
                moves.push(Move::Send { index, will_repeat: true });
            }
        }
        moves.extend(state.repeating.iter().map(|it| Move::Repeat(*it)));
        Ok(moves)
    }

    /// The calls for one stream are made one after another.
    fn is_first_of_its_stream(&self, before: &[CallId], call: CallId) -> bool {
        let lane = |call: CallId| {
            let call = &self.machine.calls[call];
            (call.effect, self.machine.messages[call.event].stream)
        };
        before.iter().all(|it| lane(*it) != lane(call))
    }

    fn answers_of(&mut self, state: &State, call: CallId, moves: &mut Vec<Move>) -> Result<(), Obstacle> {
        let answers = self.answers.of(&mut self.machine, call)?;
        for (answer, answering) in (0..).zip(answers.iter()) {
            moves.push(Move::Answer { call, answer });
            if state.crashes > 0 && matches!(answering, Answering::FromOutside(_)) {
                moves.push(Move::Crash { call, answer });
            }
        }
        Ok(())
    }

    /// Whether it makes a difference that a deadline of the instance has passed, of which it was not told yet.
    fn notices_the_time(&mut self, state: &State, delivery: DeliveryId) -> bool {
        let Some((history, due)) = self.passed_deadline(state, delivery) else { return false };
        let in_time = self.machine.handle(history, delivery, Timestamp::MIN);
        let late = self.machine.handle(history, delivery, due);
        match (&*in_time, &*late) {
            (Ok(in_time), Ok(late)) => !self.machine.differ_in_time_only(&in_time.emitted, &late.emitted),
            (Err(_), Err(_)) => false,
            _ => true,
        }
    }

    fn passed_deadline(&self, state: &State, delivery: DeliveryId) -> Option<(HistoryId, Timestamp)> {
        let Target::Instance(stream) = self.machine.deliveries[delivery].to else { return None };
        let timers =
            state.timers.iter().map(|it| &self.machine.messages[self.machine.deliveries[*it].message]);
        let due = timers.filter(|it| it.stream == stream).map(|it| it.at).max()?;
        Some((state.history(stream), due))
    }

    /// Makes a move.
    pub(crate) fn make(
        &mut self,
        state: &mut State,
        make: Move,
        witness: &mut impl Witness,
    ) -> Result<(), Obstacle> {
        match make {
            Move::Handle { delivery, is_late, will_repeat } => {
                if will_repeat {
                    state.will_repeat(delivery);
                }
                let late = is_late.then(|| self.passed_deadline(state, delivery)).flatten();
                state.dequeue(self.machine.deliveries[delivery].queue);
                let not_before = late.map_or(Timestamp::MIN, |(_, due)| due);
                self.handle(state, delivery, not_before, witness)?;
            }
            Move::Fire(timer) => {
                state.timers.retain(|it| *it != timer);
                state.enqueue(self.machine.deliveries[timer].queue, timer);
            }
            Move::Send { index, will_repeat } => {
                state.outside &= !(1 << index);
                let delivery = self.meanwhile[usize::from(index)];
                if will_repeat {
                    state.will_repeat(delivery);
                }
                witness.sent(&self.machine, delivery);
                self.handle(state, delivery, Timestamp::MIN, witness)?;
            }
            Move::Repeat(delivery) => {
                if let Ok(place) = state.repeating.binary_search(&delivery) {
                    state.repeating.remove(place);
                }
                let again = self.machine.repetition(delivery);
                self.handle(state, again, Timestamp::MIN, witness)?;
            }
            Move::Answer { call, answer } => {
                self.answer(state, call, answer, witness)?;
                state.calls.retain(|it| *it != call);
            }
            Move::Crash { call, answer } => {
                state.crashes -= 1;
                self.answer(state, call, answer, witness)?;
            }
        }
        self.settle(state, witness)
    }

    fn answer(
        &mut self,
        state: &mut State,
        call: CallId,
        answer: u8,
        witness: &mut impl Witness,
    ) -> Result<(), Obstacle> {
        let answers = self.answers.of(&mut self.machine, call)?;
        let Some(answering) = answers.get(usize::from(answer)) else { return Ok(()) };
        let emitted = answering.emitted();
        witness.answered(&self.machine, call, emitted);
        self.take_over(state, emitted);
        Ok(())
    }

    /// Lets a message be handled that has been taken from its queue.
    pub(crate) fn handle(
        &mut self,
        state: &mut State,
        delivery: DeliveryId,
        not_before: Timestamp,
        witness: &mut impl Witness,
    ) -> Result<(), Obstacle> {
        let Delivery { to, again, is_answered, .. } = self.machine.deliveries[delivery];
        let history = match to {
            Target::Instance(stream) => state.history(stream),
            Target::Reaction(_) => HistoryId(0),
        };
        let outcome = self.machine.handle(history, delivery, not_before);
        let handled = match &*outcome {
            Ok(handled) => handled,
            Err(failure) => return Err(self.failed(delivery, failure)),
        };
        witness.handled(&self.machine, delivery, handled);
        if let Some((stream, history)) = handled.history {
            state.set_history(stream, history);
        }
        self.take_over(state, &handled.emitted);
        if !again && !is_answered { self.heard(&handled.emitted) } else { Ok(()) }
    }

    fn failed(&self, delivery: DeliveryId, failure: &Failure) -> Obstacle {
        Obstacle::Failed {
            handler: self.machine.name_of_handler(delivery),
            message: self.machine.written(self.machine.deliveries[delivery].message),
            failure: failure.clone(),
        }
    }

    /// A "no" must be for somebody.
    fn heard(&self, emitted: &[Emitted]) -> Result<(), Obstacle> {
        let refused = emitted.iter().find_map(|it| match it {
            Emitted::Refused(refused) => Some(*refused),
            _ => None,
        });
        let is_told = emitted.iter().any(|it| matches!(it, Emitted::Message(_)));
        match refused {
            Some(refused) if !is_told && self.machine.is_rejection(refused) => {
                let name = &*self.machine.messages[refused].name;
                if self.answers.may_be_rejected.contains(name) {
                    return Ok(());
                }
                Err(Obstacle::Rejected { rejection: self.machine.written(refused) })
            }
            _ => Ok(()),
        }
    }

    fn take_over(&self, state: &mut State, emitted: &[Emitted]) {
        for emitted in emitted {
            match emitted {
                Emitted::Event { to, .. } => {
                    for reaction in to {
                        state.enqueue(self.machine.deliveries[*reaction].queue, *reaction);
                    }
                }
                Emitted::Message(delivery) => {
                    state.enqueue(self.machine.deliveries[*delivery].queue, *delivery);
                }
                Emitted::Later(timer) => {
                    let place = state.timers.binary_search(timer).unwrap_or_else(|place| place);
                    state.timers.insert(place, *timer);
                }
                Emitted::Cancel(cancellation) => {
                    state.timers.retain(|it| !self.machine.is_taken_back(*it, cancellation));
                }
                Emitted::Call(call) => state.calls.push(*call),
                Emitted::TakeBackCalls { effect, stream } => state.calls.retain(|it| {
                    let call = &self.machine.calls[*it];
                    call.effect != *effect || self.machine.messages[call.event].stream != *stream
                }),
                Emitted::Refused(_) => {}
            }
        }
    }

    /// Lets those react whose reaction nothing else can notice: it only puts messages on their way, and whoever gets them may
    /// take them at any moment from then on.
    pub(crate) fn settle(&mut self, state: &mut State, witness: &mut impl Witness) -> Result<(), Obstacle> {
        if !self.is_eager || self.machine.promise == Promise::OneStore {
            return Ok(());
        }
        while let Some(reaction) = self.unnoticed(state) {
            state.dequeue(self.machine.deliveries[reaction].queue);
            self.handle(state, reaction, Timestamp::MIN, witness)?;
        }
        Ok(())
    }

    fn unnoticed(&mut self, state: &State) -> Option<DeliveryId> {
        let reactions = state.queues.iter().filter(|(it, _)| matches!(it.to, Place::Reactor(_)));
        for delivery in reactions.filter_map(|(_, waiting)| waiting.first()) {
            if state.duplicates > 0 && self.machine.deliveries[*delivery].repeats {
                continue;
            }
            let outcome = self.machine.handle(HistoryId(0), *delivery, Timestamp::MIN);
            if outcome.as_ref().as_ref().is_ok_and(Handled::takes_nothing_back) {
                return Some(*delivery);
            }
        }
        None
    }

    /// Where a message comes from that an effect's answer sends.
    pub(crate) fn emitter_of(machine: &Machine, call: CallId) -> Emitter {
        let event = machine.calls[call].event;
        let message = &machine.messages[event];
        let effect = machine.effect_of(call);
        let module = machine.modules.of_reaction(&effect);
        let source = match machine.reactors.find(&effect) {
            Some(reactor) => Source::Reactor(reactor, message.stream),
            None => Source::Instance(message.stream),
        };
        Emitter { stream: message.stream, source, sender: None, module, now: message.at, again: false }
    }
}
