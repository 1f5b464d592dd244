use procession_core::{
    Partition, Stream, Version,
    log::{Position, ProcessId},
};

use super::NotArchived;

/// Why a store did not do what it was asked. In every case nothing of it took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was faster: read again and decide again.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A message with this idempotency key is in the log already.
    #[error("a message with the idempotency key `{key}` was taken before, at position {position}")]
    Duplicate {
        /// The key.
        key: String,
        /// Where the earlier message stands.
        position: Position,
    },
    /// A payload is over the limit.
    #[error("the payload of `{name}` has {bytes} bytes; this store takes at most {limit}")]
    TooLarge {
        /// The message.
        name: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A process would become larger than the batch allows.
    #[error("process {process} would have {size} {what}; at most {limit} are allowed")]
    ProcessTooLarge {
        /// The process.
        process: ProcessId,
        /// What it would have too many of: `messages` or `timers`.
        what: &'static str,
        /// How many it would have.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// It may go better later: the disk is full, the file is locked, the server is away.
    #[error("{0}")]
    Transient(String),
    /// It will not go better by waiting: the store is damaged, closed, or not ours.
    #[error("{0}")]
    Permanent(String),
}

/// Who was faster, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The stream has another version than expected.
    #[error("{stream} has version {actual}, not {expected} as expected")]
    Version {
        /// The stream.
        stream: Stream,
        /// The version that the event was decided on.
        expected: Version,
        /// The version that the stream has.
        actual: Version,
    },
    /// The log has grown since it was read.
    #[error("the log ends at {actual}, not at {expected} as expected")]
    Head {
        /// The position that the batch was built on.
        expected: Position,
        /// The newest position.
        actual: Position,
    },
    /// Somebody else has acquired the partition.
    #[error("partition {partition} has another owner now (token {actual}, ours is {token})")]
    StaleOwner {
        /// The partition.
        partition: Partition,
        /// The token that was given.
        token: u64,
        /// The owner's token.
        actual: u64,
    },
    /// Somebody else has acquired the projection.
    #[error("the projection `{projection}` has another owner now (token {actual}, ours is {token})")]
    StaleProjection {
        /// The projection.
        projection: String,
        /// The token that was given.
        token: u64,
        /// The owner's token.
        actual: u64,
    },
    /// The checkpoint of a read model is not where it should move from, or cannot get where it should move to.
    #[error("the read model `{projection}` stands at {actual}; it cannot move from {from} to {to}")]
    ProjectionElsewhere {
        /// The projection.
        projection: String,
        /// From where it should have moved.
        from: Position,
        /// Where it should have moved.
        to: Position,
        /// Where it is.
        actual: Position,
    },
    /// A row has changed since it was read.
    #[error(
        "the row `{key}` of the read model `{projection}` has revision {actual}, not {expected} as expected"
    )]
    Row {
        /// The projection.
        projection: String,
        /// The row.
        key: String,
        /// The revision that was read.
        expected: u64,
        /// The revision that it has; 0 if it is not there.
        actual: u64,
    },
    /// Read models were rebuilt, or parked streams of theirs let go, since somebody who writes them inline has looked.
    #[error("the read models are those of epoch {actual}, not {expected} as expected")]
    Epoch {
        /// What was looked at.
        expected: u64,
        /// What is there.
        actual: u64,
    },
    /// The checkpoint has moved on already.
    #[error(
        "the checkpoint of partition {partition} is at {actual} already; it cannot move from {from} to {to}"
    )]
    CheckpointBehind {
        /// The partition.
        partition: Partition,
        /// From where it should have moved.
        from: Position,
        /// Where it should have moved.
        to: Position,
        /// Where it is.
        actual: Position,
    },
    /// The checkpoint has not come that far.
    #[error("the checkpoint of partition {partition} is at {actual}; it cannot move from {from} to {to}")]
    CheckpointAhead {
        /// The partition.
        partition: Partition,
        /// From where it should have moved.
        from: Position,
        /// Where it should have moved.
        to: Position,
        /// Where it is.
        actual: Position,
    },
    /// A process has gone on, or others have archived it.
    #[error("process {process} cannot be archived from {first} to {last}: {why}")]
    Archive {
        /// The process.
        process: ProcessId,
        /// The first entry that was to be archived.
        first: Position,
        /// Up to where.
        last: Position,
        /// Why not.
        why: NotArchived,
    },
}

impl Conflict {
    /// Judges the move of a read model's checkpoint, as [`Self::check_move`] does for a partition's.
    ///
    /// # Errors
    /// When the owner is stale, or the move starts or ends where it may not.
    pub fn check_projection_move(
        it: &super::ProjectionMove,
        token: u64,
        actual: Position,
        head: Position,
    ) -> Result<(), Self> {
        let (projection, super::Move { from, to }) = (it.generation.projection.to_string(), it.to);
        if it.token != token {
            return Err(Self::StaleProjection { projection, token: it.token, actual: token });
        }
        if from != actual || to < actual || to > head {
            return Err(Self::ProjectionElsewhere { projection, from, to, actual });
        }
        Ok(())
    }

    /// Judges a checkpoint's move: every store asks this one function, so that all give the same four answers.
    ///
    /// `token` and `actual` are what the store holds, `head` is the newest position after the batch.
    ///
    /// # Errors
    /// When the owner is stale, or the move starts or ends where it may not.
    pub fn check_move(
        it: &super::CheckpointMove,
        token: u64,
        actual: Position,
        head: Position,
    ) -> Result<(), Self> {
        let super::CheckpointMove { partition, from, to, .. } = *it;
        if it.token != token {
            return Err(Self::StaleOwner { partition, token: it.token, actual: token });
        }
        if from < actual || to < actual {
            return Err(Self::CheckpointBehind { partition, from, to, actual });
        }
        if from > actual || to > head {
            return Err(Self::CheckpointAhead { partition, from, to, actual });
        }
        Ok(())
    }
}
