use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    nodes::Doors,
    tours::{Question, Tour},
};
use crate::chance::Chance;

/// Clients at the same time. Each has a node that it asks, and goes to another one when it is not answered.
pub(super) const CLIENTS: u64 = 9;
/// After that, a client asks another node.
const PATIENCE: Duration = Duration::from_secs(3);
/// The pause between two questions, at most: people think, and this machine has more to do.
const THINKS: Duration = Duration::from_millis(30);
/// A question that nobody has answered by then will never be answered.
const LONGEST: Duration = Duration::from_secs(90);
/// So long a time in which nobody is answered is told at once.
const LONG_SILENCE: Duration = Duration::from_secs(1);
/// Every so many answers, a client asks again what it knows already.
const AGAIN_EVERY: u64 = 8;

/// What all clients share.
pub(super) struct Load<'a> {
    doors: &'a Doors,
    seed: u64,
    next: AtomicU64,
    ends: AtomicBool,
    heard: Mutex<Heard>,
}

/// When somebody was answered last, and how long nobody was.
struct Heard {
    last: Instant,
    longest_silence: Duration,
}

/// What clients have lived through.
#[derive(Default)]
pub(super) struct Answered {
    /// Tours whose group checkout was acknowledged.
    pub(super) tours: Vec<Tour>,
    /// From asking for the first time to the answer.
    pub(super) waits: Vec<Duration>,
    /// How often nobody answered, and it was asked again.
    pub(super) unanswered: u64,
    /// How often something was asked again that had been answered.
    pub(super) repeated: u64,
}

impl Answered {
    pub(super) fn extend(&mut self, other: Self) {
        self.tours.extend(other.tours);
        self.waits.extend(other.waits);
        self.unanswered += other.unanswered;
        self.repeated += other.repeated;
    }
}

impl FromIterator<Self> for Answered {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        all.into_iter().for_each(|it| sum.extend(it));
        sum
    }
}

impl<'a> Load<'a> {
    pub(super) fn new(doors: &'a Doors, seed: u64) -> Self {
        let heard = Mutex::new(Heard { last: Instant::now(), longest_silence: Duration::ZERO });
        Self { doors, seed, next: AtomicU64::new(0), ends: AtomicBool::new(false), heard }
    }

    /// The next tour, from its first guest to its group checkout.
    pub(super) fn one_tour(&self, client: u64) -> Answered {
        let mut client = Client::new(self, client);
        client.next_tour();
        client.answered
    }

    /// One tour after the other, until it is to end.
    pub(super) fn tours(&self, client: u64) -> Answered {
        let mut client = Client::new(self, client);
        while !self.has_ended() {
            client.next_tour();
        }
        client.answered
    }

    /// Tours that have begun are brought to their end.
    pub(super) fn end(&self) {
        self.ends.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }

    pub(super) fn longest_silence(&self) -> Duration {
        self.heard.lock().unwrap().longest_silence
    }

    fn hears(&self) {
        let mut heard = self.heard.lock().unwrap();
        let silence = heard.last.elapsed();
        if silence > LONG_SILENCE {
            println!("         nobody was answered for {silence:.1?}");
        }
        heard.longest_silence = heard.longest_silence.max(silence);
        heard.last = Instant::now();
    }
}

struct Client<'a> {
    load: &'a Load<'a>,
    number: u64,
    /// Which door it knocks at.
    door: usize,
    agent: ureq::Agent,
    chance: Chance,
    answered: Answered,
}

impl<'a> Client<'a> {
    fn new(load: &'a Load<'a>, number: u64) -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).proxy(None);
        let agent = config.http_status_as_error(false).build().into();
        let chance = Chance::of(load.seed ^ number);
        Self { load, number, door: 0, agent, chance, answered: Answered::default() }
    }

    fn next_tour(&mut self) {
        // Its own again, so that all of them have work.
        self.door = self.number as usize;
        let tour = Tour::number(self.load.seed, self.load.next.fetch_add(1, Ordering::Relaxed));
        for question in tour.questions() {
            let answer = self.ask(&question);
            if self.chance.below(AGAIN_EVERY) == 0 {
                let again = self.ask(&question);
                assert_eq!(again["process"], answer["process"], "{question:?} has taken effect twice");
                self.answered.repeated += 1;
            }
            std::thread::sleep(self.chance.between(Duration::ZERO, THINKS));
        }
        self.answered.tours.push(tour);
    }

    /// Asks until somebody answers.
    fn ask(&mut self, question: &Question) -> Value {
        const UNAVAILABLE: u16 = 503;
        let since = Instant::now();
        loop {
            match self.ask_somebody(question) {
                Ok((status, body)) if status == question.status => {
                    self.answered.waits.push(since.elapsed());
                    self.load.hears();
                    return serde_json::from_str(&body).unwrap();
                }
                Ok((status, body)) => assert_eq!(status, UNAVAILABLE, "{question:?} was answered {body}"),
                // It was killed or is frozen, and has taken the command or not.
                Err(_) => {}
            }
            self.answered.unanswered += 1;
            self.door += 1 + self.chance.below(2) as usize;
            assert!(since.elapsed() < LONGEST, "nobody has answered {question:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask_somebody(&mut self, question: &Question) -> Result<(u16, String), ureq::Error> {
        let door = self.load.doors.at(self.door);
        let post =
            self.agent.post(format!("{door}{}", question.path)).header("Idempotency-Key", &question.key);
        let mut answer = match &question.body {
            Value::Null => post.send_empty(),
            body => post.send_json(body),
        }?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }
}
