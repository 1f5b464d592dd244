//! The program `shop`, run for real.

use std::{
    ffi::OsStr,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program in a folder of its own.
pub(crate) struct Program {
    folder: TempDir,
    /// Of the shop.
    address: OnceLock<String>,
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
    pub(crate) address: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), address: OnceLock::new() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.command(arguments).output().unwrap().into()
    }

    /// The provider alone. It is given its behaviour, and port 0 unless it is told otherwise.
    pub(crate) fn provider(&self, arguments: &[&str]) -> Serving {
        let listen: &[&str] =
            if arguments.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        Serving::start(self.command([&["provider"], listen, arguments].concat()))
    }

    /// The shop, with its provider at an address. It is always at the same address itself, where the provider answers.
    pub(crate) fn shop(&self, provider: &str, arguments: &[&str]) -> Serving {
        let always = ["serve", "--listen", self.address(), "--provider", provider];
        Serving::start(self.command([&always, arguments].concat()))
    }

    /// As [`Self::shop`], with something in its environment that may let it die before it opens.
    ///
    /// # Errors
    /// Its end, if it has ended.
    pub(crate) fn try_shop(
        &self,
        provider: &str,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Result<Serving, ExitStatus> {
        let always = ["serve", "--listen", self.address(), "--provider", provider];
        let mut command = self.command([&always, arguments].concat());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Serving::try_start(command)
    }

    /// Where the shop always is, also while it is closed.
    pub(crate) fn address(&self) -> &str {
        self.address.get_or_init(free_address)
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command
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
    pub(crate) fn failed(self, exit: i32, sentence: &str) {
        assert_eq!(self.exit, Some(exit), "{self:?}");
        assert!(self.stderr.starts_with("error: ") && self.stderr.contains(sentence), "{self:?}");
        assert!(self.stderr.contains("hint: ") || self.stderr.contains("try '--help'"), "{self:?}");
        for trace_of_the_machinery in ["panicked", "RUST_BACKTRACE", "Error {", "Err(", "Some("] {
            assert!(!self.stderr.contains(trace_of_the_machinery), "{self:?}");
        }
    }
}

impl Serving {
    fn start(command: Command) -> Self {
        Self::try_start(command).unwrap()
    }

    fn try_start(mut command: Command) -> Result<Self, ExitStatus> {
        // What goes wrong on the side is no part of these tests: a provider that is away is reported there.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        if first_line.is_empty() {
            return Err(child.wait().unwrap());
        }
        let address = first_line.trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "it did not open: {first_line:?}");
        Ok(Self { child, stdout, address })
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        answer(agent().get(format!("{}{path}", self.address)).call())
    }

    /// Waits for the end of an order, and returns it.
    pub(crate) fn end_of(&self, order: &Value) -> Value {
        let url = format!("{}/api/orders/{}", self.address, order.as_str().unwrap());
        let (status, order) = answer(agent().get(url).header("Prefer", "wait=30").call());
        assert_eq!(status, 200, "{order}");
        order
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(agent().post(format!("{}{path}", self.address)).send_json(body))
    }

    pub(crate) fn post_with_key(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let request = agent().post(format!("{}{path}", self.address)).header("Idempotency-Key", key);
        answer(request.send_json(body))
    }

    /// As a browser does for a page.
    pub(crate) fn post_from_page(&self, path: &str, origin: &str) -> (u16, Value) {
        answer(agent().post(format!("{}{path}", self.address)).header("Origin", origin).send_empty())
    }

    #[track_caller]
    pub(crate) fn does(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body);
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Orders three pens at 1.10 each. Returns the order.
    #[track_caller]
    pub(crate) fn order(&self, cart: &str) -> Value {
        self.order_of(cart, "pen")
    }

    /// Orders three pieces at 1.10 each. Returns the order.
    #[track_caller]
    pub(crate) fn order_of(&self, cart: &str, product: &str) -> Value {
        self.does("/api/carts", &json!({ "cart": cart, "client": "ada" }));
        let three = json!({ "product": product, "quantity": 3, "price": "1.10" });
        self.does(&format!("/api/carts/{cart}/products"), &three);
        self.does(&format!("/api/carts/{cart}/confirmation"), &json!({}))["order"].clone()
    }

    /// What the provider's ledger says of an order: movements and amounts.
    pub(crate) fn moved(&self, payment: &Value) -> Vec<(String, String)> {
        let (_, ledger) = self.get("/ledger");
        let ledger = ledger.as_array().unwrap().iter().filter(|it| it["payment"] == *payment);
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        ledger.map(|it| (text(&it["movement"]), text(&it["amount"]))).collect()
    }

    /// SIGKILL: no destructor runs, no buffer is flushed.
    pub(crate) fn kill(mut self) {
        self.kill_and_wait();
    }

    /// As [`Self::kill`], for who puts another in its place.
    pub(crate) fn kill_and_wait(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The most memory that it has held so far, in KiB; none where the system does not tell.
    pub(crate) fn peak_memory_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// Its end, if it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its end, which is certain to come.
    pub(crate) fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Sends a signal, and waits for the end. Returns the exit code and the last words.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

/// An address that nobody listens at. Its port is none of those that connections are given, so that nobody takes it while
/// the one who is to be there is away.
pub(crate) fn free_address() -> String {
    const PORTS: std::ops::Range<u16> = 10_000..32_000;
    let offset = RandomState::new().hash_one(0) as u16 % PORTS.len() as u16;
    let mut ports = PORTS.cycle().skip(offset.into()).take(PORTS.len());
    let mut free = ports.by_ref().filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    format!("127.0.0.1:{}", free.next().unwrap())
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A test that has failed leaves nobody behind; one that has stopped it finds it gone already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
