//! The command line: one file for each command, and what they share.

mod availability;
mod bill;
mod bookings;
mod check;
mod check_in;
mod check_out_group;
mod deadline;
mod demo;
mod error;
mod guests;
mod history;
mod look;
mod map;
mod node;
mod on_the_way;
mod process;
mod replay;
mod reserve;
mod serve;
mod stays;
mod store;
mod traces;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use hotel::Style;

use self::{error::CliError, store::StoreFile};

/// What a command gives: nothing more to say, or what went wrong.
type Done = Result<(), CliError>;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: the message says why, and what to do
  2  the command line is wrong
  3  the hotel said no: a rule of the house, or a group of which not everybody could leave";

/// A hotel whose tour groups check out together: the reference application of Procession.
///
/// Without a command it runs the demo.
#[derive(Parser)]
#[command(name = "hotel", version, after_help = EXIT_CODES)]
struct Arguments {
    /// The store: `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE`. Without it `sqlite:hotel.db`; for the demo a
    /// temporary file.
    #[arg(long, global = true, value_name = "ADDRESS")]
    store: Option<StoreFile>,
    /// How a group checkout finds its way from module to module.
    ///
    /// The outcome is the same, and all styles read and write the same store. Change the style when nothing is on the way:
    /// a store on which another style has messages under way, as a hotel that was killed leaves it, is not opened. The
    /// log does not say whether a saga or a module has sent a command: to read about it, name the style that it had.
    #[arg(long, global = true, value_name = "STYLE", default_value_t, value_parser = style())]
    style: Style,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Check a tour group out before your eyes, message by message.
    Demo(demo::Demo),
    /// Open the front desk: a page for the browser, and an API for programs.
    Serve(serve::Serve),
    /// Draw the process map: which message can follow from which.
    Map(map::Map),
    Check(check::Check),
    /// Tell the story of one process, layer by layer.
    History(history::History),
    Replay(replay::Replay),
    /// List the guests' stays.
    Stays(stays::Stays),
    /// Check a guest in.
    CheckIn(check_in::CheckIn),
    /// Charge a guest for something.
    Charge(bill::Charge),
    /// Take a guest's payment.
    Pay(bill::Pay),
    /// Check a group of guests out, and wait for every guest's answer.
    #[command(after_help = check_out_group::EXIT_CODES)]
    CheckOutGroup(check_out_group::CheckOutGroup),
    /// Reserve a room for a guest.
    Reserve(reserve::Reserve),
    /// Show how many rooms are left, day by day.
    Availability(availability::ShowAvailability),
}

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).and_then(|()| Ok(anstream::stdout().flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(),
    }
}

fn run(arguments: Arguments) -> Done {
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let tokio = tokio.map_err(|error| {
        CliError::failed(format!("no threads can be started: {error}"))
            .hint("check the limits of this user or container")
    })?;
    tokio.block_on(dispatch(arguments))
}

/// The styles by their names, which the help lists.
fn style() -> impl TypedValueParser<Value = Style> {
    PossibleValuesParser::new(Style::ALL.map(Style::name)).try_map(|it| it.parse::<Style>())
}

async fn dispatch(Arguments { store, style, command }: Arguments) -> Done {
    let command = command.unwrap_or(Command::Demo(demo::Demo::default()));
    if let Command::Demo(demo) = command {
        return demo.run(store, style).await;
    }
    let store = store.unwrap_or_default().in_style(style);
    match command {
        Command::Demo(demo) => demo.run(Some(store), style).await,
        Command::Serve(serve) => serve.run(&store).await,
        Command::Map(map) => map.run(style),
        Command::Check(check) => check.run(style),
        Command::History(history) => history.run(&store).await,
        Command::Replay(replay) => replay.run(&store).await,
        Command::Stays(stays) => stays.run(&store).await,
        Command::CheckIn(check_in) => check_in.run(&store).await,
        Command::Charge(charge) => charge.run(&store).await,
        Command::Pay(pay) => pay.run(&store).await,
        Command::CheckOutGroup(group) => group.run(&store).await,
        Command::Reserve(reserve) => reserve.run(&store).await,
        Command::Availability(availability) => availability.run(&store).await,
    }
}

/// From now on, what the runtime has to report (a disk that is full, a handler that failed) goes to standard error.
///
/// Only for what goes on by itself: where a command is refused, its error says everything.
fn report_troubles() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false);
    // An error means that somebody reports already, which is fine.
    _ = subscriber.try_init();
}
