use std::{path::Path, time::Instant};

use hotel::{
    Amount, GroupCheckoutId, GuestStayId, Style,
    group_checkouts::{Answer, GroupCheckout, InitiateGroupCheckout, Outcome},
    guest_stays::{CheckInGuest, GuestStay, RecordCharge, RecordPayment, Status},
    hotel,
};
use procession::{Runtime, log::ProcessId, sqlite::SqliteStore};
use tokio::task::JoinSet;

use crate::{
    Failure, GroupCheckout as Job,
    counting::Counts,
    memory::{peak_rss_mib, reset_peak_rss},
    place::Place,
    processor_time::processor_time,
    raw::Raw,
    report::{Comparison, Report, percentile, rounded},
};

/// Requests that the set-up has under way at once.
const SET_UP_TASKS: u32 = 64;

pub(crate) async fn run(job: &Job, style: Style) -> Result<Report, Failure> {
    let folder = match &job.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let place = Place::of(job, folder.path().join("hotel.db"))?;
    let raw = Raw { folder: folder.path(), groups: job.groups, guests: job.guests };
    let mut raw_rates = Vec::new();
    if job.raw {
        raw_rates.push(raw.guests_per_s(&place).await?);
    }
    if let Place::Sqlite(file) = &place {
        fill(job, style, file).await?;
    }
    let mut report = measure(job, style, &place).await?;
    report.store_bytes = size_of(folder.path(), "hotel.db");
    if job.raw {
        raw_rates.extend([raw.guests_per_s(&place).await?, raw.guests_per_s(&place).await?]);
        report.raw = Some(Comparison::of(report.guests_per_s, raw_rates));
    }
    Ok(report)
}

/// Fills a kept store, if there is none yet, and copies it.
async fn fill(job: &Job, style: Style, file: &Path) -> Result<(), Failure> {
    let Some(kept) = &job.filled else { return Ok(()) };
    if !kept.exists() {
        let runtime = Runtime::start(&hotel(style)?, SqliteStore::open(kept)?).await?;
        lengthen_log(&runtime, job.rows_before).await?;
        runtime.stop().await?;
    }
    std::fs::copy(kept, file)?;
    // What the system still has to write would slow down every commit of the job.
    Ok(std::fs::File::open(file)?.sync_all()?)
}

/// The runtimes that share the work; clients ask one after the other.
struct Nodes(Vec<Runtime>);

impl Nodes {
    async fn start(job: &Job, style: Style, place: &Place, counts: &Counts) -> Result<Self, Failure> {
        let mut nodes = Vec::new();
        for _ in 0..job.nodes {
            nodes.push(Runtime::start(&hotel(style)?, counts.of(place.open().await?)).await?);
        }
        let nodes = Self(nodes);
        nodes.have_their_share().await?;
        Ok(nodes)
    }

    /// Waits until none has more than its share.
    async fn have_their_share(&self) -> Result<(), Failure> {
        let store = self.first().reader().store();
        let Some(nodes) = store.nodes() else { return Ok(()) };
        loop {
            let owned: Vec<usize> = nodes.list().await?.iter().map(|it| it.partitions.len()).collect();
            let (most, fewest) = (owned.iter().max(), owned.iter().min());
            let all = usize::from(store.partitions());
            if owned.iter().sum::<usize>() == all
                && most.zip(fewest).is_some_and(|(most, fewest)| most - fewest <= 1)
            {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    fn first(&self) -> &Runtime {
        &self.0[0]
    }

    fn node(&self, number: u32) -> &Runtime {
        &self.0[number as usize % self.0.len()]
    }

    async fn stop(self) -> Result<(), Failure> {
        for node in self.0 {
            node.stop().await?;
        }
        Ok(())
    }
}

async fn measure(job: &Job, style: Style, place: &Place) -> Result<Report, Failure> {
    let counts = Counts::default();
    let mut nodes = Nodes::start(job, style, place, &counts).await?;
    lengthen_log(nodes.first(), job.rows_before).await?;
    set_up(&nodes, job).await?;
    if job.cold {
        nodes.stop().await?;
        nodes = Nodes::start(job, style, place, &counts).await?;
    }
    warm_up(&nodes, job).await?;
    let rows_before = nodes.first().reader().store().progress().await?.head.0;
    let (commits, rows) = (counts.commits(), counts.rows());
    reset_peak_rss();

    let (start, worked) = (Instant::now(), processor_time().unwrap_or_default());
    let mut times = check_out_groups(&nodes, job).await?;
    let seconds = start.elapsed().as_secs_f64();
    let worked = processor_time().map_or(f64::NAN, |it| (it - worked).as_secs_f64() * 1000.0);

    let peak_rss_mib = peak_rss_mib().unwrap_or(f64::NAN);
    let (commits, rows) = (counts.commits() - commits, counts.rows() - rows);
    let verified = verify(nodes.first(), job).await?;
    nodes.stop().await?;
    times.sort_by(f64::total_cmp);
    Ok(Report {
        store: place.name(),
        style: style.name(),
        nodes: job.nodes,
        groups: job.groups,
        guests: job.guests,
        guests_per_s: rounded(f64::from(job.groups * job.guests) / seconds),
        group_p50_ms: rounded(percentile(&times, 0.5)),
        group_p99_ms: rounded(percentile(&times, 0.99)),
        processor_ms: rounded(worked),
        commits,
        rows,
        rows_before,
        peak_rss_mib: rounded(peak_rss_mib),
        store_bytes: 0,
        verified,
        raw: None,
    })
}

/// Every stay checked in, charged and paid.
async fn set_up(nodes: &Nodes, job: &Job) -> Result<(), Failure> {
    let stays = job.groups * job.guests;
    let mut tasks = JoinSet::new();
    for task in 0..SET_UP_TASKS {
        let runtime = nodes.node(task).clone();
        tasks.spawn(async move {
            for number in (task..stays).step_by(SET_UP_TASKS as usize) {
                settle(&runtime, guest_stay(number)).await.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(())
}

async fn settle(runtime: &Runtime, guest_stay: GuestStayId) -> Result<(), Failure> {
    let amount: Amount = "100.00".parse()?;
    let check_in = CheckInGuest { guest_stay: guest_stay.clone(), guest: "Ada Lovelace".into(), room: 101 };
    runtime.execute(check_in).await?;
    runtime.execute(RecordCharge { guest_stay: guest_stay.clone(), amount }).await?;
    runtime.execute(RecordPayment { guest_stay, amount }).await?;
    Ok(())
}

/// Other guests come and pay until the log is long enough.
async fn lengthen_log(runtime: &Runtime, rows: u64) -> Result<(), Failure> {
    const ROWS_PER_STAY: u64 = 6;
    let missing = rows.saturating_sub(runtime.committed().borrow().0).div_ceil(ROWS_PER_STAY);
    let mut tasks = JoinSet::new();
    for task in 0..u64::from(SET_UP_TASKS) {
        let runtime = runtime.clone();
        tasks.spawn(async move {
            for number in (task..missing).step_by(SET_UP_TASKS as usize) {
                let stay = format!("other-{number:08}").parse().map_err(|_| "an id")?;
                settle(&runtime, stay).await.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    Ok(())
}

/// Returns each group's time from its command to its durable end, in milliseconds.
async fn check_out_groups(nodes: &Nodes, job: &Job) -> Result<Vec<f64>, Failure> {
    let mut times = Vec::with_capacity(job.groups as usize);
    if job.one_by_one {
        for group in 0..job.groups {
            times.push(check_out(nodes.node(group).clone(), group, job.guests).await?);
        }
        return Ok(times);
    }
    let mut groups = JoinSet::new();
    for group in 0..job.groups {
        groups.spawn(check_out(nodes.node(group).clone(), group, job.guests));
    }
    while let Some(time) = groups.join_next().await {
        times.push(time??);
    }
    Ok(times)
}

/// A guest leaves on every node, so that all have done what they are measured at.
async fn warm_up(nodes: &Nodes, job: &Job) -> Result<(), Failure> {
    for (number, node) in (0..).zip(&nodes.0) {
        let stay = guest_stay(job.groups * job.guests + number);
        settle(node, stay.clone()).await?;
        check_out_guests(node, group_checkout(job.groups + number), vec![stay]).await?;
    }
    Ok(())
}

async fn check_out(runtime: Runtime, group: u32, guests: u32) -> Result<f64, String> {
    let stays = (group * guests..(group + 1) * guests).map(guest_stay).collect();
    check_out_guests(&runtime, group_checkout(group), stays).await
}

async fn check_out_guests(
    runtime: &Runtime,
    group_checkout: GroupCheckoutId,
    guest_stays: Vec<GuestStayId>,
) -> Result<f64, String> {
    let clerk = "bench".parse().map_err(|_| "an id")?;
    let initiate = InitiateGroupCheckout { group_checkout, clerk, guest_stays, within: None };
    let start = Instant::now();
    let process = process_of(runtime, initiate).await?;
    let quiet = runtime.wait(process).await.map_err(|error| error.to_string())?;
    let time = start.elapsed().as_secs_f64() * 1000.0;
    if quiet.parked > 0 { Err(format!("process {process} is stuck")) } else { Ok(time) }
}

async fn process_of(runtime: &Runtime, initiate: InitiateGroupCheckout) -> Result<ProcessId, String> {
    runtime.execute(initiate).await.map(|it| it.process).map_err(|error| error.to_string())
}

/// Every guest has left, and every group has exactly one answer of each of its guests.
async fn verify(runtime: &Runtime, job: &Job) -> Result<bool, Failure> {
    for group in 0..job.groups {
        let checkout = runtime.reader().instance::<GroupCheckout>(group_checkout(group)).await?;
        let guests = &checkout.state.guests;
        let complete = checkout.state.outcome == Some(Outcome::Completed)
            && guests.len() == job.guests as usize
            && guests.answers().filter(|(_, answer)| **answer == Answer::Completed).count() == guests.len()
            // In every style: it began, the guests were asked, each answer was recorded once, it ended.
            && checkout.version.0 == u64::from(job.guests) + 3;
        if !complete {
            return Ok(false);
        }
    }
    let stays: Vec<_> = (0..job.groups * job.guests).map(guest_stay).collect();
    for some in stays.chunks(1000) {
        let stays = runtime.reader().instances_with_ids::<GuestStay>(some).await?;
        if stays.iter().any(|it| it.state.status != Status::CheckedOut || it.version.0 != 4) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[expect(clippy::expect_used, reason = "the text is a valid id")]
pub(crate) fn guest_stay(number: u32) -> GuestStayId {
    format!("stay-{number:08}").parse().expect("a valid id")
}

#[expect(clippy::expect_used, reason = "the text is a valid id")]
fn group_checkout(number: u32) -> GroupCheckoutId {
    format!("group-{number:08}").parse().expect("a valid id")
}

fn size_of(folder: &Path, name: &str) -> u64 {
    let size =
        |suffix: &str| std::fs::metadata(folder.join(format!("{name}{suffix}"))).map_or(0, |it| it.len());
    size("") + size("-wal")
}
