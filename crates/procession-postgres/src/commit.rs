//! One batch on its way, from the call to the answer.

use std::{sync::Arc, time::Duration};

use procession_core::{Partition, log::Position};
use procession_runtime::{
    StoreError,
    store::{Batch, Committed, Ownership},
};
use tokio::{sync::watch, time::timeout};
use tokio_postgres::Row;

use crate::{
    encode::{Parameters, Shape},
    error::is_lost,
    escape::escape,
    known::Known,
    listen::Heads,
    names::Names,
    read::Readers,
    refusal,
    rows::position,
    server::Server,
    writer::Reply,
    writing::Writing,
};

/// What is the same for all batches.
pub(crate) struct Context {
    pub(crate) server: Arc<Server>,
    /// By which number the database knows the connection that writes now.
    pub(crate) writer: watch::Sender<i64>,
    pub(crate) shape: Shape,
    pub(crate) known: Known,
    pub(crate) readers: Readers,
    pub(crate) heads: Heads,
}

/// What became of a call.
pub(crate) enum Outcome {
    /// Who asked has been told.
    Told,
    /// The connection is lost, and it is open what became of this batch, if it is one.
    Lost(Option<Unanswered>),
}

/// A batch of which it is not known whether it took effect.
pub(crate) struct Unanswered {
    sequence: i64,
    entries: u64,
    reply: Reply<Committed>,
}

/// The server itself gives up earlier, so one that has not answered by then does not hear us any more.
const ANSWER_WITHIN: Duration = Duration::from_secs(75);

pub(crate) async fn commit(
    context: Arc<Context>,
    writing: Arc<Writing>,
    sequence: i64,
    batch: Box<Batch>,
    reply: Reply<Committed>,
) -> Outcome {
    let names = Names::of(&batch, &mut context.known.rows());
    let parameters = match Parameters::of(&batch, names, context.shape) {
        Ok(parameters) => parameters,
        Err(error) => return told(reply, Err(error)),
    };
    let values = parameters.values(&writing.id, &sequence);
    let call = writing.client().query(&writing.commit, &values);
    let entries = batch.entries.len() as u64;
    match timeout(ANSWER_WITHIN, call).await {
        Ok(Ok(rows)) => {
            let committed = understand(&context, &parameters, rows.first());
            if let Ok(Committed { after }) = &committed {
                context.heads.saw(after.plus(entries));
            }
            told(reply, committed)
        }
        Ok(Err(error)) if !is_lost(&error) => {
            let is_closed = refusal::is_closed(&error);
            let why = refusal::explain(&context, &batch, &parameters, &error).await;
            _ = reply.send(Err(why));
            if is_closed { Outcome::Lost(None) } else { Outcome::Told }
        }
        _ => Outcome::Lost(Some(Unanswered { sequence, entries, reply })),
    }
}

pub(crate) async fn acquire(
    context: Arc<Context>,
    writing: Arc<Writing>,
    partitions: Vec<Partition>,
    reply: Reply<Vec<Ownership>>,
) -> Outcome {
    let asked: Vec<i32> = partitions.iter().map(|it| i32::from(it.0)).collect();
    match timeout(ANSWER_WITHIN, writing.client().query(&writing.acquire, &[&asked])).await {
        Ok(Ok(rows)) => told(reply, ownerships(&context, &rows)),
        Ok(Err(error)) if !is_lost(&error) => told(reply, Err(refusal::of_acquire(&context.server, &error))),
        _ => {
            // If it was done, the partitions have an owner who does not know of it: they can be acquired again.
            let lost =
                format!("the connection to {} was lost while partitions were acquired", context.server.name);
            _ = reply.send(Err(StoreError::Transient(lost)));
            Outcome::Lost(None)
        }
    }
}

pub(crate) async fn acquire_projection(
    context: Arc<Context>,
    writing: Arc<Writing>,
    projection: Arc<str>,
    reply: Reply<u64>,
) -> Outcome {
    let (projection, server) = (escape(&projection), &context.server);
    match timeout(ANSWER_WITHIN, writing.client().query_one(&writing.acquire_projection, &[&projection]))
        .await
    {
        Ok(Ok(row)) => {
            let token = row.try_get(0).map_err(|error| server.store_error(&error));
            told(reply, token.map(|it: i64| u64::try_from(it).unwrap_or_default()))
        }
        Ok(Err(error)) if !is_lost(&error) => told(reply, Err(server.store_error(&error))),
        _ => {
            // If it was done, the projection has an owner who does not know of it: it can be acquired again.
            let lost = format!("the connection to {} was lost while a projection was acquired", server.name);
            _ = reply.send(Err(StoreError::Transient(lost)));
            Outcome::Lost(None)
        }
    }
}

fn told<T>(reply: Reply<T>, answer: Result<T, StoreError>) -> Outcome {
    // Who does not wait any more need not be told.
    _ = reply.send(answer);
    Outcome::Told
}

fn understand(
    context: &Context,
    parameters: &Parameters<'_>,
    row: Option<&Row>,
) -> Result<Committed, StoreError> {
    let strange =
        || StoreError::Permanent(format!("{} has answered a commit by nothing", context.server.name));
    let row = row.ok_or_else(strange)?;
    let failed = |error| context.server.store_error(&error);
    let (stream_ids, type_ids): (Option<Vec<i64>>, Option<Vec<i32>>) =
        (row.try_get(1).map_err(failed)?, row.try_get(2).map_err(failed)?);
    let (stream_ids, type_ids) = (stream_ids.unwrap_or_default(), type_ids.unwrap_or_default());
    parameters.learn(&stream_ids, &type_ids, &mut context.known.rows());
    Ok(Committed { after: position(row.try_get(0).map_err(failed)?) })
}

fn ownerships(context: &Context, rows: &[Row]) -> Result<Vec<Ownership>, StoreError> {
    let ownership = |row: &Row| {
        let (partition, token): (i32, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Ownership {
            partition: Partition(u16::try_from(partition).unwrap_or_default()),
            token: u64::try_from(token).unwrap_or_default(),
            checkpoint: position(row.try_get(2)?),
        })
    };
    rows.iter().map(ownership).collect::<Result<_, _>>().map_err(|error| context.server.store_error(&error))
}

impl Unanswered {
    /// Tells what became of it, when that is known: what its connection has committed.
    pub(crate) fn resolve(self, context: &Context, commits: Option<&[(i64, Position)]>) {
        let server = &context.server.name;
        let answer = match commits.map(|it| it.iter().find(|(sequence, _)| *sequence == self.sequence)) {
            Some(Some((_, after))) => {
                context.heads.saw(after.plus(self.entries));
                Ok(Committed { after: *after })
            }
            Some(None) => Err(StoreError::Transient(format!(
                "the connection to {server} was lost before the batch was committed; nothing of it took effect"
            ))),
            None => Err(StoreError::Permanent(format!(
                "the connection to {server} was lost, and the database does not know it any more, so what became of the \
                 batch cannot be found out; was another database put in its place?"
            ))),
        };
        _ = self.reply.send(answer);
    }
}
