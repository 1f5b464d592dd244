use std::cell::Cell;

/// What is wrong on purpose. The domains of this folder have one of these defects, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Defect {
    // The hotel: defects that programs in other languages had.
    InitiationGuardInverted,
    AnswersDroppedWhileInitiated,
    GroupForgottenByGuest,
    CompletionSetBack,
    LoopEndsInACrash,
    LoopBeginsAgainAfterACrash,
    // The hotel: mutations.
    LeavesUnpaid,
    LeavesAgain,
    ChargesWhoHasLeft,
    TakesMoneyTwice,
    FailureNotReported,
    InitiatesAgain,
    AskingForgetsTheLast,
    GuestsNotedTooLate,
    CountsASecondAnswer,
    CountsALateAnswer,
    RefusesALateAnswer,
    FailsOnALateAnswer,
    RefusesAfterTheDeadline,
    EndsBeforeTheLastAnswer,
    CompletesDespiteAFailure,
    NotesAfterTheEnd,
    TimesOutAfterTheEnd,
    DeadlineForgotten,
    DeadlineNotTakenBack,
    // The shop: defects that programs in other languages had.
    DiscardsPendingPaymentsOnly,
    FailedPaymentIgnored,
    PaymentIdDrawnAtRandom,
    TotalForgotten,
    // The shop: mutations.
    SendsBeforeItIsPaid,
    CompletesBeforeItIsSent,
    RefundForgotten,
    LateMoneyKept,
    RefundsTwice,
    CompletesAPaymentTwice,
    DeclinesWhatIsPaid,
    TimesOutWhatIsPaid,
    SendsAPackageTwice,
    SendsMoreThanThereIs,
    OutOfStockIgnored,
    GivenUpCallForgotten,
    PaymentDeadlineForgotten,
    // A trip, as a linear saga: mutations.
    FailsOnForgotten,
    CompensationForgotten,
    GivesBackAnotherOne,
    CompensationNotConfirmed,
    ReservesWhatWasGivenBack,
}

thread_local! {
    static PRESENT: Cell<Option<Defect>> = const { Cell::new(None) };
}

/// Whether the domains have this defect now.
pub(super) fn has(defect: Defect) -> bool {
    PRESENT.get() == Some(defect)
}

/// While something is done, the domains have this defect; the handlers run in the thread that explores.
pub(crate) fn with<T>(defect: Option<Defect>, done: impl FnOnce() -> T) -> T {
    let before = PRESENT.replace(defect);
    let value = done();
    PRESENT.set(before);
    value
}
