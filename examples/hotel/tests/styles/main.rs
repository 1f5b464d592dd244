//! Three styles, one outcome: the same events, in any order that the promises allow, end the same way in all of them.
//!
//! - `plan`: a group, and what each of its guests does. It says what must come out.
//! - `delivery`: the handlers, without a runtime: any message that may be next is next.
//! - `any_order`: properties of the handlers.
//! - `running`: the same on the runtime, with guests who pay while they are asked.
//! - `defects`: what went wrong in other people's hotels.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it tells how much was tried")]

mod any_order;
mod defects;
mod delivery;
mod plan;
mod running;
