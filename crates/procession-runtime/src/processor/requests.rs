//! What clients ask for: commands to execute at once, and commands to log.

use std::sync::Arc;

use procession_core::{Failure, Version, log::Recorded};

use super::{
    Processor,
    batching::{Batching, Cause},
    commit::Outcome,
    fold::Decision,
    holds::Held,
};
use crate::{
    request::{Answered, Mode, Request, RequestError, Sent},
    store::{Expected, StoreError},
};

impl Processor {
    /// Takes the requests that wait, until the batch is full.
    pub(super) async fn fold_requests(&mut self, batching: &mut Batching) -> Result<(), StoreError> {
        let blocked_elsewhere = self.look_at_others().await?;
        let executed = self.requests.iter().filter(|it| matches!(it.mode, Mode::Execute { .. }));
        let streams = executed.map(|it| &it.entry.stream);
        self.states.load(streams, &self.engine, &*self.store).await?;
        if let Some(room) = &mut batching.room {
            let continued = self.requests.iter().filter_map(|it| it.cause);
            room.look_up(continued.map(|(_, process)| process), &*self.store).await?;
        }
        self.vitals.handling();
        while !batching.state_was_lost && !batching.is_full(&self.limits) && !batching.is_late(&self.limits) {
            let Some(request) = self.requests.pop_front() else { break };
            if batching.has_key(request.idempotency_key.as_ref()) {
                // The second of two with one key is answered from the log, so the first must be there.
                self.requests.push_front(request);
                break;
            }
            let outcome = match request.mode {
                Mode::Send { .. } => Outcome::Sent(self.log_command(&request, batching)),
                Mode::Execute { .. } if blocked_elsewhere.contains(&request.entry.stream) => {
                    let stream = request.entry.stream.clone();
                    Outcome::Executed(Err(RequestError::Blocked { stream }))
                }
                Mode::Execute { expected, .. } => {
                    Outcome::Executed(self.execute(&request, expected, batching))
                }
            };
            batching.answered.push((request, outcome));
        }
        self.vitals.handled();
        Ok(())
    }

    fn log_command(&mut self, request: &Request, batching: &mut Batching) -> Sent {
        let key = request.idempotency_key.clone();
        let pending = batching.push(Arc::clone(&request.entry), None, Expected::Any, key);
        let sent = Sent { process: pending.process, position: pending.position };
        self.offer(pending);
        sent
    }

    fn execute(
        &mut self,
        request: &Request,
        expected: Option<Version>,
        batching: &mut Batching,
    ) -> Result<Answered, RequestError> {
        let command = &request.entry;
        let stream = || command.stream.clone();
        if self.blocked.contains(command.stream.category(), &command.stream) {
            return Err(RequestError::Blocked { stream: stream() });
        }
        let failed = |failure: Failure| RequestError::Failed {
            command: command.name.to_string(),
            stream: stream(),
            failure: failure.into(),
        };
        let answers = request.cause.map(|(position, process)| Cause { position, process });
        if let Some(Cause { position, .. }) =
            answers.filter(|it| it.position > batching.head() || it.process.began_at() > it.position)
        {
            return Err(RequestError::UnknownCause { position });
        }
        match answers.and_then(|it| Some((it.process, self.holds.of_process(it.process)?))) {
            Some((process, Held::Suspended | Held::Resuming)) => {
                return Err(RequestError::Suspended { process });
            }
            Some((process, Held::Cancelled)) => return Err(RequestError::Cancelled { process }),
            None => {}
        }
        let actual = self.states.get(&command.stream).map_err(failed)?.version();
        if let Some(expected) = expected.filter(|it| *it != actual) {
            return Err(RequestError::Conflict { stream: stream(), expected, actual });
        }
        if let (Some(room), Some(Cause { process, .. })) = (&batching.room, answers) {
            room.check_command(process).map_err(failed)?;
        }
        let _span = self.traces.executing(command, answers, batching.head().plus(1));
        let process = answers.map(|it| it.process);
        let Decision { before, emitted } = self.decide(command, process, batching).map_err(failed)?;
        let key = request.idempotency_key.clone();
        let logged = batching.push(Arc::clone(command), answers, Expected::Any, key);
        let cause = Cause { position: logged.position, process: logged.process };
        self.offer(logged);
        let first = batching.batch.entries.len();
        self.append(emitted, before, cause, batching);
        let outcome = batching.recorded_since(first, cause);
        let version = outcome.iter().filter_map(|it: &Recorded| it.version).max().unwrap_or(before);
        Ok(Answered { process: cause.process, position: cause.position, outcome, version })
    }
}
