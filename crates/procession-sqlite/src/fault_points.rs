//! Places where a test lets the process die; see `procession_runtime::fault_points`.

procession_runtime::fault_points! {
    /// The file is to be opened for writing, and is looked at.
    OpenBegun,
    /// The lock is ours.
    OpenLocked,
    /// The file is in WAL mode, and may still be empty.
    OpenDurable,
    /// The tables of a new store are there, but neither its partitions nor the mark that makes it a store.
    CreateHalf,
    /// A new store is whole, and not committed.
    CreateCommitting,
    /// It is committed.
    CreateCommitted,
    /// A store of an older release is changed, and does not say so yet.
    UpgradeHalf,
    /// A store that was there has the shape of this release, and that is not committed.
    UpgradeCommitting,
    /// It is committed.
    UpgradeCommitted,
    /// The store is open, and its writer has begun.
    OpenDone,
    /// The store of another process has been looked at, and is to be opened beside it.
    BesideBegun,
    /// It is open, and its writer has begun.
    BesideDone,
    /// Another thread is about to read.
    ReadBegun,
    /// It has read.
    ReadDone,
    /// Batches wait for a transaction.
    TransactionBeginning,
    /// The transaction has begun, and holds nothing.
    TransactionBegun,
    /// An entry is written, and not committed.
    EntryWritten,
    /// All entries of a batch are written, but neither their spans nor its checkpoints.
    EntriesWritten,
    /// The spans of the entries are written.
    SpansWritten,
    /// The checkpoints are written.
    CheckpointsWritten,
    /// The parked messages and the calls of effects are written.
    DeliveriesWritten,
    /// All of the batch is written, its timers and holds too.
    BatchWritten,
    /// All batches are written, and not committed.
    TransactionCommitting,
    /// They are durable, and nobody has been told.
    TransactionCommitted,
    /// Those who wait have been told.
    TransactionTold,
    /// A transaction is to be undone.
    RollingBack,
    /// It is undone.
    RolledBack,
    /// Partitions are taken over, and that is not committed.
    AcquireCommitting,
    /// It is committed, and nobody has been told.
    AcquireCommitted,
    /// The store is to be closed, and nothing waits.
    CloseBegun,
    /// Everything lies in the one file.
    CloseMoved,
    /// The file is closed, and the lock is still ours.
    CloseDone,
}
