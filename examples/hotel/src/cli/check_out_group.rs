use std::{collections::BTreeSet, io::Write};

use clap::Args;
use hotel::{
    ClerkId, Deadline, GroupCheckoutId, GuestStayId,
    group_checkouts::{Answer, GroupCheckout, GroupCheckoutRejection, InitiateGroupCheckout, Outcome},
    guest_stays::GuestStay,
};
use procession::{ExecuteError, Instance, Runtime, log::ProcessId};
use uuid::Uuid;

use super::{
    CliError, Done,
    deadline::GroupDeadline,
    look, report_troubles,
    store::{StoreFile, then_close},
};

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  everybody has left
  1  failed: the message says why, and what to do
  2  the command line is wrong
  3  some guests could not leave or did not answer in time (the output says who, and why), or the group
     was initiated before";

/// Checks a group of guests out, waits until all have answered, and prints each answer.
///
/// Guests who cannot leave keep nobody else: settle their balances, and check them out again.
#[derive(Args)]
pub(super) struct CheckOutGroup {
    /// The stays that are to end.
    #[arg(required = true, value_name = "STAY")]
    stays: Vec<GuestStayId>,
    /// Who asks.
    #[arg(long, value_name = "NAME")]
    clerk: ClerkId,
    /// The id of the group checkout; without it a new one.
    #[arg(long)]
    id: Option<GroupCheckoutId>,
    #[command(flatten)]
    within: GroupDeadline,
}

impl CheckOutGroup {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { stays: guest_stays, clerk, id, within } = self;
        let mut seen = BTreeSet::new();
        if let Some(twice) = guest_stays.iter().find(|it| !seen.insert(*it)) {
            let said = format!("the guest stay `{twice}` is in the group twice");
            return Err(CliError::usage(said).hint("name every stay once"));
        }
        let new = || format!("group-{}", Uuid::now_v7()).parse().map_err(CliError::failed);
        let group_checkout: GroupCheckoutId = id.map_or_else(new, Ok)?;
        then_close(store.open().await?, async |runtime| {
            let stays = store.stays(runtime.reader(), &guest_stays).await?;
            let command = InitiateGroupCheckout {
                group_checkout: group_checkout.clone(),
                clerk,
                guest_stays,
                within: within.deadline.map(Deadline::within),
            };
            let process = runtime.execute(command).await.map_err(not_begun)?.process;
            report_troubles();
            let parked = wait(runtime, &group_checkout, process, within.deadline).await?;
            tell(runtime, &group_checkout, process, &stays, parked, store).await
        })
        .await
    }
}

/// Waits until nothing is on the way any more; with a deadline, until the group has ended. Says how much is parked.
async fn wait(
    runtime: &Runtime,
    id: &GroupCheckoutId,
    process: ProcessId,
    deadline: Option<Deadline>,
) -> Result<u64, CliError> {
    let mut committed = runtime.committed();
    loop {
        committed.mark_unchanged();
        let parked = runtime.wait(process).await?.parked;
        let has_ended = runtime.reader().instance::<GroupCheckout>(id).await?.state.outcome.is_some();
        if has_ended || deadline.is_none() {
            return Ok(parked);
        }
        // The next news is that time is up.
        committed.changed().await.map_err(|_| CliError::failed("the runtime has stopped"))?;
    }
}

fn not_begun(error: ExecuteError<GroupCheckoutRejection>) -> CliError {
    match error {
        ExecuteError::Rejected(no) => {
            CliError::said_no(no).hint("give it another --id, or leave the id away")
        }
        ExecuteError::NotTaken(error) => error.into(),
    }
}

async fn tell(
    runtime: &Runtime,
    id: &GroupCheckoutId,
    process: ProcessId,
    stays: &[Instance<GuestStay>],
    parked: u64,
    store: &StoreFile,
) -> Done {
    let (group, mut out) = (runtime.reader().instance::<GroupCheckout>(id).await?.state, anstream::stdout());
    let width = stays.iter().map(|it| it.state.guest.chars().count()).max().unwrap_or(0);
    for (stay, answer) in group.guests.members() {
        let Some(Instance { state, .. }) = stays.iter().find(|it| it.id == stay.as_str()) else { continue };
        let (style, glyph, words) = words(answer);
        let (guest, room) = (look::harmless(&state.guest), state.room);
        writeln!(out, "{style}{glyph}{style:#} {guest:<width$}  room {room:<5}  {words}")?;
    }
    let ended = match group.outcome {
        Some(Outcome::Completed) => "completed",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::TimedOut) => "timed out",
        None => "not ended",
    };
    writeln!(out, "\nGroup checkout {id}: {ended} (process {process})")?;
    let history = format!("`hotel history {process} --store {store}` tells what happened");
    match group.outcome {
        Some(Outcome::Completed) => Ok(()),
        Some(Outcome::Failed) => {
            let failed = group.guests.answers().filter(|(_, it)| matches!(it, Answer::Failed(_))).count();
            let (failed, all) = (look::number(failed), look::count(stays.len(), "guest"));
            Err(CliError::said_no(format!("{failed} of {all} could not check out"))
                .hint("settle what is open (`hotel pay STAY --all`), and check these guests out again"))
        }
        Some(Outcome::TimedOut) => {
            let unanswered = look::count(group.guests.missing().count(), "guest");
            Err(CliError::said_no(format!("time was up, and {unanswered} had not answered")).hint(history))
        }
        None if parked > 0 => Err(CliError::failed(format!(
            "the process is stuck: {} parked",
            look::count(parked as usize, "message")
        ))
        .hint(history)),
        None => Err(CliError::failed("the process is at rest, but not ended").hint(history)),
    }
}

fn words(answer: Option<&Answer>) -> (anstyle::Style, &'static str, String) {
    match answer {
        Some(Answer::Completed) => (look::GOOD, "✓", "checked out".into()),
        Some(Answer::Failed(reason)) => (look::BAD, "✗", format!("could not check out: {reason}")),
        None => (look::PLAIN, "·", "no answer".into()),
    }
}
