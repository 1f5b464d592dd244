//! Places where a test lets the whole process die.
//!
//! A fault point stands before or after everything that a crash must not tear apart: commits, reads, answers. With the
//! feature `fault-points`, `PROCESSION_CRASH_AT=NAME:N` in the environment aborts the process at the N-th passage of a
//! point, as `kill -9` does: no destructor runs, no buffer is flushed. `PROCESSION_PASSAGES=FILE` appends the name of
//! each point that is passed to a file, so that a test knows what there is to crash at. `PROCESSION_BATCH_MESSAGES=N` makes
//! batches small, so that a small job has many places between two of its commits.
//!
//! Without the feature, passing a point compiles to nothing, and the environment is not read.

crate::fault_points! {
    /// A runtime asks for the partitions of its store.
    StartAcquiring,
    /// It owns them.
    StartAcquired,
    /// It knows where its store stands, and is about to work.
    StartSynchronized,
    /// The processor asks the store where it stands: at a start, and when a commit has failed.
    SynchronizeBegun,
    /// It knows how far the log is handled, but not yet what is parked and due.
    SynchronizeHalf,
    /// It has forgotten what it knew, and knows what the store says.
    SynchronizeDone,
    /// The log is to be read: after a start, and when the backlog has outgrown the memory.
    LogReading,
    /// A part of the log has been read, and waits to be handled.
    LogRead,
    /// Timers are due, and are to be read.
    TimersReading,
    /// The commands of due timers are in a batch.
    TimersFired,
    /// The states that a batch needs are to be loaded.
    StatesLoading,
    /// They are there.
    StatesLoaded,
    /// Requests of clients are in a batch.
    RequestsFolded,
    /// Messages of the backlog are in a batch.
    BacklogFolded,
    /// An operator says what to do, and it is to be looked up what that is about.
    OperatorLooking,
    /// What an operator asks for can be done, and is to be appended to the log.
    OperatorAppending,
    /// It is durable, and the operator has not been told.
    OperatorAppended,
    /// It is the turn of operations, and what they are about is to be read.
    OperationsReading,
    /// It has been read.
    OperationsRead,
    /// A process is cancelled: the batch takes out its parked messages, and its timers are to be read.
    CancelHalf,
    /// Operations are in a batch.
    OperationsFolded,
    /// It is the turn of parked messages, and they are to be read.
    ParkedReading,
    /// They have been read, and the states that they need are there.
    ParkedRead,
    /// Parked messages are in a batch: handled, ignored, or parked again.
    ParkedFolded,
    /// Calls of effects are durable, and may be made from now on.
    CallsDurable,
    /// A call is to be made, and its event is to be read.
    CallBegun,
    /// The event is there, and the next step asks somebody outside.
    CallMaking,
    /// Whoever is outside has answered, and the processor does not know it.
    CallMade,
    /// The processor knows it, and the log does not.
    CallHeard,
    /// Calls have finished, and their events are to be read.
    ResultsReading,
    /// The results of calls are in a batch, with what follows from them.
    ResultsFolded,
    /// They are durable.
    ResultsDurable,
    /// A batch is about to be handed to the store.
    BatchSubmitting,
    /// The store has it, and works on it.
    BatchSubmitted,
    /// The store has said that a batch is durable, and nobody has been told.
    BatchDurable,
    /// Everybody whom it concerns has been told.
    BatchTold,
    /// Timers of the batch have fired, and it is known when the next one is due.
    NextDueRead,
    /// The store has refused a batch.
    RecoveryBegun,
    /// What stood on the refused batch is given up, and waits to be run again.
    RecoveryUndone,
    /// The processor is to stop, and everything is durable but the checkpoints of idle partitions.
    StopBegun,
    /// All checkpoints are written.
    StopCheckpointed,
    /// The store is closed, and nobody has been told.
    StopClosed,
}

/// Declares the fault points of a crate: an enum `FaultPoint` of them.
#[doc(hidden)]
#[macro_export]
macro_rules! fault_points {
    ($($(#[$documentation:meta])+ $name:ident,)+) => {
        /// The places of this crate where a test lets the process die.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultPoint {
            $($(#[$documentation])+ $name,)+
        }

        impl FaultPoint {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// How the environment names it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            /// Dies here, if the environment says so.
            #[inline]
            pub fn pass(self) {
                $crate::fault_points::pass(self.name());
            }
        }
    };
}

/// Dies at the point with this name, if the environment says so.
#[cfg(not(feature = "fault-points"))]
#[doc(hidden)]
#[inline]
pub const fn pass(_: &'static str) {}

/// The size of a batch, if the environment says nothing else.
#[cfg(not(feature = "fault-points"))]
pub(crate) const fn batch_messages(usual: usize) -> usize {
    usual
}

#[cfg(feature = "fault-points")]
pub(crate) use armed::batch_messages;
#[cfg(feature = "fault-points")]
#[doc(hidden)]
pub use armed::pass;

#[cfg(feature = "fault-points")]
mod armed {
    use std::{
        env,
        fs::File,
        io::Write,
        process::abort,
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    struct Plan {
        crash: Option<Crash>,
        passages: Option<File>,
        batch_messages: Option<usize>,
    }

    struct Crash {
        point: String,
        nth: u64,
        passed: AtomicU64,
    }

    static PLAN: LazyLock<Plan> = LazyLock::new(|| Plan {
        crash: env::var("PROCESSION_CRASH_AT").ok().map(|it| {
            Crash::parse(&it).unwrap_or_else(|| {
                refuse(&format!("PROCESSION_CRASH_AT is `{it}`; write NAME:N, as in BatchDurable:1"))
            })
        }),
        passages: env::var_os("PROCESSION_PASSAGES").map(|path| {
            File::options().append(true).create(true).open(&path).unwrap_or_else(|error| {
                refuse(&format!("PROCESSION_PASSAGES names {}: {error}", path.display()))
            })
        }),
        batch_messages: env::var("PROCESSION_BATCH_MESSAGES").ok().map(|it| {
            let number = it.parse().ok().filter(|it| *it > 0);
            number.unwrap_or_else(|| refuse(&format!("PROCESSION_BATCH_MESSAGES is `{it}`; write a number")))
        }),
    });

    pub fn pass(name: &'static str) {
        if let Some(mut passages) = PLAN.passages.as_ref() {
            // One call, so that the lines of several threads do not mix.
            _ = passages.write_all(format!("{name}\n").as_bytes());
        }
        if let Some(crash) = PLAN.crash.as_ref().filter(|it| it.point == name)
            && crash.passed.fetch_add(1, Ordering::Relaxed) + 1 == crash.nth
        {
            abort();
        }
    }

    pub(crate) fn batch_messages(usual: usize) -> usize {
        PLAN.batch_messages.unwrap_or(usual)
    }

    impl Crash {
        fn parse(text: &str) -> Option<Self> {
            let (point, nth) = text.split_once(':')?;
            let nth = nth.parse().ok().filter(|it| *it > 0)?;
            Some(Self { point: point.into(), nth, passed: AtomicU64::new(0) })
        }
    }

    /// A test whose crash is never planned would pass without having shown anything.
    fn refuse(reason: &str) -> ! {
        eprintln!("{reason}");
        abort()
    }
}
