use std::{fs, thread};

use proptest::{collection::vec, prelude::*, sample::select, strategy::Union};
use serde::{Deserialize, Serialize};

use super::{
    api::Api,
    books::Books,
    broken::{faults, with_faults},
    request::{Answer, Request, client},
    valid::Values,
    verdict::judge,
};
use crate::hotel::{Hotel, STYLES};

/// What somebody asks a hotel, one thing after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Session {
    style: String,
    steps: Vec<Step>,
}

/// A request, and how often it is sent at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Step {
    #[serde(default = "once", skip_serializing_if = "is_once")]
    at_once: usize,
    #[serde(flatten)]
    request: Request,
}

fn once() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_once(times: &usize) -> bool {
    *times == 1
}

/// A request with its answer.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) answer: Answer,
}

/// A hotel with guests that has closed, to be opened anew for each session.
pub(super) struct Furnished {
    folder: tempfile::TempDir,
    pub(super) api: Api,
}

impl Furnished {
    pub(super) fn new() -> Self {
        let hotel = Hotel::open();
        let api = Api::new(hotel.get("/api/openapi.json").json());
        Self { api, folder: hotel.close() }
    }

    fn open(&self, style: &str) -> Hotel {
        let folder = tempfile::tempdir().unwrap();
        for file in fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        Hotel::open_again(folder, style)
    }
}

const LONGEST_SESSION: usize = 14;

pub(super) fn sessions(api: &Api) -> impl Strategy<Value = Session> + use<> {
    let values = Values::new(api);
    let requests = api.operations.iter().map(|operation| {
        // Commands change something, so there is more to be wrong about.
        let weight = if operation.method == "POST" { 6 } else { 1 };
        let faults =
            prop_oneof![3 => vec(faults(), 0..1), 3 => vec(faults(), 1..2), 1 => vec(faults(), 2..4)];
        let request =
            (values.draft(operation), faults).prop_map(|(draft, faults)| with_faults(draft, faults));
        (weight, request.boxed())
    });
    let request = Union::new_weighted(requests.collect());
    let at_once = prop_oneof![8 => Just(1_usize), 1 => 2..4_usize];
    let step = (at_once, request).prop_map(|(at_once, request)| Step { at_once, request });
    (select(&STYLES), vec(step, 1..LONGEST_SESSION))
        .prop_map(|(style, steps)| Session { style: style.into(), steps })
}

impl Session {
    pub(super) fn len(&self) -> usize {
        self.steps.iter().map(|it| it.at_once).sum()
    }

    /// Asks all of it. Returns of which kind each answer was, or what was wrong.
    pub(super) fn ask(&self, furnished: &Furnished) -> Result<Vec<String>, String> {
        let api = &furnished.api;
        let hotel = furnished.open(&self.style);
        let mut books = Books::open(api, &hotel, &self.style)?;
        let mut kinds = Vec::new();
        for Step { at_once, request } in &self.steps {
            let wrong = |why: String| format!("{} {}: {why}", request.method, request.path);
            for answer in send(request, *at_once, &hotel.address).map_err(wrong)? {
                kinds.push(judge(api, request, &answer).map_err(|why| {
                    wrong(format!("{why}; it was answered {} {}", answer.status, answer.text))
                })?);
                books.note(Asked { request: request.clone(), answer });
            }
        }
        books.check(hotel).map(|()| kinds)
    }

    /// As few steps of it as are needed for an answer of a kind, which becomes the last one.
    pub(super) fn shortest_that_shows(&self, kind: &str, furnished: &Furnished) -> Self {
        let shows =
            |it: &Self| it.ask(furnished).is_ok_and(|kinds| kinds.last().is_some_and(|it| it == kind));
        let starts =
            (1..=self.steps.len()).map(|end| Self { steps: self.steps[..end].to_vec(), ..self.clone() });
        let Some(mut shortest) = starts.into_iter().find(|it| shows(it)) else { return self.clone() };
        for index in (0..shortest.steps.len() - 1).rev() {
            let mut shorter = shortest.clone();
            shorter.steps.remove(index);
            if shows(&shorter) {
                shortest = shorter;
            }
        }
        shortest
    }
}

/// A body that does not fit into the buffers between the two may be refused before it was sent. Then the hotel closes the
/// connection, and its answer is lost.
const SENT_AT_ONCE_BYTES: usize = 64 * 1024;

fn send(request: &Request, at_once: usize, address: &str) -> Result<Vec<Answer>, String> {
    let answers: Vec<Result<Answer, String>> = thread::scope(|scope| {
        let sent: Vec<_> = (0..at_once).map(|_| scope.spawn(|| request.send(&client(), address))).collect();
        sent.into_iter().map(|it| it.join().unwrap()).collect()
    });
    if request.body.bytes().len() > SENT_AT_ONCE_BYTES && answers.iter().any(Result::is_err) {
        Request::get("/health/live").send(&client(), address)?;
        return Ok(answers.into_iter().flatten().collect());
    }
    answers.into_iter().collect()
}
