use std::sync::Arc;

use procession_runtime::{RequestError, Runtime};
use tokio::sync::watch;

/// Whoever serves at the moment. Runtimes come and go behind it, and clients ask until they are answered.
#[derive(Clone)]
pub(crate) struct Service {
    serving: Arc<watch::Sender<Option<Runtime>>>,
    answered: Arc<watch::Sender<u32>>,
}

impl Service {
    /// Nobody serves yet.
    pub(crate) fn closed() -> Self {
        Self { serving: Arc::new(watch::Sender::new(None)), answered: Arc::new(watch::Sender::new(0)) }
    }

    /// Gives back the runtime that has served before.
    pub(crate) fn open(&self, runtime: Runtime) -> Option<Runtime> {
        self.serving.send_replace(Some(runtime))
    }

    /// Gives back the runtime that has served until now.
    pub(crate) fn close(&self) -> Option<Runtime> {
        self.serving.send_replace(None)
    }

    /// Asks until there is an answer: the same runtime when it can take nothing for a while, and the next one when it has
    /// stopped, or died and says nothing.
    pub(crate) async fn ask<T, A: Future<Output = Result<T, RequestError>>>(
        &self,
        ask: impl Fn(Runtime) -> A,
    ) -> T {
        let mut serving = self.serving.subscribe();
        loop {
            let runtime = serving.wait_for(Option::is_some).await.unwrap().clone().unwrap();
            let answer = tokio::select! {
                answer = ask(runtime) => answer,
                _ = serving.changed() => continue,
            };
            match answer {
                Ok(answer) => {
                    self.answered.send_modify(|it| *it += 1);
                    return answer;
                }
                Err(RequestError::Unavailable(_)) => tokio::task::yield_now().await,
                Err(RequestError::Stopped(_)) => serving.changed().await.unwrap(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Waits until so many questions are answered.
    pub(crate) async fn after_answers(&self, enough: u32) {
        self.answered.subscribe().wait_for(|it| *it >= enough).await.unwrap();
    }
}
