use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use backon::Retryable;
use tokio::net::TcpListener;

use super::{Answer, Charge, Ledger, LedgerError, Outcome, Refund, Tally, Transaction};
use crate::{PaymentId, http};

/// How the provider behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviour {
    /// How long a charge takes.
    pub takes: Duration,
    /// What it answers.
    pub answers: Answers,
}

/// What the provider answers to a charge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Answers {
    /// It takes the money and says so.
    #[default]
    Completed,
    /// It takes the money and says so twice.
    Twice,
    /// It takes no money and says so.
    Declined,
    /// It takes no money and says nothing.
    Never,
    /// It takes no question on: every call is refused for now (503).
    Unavailable,
}

#[derive(Clone)]
struct Service {
    behaviour: Behaviour,
    ledger: Arc<Mutex<Ledger>>,
    tally: Arc<Mutex<Tally>>,
}

/// Serves until `shutdown` is done. The ledger is kept in memory.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    behaviour: Behaviour,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), io::Error> {
    let service = Service { behaviour, ledger: Arc::default(), tally: Arc::default() };
    let router = Router::new()
        .route("/charges", post(charge))
        .route("/refunds", post(refund))
        .route("/ledger", get(ledger))
        .route("/tally", get(tally))
        .with_state(service);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

type Refused = (StatusCode, String);

async fn charge(State(service): State<Service>, Json(charge): Json<Charge>) -> Result<StatusCode, Refused> {
    service.must_be_available()?;
    service.count(|it| it.charges_asked += 1);
    let payment = charge.payment;
    let is_new = service.with_ledger(|it| it.charge(charge)).map_err(refused)?;
    // Who asks again has not heard the answer, so it is given again.
    tokio::spawn(async move {
        if is_new {
            tokio::time::sleep(service.behaviour.takes).await;
            service.settle(payment);
        }
        service.answer(payment).await;
    });
    Ok(StatusCode::ACCEPTED)
}

async fn refund(State(service): State<Service>, Json(refund): Json<Refund>) -> Result<StatusCode, Refused> {
    service.must_be_available()?;
    service.count(|it| it.refunds_asked += 1);
    service.with_ledger(|it| it.refund(&refund)).map_err(refused)?;
    Ok(StatusCode::OK)
}

async fn ledger(State(service): State<Service>) -> Json<Vec<Transaction>> {
    Json(service.with_ledger(|it| it.transactions().to_vec()))
}

async fn tally(State(service): State<Service>) -> Json<Tally> {
    Json(*service.tally.lock().unwrap_or_else(PoisonError::into_inner))
}

fn refused(error: LedgerError) -> Refused {
    (StatusCode::CONFLICT, error.to_string())
}

impl Service {
    fn with_ledger<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        work(&mut self.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, count: impl FnOnce(&mut Tally)) {
        count(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn must_be_available(&self) -> Result<(), Refused> {
        match self.behaviour.answers {
            Answers::Unavailable => {
                Err((StatusCode::SERVICE_UNAVAILABLE, "the provider is closed for now; ask again".into()))
            }
            _ => Ok(()),
        }
    }

    fn settle(&self, payment: PaymentId) {
        let outcome = match self.behaviour.answers {
            Answers::Completed | Answers::Twice => Outcome::Completed,
            Answers::Declined => Outcome::Declined,
            Answers::Never | Answers::Unavailable => return,
        };
        self.with_ledger(|it| it.settle(payment, outcome));
    }

    /// Says what came of a charge, until the one who asked has heard it or does not want to.
    async fn answer(&self, payment: PaymentId) {
        let times = if self.behaviour.answers == Answers::Twice { 2 } else { 1 };
        for _ in 0..times {
            let say = async || {
                // Who asked may have moved meanwhile.
                let Some((answer_to, outcome)) = self.with_ledger(|it| it.answer(payment)) else {
                    return Ok(());
                };
                http::post(answer_to, &Answer { outcome }).await
            };
            let said = say.retry(http::again_and_again()).when(|error| !error.is_final()).await;
            match said {
                Ok(()) => self.count(|it| it.answers_heard += 1),
                Err(error) => tracing::warn!("nobody wants to hear of payment {payment}: {error}"),
            }
        }
    }
}
