use std::{pin::Pin, sync::Arc, time::Duration};

use procession_core::{Command, Decider, Stream, log::Position};
use procession_runtime::{ExecuteError, RequestError, Runtime};

/// Somebody outside, who asks the application for one thing after another, until each has been answered.
#[derive(Clone, Default)]
#[must_use = "a client has to be given to a scenario"]
pub struct Client {
    pub(crate) requests: Vec<Request>,
    pause: Duration,
}

/// What a client asks for.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) pause: Duration,
    pub(crate) has_key: bool,
    /// How it stands in the log.
    pub(crate) written: Written,
    pub(crate) ask: Ask,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Written {
    pub(crate) stream: String,
    pub(crate) name: String,
    pub(crate) payload: String,
}

pub(crate) type Ask = Arc<dyn Fn(Runtime, Option<Arc<str>>) -> Asking + Send + Sync>;
type Asking = Pin<Box<dyn Future<Output = Heard> + Send>>;

/// What a client hears.
pub(crate) enum Heard {
    Answer(Answered),
    /// It was not taken, and may be later.
    NotNow,
    /// It will never be taken.
    Never(String),
}

/// An answer that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Where the command stands, as far as the client is told.
    pub(crate) position: Option<Position>,
    pub(crate) outcome: String,
}

impl Client {
    /// Somebody who asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets some time pass before the next request.
    pub fn pauses(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Asks for a command to be executed, with one idempotency key however often it asks.
    pub fn executes<C: Command>(self, command: C) -> Self {
        self.asks(command, true, execute::<C>)
    }

    /// Asks for a command to be executed, and has no key: asked again, it is executed again.
    pub fn executes_without_a_key<C: Command>(self, command: C) -> Self {
        self.asks(command, false, execute::<C>)
    }

    /// Sends a command, with one idempotency key however often it is sent.
    pub fn sends<C: Command>(self, command: C) -> Self {
        self.asks(command, true, send::<C>)
    }

    fn asks<C: Command, A: Future<Output = Heard> + Send + 'static>(
        mut self,
        command: C,
        has_key: bool,
        ask: impl Fn(Runtime, C, Option<Arc<str>>) -> A + Send + Sync + 'static,
    ) -> Self {
        let payload = command.to_json().unwrap_or_default();
        let stream = Stream::new(C::To::CATEGORY, command.target());
        let written = Written {
            stream: stream.map(|it| it.to_string()).unwrap_or_default(),
            name: C::NAME.into(),
            payload: payload.clone(),
        };
        let ask: Ask = Arc::new(move |runtime, key| match C::from_json(&payload) {
            Ok(command) => Box::pin(ask(runtime, command, key)),
            Err(error) => {
                let reason = format!("`{}` cannot be written and read: {error}", C::NAME);
                Box::pin(std::future::ready(Heard::Never(reason)))
            }
        });
        let pause = std::mem::take(&mut self.pause);
        self.requests.push(Request { pause, has_key, written, ask });
        self
    }
}

async fn execute<C: Command>(runtime: Runtime, command: C, key: Option<Arc<str>>) -> Heard {
    let executing = runtime.execute(command);
    let executing = match key {
        Some(key) => executing.idempotency_key(key),
        None => executing,
    };
    match executing.await {
        Ok(executed) => {
            let events: Vec<String> = executed.events.iter().map(super::end::line).collect();
            let outcome = format!("{:?} {} {events:?}", executed.process, executed.version);
            Heard::Answer(Answered { position: Some(executed.position), outcome })
        }
        Err(ExecuteError::Rejected(rejection)) => {
            Heard::Answer(Answered { position: None, outcome: rejection.to_string() })
        }
        Err(ExecuteError::NotTaken(error)) => not_taken(&error),
    }
}

async fn send<C: Command>(runtime: Runtime, command: C, key: Option<Arc<str>>) -> Heard {
    let sending = runtime.send(command);
    let sending = match key {
        Some(key) => sending.idempotency_key(key),
        None => sending,
    };
    match sending.await {
        Ok(sent) => {
            Heard::Answer(Answered { position: Some(sent.position), outcome: format!("{:?}", sent.process) })
        }
        Err(error) => not_taken(&error),
    }
}

fn not_taken(error: &RequestError) -> Heard {
    match error {
        RequestError::Unavailable(_)
        | RequestError::Stopped(_)
        | RequestError::Blocked { .. }
        | RequestError::Suspended { .. }
        | RequestError::Failed { .. } => Heard::NotNow,
        other => Heard::Never(other.to_string()),
    }
}
