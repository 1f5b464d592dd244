//! The runtime of Procession: a durable log, and the processors that work through it.
//!
//! - [`store`]: the [`Store`] trait, what a commit holds, and the [`MemoryStore`].
//! - [`Runtime`]: starts a processor on a store; `execute`, `send`, `wait`, `stop`.
//! - [`Operator`] and [`Operation`]: repairs what is stuck, from this process or another one.
//! - [`Health`] and [`metrics`]: how it is, for machines that watch it; [`trace`]: the ids of traces.
//! - [`Reader`]: states, streams and processes, read from any store.
//! - [`ReadModel`]: the rows of a projection, up to a position that is waited for.
//! - [`inspect`]: what operators see: the state of every process, and what it waits for.
//! - `processor` (private): the hot path, read, fold, commit.

mod advance;
mod cache;
mod clock;
mod execute;
#[doc(hidden)]
pub mod fault_points;
mod health;
mod inbox;
pub mod inspect;
mod limits;
mod lookout;
mod member;
pub mod metrics;
mod operation;
mod operator;
mod over_nodes;
mod processor;
mod projections;
mod read_model;
mod reader;
mod reply;
mod request;
mod runtime;
mod send;
pub mod store;
pub mod trace;
mod vitals;

pub use advance::AdvanceError;
pub use cache::Cache;
pub use clock::{Clock, SystemClock, VirtualClock};
pub use execute::{ExecuteCommand, ExecuteError, Executed};
pub use health::{Death, Health, HealthBounds, Unready};
pub use limits::Limits;
pub use operation::{Operation, Requested};
pub use operator::{Operator, OperatorError};
pub use read_model::{ReadModel, ReadModelError};
pub use reader::{Instance, ReadError, Reader};
pub use reply::ReplyError;
pub use request::{Quiet, RequestError, Sent};
pub use runtime::{Runtime, RuntimeBuilder, StartError, WaitError};
pub use send::SendCommand;
pub use store::{MemoryStore, Store, StoreError};
