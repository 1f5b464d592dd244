//! A pause: somebody else writes something that nothing may come before.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::Processor;
use crate::store::StoreError;

/// Who has asked for a pause.
#[derive(Default)]
pub(super) struct Pauses(VecDeque<(oneshot::Sender<()>, oneshot::Receiver<()>)>);

impl Pauses {
    pub(super) fn push(&mut self, paused: oneshot::Sender<()>, resumed: oneshot::Receiver<()>) {
        self.0.push_back((paused, resumed));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Processor {
    /// Commits nothing until those who have asked for it are done, and looks then at what they have changed.
    pub(super) async fn pause(&mut self) -> Result<(), StoreError> {
        if self.pauses.is_empty() {
            return Ok(());
        }
        self.finish_in_flight().await?;
        while let Some((paused, resumed)) = self.pauses.0.pop_front() {
            if paused.send(()).is_ok() {
                // They are done when they let go.
                _ = resumed.await;
            }
        }
        self.synchronize().await
    }
}
