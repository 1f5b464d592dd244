//! Projections: read models that are kept by folding events.

mod builder;
mod error;
mod fold;
mod rows;

pub use builder::Projection;
pub use error::ProjectionError;
pub use fold::{Folded, Poison};
pub use rows::{KnownRows, Rows};
