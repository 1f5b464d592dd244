use std::io::Write;

use clap::Args;
use hotel::{GuestStayId, guest_stays::CheckInGuest};
use uuid::Uuid;

use super::{
    Done, look,
    store::{StoreFile, then_close},
};

/// Checks a guest in, and prints the id of the stay.
#[derive(Args)]
pub(super) struct CheckIn {
    /// The guest's name.
    #[arg(long, value_name = "NAME")]
    guest: String,
    /// The number of the room.
    #[arg(long, value_name = "N")]
    room: u16,
    /// The id of the stay; without it a new one.
    stay: Option<GuestStayId>,
}

impl CheckIn {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { guest, room, stay } = self;
        let new = || Uuid::now_v7().to_string().parse().map_err(super::CliError::failed);
        let guest_stay: GuestStayId = stay.map_or_else(new, Ok)?;
        let runtime = store.open_or_create().await?;
        then_close(runtime, async |runtime| {
            let guest_stay = guest_stay.clone();
            runtime.execute(CheckInGuest { guest_stay, guest: guest.clone(), room }).await?;
            Ok(())
        })
        .await?;
        let guest = look::harmless(&guest);
        Ok(writeln!(anstream::stdout(), "{guest} has checked in to room {room}: stay {guest_stay}")?)
    }
}
