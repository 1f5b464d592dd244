//! The command line: one file for each command, and what they share.

mod check;
mod demo;
mod error;
mod look;
mod map;
mod provider;
mod serve;
mod signals;
mod span;
mod store;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use self::error::CliError;

/// What a command gives: nothing more to say, or what went wrong.
type Done = Result<(), CliError>;

const EXIT_CODES: &str = "\
Exit codes:
  0  done; for the demo, that the order has ended as it should
  1  failed: the message says why, and what to do
  2  the command line is wrong";

/// A shop that fulfils orders across four modules, and undoes what cannot be finished: an application of Procession.
///
/// Without a command it runs the demo.
#[derive(Parser)]
#[command(name = "shop", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Walk one cart through the shop before your eyes, to a good or a bad end.
    Demo(demo::Demo),
    /// Open the shop: an API for programs, and what talks to the payment provider.
    Serve(serve::Serve),
    /// Run the payment provider alone.
    Provider(provider::Provide),
    /// Draw the process map: which message can follow from which.
    Map(map::Map),
    Check(check::Check),
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    match run(Arguments::parse()).and_then(|()| Ok(anstream::stdout().flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(),
    }
}

fn run(Arguments { command }: Arguments) -> Done {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let tokio = tokio.map_err(|error| {
        CliError::failed(format!("no threads can be started: {error}"))
            .hint("check the limits of this user or container")
    })?;
    let done = tokio.block_on(async {
        match command.unwrap_or(Command::Demo(demo::Demo::default())) {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Provider(provider) => provider.run().await,
            Command::Map(map) => map.run(),
            Command::Check(check) => check.run(),
        }
    });
    // A call to somebody who does not answer must not keep the program.
    tokio.shutdown_background();
    done
}

/// From now on, what goes wrong on the side (a provider that is away, a disk that is full) goes to standard error.
fn report_troubles() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false);
    // An error means that somebody reports already, which is fine.
    _ = subscriber.try_init();
}
