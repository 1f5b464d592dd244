//! Effects: what is done in the world outside, because an event asks for it.
//!
//! They are declared here, and made by the runtime: nothing in this crate polls a future.

mod builder;
mod call;
mod policy;

pub use builder::{Effect, EffectType, NamedEffect};
pub use call::{EffectCallContext, EffectError, GivenUp, IntoEffectError};
pub use policy::{CircuitBreaker, EffectPolicy};
