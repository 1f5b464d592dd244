use procession::{Decider, Projection, ProjectionError, Rows};
use serde::{Deserialize, Serialize};

use super::{
    ChargeRecorded, GuestCheckedIn, GuestCheckedOut, GuestCheckoutFailed, GuestStay, GuestStayEvent as Fact,
    PaymentRecorded,
};
use crate::GuestStayId;

/// The name of the read model that lists all stays.
pub const LISTED_STAYS: &str = "listed_stays";

/// A stay as the front desk lists it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ListedStay {
    /// How many events the stay has.
    pub version: u64,
    /// The stay.
    pub stay: GuestStay,
}

/// All stays by their ids. A stay is here what it is for its decider, because the same function folds it.
pub fn listed_stays() -> Projection {
    Projection::named(LISTED_STAYS)
        .on(|it: &GuestCheckedIn, rows| list(&it.guest_stay, Fact::CheckedIn(it.clone()), rows))
        .on(|it: &ChargeRecorded, rows| list(&it.guest_stay, Fact::ChargeRecorded(it.clone()), rows))
        .on(|it: &PaymentRecorded, rows| list(&it.guest_stay, Fact::PaymentRecorded(it.clone()), rows))
        .on(|it: &GuestCheckedOut, rows| list(&it.guest_stay, Fact::CheckedOut(it.clone()), rows))
        .on(|it: &GuestCheckoutFailed, rows| list(&it.guest_stay, Fact::CheckoutFailed(it.clone()), rows))
}

fn list(id: &GuestStayId, event: Fact, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
    rows.update(id, |listed: &mut ListedStay| {
        listed.version += 1;
        listed.stay.evolve(&event);
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use procession::test::given_projection;

    use super::*;
    use crate::{Amount, guest_stays::Status};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn stay() -> GuestStayId {
        "7".parse().unwrap()
    }

    fn amount() -> Amount {
        "99.50".parse().unwrap()
    }

    #[test]
    fn a_stay_is_listed_as_it_is() {
        let checked_in = GuestCheckedIn { guest_stay: stay(), guest: "Ada".into(), room: 7, at: AT };
        let listed = |version, status, paid: &str| ListedStay {
            version,
            stay: GuestStay {
                status,
                guest: "Ada".into(),
                room: 7,
                balance: paid.to_owned().try_into().unwrap(),
            },
        };

        given_projection(listed_stays())
            .when(checked_in)
            .when(ChargeRecorded { guest_stay: stay(), amount: amount(), at: AT })
            .then_row(stay(), &listed(2, Status::Open, "-99.50"))
            .when(PaymentRecorded { guest_stay: stay(), amount: amount(), at: AT })
            .when(GuestCheckedOut { guest_stay: stay(), group_checkout: None, at: AT })
            .then_row(stay(), &listed(4, Status::CheckedOut, "0.00"));
    }
}
