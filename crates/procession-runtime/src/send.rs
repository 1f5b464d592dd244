use std::{pin::Pin, sync::Arc};

use procession_core::{Command, log::Kind};
use tokio::sync::oneshot;

use crate::{
    Runtime,
    execute::unavailable,
    request::{Mode, Request, RequestError, Sent},
    runtime::encode,
    trace::TraceContext,
};

/// A command to be sent: `await` it.
#[must_use = "nothing is sent until it is awaited"]
pub struct SendCommand<C> {
    runtime: Runtime,
    command: C,
    idempotency_key: Option<Arc<str>>,
    trace_context: Option<Box<str>>,
}

impl<C: Command> SendCommand<C> {
    pub(crate) fn new(runtime: Runtime, command: C) -> Self {
        Self { runtime, command, idempotency_key: None, trace_context: None }
    }

    /// Makes the command recognisable: sent again with the same key it has no second effect.
    pub fn idempotency_key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Lets what follows belong to the trace of who asks: `traceparent` is the header of
    /// [W3C Trace Context](https://www.w3.org/TR/trace-context/). As the standard wants it, anything else is ignored.
    pub fn trace_context(mut self, traceparent: &str) -> Self {
        self.trace_context = traceparent.parse().ok().map(|it: TraceContext| it.to_string().into());
        self
    }

    async fn run(self) -> Result<Sent, RequestError> {
        let Self { runtime, command, idempotency_key, trace_context } = self;
        let entry = Arc::new(encode(&runtime, &command, Kind::Command)?.traced_by(trace_context));
        if let Some(key) = &idempotency_key
            && let Some(position) = runtime.store().find_key(Arc::clone(key)).await.map_err(unavailable)?
        {
            return runtime.answer_of(key, position, &entry).await.map(|it| sent_at(it.position));
        }
        let (reply, answer) = oneshot::channel();
        let mode = Mode::Send { reply };
        let request = Request {
            entry: Arc::clone(&entry),
            idempotency_key: idempotency_key.clone(),
            cause: None,
            mode,
        };
        runtime.hand_over(request).await?;
        match answer.await.unwrap_or_else(|_| Err(runtime.stopped())) {
            // Somebody with the same key was faster.
            Err(RequestError::Seen { position }) => {
                let key = idempotency_key.unwrap_or_default();
                runtime.answer_of(&key, position, &entry).await.map(|it| sent_at(it.position))
            }
            answer => answer,
        }
    }
}

fn sent_at(position: procession_core::log::Position) -> Sent {
    Sent { process: position.into(), position }
}

impl<C: Command> IntoFuture for SendCommand<C> {
    type Output = Result<Sent, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
