//! The progress of a process, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, pin::Pin};

use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::stream;
use procession::{
    Quiet, WaitError,
    log::{Position, ProcessId, Recorded},
};
use serde_json::json;
use tokio::sync::watch;

use super::{
    headers::After,
    path::Id,
    responses::{ListProblems, Message, ReadProblems},
};
use crate::web::{
    desk::Desk,
    problem::{Problem, ProblemKind},
};

/// The last event that a client has seen before it lost the connection.
pub(super) struct LastEventId(Position);

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut ids = parts.headers.get_all("last-event-id").iter();
        let Some(id) = ids.next() else { return Ok(Self(Position::START)) };
        let position = id.to_str().ok().filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
        let position = position.and_then(|it| it.parse().ok()).filter(|_| ids.next().is_none());
        let malformed = || Problem::new(ProblemKind::Malformed, "Last-Event-ID must be the id of one event");
        position.map(|it| Self(Position(it))).ok_or_else(malformed)
    }
}

/// Follow a process
///
/// Each message of the process is one event of the type `message`, sent when it is durable; its `id` is the position in
/// the log. When nothing is on the way any more, one event of the type `quiet` follows, and the stream ends: close the
/// connection then, or it begins again. A group checkout with a deadline may be quiet before it has ended; when time is
/// up, more messages follow.
#[utoipa::path(
    get, operation_id = "follow_process", path = "/api/processes/{process}/events", tag = "Processes",
    params(("process" = u64, Path, example = 121), After),
    responses(
        (status = 200, description = "The messages; the `data` of each is one of these", body = Message,
            content_type = "text/event-stream"),
        ListProblems, ReadProblems
    )
)]
pub(super) async fn follow(
    State(desk): State<Desk>,
    Id(process): Id<ProcessId>,
    LastEventId(after): LastEventId,
) -> Result<impl IntoResponse, Problem> {
    desk.must_exist(process).await?;
    let progress = Progress::of(desk, process, after);
    let events = stream::unfold(progress, |mut it| async move {
        let event = it.next().await?;
        Some((Ok::<_, Infallible>(event), it))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

type Waiting = Pin<Box<dyn Future<Output = Result<Quiet, WaitError>> + Send>>;

struct Progress {
    desk: Desk,
    process: ProcessId,
    after: Position,
    read: VecDeque<Recorded>,
    committed: watch::Receiver<Position>,
    /// Becomes ready once; then everything that there is to read can be read.
    waiting: Option<Waiting>,
    quiet: Option<Quiet>,
    has_ended: bool,
}

const MESSAGES_PER_READ: usize = 512;

impl Progress {
    fn of(desk: Desk, process: ProcessId, after: Position) -> Self {
        let runtime = desk.runtime.clone();
        let committed = runtime.committed();
        let waiting: Waiting = Box::pin(async move { runtime.wait(process).await });
        let (read, waiting) = (VecDeque::new(), Some(waiting));
        Self { desk, process, after, read, committed, waiting, quiet: None, has_ended: false }
    }

    /// The next event; none after the last one, or when the hotel closes.
    async fn next(&mut self) -> Option<Event> {
        while !self.has_ended {
            match self.step().await {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(problem) => return Some(self.end("problem", &json!({ "detail": problem.detail }))),
            }
        }
        None
    }

    async fn step(&mut self) -> Result<Option<Event>, Problem> {
        if let Some(recorded) = self.read.pop_front() {
            return event(&recorded).map(Some);
        }
        self.committed.mark_unchanged();
        let store = self.desk.runtime.reader().store();
        self.read = store.read_process(self.process, self.after, MESSAGES_PER_READ).await?.into();
        if let Some(last) = self.read.back() {
            self.after = last.position;
            return Ok(None);
        }
        if let Some(quiet) = self.quiet {
            let data = json!({ "process": quiet.process, "parked": quiet.parked });
            return Ok(Some(self.end("quiet", &data)));
        }
        self.wait_for_news().await?;
        Ok(None)
    }

    async fn wait_for_news(&mut self) -> Result<(), Problem> {
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        tokio::select! {
            quiet = waiting => {
                self.quiet = Some(quiet?);
                self.waiting = None;
            }
            changed = self.committed.changed() => {
                let stopped = |_| Problem::new(ProblemKind::Unavailable, "the runtime has stopped");
                changed.map_err(stopped)?;
            }
            () = closed(&mut self.desk.closing) => self.has_ended = true,
        }
        Ok(())
    }

    fn end(&mut self, name: &str, data: &serde_json::Value) -> Event {
        self.has_ended = true;
        Event::default().event(name).data(data.to_string())
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which ends it too.
    _ = closing.wait_for(|it| *it).await;
}

fn event(recorded: &Recorded) -> Result<Event, Problem> {
    let data = serde_json::to_string(&Message::try_from(recorded)?)?;
    Ok(Event::default().id(recorded.position.to_string()).event("message").data(data))
}
