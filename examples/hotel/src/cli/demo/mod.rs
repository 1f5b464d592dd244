//! The main job before your eyes.

mod frame;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use clap::Args;
use hotel::{Deadline, GroupCheckoutId, Style, group_checkouts::InitiateGroupCheckout};
use procession::{Runtime, log::ProcessId};

use super::{
    CliError, Done,
    deadline::GroupDeadline,
    guests::{self, DemoGuest},
    process::Unfolding,
    report_troubles,
    store::{StoreFile, then_close},
};

/// Checks a tour group out of the hotel, on a store of its own, and tells every message as it becomes durable.
#[derive(Args)]
pub(super) struct Demo {
    /// How many guests the group has.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    guests: u32,
    /// How many of them have not paid, and cannot leave. Without it 2, or fewer for a tiny group.
    #[arg(long, value_name = "N")]
    unsettled: Option<u32>,
    #[command(flatten)]
    within: GroupDeadline,
}

impl Default for Demo {
    fn default() -> Self {
        Self { guests: 12, unsettled: None, within: GroupDeadline::default() }
    }
}

impl Demo {
    pub(super) async fn run(self, store: Option<StoreFile>, style: Style) -> Done {
        let unsettled = self.unsettled()?;
        if let Some(store) = store.map(|it| it.in_style(style)) {
            return self.run_on(&store, unsettled, Some(&store)).await;
        }
        let folder = tempfile::tempdir().map_err(|error| {
            CliError::failed(format!("there is no place for a temporary store: {error}"))
                .hint("name a file instead: --store sqlite:demo.db")
        })?;
        let store = StoreFile::at(folder.path().join("demo.db")).in_style(style);
        self.run_on(&store, unsettled, None).await
    }

    async fn run_on(self, store: &StoreFile, unsettled: u32, kept: Option<&StoreFile>) -> Done {
        let runtime = store.open_or_create().await?;
        let shown = Shown {
            guests: self.guests,
            unsettled,
            deadline: self.within.deadline,
            style: store.style(),
            kept,
        };
        then_close(runtime, async |runtime| shown.show(runtime).await).await
    }

    fn unsettled(&self) -> Result<u32, CliError> {
        let unsettled = self.unsettled.unwrap_or(2.min(self.guests));
        if unsettled > self.guests {
            let said = format!("--unsettled is {unsettled}, but the group has only {} guests", self.guests);
            return Err(
                CliError::usage(said).hint("give --guests a larger number, or --unsettled a smaller one")
            );
        }
        Ok(unsettled)
    }
}

/// What is to be shown.
struct Shown<'a> {
    guests: u32,
    unsettled: u32,
    deadline: Option<Deadline>,
    style: Style,
    /// The store, if it stays.
    kept: Option<&'a StoreFile>,
}

impl Shown<'_> {
    async fn show(&self, runtime: &Runtime) -> Done {
        let out = &mut anstream::stdout();
        // The log only grows, so its length makes the ids of this run new.
        let run = runtime.reader().store().progress().await?.head;
        let suffix = if run.0 == 0 { String::new() } else { format!("-{run}") };
        let group: GroupCheckoutId = format!("tour{suffix}").parse().map_err(CliError::failed)?;
        let guests = guests::demo_guests(self.guests, self.unsettled, &suffix)?;
        frame::write_title(&guests, self, out)?;
        let begun = Instant::now();
        guests::arrive(runtime, &guests).await?;
        frame::write_set_up(&guests, begun.elapsed(), out)?;
        let (process, took) = self.check_out(runtime, group.clone(), &guests, out).await?;
        frame::write_end(runtime, &group, &guests, took, out).await?;
        frame::write_next(process, self, out)
    }

    /// The main job: initiates the checkout, and tells what follows from it while it happens.
    async fn check_out(
        &self,
        runtime: &Runtime,
        group_checkout: GroupCheckoutId,
        guests: &[DemoGuest],
        out: &mut dyn Write,
    ) -> Result<(ProcessId, Duration), CliError> {
        let clerk = "front-desk".parse().map_err(CliError::failed)?;
        let guest_stays = guests.iter().map(|it| it.stay.clone()).collect();
        let (mut committed, begun) = (runtime.committed(), Instant::now());
        let within = self.deadline.map(Deadline::within);
        let initiate = InitiateGroupCheckout { group_checkout, clerk, guest_stays, within };
        let process = runtime.execute(initiate).await?.process;
        report_troubles();
        let mut unfolding = Unfolding::of(runtime.reader(), process, self.style).await?.watched_since(begun);
        frame::write_beginning(&unfolding, process, self.style, out)?;
        let mut quiet = std::pin::pin!(runtime.wait(process));
        let (quiet, took) = loop {
            unfolding.tell_complete(out).await?;
            tokio::select! {
                quiet = &mut quiet => break (quiet?, begun.elapsed()),
                changed = committed.changed() => changed.map_err(|_| CliError::failed("the runtime has stopped"))?,
            }
        };
        unfolding.ended_after(took);
        unfolding.tell_rest(out).await?;
        if quiet.parked > 0 {
            unfolding.tell_what_is_left(out).await?;
        }
        Ok((process, took))
    }
}
