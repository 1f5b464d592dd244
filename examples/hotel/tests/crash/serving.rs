use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use hotel::Style;

/// A real `hotel serve`.
pub(crate) struct Serving {
    process: Child,
    address: String,
    /// Kept open, because the server has more to say.
    _output: BufReader<ChildStdout>,
}

impl Serving {
    pub(crate) fn start(store: &Path, style: Style) -> Self {
        Self::try_start(store, style, &[]).unwrap()
    }

    /// With something in its environment that may let it die before it opens. What it complains of is not shown.
    ///
    /// # Errors
    /// Its end, if it has ended.
    pub(crate) fn try_start(
        store: &Path,
        style: Style,
        environment: &[(&str, String)],
    ) -> Result<Self, ExitStatus> {
        let store = format!("sqlite:{}", store.display());
        let complaints = if environment.is_empty() { Stdio::inherit() } else { Stdio::null() };
        Self::open(&["--store", &store, "--style", style.name()], environment, complaints)
    }

    /// A hotel that is told everything but where it listens.
    ///
    /// # Errors
    /// Its end, if it has ended before it opened.
    pub(crate) fn open(
        arguments: &[&str],
        environment: &[(&str, String)],
        complaints: Stdio,
    ) -> Result<Self, ExitStatus> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_hotel"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(complaints)
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut first_line).unwrap();
        if first_line.is_empty() {
            return Err(process.wait().unwrap());
        }
        let address = first_line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "the hotel did not open: {first_line:?}");
        Ok(Self { process, address, _output: output })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its end, if it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Its end, which is certain to come.
    pub(crate) fn end(&mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// SIGTERM: it finishes what it has taken, and closes its store.
    pub(crate) fn ask_to_close(&self) {
        self.signal("TERM");
    }

    /// SIGSTOP: it lives, and does nothing.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on where it was, and knows nothing of the time that has passed.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success(), "{kill}");
    }

    /// SIGKILL: no destructor runs, no buffer is flushed.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A failed test must not leave a server behind; one that was killed already says no.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
