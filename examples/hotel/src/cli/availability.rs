use std::io::Write;

use clap::Args;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use hotel::reservations::{Availability, Night, ROOM_AVAILABILITY, RoomType, nights_from};
use jiff::{Zoned, civil::Date};
use serde::Serialize;

use super::{CliError, Done, look, reserve::room_type, store::StoreFile};

/// Shows how many rooms are left in the nights of some days.
///
/// It only reads, and works while `hotel serve` runs on the same store.
#[derive(Args)]
pub(super) struct ShowAvailability {
    /// The first day, like 2030-07-01; without it today.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// How many days are shown.
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// The type of the rooms; without it all types.
    #[arg(long, value_name = "TYPE", value_parser = room_type())]
    room_type: Option<RoomType>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct RoomsLeft {
    date: Date,
    room_type: RoomType,
    rooms: u32,
    reserved: u32,
    available: u32,
    overbooked: u32,
    over_the_limit: u32,
}

impl ShowAvailability {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { from, days, room_type, json } = self;
        let from = from.unwrap_or_else(|| Zoned::now().date());
        let nights: Vec<Night> = nights_from(from, days, room_type).collect();
        let rows = store.read().await?.read_model(ROOM_AVAILABILITY);
        let (found, mut out) = (Availability::of(&nights, &rows).await?, anstream::stdout());
        if json {
            let found: Vec<RoomsLeft> = found.into_iter().map(RoomsLeft::from).collect();
            serde_json::to_writer_pretty(&mut out, &found).map_err(CliError::from)?;
            return Ok(writeln!(out)?);
        }
        writeln!(out, "{}\n", table(&found).trim_fmt())?;
        let overbooked = found.iter().filter(|it| it.overbooked() > 0).count();
        let full = found.iter().filter(|it| it.available() == 0).count() - overbooked;
        let nights = look::count(found.len(), "night");
        Ok(writeln!(out, "{nights}, {} full, {} overbooked", look::number(full), look::number(overbooked))?)
    }
}

impl From<Availability> for RoomsLeft {
    fn from(it: Availability) -> Self {
        let Night { room_type, date } = it.night;
        Self {
            date,
            room_type,
            rooms: it.rooms(),
            reserved: it.reserved,
            available: it.available(),
            overbooked: it.overbooked(),
            over_the_limit: it.over_the_limit(),
        }
    }
}

fn table(found: &[Availability]) -> Table {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(["day", "type", "rooms", "taken", "left", "overbooked"]);
    for it in found {
        let overbooked = match (it.overbooked(), it.over_the_limit()) {
            (0, _) => String::new(),
            (overbooked, 0) => overbooked.to_string(),
            (overbooked, over) => format!("{overbooked}, {over} over the limit"),
        };
        let [rooms, taken, left] = [it.rooms(), it.reserved, it.available()].map(|it| it.to_string());
        let Night { date, room_type } = it.night;
        table.add_row([date.to_string(), room_type.to_string(), rooms, taken, left, overbooked]);
    }
    for column in [2, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
