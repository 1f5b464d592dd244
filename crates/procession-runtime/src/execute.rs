use std::{pin::Pin, sync::Arc};

use procession_core::{
    Command, Decider, DecodeError, Rejection as _, Stream, Version,
    log::{Kind, Position, ProcessId, Recorded},
};
use tokio::sync::oneshot;

use crate::{
    Runtime, StoreError,
    request::{Answered, Call, Mode, Request, RequestError},
    runtime::encode,
    trace::TraceContext,
};

/// A command to be executed: `await` it.
#[must_use = "nothing is executed until it is awaited"]
pub struct ExecuteCommand<C> {
    runtime: Runtime,
    command: C,
    expected: Option<Version>,
    idempotency_key: Option<Arc<str>>,
    trace_context: Option<Box<str>>,
    cause: Option<(Position, ProcessId)>,
}

/// What came of an executed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// The process that the command began, or continues.
    pub process: ProcessId,
    /// Where the command stands in the log.
    pub position: Position,
    /// The version that its instance had right after it.
    pub version: Version,
    /// The events that were recorded.
    pub events: Vec<Recorded>,
}

impl Executed {
    /// The position of the newest event, or of the command if it has recorded none: what a [`ReadModel`](crate::ReadModel) is waited
    /// for, to read one's own write.
    #[must_use]
    pub fn last_position(&self) -> Position {
        self.events.last().map_or(self.position, |it| it.position)
    }
}

/// Why a command was not executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecuteError<R: std::error::Error> {
    /// The decider said no; that is recorded as the command's outcome.
    #[error("{0}")]
    Rejected(R),
    /// The command was not taken; nothing is recorded.
    #[error(transparent)]
    NotTaken(#[from] RequestError),
}

type Rejection<C> = <<C as Command>::To as Decider>::Rejection;
type Executing<C> = Pin<Box<dyn Future<Output = Result<Executed, ExecuteError<Rejection<C>>>> + Send>>;

impl<C: Command> ExecuteCommand<C> {
    pub(crate) fn new(runtime: Runtime, command: C) -> Self {
        Self { runtime, command, expected: None, idempotency_key: None, trace_context: None, cause: None }
    }

    /// Executes only if the instance has this version.
    pub fn expected_version(mut self, version: Version) -> Self {
        self.expected = Some(version);
        self
    }

    /// Makes the command recognisable: sent again with the same key it has no second effect, and gets the answer of
    /// the first. With another content it is refused.
    pub fn idempotency_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Continues the process of a message of this log, as caused by it. For what somebody outside answers to a message:
    /// the story of the process stays in one place, and goes on from there.
    ///
    /// Without it a command from outside begins a process of its own.
    pub fn caused_by(mut self, message: &Recorded) -> Self {
        self.cause = Some((message.position, message.process));
        self
    }

    /// Lets what follows belong to the trace of who asks: `traceparent` is the header of
    /// [W3C Trace Context](https://www.w3.org/TR/trace-context/). As the standard wants it, anything else is ignored.
    pub fn trace_context(mut self, traceparent: &str) -> Self {
        self.trace_context = traceparent.parse().ok().map(|it: TraceContext| it.to_string().into());
        self
    }

    async fn run(self) -> Result<Executed, ExecuteError<Rejection<C>>> {
        let Self { runtime, command, expected, idempotency_key, trace_context, cause } = self;
        let entry = encode(&runtime, &command, Kind::ExecutedCommand)?;
        let entry = Arc::new(entry.traced_by(trace_context));
        if let Some(key) = &idempotency_key
            && let Some(answered) = runtime.seen(key, &entry).await?
        {
            return answered.typed::<C>();
        }
        let (reply, answer) = oneshot::channel();
        let mode = Mode::Execute { expected, reply };
        let key = idempotency_key.clone();
        let request = Request { entry: Arc::clone(&entry), idempotency_key: key, cause, mode };
        runtime.call(Call::Request(request)).await?;
        match answer.await.unwrap_or_else(|_| Err(runtime.stopped())) {
            Ok(answered) => answered.typed::<C>(),
            // Somebody with the same key was faster.
            Err(RequestError::Seen { position }) => {
                let key = idempotency_key.unwrap_or_default();
                runtime.answer_of(&key, position, &entry).await?.typed::<C>()
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl<C: Command> IntoFuture for ExecuteCommand<C> {
    type Output = Result<Executed, ExecuteError<Rejection<C>>>;
    type IntoFuture = Executing<C>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl Answered {
    fn typed<C: Command>(self) -> Result<Executed, ExecuteError<Rejection<C>>> {
        if let Some(rejection) = self.outcome.iter().find(|it| it.entry.kind == Kind::Rejection) {
            let unreadable = |error: DecodeError| {
                let reason =
                    format!("the rejection at position {} cannot be read: {error}", rejection.position);
                ExecuteError::NotTaken(RequestError::Unavailable(reason))
            };
            let rejection = Rejection::<C>::decode(&rejection.entry.payload).map_err(unreadable)?;
            return Err(ExecuteError::Rejected(rejection));
        }
        let Self { process, position, outcome, version } = self;
        let events = outcome.into_iter().filter(|it| it.entry.kind == Kind::Event).collect();
        Ok(Executed { process, position, version, events })
    }
}

impl Runtime {
    /// The answer that was given to the message with this key, if it was seen.
    pub(crate) async fn seen(
        &self,
        key: &Arc<str>,
        entry: &procession_core::log::Entry,
    ) -> Result<Option<Answered>, RequestError> {
        match self.store().find_key(Arc::clone(key)).await.map_err(unavailable)? {
            Some(position) => self.answer_of(key, position, entry).await.map(Some),
            None => Ok(None),
        }
    }

    /// The answer that was given to the command at a position, provided that it is this very command.
    pub(crate) async fn answer_of(
        &self,
        key: &str,
        position: Position,
        entry: &procession_core::log::Entry,
    ) -> Result<Answered, RequestError> {
        let found = self.store().read_entries(vec![position]).await.map_err(unavailable)?;
        let Some(Recorded { process, entry: seen, .. }) = found.into_iter().next() else {
            return Err(RequestError::Archived { key: key.into(), position });
        };
        let is_same = seen.kind == entry.kind
            && seen.stream == entry.stream
            && seen.name == entry.name
            && seen.payload == entry.payload;
        if !is_same {
            return Err(RequestError::KeyReused { key: key.into(), position });
        }
        // Its outcome was logged right behind it, in the same commit.
        let (mut outcome, mut after) = (Vec::new(), position);
        loop {
            let entries = self.store().read_log(after, 64).await.map_err(unavailable)?;
            after = entries.last().map_or(after, |it| it.position);
            let before = outcome.len();
            outcome.extend(entries.into_iter().take_while(|it| it.causation == Some(position)));
            if outcome.len() - before < 64 {
                break;
            }
        }
        let version = match outcome.iter().filter_map(|it| it.version).max() {
            Some(version) => version,
            None => self.version_before(position, &entry.stream).await?,
        };
        Ok(Answered { process, position, outcome, version })
    }

    /// The version that a stream had when the command at a position was handled.
    async fn version_before(&self, position: Position, stream: &Stream) -> Result<Version, RequestError> {
        const EVENTS_PER_READ: usize = 4096;
        let mut version = Version::NONE;
        loop {
            let read = self.store().read_stream(stream.clone(), version, EVENTS_PER_READ);
            let events = read.await.map_err(unavailable)?;
            let before = events.iter().take_while(|it| it.position < position);
            let last = before.last().and_then(|it| it.version);
            version = last.unwrap_or(version);
            if events.len() < EVENTS_PER_READ || events.last().and_then(|it| it.version) != last {
                return Ok(version);
            }
        }
    }
}

pub(crate) fn unavailable(error: StoreError) -> RequestError {
    RequestError::Unavailable(error.to_string())
}
