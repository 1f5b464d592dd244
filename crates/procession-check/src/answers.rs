use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use procession_core::{Fact, Failure, GivenUp, Output, Sends, effect_handler, log::Entry};

use crate::{
    ids::CallId,
    machine::{Emitted, Machine},
    moves::{Mechanics, Obstacle},
};

/// How the target of an effect may answer a call.
///
/// The effect's own function is not run: it talks to the world. What it makes of the world's answer is said here, and what it
/// does when it has given up is the very code that runs.
#[derive(Debug)]
#[must_use = "an answer has to be returned to the check"]
pub struct Answer(Kind);

#[derive(Debug)]
enum Kind {
    Sends(Result<Vec<Output>, Failure>),
    FromOutside(Result<Vec<Output>, Failure>),
    GivenUp(GivenUp),
}

impl Answer {
    /// The call is done, and the effect sends this: commands, or `()`.
    pub fn sends(sends: impl Sends) -> Self {
        Self(Kind::Sends(outputs(sends)))
    }

    /// The call is done, and its target tells later what came of it: these commands come from outside, at any moment, and
    /// perhaps twice.
    pub fn from_outside(sends: impl Sends) -> Self {
        Self(Kind::FromOutside(outputs(sends)))
    }

    /// All attempts have failed, or the target has said no: the call is given up.
    pub fn given_up(reason: impl Into<String>) -> Self {
        Self(Kind::GivenUp(GivenUp::after(1, reason, false)))
    }
}

pub(crate) fn outputs(sends: impl Sends) -> Result<Vec<Output>, Failure> {
    let mut outputs = Vec::new();
    sends.send(&mut outputs)?;
    Ok(outputs)
}

type Answering_ = Arc<dyn Fn(&Entry) -> Result<Vec<Answer>, Failure>>;

/// What the world outside may say to the effects.
#[derive(Default)]
pub(crate) struct Answers {
    answerers: BTreeMap<&'static str, Answering_>,
    known: HashMap<CallId, Rc<Vec<Answering>>>,
    pub(crate) may_be_rejected: BTreeSet<String>,
}

/// One of the ways in which a call may be over.
pub(crate) enum Answering {
    Done(Vec<Emitted>),
    FromOutside(Vec<Emitted>),
}

impl Answering {
    pub(crate) fn emitted(&self) -> &[Emitted] {
        match self {
            Self::Done(emitted) | Self::FromOutside(emitted) => emitted,
        }
    }
}

impl Answers {
    pub(crate) fn add<F: Fact>(
        &mut self,
        effect: &'static str,
        answers: impl Fn(&F) -> Vec<Answer> + 'static,
    ) {
        let answerer = move |event: &Entry| {
            let event = F::from_json(&event.payload).map_err(|error| {
                Failure::Decode(procession_core::DecodeError::Payload {
                    name: F::NAME.into(),
                    reason: error.to_string(),
                })
            })?;
            Ok(answers(&event))
        };
        self.answerers.insert(effect, Arc::new(answerer));
    }

    /// All answers to a call.
    pub(crate) fn of(&mut self, machine: &mut Machine, call: CallId) -> Result<Rc<Vec<Answering>>, Obstacle> {
        if let Some(known) = self.known.get(&call) {
            return Ok(Rc::clone(known));
        }
        let effect = machine.calls[call].effect;
        let answerer = self.answerers.get(effect).ok_or(Obstacle::UnknownEffect { effect })?;
        let event = machine.entry(machine.calls[call].event);
        let answers = answerer(&event).and_then(|answers| {
            answers.into_iter().map(|answer| answering(machine, call, &event, answer)).collect()
        });
        let answers: Vec<Answering> = answers.map_err(|failure| Obstacle::Failed {
            handler: effect_handler(effect),
            message: machine.written(machine.calls[call].event),
            failure,
        })?;
        let answers = Rc::new(answers);
        self.known.insert(call, Rc::clone(&answers));
        Ok(answers)
    }
}

fn answering(
    machine: &mut Machine,
    call: CallId,
    event: &Entry,
    Answer(kind): Answer,
) -> Result<Answering, Failure> {
    let by = Mechanics::emitter_of(machine, call);
    Ok(match kind {
        Kind::Sends(outputs) => Answering::Done(machine.emitted(outputs?, &by)),
        Kind::FromOutside(outputs) => {
            let sent = machine.sent_from_outside(outputs?, by.now);
            Answering::FromOutside(sent.into_iter().map(Emitted::Message).collect())
        }
        Kind::GivenUp(reason) => {
            let engine = Arc::clone(&machine.engine);
            let effect = engine.effect(&machine.effect_of(call));
            let outputs = effect.and_then(|it| it.given_up(event, &reason));
            // A call that is given up and leads to nothing is parked.
            let outputs = outputs.unwrap_or(Err(Failure::Panicked { message: reason.reason }))?;
            Answering::Done(machine.emitted(outputs, &by))
        }
    })
}
