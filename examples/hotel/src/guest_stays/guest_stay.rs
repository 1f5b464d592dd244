use procession::{Context, Decider, Either, Events, Handle};
use serde::{Deserialize, Serialize};

use super::{
    ChargeRecorded, CheckInGuest, CheckOutGuest, CheckoutFailure, GuestCheckedIn, GuestCheckedOut,
    GuestCheckoutFailed, PaymentRecorded, RecordCharge, RecordPayment,
};
use crate::Money;

/// One guest's stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GuestStay {
    /// Whether the guest is in the house.
    pub status: Status,
    /// The guest's name.
    pub guest: String,
    /// The room.
    pub room: u16,
    /// What was paid less what was charged.
    pub balance: Money,
}

/// Whether a guest is in the house.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet.
    #[default]
    NotCheckedIn,
    /// Yes.
    Open,
    /// Not any more.
    CheckedOut,
}

/// The events of a stay.
#[derive(Events)]
pub enum GuestStayEvent {
    /// The stay is open.
    CheckedIn(GuestCheckedIn),
    /// The balance went down.
    ChargeRecorded(ChargeRecorded),
    /// The balance went up.
    PaymentRecorded(PaymentRecorded),
    /// The stay has ended.
    CheckedOut(GuestCheckedOut),
    /// The stay could not end.
    CheckoutFailed(GuestCheckoutFailed),
}

/// Why a stay refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum GuestStayRejection {
    /// A second check-in.
    #[error("the guest has checked in before")]
    AlreadyCheckedIn,
    /// Nobody has checked in.
    #[error("the guest has not checked in")]
    NotCheckedIn,
    /// The guest has left.
    #[error("the guest has checked out")]
    CheckedOut,
    /// Nobody is called that.
    #[error("the guest's name must have 1 to 100 characters")]
    NameMissing,
}

impl Decider for GuestStay {
    const CATEGORY: &'static str = "guest_stay";
    type Event = GuestStayEvent;
    type Rejection = GuestStayRejection;

    fn evolve(&mut self, event: &GuestStayEvent) {
        match event {
            GuestStayEvent::CheckedIn(event) => {
                self.status = Status::Open;
                self.guest.clone_from(&event.guest);
                self.room = event.room;
            }
            GuestStayEvent::ChargeRecorded(event) => self.balance -= event.amount,
            GuestStayEvent::PaymentRecorded(event) => self.balance += event.amount,
            GuestStayEvent::CheckedOut(_) => self.status = Status::CheckedOut,
            GuestStayEvent::CheckoutFailed(_) => {}
        }
    }
}

impl GuestStay {
    fn must_be_open(&self) -> Result<(), GuestStayRejection> {
        match self.status {
            Status::Open => Ok(()),
            Status::NotCheckedIn => Err(GuestStayRejection::NotCheckedIn),
            Status::CheckedOut => Err(GuestStayRejection::CheckedOut),
        }
    }

    fn can_check_out(&self) -> Result<(), CheckoutFailure> {
        match self.status {
            Status::Open if self.balance.is_zero() => Ok(()),
            Status::Open => Err(CheckoutFailure::BalanceNotSettled),
            Status::NotCheckedIn | Status::CheckedOut => Err(CheckoutFailure::NotOpened),
        }
    }
}

impl Handle<CheckInGuest> for GuestStay {
    type Records = GuestCheckedIn;

    fn handle(&self, command: CheckInGuest, context: &Context) -> Result<GuestCheckedIn, GuestStayRejection> {
        let CheckInGuest { guest_stay, guest, room } = command;
        if self.status != Status::NotCheckedIn {
            return Err(GuestStayRejection::AlreadyCheckedIn);
        }
        if guest.trim().is_empty() || guest.chars().count() > 100 {
            return Err(GuestStayRejection::NameMissing);
        }
        Ok(GuestCheckedIn { guest_stay, guest, room, at: context.now })
    }
}

impl Handle<RecordCharge> for GuestStay {
    type Records = ChargeRecorded;

    fn handle(&self, command: RecordCharge, context: &Context) -> Result<ChargeRecorded, GuestStayRejection> {
        self.must_be_open()?;
        let RecordCharge { guest_stay, amount } = command;
        Ok(ChargeRecorded { guest_stay, amount, at: context.now })
    }
}

impl Handle<RecordPayment> for GuestStay {
    type Records = PaymentRecorded;

    fn handle(
        &self,
        command: RecordPayment,
        context: &Context,
    ) -> Result<PaymentRecorded, GuestStayRejection> {
        self.must_be_open()?;
        let RecordPayment { guest_stay, amount } = command;
        Ok(PaymentRecorded { guest_stay, amount, at: context.now })
    }
}

impl Handle<CheckOutGuest> for GuestStay {
    type Records = Either<GuestCheckedOut, GuestCheckoutFailed>;

    fn handle(&self, command: CheckOutGuest, context: &Context) -> Result<Self::Records, GuestStayRejection> {
        let CheckOutGuest { guest_stay, group_checkout } = command;
        let at = context.now;
        Ok(match self.can_check_out() {
            Ok(()) => Either::Left(GuestCheckedOut { guest_stay, group_checkout, at }),
            Err(reason) => Either::Right(GuestCheckoutFailed { guest_stay, group_checkout, reason, at }),
        })
    }
}

#[cfg(test)]
mod tests {
    use procession::test::given;

    use super::*;
    use crate::{Amount, GuestStayId};

    fn stay() -> GuestStayId {
        "7".parse().unwrap()
    }

    fn checked_in() -> GuestCheckedIn {
        GuestCheckedIn { guest_stay: stay(), guest: "Ada".into(), room: 7, at: jiff::Timestamp::UNIX_EPOCH }
    }

    fn charged(amount: &str) -> ChargeRecorded {
        ChargeRecorded { guest_stay: stay(), amount: money(amount), at: jiff::Timestamp::UNIX_EPOCH }
    }

    fn paid(amount: &str) -> PaymentRecorded {
        PaymentRecorded { guest_stay: stay(), amount: money(amount), at: jiff::Timestamp::UNIX_EPOCH }
    }

    fn checked_out() -> GuestCheckedOut {
        GuestCheckedOut { guest_stay: stay(), group_checkout: None, at: jiff::Timestamp::UNIX_EPOCH }
    }

    fn failed(reason: CheckoutFailure) -> GuestCheckoutFailed {
        GuestCheckoutFailed {
            guest_stay: stay(),
            group_checkout: None,
            reason,
            at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn money(amount: &str) -> Amount {
        amount.parse().unwrap()
    }

    fn check_out() -> CheckOutGuest {
        CheckOutGuest { guest_stay: stay(), group_checkout: None }
    }

    #[test]
    fn a_guest_checks_in() {
        given::<GuestStay>(())
            .when(CheckInGuest { guest_stay: stay(), guest: "Ada".into(), room: 7 })
            .then(checked_in());
    }

    #[test]
    fn a_second_check_in_is_rejected() {
        given::<GuestStay>(checked_in())
            .when(CheckInGuest { guest_stay: stay(), guest: "Bob".into(), room: 8 })
            .then_rejected(GuestStayRejection::AlreadyCheckedIn);
    }

    #[test]
    fn a_guest_without_a_name_is_rejected() {
        given::<GuestStay>(())
            .when(CheckInGuest { guest_stay: stay(), guest: " ".into(), room: 7 })
            .then_rejected(GuestStayRejection::NameMissing);
    }

    #[test]
    fn charges_and_payments_are_recorded_while_the_stay_is_open() {
        given::<GuestStay>(checked_in())
            .when(RecordCharge { guest_stay: stay(), amount: money("10") })
            .then(charged("10"));
        given::<GuestStay>(checked_in())
            .when(RecordPayment { guest_stay: stay(), amount: money("10") })
            .then(paid("10"));
    }

    #[test]
    fn nobody_is_charged_before_check_in_or_after_check_out() {
        given::<GuestStay>(())
            .when(RecordCharge { guest_stay: stay(), amount: money("10") })
            .then_rejected(GuestStayRejection::NotCheckedIn);
        given::<GuestStay>((checked_in(), checked_out()))
            .when(RecordPayment { guest_stay: stay(), amount: money("10") })
            .then_rejected(GuestStayRejection::CheckedOut);
    }

    #[test]
    fn a_settled_guest_checks_out() {
        given::<GuestStay>((checked_in(), charged("99.50"), paid("99.50")))
            .when(check_out())
            .then(checked_out());
    }

    #[test]
    fn an_open_balance_keeps_the_guest_here_whether_too_little_or_too_much_was_paid() {
        given::<GuestStay>((checked_in(), charged("10"), paid("9.99")))
            .when(check_out())
            .then(failed(CheckoutFailure::BalanceNotSettled));
        given::<GuestStay>((checked_in(), paid("0.01")))
            .when(check_out())
            .then(failed(CheckoutFailure::BalanceNotSettled));
    }

    #[test]
    fn who_is_not_here_cannot_check_out() {
        given::<GuestStay>(()).when(check_out()).then(failed(CheckoutFailure::NotOpened));
        given::<GuestStay>((checked_in(), checked_out()))
            .when(check_out())
            .then(failed(CheckoutFailure::NotOpened));
    }

    #[test]
    fn a_failed_checkout_changes_nothing() {
        given::<GuestStay>((
            checked_in(),
            charged("1"),
            failed(CheckoutFailure::BalanceNotSettled),
            paid("1"),
        ))
        .when(check_out())
        .then(checked_out());
    }
}
