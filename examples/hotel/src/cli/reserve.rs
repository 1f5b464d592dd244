use std::io::Write;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use hotel::{
    GuestId, ReservationId,
    reservations::{
        GuestExternalId, Nights, Reservation, ReservationRejection, ReserveRoom, RoomType, Status,
    },
};
use jiff::civil::Date;
use procession::{ExecuteError, Runtime};
use uuid::Uuid;

use super::{
    CliError, Done,
    store::{StoreFile, then_close},
};

/// Reserves a room for a guest, if one is left in every night, and prints the id of the reservation.
#[derive(Args)]
pub(super) struct Reserve {
    /// What the guest is called elsewhere, like an e-mail address. Who comes back is the same guest.
    #[arg(long, value_name = "ID")]
    guest: GuestExternalId,
    /// The type of the room.
    #[arg(long, value_name = "TYPE", value_parser = room_type())]
    room_type: RoomType,
    /// The first day, like 2030-07-01.
    #[arg(long, value_name = "DAY")]
    from: Date,
    /// The last day, which has no night.
    #[arg(long, value_name = "DAY")]
    to: Date,
    /// The id of the reservation; without it a new one.
    reservation: Option<ReservationId>,
}

/// The room types by their names, which the help lists.
pub(super) fn room_type() -> impl TypedValueParser<Value = RoomType> {
    PossibleValuesParser::new(RoomType::ALL.map(RoomType::name)).try_map(|it| it.parse::<RoomType>())
}

impl Reserve {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { guest, room_type, from, to, reservation } = self;
        let nights = Nights::new(room_type, from, to);
        let nights = nights.map_err(|no| CliError::usage(no).hint("name other days with --from and --to"))?;
        let new = || format!("reservation-{}", Uuid::now_v7()).parse().map_err(CliError::failed);
        let reservation: ReservationId = reservation.map_or_else(new, Ok)?;
        let command =
            ReserveRoom { reservation: reservation.clone(), guest: GuestId::of_external(&guest), nights };
        let runtime = store.open_or_create().await?;
        then_close(runtime, async |runtime| reserve(runtime, command.clone()).await).await?;
        let told = format!("{guest} has a {room_type} room from {from} to {to}: reservation {reservation}");
        Ok(writeln!(anstream::stdout(), "{told}")?)
    }
}

/// Waits until every night has said yes, or one of them no.
async fn reserve(runtime: &Runtime, command: ReserveRoom) -> Done {
    let (id, room_type) = (command.reservation.clone(), command.nights.room_type());
    let process = runtime.execute(command).await.map_err(not_begun)?.process;
    runtime.wait(process).await?;
    let Reservation { status, full, .. } = runtime.reader().instance::<Reservation>(&id).await?.state;
    match (status, full) {
        (Status::Reserved, _) => Ok(()),
        (_, Some(full)) => {
            Err(CliError::said_no(format!("no room of the type {room_type} is left on {full}"))
                .hint("`hotel availability` shows what is left"))
        }
        _ => Err(CliError::failed(format!("the reservation {id} is not finished"))
            .hint(format!("`hotel history {process}` tells where it is"))),
    }
}

fn not_begun(error: ExecuteError<ReservationRejection>) -> CliError {
    match error {
        ExecuteError::Rejected(no) => {
            CliError::said_no(no).hint("give it another id and days that are to come, or leave the id away")
        }
        ExecuteError::NotTaken(error) => error.into(),
    }
}
