//! The truth about one group checkout, and what carries questions and answers between it and the stays, in one of three
//! styles: a saga, choreography, or a process manager.

mod choreography;
mod group_checkout;
mod messages;
mod process_manager;
mod saga;

pub use group_checkout::{Answer, Ended, GroupCheckout, GroupCheckoutEvent, GroupCheckoutRejection, Outcome};
pub use messages::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, GroupCheckoutTimedOut,
    GuestCheckoutCompletionRecorded, GuestCheckoutFailureRecorded, GuestCheckoutsInitiated,
    InitiateGroupCheckout, RecordGuestCheckoutCompletion, RecordGuestCheckoutFailure,
    RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
};
pub use process_manager::group_checkout_process;
pub use saga::group_checkout_saga;

use procession::Module;

use crate::Style;

/// The module of group checkouts.
#[must_use]
pub fn module(style: Style) -> Module {
    let module = Module::named("group_checkouts").handles::<InitiateGroupCheckout>();
    match style {
        Style::Saga => with_answers(module).saga(group_checkout_saga()),
        Style::Choreography => choreography::choreography(with_answers(module)),
        Style::ProcessManager => module.process_manager(group_checkout_process()),
    }
}

/// A saga and the module itself bring the answers as commands. A process manager takes the stays' events as they are.
fn with_answers(module: Module) -> Module {
    module
        .handles::<RecordGuestCheckoutsInitiation>()
        .handles::<RecordGuestCheckoutCompletion>()
        .handles::<RecordGuestCheckoutFailure>()
        .handles::<TimeoutGroupCheckout>()
}
