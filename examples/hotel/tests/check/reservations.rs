//! Guests ask for the last rooms, in every order.

use hotel::{
    Style,
    checks::{Rush, every_reservation_is_kept_or_undone},
    hotel,
    reservations::{
        CancelReservation, ConfirmReservation, DailyOverbookingDetected, NightReserved, RecordBookedNight,
        RecordBooking, ReleaseNight, Reservation, ReservationRequested, ReserveNight, ReserveRoom,
        reservation_saga,
    },
};
use procession::{Application, Module, ProcessManager, check::Verdict};

#[test]
fn p16_every_reservation_is_kept_or_undone() {
    holds(Rush { guests: 3, booked: 0 });
}

#[test]
fn p16_every_reservation_is_kept_or_undone_while_a_channel_sells_a_room() {
    holds(Rush { guests: 2, booked: 1 });
}

#[test]
fn a_channel_sells_more_rooms_than_there_are_and_some_guests_do_not_come() {
    holds(Rush { guests: 0, booked: 3 });
}

fn holds(rush: Rush) {
    every_reservation_is_kept_or_undone(hotel(Style::default()), rush).unwrap().run();
}

/// What is checked is what runs: a module that is changed changes the verdict.
#[test]
fn a_hotel_that_does_not_hear_of_full_nights_is_found() {
    let forgetful = ProcessManager::<Reservation>::new().on::<ReservationRequested>().on::<NightReserved>();
    let changed = Module::named("reservations")
        .handles::<ReserveRoom>()
        .handles::<RecordBooking>()
        .handles::<ConfirmReservation>()
        .handles::<CancelReservation>()
        .handles::<ReserveNight>()
        .handles::<RecordBookedNight>()
        .handles::<ReleaseNight>()
        .process_manager(forgetful)
        .saga(reservation_saga())
        .publishes::<DailyOverbookingDetected>();

    let rush = Rush { guests: 3, booked: 0 };
    let changed = Application::assemble([changed]);
    let report = every_reservation_is_kept_or_undone(changed, rush).unwrap().explore().unwrap();

    let Verdict::Broken(counterexample) = &report.verdict else { panic!("{report}") };
    assert!(counterexample.reason.contains("no room of the type suite is left"), "{counterexample}");
}
