use procession::{After, Cancel, Module};

use super::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, RecordGuestCheckoutCompletion,
    RecordGuestCheckoutFailure, RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
};
use crate::guest_stays::{GuestCheckedOut, GuestCheckoutFailed};

/// Nobody is in charge: the stays know what a group checkout means for them, and this module knows what their answers mean
/// for the group. See also [`crate::guest_stays::choreography`].
pub(super) fn choreography(module: Module) -> Module {
    module
        .publishes::<GroupCheckoutInitiated>()
        .on(|event: &GroupCheckoutInitiated| {
            let group_checkout = event.group_checkout.clone();
            let timeout = TimeoutGroupCheckout { group_checkout: group_checkout.clone() };
            let timeout = event.within.map(|it| After(it.unsigned_abs(), timeout));
            (RecordGuestCheckoutsInitiation { group_checkout }, timeout)
        })
        .on(|event: &GuestCheckedOut| {
            event.group_checkout.clone().map(|group_checkout| RecordGuestCheckoutCompletion {
                group_checkout,
                guest_stay: event.guest_stay.clone(),
            })
        })
        .on(|event: &GuestCheckoutFailed| {
            event.group_checkout.clone().map(|group_checkout| RecordGuestCheckoutFailure {
                group_checkout,
                guest_stay: event.guest_stay.clone(),
                reason: event.reason,
            })
        })
        .on(|event: &GroupCheckoutCompleted| Cancel::<TimeoutGroupCheckout>::to(&event.group_checkout))
        .on(|event: &GroupCheckoutFailed| Cancel::<TimeoutGroupCheckout>::to(&event.group_checkout))
}
