//! What is proved of the hotel, in every order in which its messages may arrive.

mod group_checkouts;
mod reservations;

pub use group_checkouts::{Group, every_group_checkout_ends};
pub use reservations::{Rush, every_reservation_is_kept_or_undone};

use crate::{InvalidAmount, InvalidName, reservations::InvalidNights};

/// A name, an amount or a stay of a check is not one.
#[derive(Debug, thiserror::Error)]
#[error("a check needs names, amounts and days: {0}")]
pub struct NotACheck(String);

macro_rules! not_a_check {
    ($($error:ty),+) => {$(
        impl From<$error> for NotACheck {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )+};
}

not_a_check!(InvalidName, InvalidAmount, InvalidNights);
