//! Given / when / then for deciders, process managers, sagas and modules, through the engine that runs in production.
//!
//! ```
//! # extern crate procession_core as procession;
//! use procession::{doc::{CleanRoom, GuestLeft, Room, RoomCleaned, RoomRejection}, Saga};
//! use procession::test::{given, given_saga};
//!
//! given::<Room>(())
//!     .when(CleanRoom { room: 7 })
//!     .then(RoomCleaned { room: 7 });
//!
//! given::<Room>(RoomCleaned { room: 7 })
//!     .when(CleanRoom { room: 7 })
//!     .then_rejected(RoomRejection::AlreadyClean);
//!
//! given_saga(Saga::named("housekeeping").on(|it: &GuestLeft| CleanRoom { room: it.room }))
//!     .when(GuestLeft { room: 7 })
//!     .then(CleanRoom { room: 7 });
//! ```
//!
//! A process manager is asked in the same way: [`GivenEvents::when_event`], [`GivenEvents::when_rejected`],
//! [`GivenEvents::when_timed_out`]. A linear saga is led from message to message: [`given_linear_saga`]. A projection is given
//! events, and has rows then: [`given_projection`].

mod decider;
mod difference;
mod linear;
mod process_manager;
mod projection;
mod saga;

pub use decider::{Decided, GivenEvents, given};
pub use linear::{GivenLinearSaga, Went, given_linear_saga};
pub use process_manager::Emitted;
pub use projection::{GivenReadModel, given_projection};
pub use saga::{GivenReactions, Reacted, given_module, given_saga};
