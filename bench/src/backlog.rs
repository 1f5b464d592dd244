//! A backlog that is larger than the memory: taken in, worked off, and found again after a crash.
//!
//! Each phase is a process of its own, so that its peak of memory is its own, and its start is a real one.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hotel::{Style, guest_stays::CheckInGuest, hotel};
use jiff::Timestamp;
use procession::{
    Limits, Message as _, Runtime, Store, Stream,
    log::{Entry, Kind, Position},
    sqlite::SqliteStore,
    store::{Batch, Expected, NewEntry, ParkedOf},
};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    Backlog as Job, Failure, Phase, group_checkout::guest_stay, memory::peak_rss_mib, report::rounded,
};

/// One line of output.
#[derive(Default, Serialize)]
struct Report {
    phase: &'static str,
    messages: u64,
    messages_per_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_handled_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_backlog: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wal_mib: Option<f64>,
    peak_rss_mib: f64,
    verified: bool,
}

/// Appends while nobody handles and dies of it; starts on what was left; sends while the handlers run, without and with a
/// bound.
pub(crate) async fn run(job: &Job) -> Result<(), Failure> {
    if let Some(phase) = job.phase {
        return in_phase(job, phase).await;
    }
    let folder = match &job.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let (left, sent, bounded) =
        (folder.path().join("left"), folder.path().join("sent"), folder.path().join("bounded"));
    for it in [&left, &sent, &bounded] {
        std::fs::create_dir(it)?;
    }
    start(job, Phase::Append, &left, None)?;
    start(job, Phase::WorkOff, &left, None)?;
    start(job, Phase::Send, &sent, None)?;
    start(job, Phase::Send, &bounded, Some(job.bound))
}

fn start(job: &Job, phase: Phase, folder: &Path, bound: Option<u64>) -> Result<(), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("backlog").arg("--phase").arg(phase.name()).arg("--folder").arg(folder);
    command.arg("--messages").arg(job.messages.to_string());
    command.arg("--bound").arg(bound.unwrap_or(u64::MAX).to_string());
    let began = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let status = command.env(BEGAN, began.as_nanos().to_string()).stdout(Stdio::inherit()).status()?;
    // The one that appends is killed in the middle of its work, as far as the store can see.
    if status.success() || phase == Phase::Append {
        Ok(())
    } else {
        Err(format!("{phase:?} has failed").into())
    }
}

/// When the process was started, in nanoseconds since 1970.
const BEGAN: &str = "BENCH_BEGAN";

#[expect(clippy::print_stdout, reason = "the report is the output")]
async fn in_phase(job: &Job, phase: Phase) -> Result<(), Failure> {
    let folder = job.folder.as_deref().ok_or("a phase needs a folder")?;
    let store = SqliteStore::open(folder.join("hotel.db"))?;
    let mut report = match phase {
        Phase::Append => append(&store, job.messages).await?,
        Phase::WorkOff => work_off(store, job.messages).await?,
        Phase::Send => send(store, job).await?,
    };
    report.messages = job.messages;
    report.peak_rss_mib = rounded(peak_rss_mib().unwrap_or(f64::NAN));
    let wal = std::fs::metadata(folder.join("hotel.db-wal")).map_or(0, |it| it.len());
    report.wal_mib = (phase == Phase::Append).then(|| rounded(wal as f64 / 1024.0 / 1024.0));
    println!("{}", serde_json::to_string(&report)?);
    if phase == Phase::Append {
        std::process::abort();
    }
    if report.verified { Ok(()) } else { Err("the outcome is wrong".into()) }
}

fn check_in(number: u64) -> CheckInGuest {
    CheckInGuest { guest_stay: guest_stay(number as u32), guest: "Ada Lovelace".into(), room: 101 }
}

/// As if the application had sent them and stopped before it handled any.
async fn append(store: &SqliteStore, messages: u64) -> Result<Report, Failure> {
    const TOGETHER: u64 = 2000;
    let start = Instant::now();
    let mut written = 0;
    while written < messages {
        let some = written..messages.min(written + TOGETHER);
        written = some.end;
        let entries = some.map(new_entry).collect::<Result<_, _>>()?;
        store.commit(Batch { entries, ..Batch::default() }).await?;
    }
    let head = store.progress().await?.head;
    Ok(Report {
        phase: "appended, then killed",
        messages_per_s: rate(messages, start),
        verified: head.0 == messages,
        ..Report::default()
    })
}

fn new_entry(number: u64) -> Result<NewEntry, Failure> {
    let command = check_in(number);
    let stream = Stream::new("guest_stay", command.guest_stay.to_string())?;
    let entry = Entry::new(Kind::Command, stream, command.encode()?, Timestamp::now());
    Ok(NewEntry {
        entry: Arc::new(entry),
        process: None,
        causation: None,
        expected: Expected::Any,
        idempotency_key: None,
    })
}

async fn work_off(store: SqliteStore, messages: u64) -> Result<Report, Failure> {
    let began = std::env::var(BEGAN)?.parse::<u64>().map(Duration::from_nanos)?;
    let runtime = Runtime::start(&hotel(Style::Saga)?, store).await?;
    let mut committed = runtime.committed();
    let start = Instant::now();
    committed.wait_for(|head| head.0 > messages).await?;
    let first = SystemTime::now().duration_since(UNIX_EPOCH)?.saturating_sub(began);
    runtime.settled().await?;
    let report = Report {
        phase: "started and worked off",
        messages_per_s: rate(messages, start),
        first_handled_ms: Some(rounded(first.as_secs_f64() * 1000.0)),
        verified: is_done(&runtime, messages).await?,
        ..Report::default()
    };
    runtime.stop().await?;
    Ok(report)
}

/// As many senders as like to, each with many commands.
async fn send(store: SqliteStore, job: &Job) -> Result<Report, Failure> {
    const SENDERS: u64 = 4096;
    let mut limits = Limits::default();
    limits.backlog_messages = limits.backlog_messages.min(job.bound);
    let is_bounded = job.bound < Limits::default().backlog_messages;
    let runtime = Runtime::builder().limits(limits).start(&hotel(Style::Saga)?, store).await?;
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS.min(job.messages) {
        let (runtime, messages) = (runtime.clone(), job.messages);
        senders.spawn(async move {
            for number in (sender..messages).step_by(SENDERS as usize) {
                runtime.send(check_in(number)).await.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(result) = senders.join_next().await {
        result??;
    }
    runtime.settled().await?;
    let report = Report {
        phase: if is_bounded { "sent while it ran, with a bound" } else { "sent while it ran" },
        messages_per_s: rate(job.messages, start),
        longest_backlog: Some(longest_backlog(&runtime).await?),
        verified: is_done(&runtime, job.messages).await?,
        ..Report::default()
    };
    runtime.stop().await?;
    Ok(report)
}

/// The most commands that have waited in the log at once, by the log itself.
async fn longest_backlog(runtime: &Runtime) -> Result<u64, Failure> {
    const TOGETHER: usize = 4096;
    let (mut at, mut waiting, mut longest) = (Position::START, 0_u64, 0);
    loop {
        let entries = runtime.reader().store().read_log(at, TOGETHER).await?;
        let Some(last) = entries.last() else { return Ok(longest) };
        at = last.position;
        for it in &entries {
            waiting = if it.entry.kind == Kind::Command { waiting + 1 } else { waiting.saturating_sub(1) };
            longest = longest.max(waiting);
        }
    }
}

/// Each command has recorded one event, and nothing else.
async fn is_done(runtime: &Runtime, messages: u64) -> Result<bool, Failure> {
    let parked = runtime.reader().store().parked(ParkedOf::Everything, 1).await?;
    Ok(runtime.committed().borrow().0 == 2 * messages && parked.is_empty())
}

fn rate(messages: u64, since: Instant) -> f64 {
    rounded(messages as f64 / since.elapsed().as_secs_f64())
}
