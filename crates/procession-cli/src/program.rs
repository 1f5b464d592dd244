use std::{io::Write, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use procession::StoreAddress;

use crate::{
    archive, backup, error::CliError, export, hold, nodes, parked, processes, projections, restore, show,
    status, timers, verify, watch,
};

/// What a command gives: how things are, or why that cannot be told.
pub(crate) type Done = Result<Found, CliError>;

/// How things are, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing is wrong.
    Fine = 0,
    /// Something is stuck, parked, broken, or was not done.
    Wrong = 1,
}

impl Found {
    /// Wrong if there is any.
    pub(crate) fn wrong_if(is_wrong: bool) -> Self {
        if is_wrong { Self::Wrong } else { Self::Fine }
    }
}

const EXIT_CODES: &str = "\
Examples:
  procession status --store sqlite:shop.db
  procession processes --state stuck
  procession show 42
  procession parked retry --cause-contains 'timed out' --canary 1 --why 'fixed in 1.4'

Exit codes:
  0  fine
  1  something is wrong: stuck, parked, waiting or due with no application that runs,
     a broken promise, or a change that was not done
  2  the command line is wrong, or names what is not there
  3  the store cannot be opened, read or written";

/// Sees and repairs the processes in a Procession store. It needs none of the application's code, and works while the
/// application runs.
#[derive(Parser)]
#[command(name = "procession", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// What every command needs to know.
#[derive(Args)]
pub(crate) struct Shared {
    /// The store: sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE.
    #[arg(long, global = true, env = "PROCESSION_STORE", hide_env_values = true, value_name = "ADDRESS")]
    pub(crate) store: Option<StoreAddress>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// How it stands with everything: partitions, processes, timers, what is parked and what is stuck.
    Status(status::Status),
    /// List processes, the newest first.
    Processes(processes::Processes),
    /// Tell one process, layer by layer, and what it waits for.
    Show(show::Show),
    /// List the nodes that work on the store, and what each owns.
    Nodes(nodes::Nodes),
    /// Show the status again and again, until Ctrl-C.
    Watch(watch::Watch),
    /// See and repair messages whose handlers have failed.
    #[command(subcommand)]
    Parked(parked::Command),
    /// See, take back and move commands that wait for their time.
    #[command(subcommand)]
    Timers(timers::Command),
    /// See, rebuild and repair read models.
    Projections(projections::Projections),
    /// Let the messages of a process wait until it is resumed.
    Suspend(hold::Hold),
    /// Let a suspended process go on.
    Resume(hold::Hold),
    /// End a process by force. What it has done stays done: nothing is compensated.
    Cancel(hold::Hold),
    /// Read the whole store, and check what it promises.
    Verify(verify::Verify),
    /// Copy the store into a new file while it is in use, and check the copy.
    Backup(backup::Backup),
    /// Put a backup in the place of the store, while no application has it open.
    Restore(restore::Restore),
    /// Write the log, or one process, as JSON lines.
    Export(export::Export),
    /// Move what has ended out of the log into a file, while the application works.
    Archive(archive::Archive),
}

pub(crate) fn main() -> ExitCode {
    let done = run(Arguments::parse());
    let flushed = anstream::stdout().flush().map_err(CliError::from);
    match done.and_then(|found| flushed.map(|()| found)) {
        Ok(found) => ExitCode::from(found as u8),
        Err(error) => error.tell(),
    }
}

fn run(Arguments { shared, command }: Arguments) -> Done {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let tokio = tokio.map_err(|error| {
        CliError::store(format!("no threads can be started: {error}"))
            .hint("check the limits of this user or container")
    })?;
    tokio.block_on(async {
        match command {
            Command::Status(it) => it.run(&shared).await,
            Command::Processes(it) => it.run(&shared).await,
            Command::Show(it) => it.run(&shared).await,
            Command::Nodes(it) => it.run(&shared).await,
            Command::Watch(it) => it.run(&shared).await,
            Command::Parked(it) => it.run(&shared).await,
            Command::Timers(it) => it.run(&shared).await,
            Command::Projections(it) => it.run(&shared).await,
            Command::Suspend(it) => it.suspend(&shared).await,
            Command::Resume(it) => it.resume(&shared).await,
            Command::Cancel(it) => it.cancel(&shared).await,
            Command::Verify(it) => it.run(&shared).await,
            Command::Backup(it) => it.run(&shared).await,
            Command::Restore(it) => it.run(&shared).await,
            Command::Export(it) => it.run(&shared).await,
            Command::Archive(it) => it.run(&shared).await,
        }
    })
}
