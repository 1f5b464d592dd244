use procession::{After, Cancel, Saga};

use super::{
    GroupCheckoutCompleted, GroupCheckoutFailed, GroupCheckoutInitiated, RecordGuestCheckoutCompletion,
    RecordGuestCheckoutFailure, RecordGuestCheckoutsInitiation, TimeoutGroupCheckout,
};
use crate::guest_stays::{CheckOutGuest, GuestCheckedOut, GuestCheckoutFailed};

/// Asks every guest of a group to check out, and brings the answers back.
#[must_use]
pub fn group_checkout_saga() -> Saga {
    Saga::named("group_checkout")
        .on(|event: &GroupCheckoutInitiated| {
            let group_checkout = event.group_checkout.clone();
            let timeout = TimeoutGroupCheckout { group_checkout: group_checkout.clone() };
            let timeout = event.within.map(|it| After(it.unsigned_abs(), timeout));
            (CheckOutGuest::each_of(event), RecordGuestCheckoutsInitiation { group_checkout }, timeout)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::given_saga;

    use super::*;
    use crate::{GroupCheckoutId, GuestStayId, guest_stays::CheckoutFailure};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn group() -> GroupCheckoutId {
        "g".parse().unwrap()
    }

    fn stay(id: &str) -> GuestStayId {
        id.parse().unwrap()
    }

    #[test]
    fn every_guest_is_asked_and_the_asking_is_recorded() {
        let (clerk, guest_stays) = ("eve".parse().unwrap(), vec![stay("1"), stay("2")]);
        let ask = |id| CheckOutGuest { guest_stay: stay(id), group_checkout: Some(group()) };
        given_saga(group_checkout_saga())
            .when(GroupCheckoutInitiated {
                group_checkout: group(),
                clerk,
                guest_stays,
                within: None,
                at: AT,
            })
            .then((ask("1"), ask("2"), RecordGuestCheckoutsInitiation { group_checkout: group() }));
    }

    #[test]
    fn a_guest_of_a_group_who_has_left_is_recorded() {
        given_saga(group_checkout_saga())
            .when(GuestCheckedOut { guest_stay: stay("1"), group_checkout: Some(group()), at: AT })
            .then(RecordGuestCheckoutCompletion { group_checkout: group(), guest_stay: stay("1") });
    }

    #[test]
    fn a_guest_of_a_group_who_could_not_leave_is_recorded_with_the_reason() {
        let (group_checkout, reason) = (Some(group()), CheckoutFailure::BalanceNotSettled);
        given_saga(group_checkout_saga())
            .when(GuestCheckoutFailed { guest_stay: stay("1"), group_checkout, reason, at: AT })
            .then(RecordGuestCheckoutFailure { group_checkout: group(), guest_stay: stay("1"), reason });
    }

    #[test]
    fn a_guest_who_leaves_alone_concerns_no_group() {
        given_saga(group_checkout_saga())
            .when(GuestCheckedOut { guest_stay: stay("1"), group_checkout: None, at: AT })
            .then(());
    }
}
