use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
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
        let mut process = Command::new(env!("CARGO_BIN_EXE_hotel"))
            .args(["serve", "--listen", "127.0.0.1:0", "--style", style.name(), "--store"])
            .arg(format!("sqlite:{}", store.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut first_line).unwrap();
        let address = first_line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "the hotel did not open: {first_line:?}");
        Self { process, address, _output: output }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
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
