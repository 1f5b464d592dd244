use jiff::{SignedDuration, Timestamp};
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::GroupCheckout;
use crate::{ClerkId, GroupCheckoutId, GuestStayId, guest_stays::CheckoutFailure};

/// Begins a group checkout.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GroupCheckout, id = group_checkout)]
pub struct InitiateGroupCheckout {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// Who asks.
    pub clerk: ClerkId,
    /// The stays that are to end.
    pub guest_stays: Vec<GuestStayId>,
    /// How long the guests may take to answer; without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<SignedDuration>,
}

/// Ends a group checkout whose guests have not all answered in time. It is sent by the process itself.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GroupCheckout, id = group_checkout)]
pub struct TimeoutGroupCheckout {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
}

/// Records that every guest was asked to check out.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GroupCheckout, id = group_checkout)]
pub struct RecordGuestCheckoutsInitiation {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
}

/// Records that a guest has checked out.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GroupCheckout, id = group_checkout)]
pub struct RecordGuestCheckoutCompletion {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The guest's stay.
    pub guest_stay: GuestStayId,
}

/// Records that a guest could not check out.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GroupCheckout, id = group_checkout)]
pub struct RecordGuestCheckoutFailure {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The guest's stay.
    pub guest_stay: GuestStayId,
    /// Why.
    pub reason: CheckoutFailure,
}

/// The group checkout has begun.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GroupCheckoutInitiated {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// Who asked.
    pub clerk: ClerkId,
    /// The stays that are to end.
    pub guest_stays: Vec<GuestStayId>,
    /// How long the guests may take to answer; without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<SignedDuration>,
    /// When.
    pub at: Timestamp,
}

/// Every guest was asked to check out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckoutsInitiated {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// When.
    pub at: Timestamp,
}

/// One guest of the group has checked out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckoutCompletionRecorded {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The guest's stay.
    pub guest_stay: GuestStayId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// One guest of the group could not check out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckoutFailureRecorded {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The guest's stay.
    pub guest_stay: GuestStayId,
    /// Why.
    pub reason: CheckoutFailure,
    /// When it was recorded.
    pub at: Timestamp,
}

/// All guests have checked out.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GroupCheckoutCompleted {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The stays that have ended.
    pub completed: Vec<GuestStayId>,
    /// When.
    pub at: Timestamp,
}

/// All guests have answered, and some could not check out.
///
/// Nothing is undone: the clerk settles the open balances and initiates the checkout again.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GroupCheckoutFailed {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The stays that have ended.
    pub completed: Vec<GuestStayId>,
    /// The stays that have not.
    pub failed: Vec<GuestStayId>,
    /// When.
    pub at: Timestamp,
}

/// Time is up, and some guests have not answered.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GroupCheckoutTimedOut {
    /// The group checkout.
    pub group_checkout: GroupCheckoutId,
    /// The stays that have ended.
    pub completed: Vec<GuestStayId>,
    /// The stays that could not end.
    pub failed: Vec<GuestStayId>,
    /// The stays that have not answered.
    pub unanswered: Vec<GuestStayId>,
    /// When.
    pub at: Timestamp,
}
