use std::{sync::Arc, time::Duration};

use procession_core::log::Position;

use crate::store::{Answer, Store, StoreError};

/// Notices what others append to the log while this processor has nothing to do. While it has, its commits notice.
#[derive(Default)]
pub(super) struct Others {
    watched: Option<(Position, Answer<()>)>,
}

/// Who is asked something all the time need not look for others in every pause.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// How long to wait when the store cannot be read.
const WHILE_UNAVAILABLE: Duration = Duration::from_millis(500);

impl Others {
    /// Ends when the log reaches beyond its head, as this processor knows it. It may be dropped and asked again. Others that are
    /// expected to append all the time are noticed without a pause.
    pub(super) fn append_beyond(
        &mut self,
        head: Position,
        store: &Arc<dyn Store>,
        are_expected: bool,
    ) -> &mut Answer<()> {
        let pause = if are_expected { Duration::ZERO } else { SHORTEST_PAUSE };
        let known = self.watched.take().filter(|(beyond, _)| *beyond == head);
        &mut self.watched.insert(known.unwrap_or_else(|| (head, watch(Arc::clone(store), head, pause)))).1
    }
}

fn watch(store: Arc<dyn Store>, head: Position, pause: Duration) -> Answer<()> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        loop {
            match store.grown(head).await {
                Err(StoreError::Transient(reason)) => {
                    tracing::warn!(
                        store = store.name(),
                        reason,
                        "the store cannot be read now; trying again"
                    );
                    tokio::time::sleep(WHILE_UNAVAILABLE).await;
                }
                answer => return answer,
            }
        }
    })
}
