use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::{Clock as _, Runtime, StoreError, request::Call};

/// Why the time of a runtime cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// Its time is that of the machine.
    #[error(
        "this runtime has the time of its clock; start it with `Runtime::builder().virtual_time(...)` to move it"
    )]
    NotVirtual,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime has stopped.
    #[error("the runtime has stopped")]
    Stopped,
}

impl Runtime {
    /// Waits until nothing is on the way in the whole runtime: every message of the log is handled or parked, everything is
    /// durable, no timer is due, no call of an effect is under way, and the read models have followed. It is counted, never guessed by waiting.
    ///
    /// It does not wait for what is only a matter of time: a timer that is due later, a message or a call of an effect that has
    /// failed and waits for its next attempt, a call that waits for its target or for `calls_per_second`. [`wait`](Self::wait) waits for the calls of one process, and
    /// [`advance`](Self::advance) moves the time.
    ///
    /// # Errors
    /// When the runtime stops first.
    pub async fn settled(&self) -> Result<(), AdvanceError> {
        self.settle().await.map(drop)
    }

    /// Waits until nothing is on the way, and tells when something becomes due by itself.
    async fn settle(&self) -> Result<Option<Timestamp>, AdvanceError> {
        let (reply, settled) = oneshot::channel();
        self.call(Call::Settle { reply }).await.map_err(|_| AdvanceError::Stopped)?;
        let due = settled.await.map_err(|_| AdvanceError::Stopped)?;
        let head = *self.committed().borrow();
        self.read_models().rest_at(head).await;
        Ok(due)
    }

    /// Moves the time of a runtime that was started with [`virtual_time`](crate::RuntimeBuilder::virtual_time), from timer to
    /// timer: each fires at its own time, and all that follows from it is handled before the next.
    ///
    /// ```
    /// use std::time::Duration;
    /// use procession_core::{After, Application, Module, doc::{CleanRoom, RoomCleaned}};
    /// use procession_runtime::{MemoryStore, Runtime};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    /// let rooms = Module::named("rooms")
    ///     .handles::<CleanRoom>()
    ///     .on(|event: &RoomCleaned| (event.room < 3).then_some(After(DAY, CleanRoom { room: event.room + 1 })));
    /// let hotel = Application::assemble([rooms])?;
    /// let runtime = Runtime::builder().virtual_time("2030-01-01T00:00:00Z".parse()?).start(&hotel, MemoryStore::new()).await?;
    /// let executed = runtime.execute(CleanRoom { room: 1 }).await?;
    ///
    /// runtime.advance(2 * DAY).await?;
    ///
    /// let history = runtime.reader().history(executed.process, Default::default()).await?;
    /// assert_eq!(history.iter().filter(|it| it.entry.name == "RoomCleaned").count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When its time is not virtual, the store fails, or the runtime stops first.
    pub async fn advance(&self, by: Duration) -> Result<(), AdvanceError> {
        let clock = self.virtual_clock().ok_or(AdvanceError::NotVirtual)?;
        let target = clock.now().checked_add(by).unwrap_or(Timestamp::MAX);
        while let Some(due) = self.settle().await?.filter(|due| *due <= target) {
            clock.move_to(due);
        }
        clock.move_to(target);
        self.settled().await
    }
}
