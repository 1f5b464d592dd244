use std::io::Write;

use clap::Args;
use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use hotel::{
    Money,
    guest_stays::{GuestStay, Status},
};
use procession::{Instance, Reader};
use serde::Serialize;

use super::{CliError, Done, look, store::StoreFile};

/// Lists the guests' stays, with what they owe.
///
/// It only reads, and works while `hotel serve` runs on the same store.
#[derive(Args)]
pub(super) struct Stays {
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Stay {
    guest_stay: String,
    guest: String,
    room: u16,
    status: Status,
    balance: Money,
    version: u64,
}

impl Stays {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let (stays, mut out) = (all_stays(&store.read().await?).await?, anstream::stdout());
        if self.json {
            serde_json::to_writer_pretty(&mut out, &stays)?;
            return Ok(writeln!(out)?);
        }
        if stays.is_empty() {
            return Ok(writeln!(out, "Nobody has ever checked in. Begin with `hotel check-in`.")?);
        }
        writeln!(out, "{}\n", table(&stays).trim_fmt())?;
        let owing = stays.iter().filter(|it| it.status == Status::Open && !it.balance.is_zero()).count();
        let open = stays.iter().filter(|it| it.status == Status::Open).count();
        let (all, open) = (look::count(stays.len(), "stay"), look::number(open));
        Ok(writeln!(out, "{all}, {open} of them open, {} with an open balance", look::number(owing))?)
    }
}

async fn all_stays(reader: &Reader) -> Result<Vec<Stay>, CliError> {
    const STAYS_PER_READ: usize = 1000;
    let (mut stays, mut after) = (Vec::new(), None);
    loop {
        let read = reader.instances::<GuestStay>(after, STAYS_PER_READ).await?;
        after = read.last().map(|it| it.id.clone());
        let is_last = read.len() < STAYS_PER_READ;
        stays.extend(read.into_iter().map(Stay::from));
        if is_last {
            return Ok(stays);
        }
    }
}

impl From<Instance<GuestStay>> for Stay {
    fn from(Instance { id, version, state, .. }: Instance<GuestStay>) -> Self {
        let GuestStay { status, guest, room, balance } = state;
        Self { guest_stay: id, guest, room, status, balance, version: version.0 }
    }
}

fn table(stays: &[Stay]) -> Table {
    let mut table = Table::new();
    let style = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
    table.load_style(style).set_header(["stay", "guest", "room", "balance", "status"]);
    for stay in stays {
        let Stay { guest_stay, guest, room, status, balance, .. } = stay;
        let status = match status {
            Status::Open if balance.is_zero() => "settled",
            Status::Open => "open balance",
            Status::CheckedOut => "checked out",
            Status::NotCheckedIn => "not checked in",
        };
        let guest = look::harmless(guest);
        table.add_row([guest_stay, &guest, &room.to_string(), &balance.to_string(), status]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
