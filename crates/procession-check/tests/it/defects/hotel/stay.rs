use procession::{Context, Decider, Either, Events, Handle, Never};

use super::{
    Defect::*,
    has,
    messages::{
        CheckInGuest, CheckOutGuest, GuestCharged, GuestCheckedIn, GuestCheckedOut, GuestCheckoutFailed,
        PaymentRecorded, RecordCharge, RecordPayment,
    },
};

/// One guest, who may leave when nothing is owed.
#[derive(Default)]
pub(crate) struct GuestStay {
    pub(crate) owes: i32,
    is_here: bool,
    has_left: bool,
}

#[derive(Events)]
pub(crate) enum GuestStayEvent {
    CheckedIn(GuestCheckedIn),
    Charged(GuestCharged),
    Paid(PaymentRecorded),
    CheckedOut(GuestCheckedOut),
    CheckoutFailed(GuestCheckoutFailed),
}

impl Decider for GuestStay {
    const CATEGORY: &'static str = "guest_stay";
    type Event = GuestStayEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &GuestStayEvent) {
        match event {
            GuestStayEvent::CheckedIn(_) => self.is_here = true,
            GuestStayEvent::Charged(_) => self.owes += 1,
            GuestStayEvent::Paid(_) => self.owes -= 1,
            GuestStayEvent::CheckedOut(_) => self.has_left = true,
            GuestStayEvent::CheckoutFailed(_) => {}
        }
    }
}

impl Handle<CheckInGuest> for GuestStay {
    type Records = Option<GuestCheckedIn>;

    fn handle(&self, CheckInGuest { stay }: CheckInGuest, _: &Context) -> Result<Self::Records, Never> {
        Ok((!self.is_here).then_some(GuestCheckedIn { stay }))
    }
}

impl Handle<RecordCharge> for GuestStay {
    type Records = Option<GuestCharged>;

    fn handle(&self, RecordCharge { stay }: RecordCharge, _: &Context) -> Result<Self::Records, Never> {
        let is_possible = !self.has_left || has(ChargesWhoHasLeft);
        Ok(is_possible.then_some(GuestCharged { stay }))
    }
}

impl Handle<RecordPayment> for GuestStay {
    type Records = Option<PaymentRecorded>;

    fn handle(&self, RecordPayment { stay }: RecordPayment, _: &Context) -> Result<Self::Records, Never> {
        let is_owed = self.owes > 0 || has(TakesMoneyTwice);
        Ok(is_owed.then_some(PaymentRecorded { stay }))
    }
}

impl Handle<CheckOutGuest> for GuestStay {
    type Records = Option<Either<GuestCheckedOut, GuestCheckoutFailed>>;

    fn handle(&self, command: CheckOutGuest, _: &Context) -> Result<Self::Records, Never> {
        let CheckOutGuest { stay, group } = command;
        let group = group.filter(|_| !has(GroupForgottenByGuest));
        if self.has_left && !has(LeavesAgain) {
            return Ok(None);
        }
        let may_leave = self.owes <= 0 || has(LeavesUnpaid);
        Ok(Some(if may_leave {
            Either::Left(GuestCheckedOut { stay, group })
        } else {
            Either::Right(GuestCheckoutFailed { stay, group })
        }))
    }
}
