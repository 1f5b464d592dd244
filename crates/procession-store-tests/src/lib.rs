//! The conformance suite: what every store must do, and the runtime on every store.
//!
//! A store of your own is put under it with one implementation of [`StoreUnderTest`] and one line in a test, which
//! becomes one test for each case:
//!
//! ```
//! use procession_runtime::MemoryStore;
//! use procession_store_tests::{Settings, StoreUnderTest, conformance};
//!
//! struct Memory(MemoryStore);
//!
//! impl StoreUnderTest for Memory {
//!     type Store = MemoryStore;
//!     const IS_DURABLE: bool = false;
//!
//!     async fn create(settings: Settings) -> (Self, MemoryStore) {
//!         let store = MemoryStore::with_limits(settings.partitions, settings.max_payload_bytes);
//!         (Self(store.clone()), store)
//!     }
//!
//!     async fn reopen(&self) -> MemoryStore {
//!         self.0.clone()
//!     }
//!
//!     async fn crash(&self, store: MemoryStore) -> MemoryStore {
//!         store
//!     }
//! }
//!
//! conformance!(Memory);
//! # fn main() {}
//! ```
//!
//! # What is tested where
//!
//! An id in front of a test's name says which behaviour it belongs to, `promise_n` which promise of the project.
//!
//! The parts in `code font` are those of [`conformance!`], which runs on memory, SQLite and PostgreSQL, and of
//! [`conformance_of_nodes!`], which runs on the stores that nodes can share: memory and PostgreSQL.
//!
//! | id | behaviour | tests |
//! |---|---|---|
//! | S1 - S3 | expected versions: one of two wins, whole and in order | `streams` |
//! | S5 | a batch takes effect whole or not at all, whatever is wrong with it | `atomic` |
//! | S6 | an idempotency key seen before is told, never dropped | `keys` |
//! | S11 | what cannot be read is an explicit error | `unreadable` |
//! | S12 | events of several schema versions in one stream, and of one that is too new | `versions` |
//! | S14 | payloads, ids and times of every size and character | `payloads`, `clients` |
//! | G3 | readers miss nothing and repeat nothing, from anywhere, during appends | `log`, `reading` |
//! | G1, G2, G5 | places in the log that are taken early, given back, or filled late | PostgreSQL: `log_order.rs` of its crate; the others number under one lock in one process: `log` |
//! | G4 | foreign transactions stop no reader, and one that blocks us is named | PostgreSQL: `foreign.rs` of its crate |
//! | G10 | a checkpoint: moved, stale owner, behind, ahead | `ownership` |
//! | G11 | a store that was copied, dumped and restored goes on | PostgreSQL: `dumped.rs` of its crate; SQLite: `restored.rs` of its crate, and `durability` |
//! | O1 | refusals and deaths at every boundary of a micro-transaction | `crashes`, `poison`, `process_managers`, `public_events` |
//! | O3 | a client that asks twice: one effect, one answer | `clients` |
//! | O5 | one event, two modules: each reacts once, and one that fails leaves the other alone | `reactions` |
//! | O9 | who was taken over cannot write any more | `others` |
//! | O5, O13, O14, O15 | parked messages are retried, edited and discarded, in order; retries with pauses | `repairs` |
//! | P13, T7 | processes are suspended, resumed and cancelled, timers cancelled and moved | `holds` |
//! | P1, P2, P11, P15 | processes: beginnings, simultaneous messages, causes, joins | `processes`, `lifecycles`, `process_managers`, `correlations`, `random` |
//! | P3 | 1,000, 10,000 and 100,000 answers for one instance | `fan_in` |
//! | P5 | late, early, and again after the end | `lifecycles` |
//! | P7 | correlations that are missing, impossible or odd | `correlations` |
//! | P13 | a poison input suspends its instance with the reason, and nothing else | `poison` |
//! | P16 | linear sagas: what is undone, in which order, and what happens if that fails | `linear_sagas`, `save_points` |
//! | P17 | folding a process again sends nothing | `process_managers` |
//! | P18 | an older release of a process, and an older one beside a newer one | `versions` |
//! | T1, T2, T4, T6 | commands that become due later, and those of a process that has ended | `timers`, `reminders`, `timeouts` |
//! | J2, J3, J4, J5 | read models: rebuilt, beside the old one, without side effects, with parked streams | `projections`, `read_models` |
//! | J7 | who keeps read models up when nodes come and go | `projections`, `projections_over_nodes` |
//! | N1, N4, N5, N7 | nodes that come, die, are not heard, are late, and stop | `nodes` |
//! | O3, O9, T1, P13, C1 over nodes | one effect, one owner, one order, whichever node is asked | `nodes`, `waiting_over_nodes` |
//! | C1 | one and four workers while the runtime and the store come and go | `whole` |
//! | promise 1 | nothing acknowledged is lost in a crash | `durability` |
//! | promise 2 | every message takes effect exactly once | `crashes` |
//! | promise 3 | a stream is dense, ordered, and never rewritten | `streams` |
//! | promise 4 | a failing handler delays only its own stream | `parking` |
//! | promise 6 | replaying the log gives the same state | `backlog` |
//! | one history | a life that follows from a seed is the same on all three | PostgreSQL: `same_history.rs` of its crate |
//!
//!
//! Beside them stand the rules of the [`Store`](procession_runtime::Store) trait that have no id, appends from outside
//! that no cache may hide (`others`), backlogs larger than the memory (`backlog`), and random batches compared with a
//! plain model (`random`); who waits for a reply (`replies`), and for a time that is moved (`virtual_time`).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test suite says that something is wrong by panicking"
)]

mod batches;
#[doc(hidden)]
pub mod cases;
mod conformance;
mod cut_off;
mod domain;
mod errands;
mod faulty;
mod model;
mod moments;
mod node;
mod running;
mod scenario;
mod service;
mod shared;
mod under_test;

pub use conformance::run;
pub use scenario::observed_history;
pub use shared::SharedStoreUnderTest;
pub use under_test::{Settings, StoreUnderTest};

/// The small world that the cases play in, for the fuzzer: it has handlers of every kind, and some that fail.
#[doc(hidden)]
pub fn world() -> procession::Application {
    domain::application()
}
