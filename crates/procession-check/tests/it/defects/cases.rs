use procession_check::Check;

use super::{
    defect::Defect::{self, *},
    hotel::{
        Style::{Choreography, Loop, Saga},
        a_group_leaves,
    },
    shop::an_order_comes,
    trip::a_trip_is_requested,
};

/// Makes a check anew.
pub(crate) type Checked = fn() -> Check;

/// A defect, and what is expected of the checker.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) defect: Defect,
    pub(crate) check: Checked,
    /// The property that it breaks.
    pub(crate) breaks: &'static str,
    /// What was done to the code, in a few words.
    pub(crate) what: &'static str,
}

const ENDS: &str = "every process ends";
const PARKED: &str = "no message is parked";
const REJECTED: &str = "every rejection is for somebody";
const ENDS_ONCE: &str = "a group begins once and ends once";
const AS_ANSWERED: &str = "the group has ended as its guests have answered";
const SETTLED: &str = "the order is paid and sent, or neither";
const GIVEN_BACK: &str = "what is not needed is given back";

/// Defects of programs in other languages, written anew.
pub(crate) const PORTED: [Case; 10] = [
    in_choreography(
        InitiationGuardInverted,
        ENDS,
        "the guard of \"record that they were asked\" is inverted",
    ),
    in_choreography(AnswersDroppedWhileInitiated, ENDS, "answers of a group that is under way are dropped"),
    in_choreography(GroupForgottenByGuest, ENDS, "the guest's answer forgets the group"),
    in_saga(CompletionSetBack, ENDS, "\"they were asked\" sets back who has answered"),
    Case {
        defect: LoopEndsInACrash,
        check: || a_group_leaves(Loop, false),
        breaks: ENDS,
        what: "guests are asked one by one, and a crash ends the loop",
    },
    Case {
        defect: LoopBeginsAgainAfterACrash,
        check: || a_group_leaves(Loop, true),
        breaks: "every guest is asked once",
        what: "the loop begins again after the crash",
    },
    in_shop(DiscardsPendingPaymentsOnly, REJECTED, "only a pending payment can be discarded")
        .with_empty_stock(),
    in_shop(FailedPaymentIgnored, ENDS, "nobody reacts to a failed payment"),
    in_shop(PaymentIdDrawnAtRandom, "an order has one payment", "the payment's id is drawn in the reaction"),
    in_shop(TotalForgotten, "what is recorded as paid is the total", "the order's total is not kept"),
];

/// Mutations of the small hotel, the small shop and the trip.
pub(crate) const MUTATIONS: [Case; 36] = [
    in_choreography(LeavesUnpaid, "nobody leaves unpaid", "a guest: drop the guard of what is owed"),
    in_choreography(LeavesAgain, "nobody leaves twice", "a guest: drop the guard of who has left"),
    in_choreography(ChargesWhoHasLeft, "nobody leaves unpaid", "a guest: take charges after the end"),
    in_choreography(TakesMoneyTwice, "nobody pays what is not owed", "a guest: take a payment twice"),
    in_choreography(FailureNotReported, ENDS, "the saga: forget the reaction to a failure"),
    in_choreography(InitiatesAgain, ENDS_ONCE, "a group: begin a second time"),
    in_choreography(AskingForgetsTheLast, ENDS, "the stays: forget the last guest"),
    in_saga(GuestsNotedTooLate, ENDS, "a group: swap \"note the guests\" and \"ask them\""),
    in_choreography(CountsASecondAnswer, "no guest is answered twice", "a group: count a second answer"),
    in_time(CountsALateAnswer, ENDS_ONCE, "a group: count answers after the end"),
    in_time(RefusesALateAnswer, REJECTED, "a group: reject answers after the end"),
    in_time(FailsOnALateAnswer, PARKED, "a group: panic on an answer after the end"),
    in_time(RefusesAfterTheDeadline, REJECTED, "a group: compare the clock with the deadline"),
    in_choreography(EndsBeforeTheLastAnswer, AS_ANSWERED, "a group: end one answer too early"),
    in_choreography(CompletesDespiteAFailure, AS_ANSWERED, "a group: forget that somebody has failed"),
    in_time(NotesAfterTheEnd, ENDS, "a group: note after the end that the guests were asked"),
    in_time(TimesOutAfterTheEnd, ENDS_ONCE, "a group: drop the guard of the timeout"),
    Case {
        defect: DeadlineForgotten,
        check: || a_group_leaves(Loop, true),
        breaks: ENDS,
        what: "a group: forget to set the deadline",
    },
    in_shop(SendsBeforeItIsPaid, "nothing is sent unpaid", "the saga: swap \"pay\" and \"send\""),
    in_shop(CompletesBeforeItIsSent, REJECTED, "the saga: swap \"send\" and \"complete\"").with_empty_stock(),
    in_shop(RefundForgotten, SETTLED, "a payment: forget the compensation").with_empty_stock(),
    in_shop(LateMoneyKept, SETTLED, "a payment: accept money after the end"),
    in_shop(RefundsTwice, "money is given back once", "a payment: do not ignore a second discard")
        .with_empty_stock(),
    in_shop(CompletesAPaymentTwice, "money is taken once", "a payment: do not ignore a second answer"),
    in_shop(DeclinesWhatIsPaid, REJECTED, "a payment: drop the guard of \"decline\""),
    in_shop(TimesOutWhatIsPaid, REJECTED, "a payment: drop the guard of the timeout"),
    in_shop(SendsAPackageTwice, "no package is sent twice", "the warehouse: do not ignore a second question"),
    in_shop(
        SendsMoreThanThereIs,
        "no package is sent that is not there",
        "the warehouse: drop the guard of the stock",
    )
    .with_empty_stock(),
    in_shop(OutOfStockIgnored, ENDS, "the saga: forget the reaction to an empty stock").with_empty_stock(),
    in_shop(GivenUpCallForgotten, PARKED, "the effect: forget what follows when it is given up"),
    in_shop(PaymentDeadlineForgotten, ENDS, "the payments: forget to set the deadline"),
    in_trip(FailsOnForgotten, ENDS, "the linear saga: forget `fails_on`"),
    in_trip(CompensationForgotten, GIVEN_BACK, "the linear saga: forget a compensation"),
    in_trip(GivesBackAnotherOne, GIVEN_BACK, "the linear saga: undo the wrong step"),
    in_trip(CompensationNotConfirmed, ENDS, "a reservation: do not confirm that it was given back"),
    in_trip(ReservesWhatWasGivenBack, GIVEN_BACK, "a reservation: do not ignore a second question"),
];

/// The same domains without defects.
pub(crate) const RIGHT: [(&str, Checked); 8] = [
    ("the hotel, as choreography", || a_group_leaves(Choreography, false)),
    ("the hotel, as choreography, with a deadline", || a_group_leaves(Choreography, true)),
    ("the hotel, as a saga", || a_group_leaves(Saga, false)),
    ("the hotel, as a saga, with a deadline", || a_group_leaves(Saga, true)),
    ("the hotel, with a loop and a deadline", || a_group_leaves(Loop, true)),
    ("the shop", || an_order_comes(2)),
    ("the shop, with an empty stock", || an_order_comes(0)),
    ("the trip", a_trip_is_requested),
];

const fn in_choreography(defect: Defect, breaks: &'static str, what: &'static str) -> Case {
    Case { defect, check: || a_group_leaves(Choreography, false), breaks, what }
}

const fn in_saga(defect: Defect, breaks: &'static str, what: &'static str) -> Case {
    Case { defect, check: || a_group_leaves(Saga, false), breaks, what }
}

/// The group has a deadline.
const fn in_time(defect: Defect, breaks: &'static str, what: &'static str) -> Case {
    Case { defect, check: || a_group_leaves(Saga, true), breaks, what }
}

const fn in_shop(defect: Defect, breaks: &'static str, what: &'static str) -> Case {
    Case { defect, check: || an_order_comes(2), breaks, what }
}

const fn in_trip(defect: Defect, breaks: &'static str, what: &'static str) -> Case {
    Case { defect, check: a_trip_is_requested, breaks, what }
}

impl Case {
    const fn with_empty_stock(self) -> Self {
        Self { check: || an_order_comes(0), ..self }
    }
}
