//! Stop: nothing new begins, what is under way is waited for, for a while, and all that was taken becomes durable.

use std::time::Duration;

use tokio::{sync::oneshot, time::Instant};

use super::{Processor, Turn, batching::Batching};
use crate::{fault_points::FaultPoint, store::StoreError};

/// That the processor is to stop.
pub(super) struct Stopping {
    reply: oneshot::Sender<()>,
    /// Up to when the calls that are under way are waited for.
    until: Instant,
}

/// Longer than any call takes, and within what a clock can say.
const LONGEST_GRACE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Processor {
    pub(super) fn begin_to_stop(&mut self, reply: oneshot::Sender<()>) {
        let now = Instant::now();
        let until = now.checked_add(self.grace.min(LONGEST_GRACE)).unwrap_or(now);
        self.stopping = Some(Stopping { reply, until });
    }

    /// How much longer the calls under way are waited for before the processor stops; zero if there are none.
    pub(super) fn grace_left(&self) -> Duration {
        let until = self.stopping.as_ref().map(|it| it.until).filter(|_| self.effects.is_calling());
        until.map_or(Duration::ZERO, |it| it.saturating_duration_since(Instant::now()))
    }

    /// Everything is durable; only the checkpoints of idle partitions may lag.
    ///
    /// Something is committed also when they do not, because a store that somebody else has taken over must stay open: its new
    /// owner may share the handle.
    pub(super) async fn stop(&mut self) -> Result<Turn, StoreError> {
        self.effects.stop();
        FaultPoint::StopBegun.pass();
        let batching = Batching::after(self.head, self.now());
        self.submit(batching, true);
        if !self.finish_in_flight().await? {
            return Ok(Turn::Again);
        }
        FaultPoint::StopCheckpointed.pass();
        if let Some(member) = self.share.take_member() {
            member.leave().await?;
        }
        self.store.close().await?;
        FaultPoint::StopClosed.pass();
        if let Some(Stopping { reply, .. }) = self.stopping.take() {
            _ = reply.send(());
        }
        Ok(Turn::Stopped)
    }
}
