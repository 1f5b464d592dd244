//! What operators see: the state of every process, and what it waits for.
//!
//! - [`Description`]: what the application says of itself, kept beside the log.
//! - [`Inspector`]: finds what has not ended, and explains it.
//! - [`WaitsFor`]: what a process waits for, and what will wake it.
//! - [`EffectOverview`]: how the calls of an effect stand, and whether its target is down.
//! - [`ReadModelOverview`]: how far a read model follows the log, and what it leaves out.
//! - [`Rates`]: how fast the log is handled.
//! - [`archived`]: what is in files in place of the log; [`Inspector::ended_before`]: what may become so.
//! - [`what_if()`]: what changed handlers would have done.
//! - [`verify`]: whether a store keeps the promises of a log.
//!
//! All of it is computed from the log and the tables around it, and needs no code of the application. It begins with what is
//! small, also in a log of millions: messages behind the checkpoints, timers, calls, parked messages, and instances that
//! have not ended.

mod brief;
mod description;
mod effects;
mod ended;
mod explain;
mod facts;
mod inspector;
mod rates;
mod read_models;
mod standing;
mod sweep;
pub mod verify;
mod wakes;
mod what_if;

pub use description::{
    DescribedEmission, DescribedHandler, DescribedLife, DescribedModule, DescribedStep, Description,
    DescriptionError,
};
pub use effects::{EffectOverview, OpenBreaker};
pub use ended::{archived, archived_of};
pub use inspector::{InspectError, Inspector};
pub use rates::Rates;
pub use read_models::{LeftOut, ReadModelOverview};
pub use standing::{ProcessState, Standing, WaitsFor};
pub use sweep::Sweep;
pub use what_if::what_if;
