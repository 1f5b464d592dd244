//! Traces as a receiver of OTLP gets them, from a real exporter over HTTP.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod listening;
mod outcomes;
mod receiver;
mod tour;
mod traces;
