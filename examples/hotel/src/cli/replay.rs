use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use clap::Args;
use hotel::hotel;
use procession::{
    inspect::what_if,
    log::ProcessId,
    replay::{AffectedProcess, OlderShape, WhatIfReport},
};
use serde::Serialize;

use super::{CliError, Done, look, store::StoreFile};

/// Make every decision of the store again with this program's handlers, and say what would have been otherwise.
///
/// Run a changed hotel on a copy of the store before it is deployed. It only reads.
#[derive(Args)]
pub(super) struct Replay {
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    /// How many differences are told.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    same: u64,
    differences: Vec<String>,
    processes: &'a BTreeMap<ProcessId, AffectedProcess>,
    older_shapes: &'a BTreeMap<String, OlderShape>,
    archived: &'a BTreeSet<ProcessId>,
}

impl Replay {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let reader = store.read().await?;
        let application = hotel(store.style())?;
        let report = what_if(&application, &**reader.store()).await.map_err(CliError::failed)?;
        self.tell(&report)?;
        match report.differences.len() {
            0 => Ok(()),
            many => Err(CliError::failed(format!(
                "{} would have been made otherwise",
                look::count(many, "decision")
            ))
            .hint("if that is what the change is for, all is well")),
        }
    }

    fn tell(&self, report: &WhatIfReport) -> Done {
        let mut out = anstream::stdout();
        let WhatIfReport { same, differences, processes, older_shapes, archived, .. } = report;
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        if self.json {
            let told = Told { same: *same, differences: told, processes, older_shapes, archived };
            serde_json::to_writer_pretty(&mut out, &told)?;
            return Ok(writeln!(out)?);
        }
        writeln!(out, "{} would be made again as they were", look::count(*same as usize, "decision"))?;
        if !archived.is_empty() {
            writeln!(
                out,
                "archived processes: {}; what they have decided is taken as it is recorded",
                archived.len()
            )?;
        }
        for (name, older) in older_shapes {
            let messages = look::count(older.messages as usize, "message");
            writeln!(out, "{name}: {messages} of older shapes, from version {} on", older.oldest)?;
        }
        told.iter().take(self.limit).try_for_each(|it| writeln!(out, "  {it}"))?;
        if told.len() > self.limit {
            writeln!(out, "  {} of {} are told; --limit tells more", self.limit, told.len())?;
        }
        let running = processes.iter().filter(|(_, it)| it.is_running);
        for (process, affected) in running {
            let differences = look::count(affected.differences as usize, "difference");
            writeln!(out, "process {process} still runs, with {differences}")?;
        }
        Ok(())
    }
}
