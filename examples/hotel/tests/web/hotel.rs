//! A hotel that is open, and how to ask it something.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use hotel::guest_stays::{CheckOutGuest, GuestStay};
use procession::{
    Decider, Message, Store, Stream,
    log::{Encoded, Entry, Kind, Position, Recorded},
    sqlite::SqliteOptions,
    store::{Batch, Expected, NewEntry},
};
use serde_json::Value;
use ureq::{
    Agent, Body,
    http::{Request, Response},
};

/// What `--style` takes.
pub(crate) const STYLES: [&str; 3] = ["saga", "choreography", "process-manager"];

pub(crate) struct Hotel {
    server: Child,
    /// Kept open: a server whose output nobody can read any more may stop.
    _output: BufReader<ChildStdout>,
    /// Gone when the hotel has closed.
    folder: Option<tempfile::TempDir>,
    agent: Agent,
    pub(crate) address: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    response: Response<Body>,
    pub(crate) text: String,
}

impl Hotel {
    /// Opens a hotel with 40 guests, of whom 5 have an open balance.
    pub(crate) fn open() -> Self {
        Self::open_with(Command::new(env!("CARGO_BIN_EXE_hotel")))
    }

    /// The same, in a style.
    pub(crate) fn open_in(style: &str) -> Self {
        Self::open_as(&["--style", style])
    }

    /// The same, with more arguments.
    pub(crate) fn open_as(arguments: &[&str]) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_hotel"));
        Self::open_on(tempfile::tempdir().unwrap(), command, arguments)
    }

    pub(crate) fn open_with(command: Command) -> Self {
        Self::open_on(tempfile::tempdir().unwrap(), command, &[])
    }

    /// A hotel in which this guest never answers: a message for the stay cannot be read, and what follows waits behind it.
    pub(crate) fn open_where_nobody_answers_for(stay: &str, arguments: &[&str]) -> Self {
        let (folder, command) = (Self::open().close(), Command::new(env!("CARGO_BIN_EXE_hotel")));
        log_unreadable_command(&folder.path().join("hotel.db"), stay);
        Self::open_on(folder, command, arguments)
    }

    fn open_on(folder: tempfile::TempDir, mut command: Command, arguments: &[&str]) -> Self {
        let store = format!("sqlite:{}", folder.path().join("hotel.db").display());
        command.args(["serve", "--listen", "127.0.0.1:0", "--store", &store]).args(arguments);
        let mut server = command.stdout(Stdio::piped()).spawn().unwrap();
        let (mut output, mut line) = (BufReader::new(server.stdout.take().unwrap()), String::new());
        output.read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("The hotel is open at ").expect("the first line is the address");
        let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
        Self { server, _output: output, folder: Some(folder), agent, address: address.into() }
    }

    /// Opens a hotel in the folder of another one that is closed.
    pub(crate) fn open_again(folder: tempfile::TempDir, style: &str) -> Self {
        Self::open_on(folder, Command::new(env!("CARGO_BIN_EXE_hotel")), &["--style", style])
    }

    /// Kills the server, and gives its folder back.
    pub(crate) fn close(mut self) -> tempfile::TempDir {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        self.folder.take().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    /// Sends a command as JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body)
    }

    pub(crate) fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.ask("POST", path, &headers, &body.to_string())
    }

    /// Sends a form, as a browser without a script does.
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| text.replace('%', "%25").replace('"', "%22").replace('&', "%26");
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("origin", self.address.as_str())];
        self.ask("POST", path, &headers, &fields.join("&"))
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match method {
            "GET" | "DELETE" => self.agent.run(request.body(()).unwrap()),
            _ => self.agent.run(request.body(body.to_owned()).unwrap()),
        };
        let mut response = response.unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        Answer { status: response.status().as_u16(), response, text }
    }

    /// All stays, as the API tells them.
    pub(crate) fn stays(&self) -> Value {
        self.get("/api/stays?limit=500").json()["stays"].take()
    }

    pub(crate) fn stay(&self, id: &str) -> Value {
        self.get(&format!("/api/stays/{id}")).json()
    }

    /// The stays of some guests in the order of their rooms: first those who have settled, then those who have not.
    pub(crate) fn settled_and_unsettled(&self) -> (Vec<String>, Vec<String>) {
        let mut stays = self.stays().as_array().unwrap().clone();
        stays.sort_by_key(|it| it["room"].as_u64());
        let (unsettled, settled): (Vec<_>, Vec<_>) = stays.into_iter().partition(|it| it["owed"].is_string());
        let ids =
            |stays: Vec<Value>| stays.iter().map(|it| it["guest_stay"].as_str().unwrap().into()).collect();
        (ids(settled), ids(unsettled))
    }

    /// Where the log ends: it does not move when nothing was changed.
    pub(crate) fn head(&self) -> Position {
        let store = SqliteOptions::default().open_read_only(self.store_file()).unwrap();
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        tokio.block_on(async { store.progress().await }).unwrap().head
    }

    /// Kills the server, and reads everything that it has logged.
    pub(crate) fn closed_log(self) -> Vec<Recorded> {
        let folder = self.close();
        let store = SqliteOptions::default().open_read_only(folder.path().join("hotel.db")).unwrap();
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut log: Vec<Recorded> = Vec::new();
        loop {
            let after = log.last().map_or(Position::START, |it| it.position);
            let entries = tokio.block_on(async { store.read_log(after, 10_000).await }).unwrap();
            if entries.is_empty() {
                return log;
            }
            log.extend(entries);
        }
    }

    fn store_file(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("hotel.db")
    }
}

fn log_unreadable_command(store: &Path, stay: &str) {
    let stream = Stream::new(GuestStay::CATEGORY, stay.to_owned()).unwrap();
    let command = Encoded { name: CheckOutGuest::NAME.into(), schema_version: 1, payload: "{}".into() };
    let entry = NewEntry {
        entry: Arc::new(Entry::new(Kind::Command, stream, command, jiff::Timestamp::now())),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    };
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteOptions::default().open(store).unwrap();
    tokio.block_on(store.commit(Batch { entries: vec![entry], ..Batch::default() })).unwrap();
    tokio.block_on(store.close()).unwrap();
}

impl Drop for Hotel {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed by then.
        _ = self.server.kill();
        _ = self.server.wait();
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The answer, provided that it has this status.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The problem document, provided that it is a good one.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(self.status, status, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("/api/docs#{kind}"), "{problem}");
        assert!(problem["title"].as_str().is_some_and(|it| !it.is_empty()), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|it| !it.is_empty()), "{problem}");
        assert!(problem["instance"].as_str().is_some_and(|it| it.starts_with('/')), "{problem}");
        problem
    }
}
