use procession::{After, Context, Correlation, On, OnTimeout, ProcessManager};

use super::{
    GroupCheckout, GroupCheckoutInitiated, GroupCheckoutTimedOut, GuestCheckoutCompletionRecorded,
    GuestCheckoutFailureRecorded, GuestCheckoutsInitiated, TimeoutGroupCheckout, group_checkout::Ended,
};
use crate::guest_stays::{CheckOutGuest, GuestCheckedOut, GuestCheckoutFailed};

/// One component in charge: it asks the guests, keeps their answers, and finishes.
#[must_use]
pub fn group_checkout_process() -> ProcessManager<GroupCheckout> {
    ProcessManager::new()
        .on::<GroupCheckoutInitiated>()
        .on::<GuestCheckedOut>()
        .on::<GuestCheckoutFailed>()
        .on_timeout::<TimeoutGroupCheckout>()
}

impl On<GroupCheckoutInitiated> for GroupCheckout {
    type Emits = (Vec<CheckOutGuest>, GuestCheckoutsInitiated, Option<After<TimeoutGroupCheckout>>);

    fn correlate(event: &GroupCheckoutInitiated) -> Correlation {
        Correlation::to(&event.group_checkout)
    }

    fn on(&self, event: GroupCheckoutInitiated, context: &Context) -> Self::Emits {
        let asks = CheckOutGuest::each_of(&event);
        let GroupCheckoutInitiated { group_checkout, within, .. } = event;
        let timeout = TimeoutGroupCheckout { group_checkout: group_checkout.clone() };
        let timeout = within.map(|it| After(it.unsigned_abs(), timeout));
        (asks, GuestCheckoutsInitiated { group_checkout, at: context.now }, timeout)
    }
}

impl On<GuestCheckedOut> for GroupCheckout {
    type Emits = Option<(GuestCheckoutCompletionRecorded, Option<Ended>)>;

    fn correlate(event: &GuestCheckedOut) -> Correlation {
        Correlation::maybe(event.group_checkout.as_ref())
    }

    fn on(&self, event: GuestCheckedOut, context: &Context) -> Self::Emits {
        self.guest_left(event.group_checkout?, event.guest_stay, context.now)
    }
}

impl On<GuestCheckoutFailed> for GroupCheckout {
    type Emits = Option<(GuestCheckoutFailureRecorded, Option<Ended>)>;

    fn correlate(event: &GuestCheckoutFailed) -> Correlation {
        Correlation::maybe(event.group_checkout.as_ref())
    }

    fn on(&self, event: GuestCheckoutFailed, context: &Context) -> Self::Emits {
        self.guest_stays(event.group_checkout?, event.guest_stay, event.reason, context.now)
    }
}

impl OnTimeout<TimeoutGroupCheckout> for GroupCheckout {
    type Emits = GroupCheckoutTimedOut;

    fn on_timeout(&self, timeout: TimeoutGroupCheckout, context: &Context) -> GroupCheckoutTimedOut {
        self.timed_out(timeout.group_checkout, context.now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::{SignedDuration, Timestamp};
    use procession::{Reason, test::given};

    use super::*;
    use crate::{
        GroupCheckoutId, GuestStayId, group_checkouts::GroupCheckoutCompleted, guest_stays::CheckoutFailure,
    };

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn group() -> GroupCheckoutId {
        "g".parse().unwrap()
    }

    fn stay(id: &str) -> GuestStayId {
        id.parse().unwrap()
    }

    fn initiated(within: Option<SignedDuration>) -> GroupCheckoutInitiated {
        let (clerk, guest_stays) = ("eve".parse().unwrap(), vec![stay("1"), stay("2")]);
        GroupCheckoutInitiated { group_checkout: group(), clerk, guest_stays, within, at: AT }
    }

    fn left(id: &str) -> GuestCheckedOut {
        GuestCheckedOut { guest_stay: stay(id), group_checkout: Some(group()), at: AT }
    }

    fn recorded(id: &str) -> GuestCheckoutCompletionRecorded {
        GuestCheckoutCompletionRecorded { group_checkout: group(), guest_stay: stay(id), at: AT }
    }

    fn completed() -> GroupCheckoutCompleted {
        GroupCheckoutCompleted { group_checkout: group(), completed: vec![stay("1"), stay("2")], at: AT }
    }

    #[test]
    fn the_guests_are_asked_and_a_deadline_is_set_if_there_is_one() {
        let ask = |id| CheckOutGuest { guest_stay: stay(id), group_checkout: Some(group()) };
        let asked = GuestCheckoutsInitiated { group_checkout: group(), at: AT };
        given::<GroupCheckout>(initiated(None)).when_event(initiated(None)).then((
            ask("1"),
            ask("2"),
            asked.clone(),
        ));
        let within = SignedDuration::from_mins(30);
        let timeout = After(Duration::from_secs(30 * 60), TimeoutGroupCheckout { group_checkout: group() });
        given::<GroupCheckout>(initiated(Some(within))).when_event(initiated(Some(within))).then((
            vec![ask("1"), ask("2")],
            asked,
            timeout,
        ));
    }

    #[test]
    fn the_last_answer_ends_it_and_what_comes_then_is_late() {
        given::<GroupCheckout>((initiated(None), recorded("1")))
            .when_event(left("2"))
            .then((recorded("2"), completed()));
        given::<GroupCheckout>((initiated(None), recorded("1"), recorded("2"), completed()))
            .when_event(left("2"))
            .then_ignored(Reason::Ended);
    }

    #[test]
    fn an_answer_that_comes_again_or_from_a_stranger_changes_nothing() {
        given::<GroupCheckout>((initiated(None), recorded("1"))).when_event(left("1")).then(());
        given::<GroupCheckout>(initiated(None)).when_event(left("3")).then(());
    }

    #[test]
    fn an_answer_before_the_start_is_early() {
        given::<GroupCheckout>(()).when_event(left("1")).then_ignored(Reason::NotStarted);
    }

    #[test]
    fn a_failure_is_recorded_with_its_reason() {
        let (group_checkout, reason) = (Some(group()), CheckoutFailure::BalanceNotSettled);
        given::<GroupCheckout>(initiated(None))
            .when_event(GuestCheckoutFailed { guest_stay: stay("1"), group_checkout, reason, at: AT })
            .then(GuestCheckoutFailureRecorded {
                group_checkout: group(),
                guest_stay: stay("1"),
                reason,
                at: AT,
            });
    }

    #[test]
    fn when_time_is_up_it_ends_unless_it_has() {
        let timeout = || TimeoutGroupCheckout { group_checkout: group() };
        given::<GroupCheckout>((initiated(None), recorded("1"))).when_timed_out(timeout()).then(
            GroupCheckoutTimedOut {
                group_checkout: group(),
                completed: vec![stay("1")],
                failed: vec![],
                unanswered: vec![stay("2")],
                at: AT,
            },
        );
        given::<GroupCheckout>((initiated(None), recorded("1"), recorded("2"), completed()))
            .when_timed_out(timeout())
            .then_ignored(Reason::Ended);
    }
}
