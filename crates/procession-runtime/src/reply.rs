use std::time::Duration;

use procession_core::{
    DecodeError, Reply,
    log::{Kind, Position, ProcessId, Recorded},
};
use tokio::sync::oneshot;

use crate::{Runtime, StoreError, request::Call};

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// It did not come in time. The process goes on; ask again, or look at what it waits for.
    #[error("process {process} has not recorded {} within {within:?}; it goes on without being waited for", awaited.join(" or "))]
    TooLate {
        /// The process.
        process: ProcessId,
        /// The events that were awaited.
        awaited: Vec<&'static str>,
        /// How long.
        within: Duration,
    },
    /// No message has begun a process there.
    #[error("there is no process {0}")]
    UnknownProcess(ProcessId),
    /// The reply cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The runtime has stopped before the reply came.
    #[error("the runtime has stopped; the process goes on when it is started again")]
    Stopped,
}

/// How many entries are read at once.
const ENTRIES_PER_READ: usize = 4096;

impl Runtime {
    /// Waits for the first event of this type in a process, and returns it when it is durable: whoever has asked for
    /// something gets the answer, however many steps lie between.
    ///
    /// ```
    /// use std::time::Duration;
    /// use procession_core::{Application, Module, doc::{CleanRoom, RoomCleaned}};
    /// use procession_runtime::{MemoryStore, Runtime};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let hotel = Application::assemble([Module::named("rooms").handles::<CleanRoom>()])?;
    /// # let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
    /// let sent = runtime.send(CleanRoom { room: 7 }).await?;
    /// let cleaned: RoomCleaned = runtime.reply(sent.process, Duration::from_secs(5)).await?;
    /// assert_eq!(cleaned.room, 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it does not come in time, cannot be read, the store fails, or the runtime stops first.
    pub async fn reply<R: Reply>(&self, process: ProcessId, within: Duration) -> Result<R, ReplyError> {
        let mut awaited = Vec::new();
        R::names(&mut awaited);
        let reply = tokio::time::timeout(within, self.first_of(process, &awaited)).await;
        let found = reply.unwrap_or(Err(ReplyError::TooLate { process, awaited, within }))?;
        Ok(R::read(&found.entry.name, found.entry.schema_version, &found.entry.payload)?)
    }

    async fn first_of(&self, process: ProcessId, awaited: &[&'static str]) -> Result<Recorded, ReplyError> {
        loop {
            if self.has_other_nodes() {
                return self.first_over_nodes(process, awaited).await;
            }
            if !self.has_process(process).await? {
                return Err(ReplyError::UnknownProcess(process));
            }
            match self.first_here(process, awaited).await {
                // Another node has come meanwhile, and this one does not see everything any more.
                Err(ReplyError::Stopped) if self.has_other_nodes() => {}
                found => return found,
            }
        }
    }

    async fn first_here(&self, process: ProcessId, awaited: &[&'static str]) -> Result<Recorded, ReplyError> {
        let (reply, found) = oneshot::channel();
        let (registered, is_registered) = oneshot::channel();
        let call = Call::Reply { process, awaited: awaited.to_vec(), reply, registered };
        self.call(call).await.map_err(|_| ReplyError::Stopped)?;
        // From then on, what is not in the log is still to be decided, and will be heard.
        is_registered.await.map_err(|_| ReplyError::Stopped)?;
        let mut after = Position::START;
        match self.recorded_after(process, awaited, &mut after).await? {
            Some(found) => Ok(found),
            None => found.await.map_err(|_| ReplyError::Stopped),
        }
    }

    /// Looks for it after a position, which moves on to the last entry that was looked at.
    pub(crate) async fn recorded_after(
        &self,
        process: ProcessId,
        awaited: &[&'static str],
        after: &mut Position,
    ) -> Result<Option<Recorded>, StoreError> {
        loop {
            let mut entries = self.store().read_process(process, *after, ENTRIES_PER_READ).await?;
            let is_last = entries.len() < ENTRIES_PER_READ;
            *after = entries.last().map_or(*after, |it| it.position);
            if let Some(index) = entries.iter().position(|it| is_awaited(it, awaited)) {
                return Ok(Some(entries.swap_remove(index)));
            }
            if is_last {
                return Ok(None);
            }
        }
    }
}

pub(crate) fn is_awaited(it: &Recorded, awaited: &[&'static str]) -> bool {
    matches!(it.entry.kind, Kind::Event | Kind::PublicEvent) && awaited.contains(&&*it.entry.name)
}
