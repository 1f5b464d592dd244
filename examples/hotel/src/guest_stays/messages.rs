use std::fmt;

use jiff::Timestamp;
use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::GuestStay;
use crate::{Amount, GroupCheckoutId, GuestStayId};

/// Opens a stay.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GuestStay, id = guest_stay)]
pub struct CheckInGuest {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// The guest's name.
    pub guest: String,
    /// The room.
    pub room: u16,
}

/// Adds to what the guest owes.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GuestStay, id = guest_stay)]
pub struct RecordCharge {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// How much.
    pub amount: Amount,
}

/// Takes the guest's money.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GuestStay, id = guest_stay)]
pub struct RecordPayment {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// How much.
    pub amount: Amount,
}

/// Ends a stay, if the balance is settled.
#[derive(Command, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[command(to = GuestStay, id = guest_stay)]
pub struct CheckOutGuest {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// The group checkout that asks, if one does.
    pub group_checkout: Option<GroupCheckoutId>,
}

/// The stay is open.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckedIn {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// The guest's name.
    pub guest: String,
    /// The room.
    pub room: u16,
    /// When.
    pub at: Timestamp,
}

/// The balance went down.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct ChargeRecorded {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

/// The balance went up.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct PaymentRecorded {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

/// The stay has ended.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckedOut {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// The group checkout that asked, if one did.
    pub group_checkout: Option<GroupCheckoutId>,
    /// When.
    pub at: Timestamp,
}

/// The stay could not end. It is a fact and no rejection, because the group's process must go on.
#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct GuestCheckoutFailed {
    /// The stay.
    pub guest_stay: GuestStayId,
    /// The group checkout that asked, if one did.
    pub group_checkout: Option<GroupCheckoutId>,
    /// Why.
    pub reason: CheckoutFailure,
    /// When.
    pub at: Timestamp,
}

/// Why a stay could not end.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutFailure {
    /// The stay is not open: the guest has not checked in, or has checked out before.
    NotOpened,
    /// The guest still owes money, or has paid too much.
    BalanceNotSettled,
}

impl fmt::Display for CheckoutFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpened => "the stay is not open",
            Self::BalanceNotSettled => "the balance is not settled",
        })
    }
}
