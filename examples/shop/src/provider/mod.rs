//! The payment provider: a small HTTP service of its own, as somebody else would run it. It takes money and gives it back,
//! each once for a payment, however often it is asked.
//!
//! - `POST /charges` is accepted at once and answered later, at the address that the caller names.
//! - `POST /refunds` gives the money of a charge back.
//! - `GET /ledger` shows all money that has moved.
//! - `GET /tally` shows how often it was asked and heard.

mod client;
mod ledger;
mod messages;
mod service;

pub use client::{Charges, Provider, Said};
pub use ledger::{Ledger, LedgerError};
pub use messages::{Answer, Charge, Movement, Outcome, Refund, Tally, Transaction};
pub use service::{Answers, Behaviour, serve};
