//! Writers who note what was acknowledged, and compare it with the log in the end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use procession_core::log::Position;
use procession_runtime::{Store, StoreError, store::Committed};
use tokio::task::JoinSet;

use crate::batches::{LAST, batch, event, is_dense, log, number};

const WRITERS: usize = 8;
/// How many batches a writer has under way at once.
const AT_ONCE: u64 = 4;

/// Many writers on one store, each with a stream of its own.
pub(crate) struct Diary {
    writers: JoinSet<Vec<(u64, Position)>>,
    is_over: Arc<AtomicBool>,
}

impl Diary {
    pub(crate) fn begin<S: Store + Clone>(store: &S) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(store.clone(), format!("writer-{writer}"), Arc::clone(&is_over)));
        }
        Self { writers, is_over }
    }

    /// What every writer was told is in the log, where it was told, and what it was told has failed is not.
    pub(crate) async fn holds(mut self, store: &impl Store) {
        self.is_over.store(true, Ordering::Relaxed);
        let mut acknowledged = Vec::new();
        while let Some(writer) = self.writers.join_next().await {
            let written = writer.unwrap();
            assert!(!written.is_empty(), "a writer has written nothing: nothing was tested");
            acknowledged.extend(written);
        }
        let log = log(store).await;
        is_dense(&log);
        acknowledged.sort_unstable_by_key(|(_, position)| *position);
        let logged = log.iter().map(|it| (number(it), it.position));
        let logged: Vec<_> = logged.filter(|(number, _)| *number != LAST).collect();
        assert_eq!(logged, acknowledged);
    }
}

/// Hands over several batches at a time, and those again that were refused, until it is over.
async fn write<S: Store>(store: S, stream: String, is_over: Arc<AtomicBool>) -> Vec<(u64, Position)> {
    let (mut acknowledged, mut next) = (Vec::new(), 1);
    while !is_over.load(Ordering::Relaxed) {
        let mut open: Vec<_> = (next..next + AT_ONCE).collect();
        next += AT_ONCE;
        while !open.is_empty() {
            let answers: Vec<_> = open.iter().map(|it| store.commit(batch([event(&stream, *it)]))).collect();
            let mut refused = Vec::new();
            for (number, answer) in open.into_iter().zip(answers) {
                match answer.await {
                    Ok(Committed { after }) => acknowledged.push((number, Position(after.0 + 1))),
                    Err(StoreError::Transient(_)) => refused.push(number),
                    Err(error) => panic!("{error}"),
                }
            }
            if !refused.is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            open = refused;
        }
    }
    acknowledged
}
