use axum::{Json, extract::State};
use procession::Runtime;

use super::{
    orders::PaymentView,
    problem::Problem,
    request::{Body, Id},
};
use crate::{
    PaymentId,
    gateway::asked_by,
    payments::{CompletePayment, DeclinePayment, PaymentRequested, Status},
    provider::{Answer, Outcome},
};

/// The provider says what came of a charge. Said again, it is the same answer, and has no second effect.
pub(super) async fn answer(
    State(runtime): State<Runtime>,
    Id(payment): Id<PaymentId>,
    Body(Answer { outcome }): Body<Answer>,
) -> Result<Json<PaymentView>, Problem> {
    // What is refused now would be refused with the same key for ever, also when the payment is there.
    let asked = asked_by::<PaymentRequested>(&runtime, payment).await?.ok_or_else(|| unknown(payment))?;
    match outcome {
        Outcome::Completed => {
            let key = format!("completed/{payment}");
            runtime.execute(CompletePayment { payment }).idempotency_key(key).caused_by(&asked).await?;
        }
        Outcome::Declined => {
            let key = format!("declined/{payment}");
            runtime.execute(DeclinePayment { payment }).idempotency_key(key).caused_by(&asked).await?;
        }
    }
    Ok(Json(read(&runtime, payment).await?))
}

pub(super) async fn get(
    State(runtime): State<Runtime>,
    Id(payment): Id<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    Ok(Json(read(&runtime, payment).await?))
}

async fn read(runtime: &Runtime, payment: PaymentId) -> Result<PaymentView, Problem> {
    let view = PaymentView::read(runtime, payment).await?;
    if view.status == Status::NotRequested {
        return Err(unknown(payment));
    }
    Ok(view)
}

fn unknown(payment: PaymentId) -> Problem {
    Problem::not_found(format!("there is no payment {payment}"))
}
