//! What must hold for any bytes in a log: nothing panics, and what can be read is the same when it is written and read again.
//!
//! Each function takes bytes and panics if the rule is broken. A coverage-guided fuzzer calls it with bytes of its own
//! making (`fuzz/libfuzzer`), an ordinary test with what the fuzzer has found (`fuzz/corpus`). How to run the fuzzer is in
//! [docs/fuzzing.md](../../docs/fuzzing.md).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken rule is told by a panic")]

mod engine;
mod ids;
mod messages;
mod world;

pub use engine::engine;
pub use ids::ids;
pub use messages::messages;
pub use world::is_on_purpose;
