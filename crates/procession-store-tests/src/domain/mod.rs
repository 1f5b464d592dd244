//! The small world that the runtime cases play in.
//!
//! - `accounts`: a decider on its own, with a rejection, and a decision that records nothing.
//! - `surveys`: one instance asks many, and counts their answers: the fan-out and fan-in of a group.
//! - `machines`: handlers that fail, in every place where one can.
//! - `reminders`: commands that become due later.
//! - `echoes`: a saga that answers itself without end.
//! - `polls`: a process manager that joins answers, and hears of rejections.
//! - `alarms`: a process manager that begins again, and asks for timers and takes them back.
//! - `trips`: linear sagas.
//! - `tanks`: public events, and other modules that react to them.
//! - `parcels`: a process manager in several releases.
//! - `ledgers`: read models of the accounts; a program of their own.
//! - `letters`: an effect, and the world outside that it needs; a program of its own.

mod accounts;
mod alarms;
mod echoes;
mod ledgers;
mod letters;
mod machines;
mod parcels;
mod polls;
mod reminders;
mod surveys;
mod tanks;
mod trips;

use procession::{Application, Module};

pub(crate) use accounts::{
    Account, AccountRejection, CheckAccount, Deposit, Deposited, OpenAccount, Withdraw,
};
pub(crate) use alarms::{Report, ReportAlarm, Watch};
pub(crate) use echoes::Shout;
pub(crate) use ledgers::{LEDGERS, Ledgers, Page, TOTAL, page};
pub(crate) use letters::{
    Answer as PostOfficeAnswer, Letter, PostOffice, RecallLetter, WriteLetter, letters, letters_with,
};
pub(crate) use machines::{How, Machine, RunMachine, Siren, breaks, mend, module as machines};
pub(crate) use parcels::{Parcel, ParcelOfOld, ScanParcel, SendParcel, SendParcelOfOld};
pub(crate) use polls::{
    AnnouncePoll, AskVoter, Canvass, CastVote, ClosePollUnfinished, MoveAway, Poll, PollClosed, PollTimedOut,
    Terms, Voter, announce, open, terms, vote,
};
pub(crate) use reminders::{AskForReminders, CalledBack, Reminder};
pub(crate) use surveys::{CountAnswer, Respondent, StartSurvey, Survey};
pub(crate) use tanks::{FillTank, Gauge, Inspection, LevelChanged, Tank, UNLUCKY, UNSPEAKABLE};
pub(crate) use trips::{Answer, BookRoom, Booking, Journey, Plan, Travel, booking};

pub(crate) fn application() -> Application {
    Application::assemble(modules_beside([accounts::module(), parcels::module()])).unwrap()
}

/// The same program without the module of accounts, as if it had been forgotten in a deployment.
pub(crate) fn application_without_accounts() -> Application {
    Application::assemble(modules_beside([parcels::module()])).unwrap()
}

/// The same program with one more module that reacts to what another one makes public.
pub(crate) fn application_with_inspectors() -> Application {
    Application::assemble(modules_beside([accounts::module(), parcels::module(), tanks::inspectors()]))
        .unwrap()
}

/// The same program in an older release.
pub(crate) fn application_of_old() -> Application {
    Application::assemble(modules_beside([accounts::module(), parcels::module_of_old()])).unwrap()
}

fn modules_beside(others: impl IntoIterator<Item = Module>) -> Vec<Module> {
    let modules = [
        surveys::module(),
        machines::module(),
        echoes::module(),
        reminders::module(),
        polls::module(),
        alarms::module(),
        trips::module(),
        tanks::tanks(),
        tanks::gauges(),
    ];
    modules.into_iter().chain(others).collect()
}
