use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use procession::{
    Store, Stream,
    log::{Encoded, Entry, Kind, Position, Recorded},
    sqlite::SqliteStore,
    store::{Batch, Expected, NewEntry},
};
use tempfile::TempDir;

/// What `--style` takes.
pub(crate) const STYLES: [&str; 3] = ["saga", "choreography", "process-manager"];

/// The program `hotel` in a folder of its own.
pub(crate) struct Program {
    folder: TempDir,
}

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program while it serves.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The first line that it printed.
    pub(crate) first_line: String,
}

impl Program {
    /// In an empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// In a folder whose hotel has two guests: `ada` owes nothing, `bob` owes 99.50.
    pub(crate) fn with_guests() -> Self {
        let program = Self::new();
        program.run(["check-in", "--guest", "Ada Okafor", "--room", "101", "ada"]).succeeded();
        program.run(["check-in", "--guest", "Bob Moretti", "--room", "102", "bob"]).succeeded();
        program.run(["charge", "bob", "99.50"]).succeeded();
        program
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.in_folder(env!("CARGO_BIN_EXE_hotel"), arguments)
    }

    /// A line of shell, in which `$hotel` is the program.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let mut command = self.in_folder("sh", ["-c", line]);
        command.env("hotel", env!("CARGO_BIN_EXE_hotel"));
        command
    }

    fn in_folder<S: AsRef<OsStr>>(&self, program: &str, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TZ", "UTC");
        command
    }

    pub(crate) fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    pub(crate) fn serve_with(&self, more: &[&str]) -> Serving {
        Serving::start(self.command([&["serve", "--listen", "127.0.0.1:0"], more].concat()))
    }

    /// Waits for a message in the log, for a minute at most.
    pub(crate) fn wait_until_logged(&self, name: &str) {
        let began = Instant::now();
        while !self.log().iter().any(|it| it.entry.name == name) {
            assert!(began.elapsed() < Duration::from_secs(60), "{name} is not in the log");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Puts a message into the log that nobody has handled yet, as a hotel that was killed leaves it. Returns its position.
    pub(crate) fn log_message(&self, kind: Kind, stream: Stream, message: Encoded) -> u64 {
        let position = self.log().len() as u64 + 1;
        let entry = NewEntry {
            entry: Arc::new(Entry::new(kind, stream, message, jiff::Timestamp::now())),
            process: None,
            causation: None,
            expected: Expected::Any,
            idempotency_key: None,
        };
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = SqliteStore::open(self.path("hotel.db")).unwrap();
        tokio.block_on(store.commit(Batch { entries: vec![entry], ..Batch::default() })).unwrap();
        tokio.block_on(store.close()).unwrap();
        position
    }

    /// The whole log, to see what was changed and what was not. Empty if there is no store.
    pub(crate) fn log(&self) -> Vec<Recorded> {
        let path = self.path("hotel.db");
        if !path.exists() {
            return Vec::new();
        }
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = SqliteStore::open_read_only(path).unwrap();
        tokio.block_on(async { store.read_log(Position::START, 100_000).await }).unwrap()
    }
}

impl From<Output> for Ran {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { exit: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.exit, Some(0), "{self:?}");
        assert_eq!(self.stderr, "", "nothing to complain about");
        self.stdout
    }

    /// It ended with this exit code, one sentence that begins with `error:`, and a hint.
    #[track_caller]
    pub(crate) fn failed(self, exit: i32, sentence: &str) -> Self {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        assert!(self.stderr.starts_with("error: ") && self.stderr.contains(sentence), "{self:?}");
        assert!(self.stderr.contains("hint: ") || self.stderr.contains("try '--help'"), "{self:?}");
        for trace_of_the_machinery in ["panicked", "RUST_BACKTRACE", "Error {", "Err(", "Some("] {
            assert!(!self.stderr.contains(trace_of_the_machinery), "{self:?}");
        }
        self
    }
}

impl Serving {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        Self { child, stdout, first_line: first_line.trim_end().into() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.first_line
            .strip_prefix("The hotel is open at ")
            .unwrap_or_else(|| panic!("{:?}", self.first_line))
    }

    /// Sends a signal, and waits for the end; who does not end within a minute is killed, and has no exit code.
    pub(crate) fn stop(mut self, signal: &str) -> Ran {
        self.signal(signal);
        let (ended, end) = mpsc::channel::<()>();
        let kill = format!("kill -KILL {}", self.pid());
        let killing = std::thread::spawn(move || {
            if end.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
                _ = Command::new("sh").args(["-c", &kill]).status();
            }
        });
        let ran = self.ended();
        drop(ended);
        killing.join().unwrap();
        ran
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    fn ended(&mut self) -> Ran {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Ran { exit: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A test that has failed leaves nobody behind; one that has stopped it finds it gone already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
