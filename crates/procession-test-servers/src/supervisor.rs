use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::Error;

/// The process that keeps a server: `server.sh`.
///
/// It lives as long as its standard input is open, so also a test that is killed takes its server along.
#[derive(Debug)]
pub(crate) struct Supervisor {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// In a process group of its own, so that an interrupt from the keyboard does not keep it from cleaning up.
    pub(crate) fn start(mut command: Command) -> Result<Self, Error> {
        command.process_group(0).current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(Error::unrunnable("sh"))?;
        let (orders, answers) = (process.stdin.take(), process.stdout.take());
        let answers = answers.ok_or_else(|| silent("start"))?;
        Ok(Self { process, orders, answers: BufReader::new(answers) })
    }

    /// Has an order carried out, and waits until that is done.
    pub(crate) fn order(&mut self, order: &str) -> Result<(), Error> {
        let orders = self.orders.as_mut().ok_or_else(|| silent(order))?;
        let taken = writeln!(orders, "{order}");
        let mut said = String::new();
        for line in self.answers.by_ref().lines() {
            let line = line.map_err(Error::unrunnable("server.sh"))?;
            match line.strip_prefix("done ") {
                Some("0") => return Ok(()),
                Some(_) => return Err(Error::Failed { order: order.to_owned(), said }),
                None => said = said + &line + "\n",
            }
        }
        // It has ended. What it said last tells more than that it takes no orders any more.
        if said.is_empty() {
            taken.map_err(Error::unrunnable("server.sh"))?;
        }
        Err(Error::Failed { order: order.to_owned(), said })
    }
}

fn silent(order: &str) -> Error {
    Error::Failed { order: order.to_owned(), said: "nobody listens to it any more".to_owned() }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.orders.take();
        // It ends by itself now; who waits here sees neither the server nor its folder any more.
        let _ended = self.process.wait();
    }
}
