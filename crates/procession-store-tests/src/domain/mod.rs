//! The small world that the runtime cases play in.
//!
//! - `accounts`: a decider on its own, with a rejection, and a decision that records nothing.
//! - `surveys`: one instance asks many, and counts their answers: the fan-out and fan-in of a group.
//! - `machines`: handlers that fail, in every place where one can.
//! - `reminders`: commands that become due later.

mod accounts;
mod machines;
mod reminders;
mod surveys;

use procession::{Application, Module};

pub(crate) use accounts::{
    Account, AccountRejection, CheckAccount, Deposit, Deposited, OpenAccount, Withdraw,
};
pub(crate) use machines::{How, Machine, RunMachine, Siren};
pub(crate) use reminders::{AskForReminders, CalledBack, Reminder};
pub(crate) use surveys::{CountAnswer, Respondent, StartSurvey, Survey};

pub(crate) fn application() -> Application {
    Application::assemble([accounts::module(), surveys::module(), machines::module(), reminders::module()])
        .unwrap()
}

/// The same program without the module of accounts, as if it had been forgotten in a deployment.
pub(crate) fn application_without_accounts() -> Application {
    let modules: [Module; 3] = [surveys::module(), machines::module(), reminders::module()];
    Application::assemble(modules).unwrap()
}
