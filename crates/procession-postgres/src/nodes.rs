//! Several runtimes on one database: its clock says who lives, and its rows who owns what.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession_core::{
    Partition,
    log::{Position, ProcessId},
};
use procession_runtime::{
    StoreError,
    store::{
        Answer, Heartbeat, Membership, Newest, Node, NodeId, Nodes, Ownership, ProcessStanding, ShareOfLog,
        Sharer, Standing, Timer, allot,
    },
};
use tokio_postgres::{Row, types::FromSql};

use crate::{
    PostgresStore,
    escape::{escape, unescape},
    pulse::Pulse,
    queries,
    read::values,
    rows::{self, Read, bound, get, position},
};

/// Who shares, and who owns what.
struct Sharing {
    sharers: Vec<Sharer>,
    owners: Vec<Option<NodeId>>,
    tokens: Vec<u64>,
    checkpoints: Vec<Position>,
}

impl Sharing {
    fn of(row: &Row) -> Read<Self> {
        let id = |it: i64| NodeId(u64::try_from(it).unwrap_or_default());
        let (nodes, are_settled, are_heard): (Vec<i64>, Vec<bool>, Vec<bool>) =
            (get(row, 0)?, get(row, 1)?, get(row, 2)?);
        let (owners, tokens): (Vec<Option<i64>>, Vec<i64>) = (get(row, 3)?, get(row, 4)?);
        let sharers = nodes.into_iter().zip(are_settled).zip(are_heard);
        let sharer = |((node, is_settled), is_heard)| Sharer { node: id(node), is_settled, is_heard };
        Ok(Self {
            sharers: sharers.map(sharer).collect(),
            owners: owners.into_iter().map(|it| it.map(id)).collect(),
            tokens: tokens.into_iter().map(|it| u64::try_from(it).unwrap_or_default()).collect(),
            checkpoints: get::<Vec<i64>>(row, 5)?.into_iter().map(position).collect(),
        })
    }

    fn owned(&self, node: NodeId) -> Vec<Ownership> {
        let partitions = self.owners.iter().zip(&self.tokens).zip(&self.checkpoints).zip(0..);
        let owned = partitions.filter(|(((owner, _), _), _)| **owner == Some(node));
        let owned = owned.map(|(((_, token), checkpoint), partition)| Ownership {
            partition: Partition(partition),
            token: *token,
            checkpoint: *checkpoint,
        });
        owned.collect()
    }
}

impl PostgresStore {
    fn pulse(&self) -> Result<Arc<Pulse>, StoreError> {
        let reason = || StoreError::Permanent(format!("{} was not connected to as a node", self.server.name));
        self.pulse.clone().ok_or_else(reason)
    }

    /// Where the log ends, and when the next timer of some partitions is due.
    async fn end_of_share(&self, partitions: Vec<i16>) -> Result<(Position, Option<Timestamp>), StoreError> {
        let end = self.readers.first(queries::END_OF_SHARE, values![partitions], |row| {
            let next_due = get::<Option<i64>>(row, 1)?.map(|_| rows::timestamp(row, 1)).transpose()?;
            Ok((position(get(row, 0)?), next_due))
        });
        Ok(end.await?.unwrap_or_default())
    }

    fn sharing(&self, rows: &[Row]) -> Result<Sharing, StoreError> {
        let sharing = rows.first().map_or_else(|| Err("no answer".into()), Sharing::of);
        sharing
            .map_err(|said| StoreError::Permanent(format!("{} was not understood: {said}", self.server.name)))
    }

    async fn beaten(&self, heartbeat: Heartbeat) -> Result<Membership, StoreError> {
        let pulse = self.pulse()?;
        let Heartbeat { node, name, lease, returned } = heartbeat;
        let (id, lease, writer) = (bound(node.0), bound(lease.as_millis()), pulse.writer());
        let (name, returned) = (escape(&name), numbers(&returned));
        let beat = "SELECT * FROM beat($1, $2, $3, $4, $5)";
        let rows = pulse.call(beat, &[&id, &name, &lease, &writer, &returned]).await?;
        let mut sharing = self.sharing(&rows)?;
        let allotment = allot(&sharing.sharers, &sharing.owners, node);
        if !allotment.to_claim.is_empty() {
            let wanted = numbers(&allotment.to_claim);
            sharing = self.sharing(&pulse.call("SELECT * FROM claim($1, $2)", &[&id, &wanted]).await?)?;
        }
        let (owned, nodes) = (sharing.owned(node), sharing.sharers.len());
        Ok(Membership { owned, to_return: allotment.to_return, nodes })
    }
}

impl Nodes for PostgresStore {
    fn beat(&self, heartbeat: Heartbeat) -> Answer<Membership> {
        let it = self.clone();
        Box::pin(async move { it.beaten(heartbeat).await })
    }

    fn leave(&self, node: NodeId) -> Answer<()> {
        let pulse = self.pulse();
        Box::pin(async move { pulse?.call("SELECT leave($1)", &[&bound(node.0)]).await.map(drop) })
    }

    fn list(&self) -> Answer<Vec<Node>> {
        self.readers.all(queries::NODES, values![], |row| {
            let partitions: Option<Vec<i16>> = get(row, 5)?;
            let partitions = partitions.unwrap_or_default().into_iter();
            Ok(Node {
                id: NodeId(u64::try_from(get::<i64>(row, 0)?).unwrap_or_default()),
                name: rows::text(row, 1)?,
                since: rows::timestamp(row, 2)?,
                silent_for: milliseconds(get(row, 3)?),
                lease_left: milliseconds(get(row, 4)?),
                partitions: partitions.filter_map(|it| u16::try_from(it).ok()).map(Partition).collect(),
            })
        })
    }

    fn read_share(
        &self,
        partitions: Vec<Partition>,
        after: Position,
        through: Option<Position>,
        limit: usize,
    ) -> Answer<ShareOfLog> {
        let it = self.clone();
        Box::pin(async move {
            let partitions = numbers(&partitions);
            // First the end: what comes after it is read the next time.
            let (head, next_due) = match through {
                Some(through) => (through, None),
                None => it.end_of_share(partitions.clone()).await?,
            };
            let values = values![bound(after.0), bound(head.0), partitions, bound(limit)];
            let entries = it.readers.entries(queries::SHARE, values).await?;
            let last = entries.last().map(|it| it.position).filter(|_| entries.len() >= limit);
            Ok(ShareOfLog { entries, through: last.unwrap_or(head), next_due })
        })
    }

    fn standing(&self, processes: Vec<ProcessId>, due_by: Timestamp) -> Answer<Standing> {
        let values = values![numbers_of(&processes), due_by.as_microsecond()];
        let standing = self.readers.first(queries::STANDING, values, |row| {
            Ok(Standing { progress: rows::progress(row)?, processes: process_standings(row)? })
        });
        let strange = self.answered_by_nothing();
        Box::pin(async move { standing.await?.ok_or(strange) })
    }

    fn newest(&self, processes: Vec<ProcessId>, after: Position, through: Position) -> Answer<Vec<Newest>> {
        let values = values![bound(after.0), bound(through.0), numbers_of(&processes)];
        self.readers.all(queries::NEWEST, values, |row| {
            let partition = u16::try_from(get::<i16>(row, 1)?).unwrap_or_default();
            Ok(Newest {
                process: position(get(row, 0)?).into(),
                partition: Partition(partition),
                kind: rows::kind_of(get(row, 2)?)?,
                name: rows::text(row, 3)?.into(),
                position: position(get(row, 4)?),
            })
        })
    }

    fn due_timers(&self, partitions: Vec<Partition>, now: Timestamp, limit: usize) -> Answer<Vec<Timer>> {
        let values = values![bound(limit), now.as_microsecond(), numbers(&partitions)];
        self.readers.all(queries::DUE_TIMERS_OF_SHARE, values, rows::timer)
    }
}

/// The columns are those of [`queries::STANDING`].
fn process_standings(row: &Row) -> Read<Vec<ProcessStanding>> {
    let (kinds, names): (Vec<Option<i16>>, Vec<Option<&str>>) = (column(row, 3)?, column(row, 4)?);
    let (have_open_calls, have_due_timers): (Vec<bool>, Vec<bool>) = (column(row, 5)?, column(row, 6)?);
    let parked: Vec<i64> = column(row, 7)?;
    let entries = rows::positions(row, 2)?.into_iter().zip(kinds.into_iter().zip(names));
    let waiting = have_open_calls.into_iter().zip(have_due_timers).zip(parked);
    let standing = |((last, (kind, name)), ((has_open_call, has_due_timer), parked))| {
        let unhandled = match (kind, name) {
            (Some(kind), Some(name)) => Some((rows::kind_of(kind)?, (*unescape(name)).into())),
            _ => None,
        };
        let parked = u64::try_from(parked).unwrap_or_default();
        Ok(ProcessStanding { last, unhandled, has_open_call, has_due_timer, parked })
    };
    entries.zip(waiting).map(standing).collect()
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Read<Vec<T>> {
    Ok(get::<Option<Vec<T>>>(row, index)?.unwrap_or_default())
}

/// Partitions as a column holds them. A store has fewer than such a column can tell apart.
fn numbers(partitions: &[Partition]) -> Vec<i16> {
    partitions.iter().filter_map(|it| i16::try_from(it.0).ok()).collect()
}

fn numbers_of(processes: &[ProcessId]) -> Vec<i64> {
    processes.iter().map(|it| bound(it.began_at().0)).collect()
}

fn milliseconds(stored: i64) -> Duration {
    Duration::from_millis(u64::try_from(stored).unwrap_or_default())
}
