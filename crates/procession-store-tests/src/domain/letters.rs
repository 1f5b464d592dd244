use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use procession::{
    Application, CircuitBreaker, Command, Context, Decider, Effect, EffectCallContext, EffectError, Event,
    Events, Handle, Module, Never, Retries,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A letter that an effect brings to the post office.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Letter {
    pub(crate) posted: u32,
    pub(crate) returned: Vec<String>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
pub(crate) struct WriteLetter {
    pub(crate) letter: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
pub(crate) struct RecallLetter {
    pub(crate) letter: String,
}

#[derive(Clone, Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
pub(crate) struct RecordPosting {
    letter: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
pub(crate) struct RecordReturn {
    letter: String,
    reason: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct LetterWritten {
    letter: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct LetterRecalled {
    letter: String,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct LetterPosted {}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct LetterReturned {
    reason: String,
}

#[derive(Events)]
pub(crate) enum LetterEvent {
    Written(LetterWritten),
    Recalled(LetterRecalled),
    Posted(LetterPosted),
    Returned(LetterReturned),
}

impl Decider for Letter {
    const CATEGORY: &'static str = "letter";
    type Event = LetterEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &LetterEvent) {
        match event {
            LetterEvent::Written(_) | LetterEvent::Recalled(_) => {}
            LetterEvent::Posted(_) => self.posted += 1,
            LetterEvent::Returned(event) => self.returned.push(event.reason.clone()),
        }
    }
}

impl Handle<WriteLetter> for Letter {
    type Records = LetterWritten;

    fn handle(&self, command: WriteLetter, _: &Context) -> Result<LetterWritten, Never> {
        Ok(LetterWritten { letter: command.letter })
    }
}

impl Handle<RecallLetter> for Letter {
    type Records = LetterRecalled;

    fn handle(&self, command: RecallLetter, _: &Context) -> Result<LetterRecalled, Never> {
        Ok(LetterRecalled { letter: command.letter })
    }
}

impl Handle<RecordPosting> for Letter {
    type Records = LetterPosted;

    fn handle(&self, _: RecordPosting, _: &Context) -> Result<LetterPosted, Never> {
        Ok(LetterPosted {})
    }
}

impl Handle<RecordReturn> for Letter {
    type Records = LetterReturned;

    fn handle(&self, command: RecordReturn, _: &Context) -> Result<LetterReturned, Never> {
        Ok(LetterReturned { reason: command.reason })
    }
}

/// The world outside: it outlives every runtime, and remembers who came.
#[derive(Clone, Default)]
pub(crate) struct PostOffice(Arc<Mutex<Desk>>);

#[derive(Default)]
struct Desk {
    is_closed: bool,
    answers: BTreeMap<String, VecDeque<Answer>>,
    visits: Vec<Visit>,
    serves: watch::Sender<bool>,
}

/// How a visit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    ComeAgain,
    Refused,
    Puzzled,
    /// The function that calls it panics.
    Broken,
    /// It never answers.
    Silence,
    /// It answers when it is told to.
    Later,
    /// It posts so many copies.
    Copies(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) letter: String,
    pub(crate) key: String,
    pub(crate) attempt: u32,
}

impl PostOffice {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it says to the first visits with a letter; then it takes it.
    pub(crate) fn answers(&self, letter: &str, answers: &[Answer]) {
        self.desk().answers.insert(letter.into(), answers.iter().copied().collect());
    }

    /// Whether it asks everybody to come again.
    pub(crate) fn is_closed(&self, is_closed: bool) {
        self.desk().is_closed = is_closed;
    }

    pub(crate) fn visits(&self) -> Vec<Visit> {
        self.desk().visits.clone()
    }

    /// Answers those who were to be answered later.
    pub(crate) fn serve(&self) {
        self.desk().serves.send_replace(true);
    }

    /// How many copies it has posted.
    async fn take(&self, letter: String, call: EffectCallContext) -> Result<usize, EffectError> {
        let answer = {
            let mut desk = self.desk();
            desk.visits.push(Visit { letter: letter.clone(), key: call.key, attempt: call.attempt });
            let answer = desk.answers.get_mut(&letter).and_then(VecDeque::pop_front);
            if desk.is_closed { Some(Answer::ComeAgain) } else { answer }
        };
        match answer {
            None => Ok(1),
            Some(Answer::Copies(copies)) => Ok(copies),
            Some(Answer::Later) => {
                let mut serves = self.desk().serves.subscribe();
                serves.wait_for(|it| *it).await?;
                Ok(1)
            }
            Some(Answer::ComeAgain) => Err(EffectError::retry("come again")),
            Some(Answer::Refused) => Err(EffectError::reject("no stamp")),
            Some(Answer::Puzzled) => Err(EffectError::park("what is that?")),
            Some(Answer::Broken) => panic!("the bag has a hole"),
            Some(Answer::Silence) => std::future::pending().await,
        }
    }
}

/// Letters go to a post office, one by one, at most three times each.
pub(crate) fn letters(office: &PostOffice) -> Application {
    let retries = Retries::up_to(3).first_pause(Duration::from_secs(10));
    letters_with(office, retries, CircuitBreaker::default(), Duration::from_secs(100))
}

pub(crate) fn letters_with(
    office: &PostOffice,
    retries: Retries,
    circuit_breaker: CircuitBreaker,
    timeout: Duration,
) -> Application {
    let office = office.clone();
    let post = Effect::named("post").on(move |event: LetterWritten, call| {
        let office = office.clone();
        async move {
            let LetterWritten { letter } = event;
            let copies = office.take(letter.clone(), call).await?;
            Ok(vec![RecordPosting { letter }; copies])
        }
    });
    let post = post
        .when_given_up(|event: &LetterWritten, given_up| RecordReturn {
            letter: event.letter.clone(),
            reason: given_up.reason.clone(),
        })
        .until::<LetterRecalled>()
        .retries(retries)
        .circuit_breaker(circuit_breaker)
        .timeout(timeout);
    let letters = Module::named("letters")
        .handles::<WriteLetter>()
        .handles::<RecallLetter>()
        .handles::<RecordPosting>()
        .handles::<RecordReturn>()
        .effect(post);
    Application::assemble([letters]).unwrap()
}
