use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use procession_core::Command;
use procession_runtime::Clock;

use super::{
    Chance, Client,
    client::{Answered, Request},
    clock::SimulatedClock,
    watched::Watched,
};

/// The world outside of the application: it outlives every life of the process. Clones are the same world.
///
/// A scenario gives it to the targets of its effects, which ask it what goes wrong, and tell the application by it what they
/// have to say later.
#[derive(Clone)]
pub struct Outside {
    shared: Arc<Mutex<Shared>>,
    /// How often something has changed for clients.
    changes: Watched<u64>,
}

struct Shared {
    chance: Chance,
    clock: Option<SimulatedClock>,
    is_calm: bool,
    clients: Vec<Served>,
    broken: Option<String>,
    duplicates: u64,
}

/// How far a client is.
struct Served {
    client: Client,
    is_given: bool,
    /// When it has begun to wait for its next request.
    since: Option<Timestamp>,
    answers: Vec<Answered>,
}

/// A request whose turn has come.
pub(crate) struct Next {
    pub(crate) request: Request,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) is_given: bool,
    pub(crate) due: Timestamp,
}

impl Outside {
    pub(crate) fn new(chance: Chance) -> Self {
        let shared =
            Shared { chance, clock: None, is_calm: false, clients: Vec::new(), broken: None, duplicates: 0 };
        Self { shared: Arc::new(Mutex::new(shared)), changes: Watched::new(0) }
    }

    /// Tells the application something from outside, as a client that asks until it is answered. That may take its time,
    /// and come twice.
    pub fn tells<C: Command>(&self, command: C) {
        self.tells_after(Duration::ZERO, command);
    }

    /// The same, later.
    pub fn tells_after<C: Command>(&self, pause: Duration, command: C) {
        self.add(Client::new().pauses(pause).executes(command), false);
    }

    /// Whether something goes wrong outside that does so in this share of all cases; never in the calm phase at the end.
    #[must_use]
    pub fn goes_wrong(&self, share: f64) -> bool {
        let mut shared = self.lock();
        !shared.is_calm && shared.chance.happens(share)
    }

    /// How long something outside takes: up to `most`, and no time in the calm phase at the end.
    #[must_use]
    pub fn pause(&self, most: Duration) -> Duration {
        let mut shared = self.lock();
        if shared.is_calm { Duration::ZERO } else { shared.chance.pause(most) }
    }

    /// One of several answers.
    ///
    /// # Panics
    /// Without any.
    #[must_use]
    pub fn one_of<T: Clone>(&self, choices: &[T]) -> T {
        self.lock().chance.one_of(choices)
    }

    /// The time in the simulation.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().now()
    }

    pub(crate) fn add(&self, client: Client, is_given: bool) {
        let mut shared = self.lock();
        let since = Some(shared.now()).filter(|_| shared.clock.is_some());
        shared.clients.push(Served { client, is_given, since, answers: Vec::new() });
        drop(shared);
        self.changed();
    }

    pub(crate) fn begin_life(&self, clock: SimulatedClock, is_calm: bool) {
        let mut shared = self.lock();
        (shared.clock, shared.is_calm) = (Some(clock), is_calm);
    }

    pub(crate) fn clients(&self) -> usize {
        self.lock().clients.len()
    }

    /// What a client asks for next; none when it has heard all answers.
    pub(crate) fn next_of(&self, client: usize) -> Option<Next> {
        let mut shared = self.lock();
        let now = shared.now();
        let served = shared.clients.get_mut(client)?;
        let number = served.answers.len();
        let request = served.client.requests.get(number)?.clone();
        let since = *served.since.get_or_insert(now);
        let due = since.checked_add(request.pause).unwrap_or(Timestamp::MAX);
        let key = request.has_key.then(|| format!("client {client}, request {number}").into());
        Some(Next { request, key, is_given: served.is_given, due })
    }

    pub(crate) fn has_answered(&self, client: usize, answer: Answered) {
        let mut shared = self.lock();
        let now = shared.now();
        if let Some(served) = shared.clients.get_mut(client) {
            served.answers.push(answer);
            served.since = Some(now);
        }
        drop(shared);
        self.changed();
    }

    /// Whether all clients who come first have their answers, or all clients.
    pub(crate) fn are_answered(&self, only_given: bool) -> bool {
        let shared = self.lock();
        let mut meant = shared.clients.iter().filter(|it| it.is_given || !only_given);
        meant.all(|it| it.answers.len() == it.client.requests.len())
    }

    /// Waits until they have their answers.
    pub(crate) async fn answered(&self, only_given: bool) {
        self.changes.wait_for(|_| self.are_answered(only_given)).await;
    }

    pub(crate) fn changes(&self) -> &Watched<u64> {
        &self.changes
    }

    /// Notes what must not have happened.
    pub(crate) fn breaks(&self, what: String) {
        self.lock().broken.get_or_insert(what);
        self.changed();
    }

    pub(crate) fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    pub(crate) fn delivers_again(&self) {
        self.lock().duplicates += 1;
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.lock().duplicates
    }

    /// Everything that was answered, with its answer.
    pub(crate) fn answers(&self) -> Vec<(Request, Answered)> {
        let shared = self.lock();
        let answers = shared.clients.iter().flat_map(|it| it.client.requests.iter().zip(&it.answers));
        answers.map(|(request, answer)| (request.clone(), answer.clone())).collect()
    }

    fn changed(&self) {
        self.changes.change(|it| *it += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.clock.map_or(super::BEGINNING, |it| it.now())
    }
}
