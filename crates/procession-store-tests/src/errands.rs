//! What clients ask for, until they are answered, and what must have come of it.

use std::sync::Arc;

use procession::{
    Command, Decider, Lifecycle, Message, Stream,
    log::{Entry, Kind},
};
use procession_runtime::{
    ExecuteError, RequestError, Runtime, Store,
    store::{Batch, Expected, NewEntry},
};

use crate::{
    batches::{log, second},
    domain::{
        Account, Answer, Booking, Deposit, Journey, OpenAccount, Plan, StartSurvey, Survey, Travel, booking,
    },
    running::{counts, state},
    service::Service,
};

/// Each client asks for a deposit, a survey and a trip in each round.
const ROUNDS: u32 = 10;
const RESPONDENTS: u32 = 3;

/// A client at work. Whatever it asks for has a key of its own.
pub(crate) async fn ask_for_everything(service: Service, client: usize) {
    for account in [account(client), common()] {
        let open = || OpenAccount { account: account.clone() };
        service.ask(|it| executed(it, open(), format!("open {account}"))).await;
    }
    for round in 0..ROUNDS {
        for account in [account(client), common()] {
            let deposit = || Deposit { account: account.clone(), amount: 1 };
            service.ask(|it| executed(it, deposit(), format!("deposit {client} {round} to {account}"))).await;
        }
        service
            .ask(async |it| it.send(survey(client, round)).idempotency_key(survey_key(client, round)).await)
            .await;
        let travel = || Travel { traveller: name(client, round), plan: plan(client, round) };
        service
            .ask(async |it| it.send(travel()).idempotency_key(format!("trip {client} {round}")).await)
            .await;
    }
}

async fn executed<C: Command>(runtime: Runtime, command: C, key: String) -> Result<(), RequestError> {
    match runtime.execute(command).idempotency_key(key).await {
        Ok(_) => Ok(()),
        Err(ExecuteError::NotTaken(error)) => Err(error),
        Err(ExecuteError::Rejected(rejection)) => panic!("{rejection}"),
    }
}

/// As somebody does who writes into the store before there is a runtime, and asks again later.
pub(crate) async fn write_surveys(store: &impl Store, clients: usize) {
    let rounds = (0..clients).flat_map(|client| (0..ROUNDS).map(move |round| (client, round)));
    let entries = rounds.map(|(client, round)| {
        let command = survey(client, round);
        let stream = Stream::new(Survey::CATEGORY, command.target()).unwrap();
        let entry = Entry::new(Kind::Command, stream, command.encode().unwrap(), second(0));
        NewEntry {
            entry: Arc::new(entry),
            process: None,
            causation: None,
            expected: Expected::Any,
            idempotency_key: Some(survey_key(client, round).into()),
        }
    });
    store.commit(Batch { entries: entries.collect(), ..Batch::default() }).await.unwrap();
}

/// Nothing is missing, nothing is there twice, nothing waits.
pub(crate) async fn everything_is_there_once(runtime: &Runtime, clients: usize) {
    let store = runtime.reader().store();
    assert_eq!(runtime.reader().parked().await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), None, "nothing waits for a time");
    let clients_and_rounds = clients as u64 * u64::from(ROUNDS);
    let events: Vec<_> =
        log(store.as_ref()).await.into_iter().filter(|it| it.entry.kind == Kind::Event).collect();
    let counts = counts(&events);
    let expected = [
        ("AccountOpened", clients as u64 + 1),
        ("Deposited", 2 * clients_and_rounds),
        ("SurveyStarted", clients_and_rounds),
        ("QuestionAnswered", u64::from(RESPONDENTS) * clients_and_rounds),
        ("AnswerCounted", u64::from(RESPONDENTS) * clients_and_rounds),
        ("SurveyEnded", clients_and_rounds),
        ("TripPlanned", clients_and_rounds),
    ];
    assert_eq!(expected.map(|(name, _)| (name, counts[name])), expected);
    let balance = async |account: String| state::<Account>(runtime, &account).await.balance;
    assert_eq!(balance(common()).await, clients_and_rounds as i64);
    for client in 0..clients {
        assert_eq!(balance(account(client)).await, i64::from(ROUNDS));
        for round in 0..ROUNDS {
            has_ended(runtime, &name(client, round), plan(client, round)).await;
        }
    }
}

/// The survey has all answers, and the trip is made, or undone where it was refused.
async fn has_ended(runtime: &Runtime, name: &str, plan: Plan) {
    let Survey { answers, ended, .. } = state(runtime, name).await;
    assert_eq!((answers, ended), (RESPONDENTS, 1), "survey {name}");
    let trip = runtime.reader().linear_saga::<Plan>(Journey::Trip.saga(), name).await.unwrap();
    let is_refused = plan.car == Answer::Refuses;
    let cancelled = u32::from(is_refused);
    let end = if is_refused { "SagaCompensated" } else { "SagaCompleted" };
    assert_eq!(trip.lifecycle, Lifecycle::Ended(end), "trip {name}");
    for thing in ["flight", "room"] {
        assert_eq!(
            state::<Booking>(runtime, &booking(name, thing)).await,
            Booking { asked: 1, booked: 1, cancelled },
            "trip {name}"
        );
    }
}

/// Every second trip is refused its car, and undone.
fn plan(client: usize, round: u32) -> Plan {
    let car = if round.is_multiple_of(2) { Answer::Well } else { Answer::Refuses };
    let (trip, well) = (name(client, round), Answer::Well);
    Plan { journey: Journey::Trip, trip, flight: well, room: well, car, cancellation: well }
}

fn survey(client: usize, round: u32) -> StartSurvey {
    StartSurvey { survey: name(client, round), respondents: RESPONDENTS }
}

fn survey_key(client: usize, round: u32) -> String {
    format!("survey {client} {round}")
}

fn name(client: usize, round: u32) -> String {
    format!("{client}-{round}")
}

fn account(client: usize) -> String {
    client.to_string()
}

/// The account that all clients pay into.
fn common() -> String {
    "common".into()
}
