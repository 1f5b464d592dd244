//! What an operator can do for a process that does not go on by itself.

use std::io::Write;

use procession::{
    inspect::{ProcessState, Standing, WaitsFor},
    store::{HoldKind, ParkedReason},
};

use crate::{error::CliError, look};

/// A command, without its reason, and what it does.
type Remedy = (String, &'static str);

/// More failed messages than these are found with `parked list`.
const MESSAGES_SHOWN: usize = 3;

/// Writes the commands, as they can be copied, and nothing for a process that needs none.
pub(crate) fn tell(standing: &Standing, out: &mut dyn Write) -> Result<(), CliError> {
    let remedies = of(standing);
    if remedies.is_empty() {
        return Ok(());
    }
    let (strong, faint) = (look::STRONG, look::FAINT);
    writeln!(out, "\n{strong}What can be done{strong:#}, each with --why 'the reason':")?;
    let width = remedies.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, what) in remedies {
        writeln!(out, "  procession {command:<width$}  {faint}{what}{faint:#}")?;
    }
    Ok(())
}

fn of(standing: &Standing) -> Vec<Remedy> {
    let process = standing.process;
    let cancel = (format!("cancel {process}"), "end the process; nothing is undone");
    match standing.state {
        ProcessState::Suspended => {
            let suspended =
                |it: &WaitsFor| matches!(it, WaitsFor::Operator { kind: HoldKind::Suspended, .. });
            let resume = standing.waits_for.iter().any(suspended);
            let resume = resume.then(|| (format!("resume {process}"), "let it go on"));
            resume.into_iter().chain([cancel]).collect()
        }
        ProcessState::Stuck => of_parked(standing).into_iter().chain([cancel]).collect(),
        ProcessState::Running | ProcessState::Waiting | ProcessState::Ended => Vec::new(),
    }
}

/// What stands behind a failed message follows it, so that it is the failed one that is repaired.
fn of_parked(standing: &Standing) -> Vec<Remedy> {
    let mut failed: Vec<(u64, bool)> = Vec::new();
    for it in &standing.waits_for {
        let WaitsFor::Parked { position, handler, reason, retry_at: None, behind, .. } = it else { continue };
        let first = match (reason, behind) {
            (ParkedReason::Failed, _) => position.0,
            (ParkedReason::Behind, Some(first)) => first.0,
            _ => continue,
        };
        if !failed.iter().any(|(it, _)| *it == first) {
            failed.push((first, handler.starts_with("effect ")));
        }
    }
    let remedies = failed.into_iter().take(MESSAGES_SHOWN).flat_map(|(position, is_call)| {
        let parked = |verb: &str| format!("parked {verb} {position}");
        let edit = (format!("{} --payload '{{...}}'", parked("edit")), "give it another payload; then retry");
        let others = [
            Some((parked("show"), "see it (needs no reason)")),
            Some((parked("retry"), "try again, when the trouble is removed")),
            // An effect is called for its event as it stands in the log.
            (!is_call).then_some(edit),
            Some((parked("discard"), "give it up; --dry-run tells what then")),
        ];
        others.into_iter().flatten()
    });
    remedies.collect()
}
