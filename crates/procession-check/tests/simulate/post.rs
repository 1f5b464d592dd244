//! A post office. A letter is carried to where it goes, or it comes back after an hour. All are counted in the sorting office,
//! whose saga fails in a storm.

use std::{collections::BTreeSet, time::Duration};

use jiff::SignedDuration;
use procession_check::simulate::{Chance, Client, End, Outside, Scenario};
use procession_core::{
    After, Application, Cancel, Command, Context, Decider, Effect, EffectError, Event, Events, Handle,
    Module, Never, Retries, Saga, WiringErrors, log::Kind,
};
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize, Clone)]
#[command(to = Letter, id = letter)]
struct PostLetter {
    letter: String,
    has_address: bool,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
struct RecordDelivery {
    letter: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Letter, id = letter)]
struct ReturnLetter {
    letter: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = SortingOffice, id = office)]
struct CountLetter {
    office: String,
    letter: String,
}

#[derive(Event, Serialize, Deserialize, Clone)]
struct LetterPosted {
    letter: String,
    has_address: bool,
}

#[derive(Event, Serialize, Deserialize)]
struct LetterDelivered {
    letter: String,
}

#[derive(Event, Serialize, Deserialize)]
struct LetterReturned {
    letter: String,
}

#[derive(Event, Serialize, Deserialize)]
struct LetterCounted {
    letter: String,
}

#[derive(Events)]
enum LetterEvent {
    Posted(LetterPosted),
    #[ends]
    Delivered(LetterDelivered),
    #[ends]
    Returned(LetterReturned),
}

#[derive(Events)]
enum SortingOfficeEvent {
    Counted(LetterCounted),
}

#[derive(Default)]
struct Letter {
    is_posted: bool,
    has_ended: bool,
}

#[derive(Default)]
struct SortingOffice {
    counted: Vec<String>,
}

impl Decider for Letter {
    const CATEGORY: &'static str = "letter";
    type Event = LetterEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &LetterEvent) {
        match event {
            LetterEvent::Posted(_) => self.is_posted = true,
            LetterEvent::Delivered(_) | LetterEvent::Returned(_) => self.has_ended = true,
        }
    }
}

impl Decider for SortingOffice {
    const CATEGORY: &'static str = "sorting_office";
    type Event = SortingOfficeEvent;
    type Rejection = Never;

    fn evolve(&mut self, SortingOfficeEvent::Counted(event): &SortingOfficeEvent) {
        self.counted.push(event.letter.clone());
    }
}

impl Handle<PostLetter> for Letter {
    type Records = Option<LetterPosted>;

    fn handle(&self, it: PostLetter, _: &Context) -> Result<Self::Records, Never> {
        let PostLetter { letter, has_address } = it;
        Ok((!self.is_posted).then_some(LetterPosted { letter, has_address }))
    }
}

impl Handle<RecordDelivery> for Letter {
    type Records = Option<LetterDelivered>;

    fn handle(&self, it: RecordDelivery, _: &Context) -> Result<Self::Records, Never> {
        Ok((!self.has_ended).then_some(LetterDelivered { letter: it.letter }))
    }
}

impl Handle<ReturnLetter> for Letter {
    type Records = Option<LetterReturned>;

    fn handle(&self, it: ReturnLetter, _: &Context) -> Result<Self::Records, Never> {
        Ok((!self.has_ended).then_some(LetterReturned { letter: it.letter }))
    }
}

/// It counts what comes, also what comes twice.
impl Handle<CountLetter> for SortingOffice {
    type Records = LetterCounted;

    fn handle(&self, it: CountLetter, _: &Context) -> Result<LetterCounted, Never> {
        Ok(LetterCounted { letter: it.letter })
    }
}

const OFFICE: &str = "main";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn post_office(outside: &Outside) -> Result<Application, WiringErrors> {
    let storm = outside.clone();
    let sorting = Saga::named("sorting")
        .on(move |event: &LetterPosted| {
            assert!(!storm.goes_wrong(0.2), "{STORM}");
            CountLetter { office: OFFICE.into(), letter: event.letter.clone() }
        })
        .retries(Retries::up_to(1000).longest_pause(Duration::from_secs(60)));
    let returning = Saga::named("returning")
        .on(|event: &LetterPosted| After(HOUR, ReturnLetter { letter: event.letter.clone() }))
        .on(|event: &LetterDelivered| Cancel::<ReturnLetter>::to(&event.letter));
    let weather = outside.clone();
    let carrying = Effect::named("carry").on(move |event: LetterPosted, _| {
        let weather = weather.clone();
        async move {
            tokio::time::sleep(weather.pause(Duration::from_secs(40))).await;
            if weather.goes_wrong(0.3) {
                return Err(EffectError::retry("a storm"));
            }
            Ok(event.has_address.then_some(RecordDelivery { letter: event.letter }))
        }
    });
    let carrying = carrying.retries(Retries::up_to(1000).longest_pause(Duration::from_secs(60)));
    let letters = Module::named("letters")
        .handles::<PostLetter>()
        .handles::<RecordDelivery>()
        .handles::<ReturnLetter>()
        .handles::<CountLetter>()
        .saga(sorting)
        .saga(returning)
        .effect(carrying);
    Application::assemble([letters])
}

const STORM: &str = "a storm keeps the sorting office closed";

/// The panics of storms are meant, and nobody needs to read them.
pub(crate) fn keep_storms_quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(STORM) {
                usual(panic);
            }
        }));
    });
}

/// Letters are posted, some by clients who have no key.
pub(crate) fn letters_are_posted(chance: &mut Chance, outside: &Outside) -> Scenario {
    let mut scenario = Scenario::of(post_office(outside));
    let mut letters = Vec::new();
    for client in 0..chance.between(1, 4) {
        let mut posting = Client::new();
        for number in 0..chance.between(1, 4) {
            let letter =
                PostLetter { letter: format!("{client}-{number}"), has_address: chance.happens(0.7) };
            letters.push(letter.clone());
            posting = posting.pauses(chance.pause(Duration::from_secs(10)));
            posting = match chance.below(3) {
                0 => posting.executes(letter),
                1 => posting.sends(letter),
                _ => posting.executes_without_a_key(letter),
            };
        }
        scenario = scenario.when(posting);
    }
    let (posted, ended, all) = (letters.clone(), letters.clone(), letters.len());
    scenario
        .finally("every letter is counted once", move |end| each_is_counted_once(end, &posted))
        .finally("every letter is carried", move |end| {
            end.count(Kind::EffectResult, "EffectCompleted") == all
        })
        .finally("every letter is delivered, or comes back", move |end| each_has_ended(end, &ended))
        .finally("no letter is called back long after it was delivered", none_is_late)
}

fn each_is_counted_once(end: &End, letters: &[PostLetter]) -> bool {
    let counted = end.state::<SortingOffice>(OFFICE).counted;
    let once: BTreeSet<&String> = counted.iter().collect();
    counted.len() == letters.len() && letters.iter().all(|it| once.contains(&it.letter))
}

fn each_has_ended(end: &End, letters: &[PostLetter]) -> Result<(), String> {
    let of = |letter: &String, name: &str| {
        end.log()
            .iter()
            .any(|it| it.version.is_some() && it.entry.name == name && it.entry.stream.id() == letter)
    };
    let wrong = letters.iter().find(|it| {
        let (delivered, returned) = (of(&it.letter, "LetterDelivered"), of(&it.letter, "LetterReturned"));
        delivered == returned || (delivered && !it.has_address)
    });
    wrong.map_or(Ok(()), |it| Err(format!("{} has not", it.letter)))
}

fn none_is_late(end: &End) -> Result<(), String> {
    let named = |name: &'static str| end.log().iter().filter(move |it| it.entry.name == name);
    for delivered in named("LetterDelivered") {
        let late = named("ReturnLetter").find(|it| {
            let after = it.entry.at.duration_since(delivered.entry.at);
            it.entry.stream == delivered.entry.stream && after > SignedDuration::from_mins(30)
        });
        if let Some(late) = late {
            return Err(format!("{late:?}"));
        }
    }
    Ok(())
}
