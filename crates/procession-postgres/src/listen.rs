//! Who waits for the log to grow is woken by the database.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use procession_core::log::Position;
use tokio::{sync::watch, task::AbortHandle};
use tokio_postgres::AsyncMessage;

use crate::{
    rows::position,
    server::{OpenError, Server},
    session,
};

/// How far the log is, as far as is known here. It never goes back.
#[derive(Clone)]
pub(crate) struct Heads(Arc<watch::Sender<Position>>);

/// A connection that is told when others append.
pub(crate) struct Listener {
    heads: Heads,
    task: Mutex<Option<AbortHandle>>,
}

/// Without the connection nobody is told, so it is looked for a new one this often; each looks at the log once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Heads {
    pub(crate) fn saw(&self, head: Position) {
        self.0.send_if_modified(|known| {
            let is_news = head > *known;
            *known = head.max(*known);
            is_news
        });
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Position> {
        self.0.subscribe()
    }
}

impl Listener {
    pub(crate) fn new() -> Self {
        Self { heads: Heads(Arc::new(watch::Sender::new(Position::START))), task: Mutex::default() }
    }

    pub(crate) fn heads(&self) -> Heads {
        self.heads.clone()
    }

    pub(crate) fn start(&self, server: Arc<Server>) {
        let heads = self.heads();
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = listen(&server, &heads).await {
                    tracing::warn!(error = %error.connect_error(&server), "what others append is not heard of");
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }

    pub(crate) fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Listens for as long as the connection lives.
async fn listen(server: &Server, heads: &Heads) -> Result<(), OpenError> {
    let (client, mut connection) = server.open().await?;
    let news = heads.clone();
    let hearing = async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(it) = message?
                && let Ok(head) = it.payload().parse()
            {
                news.saw(Position(head));
            }
        }
        Ok(())
    };
    let asking = async {
        client.batch_execute(&session::setup(&server.schema)).await?;
        let channel = client.query_one("SELECT 'procession ' || 'log'::regclass::oid", &[]).await?;
        client.batch_execute(&format!("LISTEN {}", session::quoted(channel.try_get(0)?))).await?;
        // What was committed before we listened, by those who are under way too.
        let row = client.query_one("SELECT head_behind_all() AS head", &[]).await?;
        heads.saw(position(row.try_get(0)?));
        // The connection ends with its client.
        std::future::pending::<Result<(), tokio_postgres::Error>>().await
    };
    tokio::select! {
        heard = hearing => heard,
        asked = asking => asked,
    }
    .map_err(OpenError::Failed)
}
