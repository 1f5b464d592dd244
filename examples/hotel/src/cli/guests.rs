use hotel::{
    Amount, GuestStayId,
    guest_stays::{CheckInGuest, RecordCharge, RecordPayment},
};
use procession::Runtime;
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use super::{CliError, Done};

/// A guest of the demo hotel.
#[derive(Clone, Debug)]
pub(crate) struct DemoGuest {
    pub(crate) stay: GuestStayId,
    pub(crate) name: String,
    pub(crate) room: u16,
    pub(crate) owes: Amount,
    pub(crate) pays: bool,
}

/// Guests with names, rooms and bills; `unsettled` of them, evenly spread, have not paid.
///
/// The suffix keeps their stays apart from those of earlier demos in the same store.
pub(crate) fn demo_guests(count: u32, unsettled: u32, suffix: &str) -> Result<Vec<DemoGuest>, CliError> {
    (0..count).map(|index| DemoGuest::number(index, count, unsettled, suffix)).collect()
}

/// Checks the guests in, charges them, and takes the money of those who pay.
pub(crate) async fn arrive(runtime: &Runtime, guests: &[DemoGuest]) -> Done {
    let mut arrivals = JoinSet::new();
    for guest in guests {
        arrivals.spawn(guest.clone().arrive(runtime.clone()));
    }
    while let Some(arrived) = arrivals.join_next().await {
        arrived.map_err(|error| CliError::failed(format!("a guest could not arrive: {error}")))??;
    }
    Ok(())
}

impl DemoGuest {
    fn number(index: u32, count: u32, unsettled: u32, suffix: &str) -> Result<Self, CliError> {
        let pick = |names: &[&'static str]| names.get(index as usize % names.len()).copied().unwrap_or("Ada");
        let (first, last) = (pick(&FIRST_NAMES), pick(&LAST_NAMES));
        let (floor, door) = (index / ROOMS_PER_FLOOR + 1, index % ROOMS_PER_FLOOR + 1);
        let room = u16::try_from(floor * 100 + door).map_err(CliError::failed)?;
        let stay = format!("{}-{room}{suffix}", last.to_lowercase());
        let (nights, extras) = (index % 4 + 1, index * 37 % 60);
        let owes = Decimal::new(i64::from(nights * 8900 + extras * 50), 2);
        let is_unsettled = (index + 1) * unsettled / count > index * unsettled / count;
        Ok(Self {
            stay: stay.parse().map_err(CliError::failed)?,
            name: format!("{first} {last}"),
            room,
            owes: owes.try_into().map_err(CliError::failed)?,
            pays: !is_unsettled,
        })
    }

    async fn arrive(self, runtime: Runtime) -> Done {
        let Self { stay: guest_stay, name: guest, room, owes: amount, pays } = self;
        // Several nodes may open one empty hotel at the same time.
        let key = |what: &str| format!("demo {what} {guest_stay}");
        let check_in = CheckInGuest { guest_stay: guest_stay.clone(), guest, room };
        runtime.execute(check_in).idempotency_key(key("check-in")).await?;
        let charge = RecordCharge { guest_stay: guest_stay.clone(), amount };
        runtime.execute(charge).idempotency_key(key("charge")).await?;
        if pays {
            let payment = RecordPayment { guest_stay: guest_stay.clone(), amount };
            runtime.execute(payment).idempotency_key(key("payment")).await?;
        }
        Ok(())
    }
}

const ROOMS_PER_FLOOR: u32 = 20;

/// 40 first and 41 last names: 1,640 guests have names of their own.
#[rustfmt::skip]
const FIRST_NAMES: [&str; 40] = [
    "Amara", "Jonas", "Mei", "Luca", "Ingrid", "Tariq", "Zoë", "Mateo", "Priya", "Henrik",
    "Aoife", "Kenji", "Lucía", "Samuel", "Nadia", "Björn", "Chloe", "Dawit", "Elena", "Farid",
    "Greta", "Hana", "Isaac", "Jana", "Kofi", "Leila", "Marek", "Nora", "Oscar", "Paula",
    "Quentin", "Rosa", "Stefan", "Thandi", "Ulrike", "Viktor", "Wanda", "Ximena", "Yusuf", "Zainab",
];

#[rustfmt::skip]
const LAST_NAMES: [&str; 41] = [
    "Okafor", "Lindqvist", "Tanaka", "Moretti", "Solberg", "Haddad", "Laurent", "Alvarez", "Sharma", "Nielsen",
    "Brennan", "Watanabe", "Navarro", "Goldberg", "Petrova", "Eriksson", "Dubois", "Tesfaye", "Ionescu", "Karimi",
    "Bergmann", "Novak", "Whitaker", "Horvat", "Mensah", "Rahimi", "Kowalski", "Haugen", "Castillo", "Ferreira",
    "Lefevre", "Marchetti", "Vogel", "Dlamini", "Schreiber", "Popescu", "Zielinska", "Morales", "Demir", "Bello",
    "Ashworth",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ten_thousand_guests_have_stays_of_their_own_and_exactly_the_asked_number_owes_money() {
        let guests = demo_guests(10_000, 17, "").unwrap();
        let stays: BTreeSet<_> = guests.iter().map(|it| &it.stay).collect();
        assert_eq!(stays.len(), 10_000);
        assert_eq!(guests.iter().filter(|it| !it.pays).count(), 17);
    }
}
