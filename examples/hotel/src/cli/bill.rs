use std::io::Write;

use clap::Args;
use hotel::{
    Amount, GuestStayId, Money,
    guest_stays::{GuestStay, RecordCharge, RecordPayment},
};
use procession::{Instance, Runtime};

use super::{
    CliError, Done, look,
    store::{StoreFile, then_close},
};

/// Adds an amount to what a guest owes.
#[derive(Args)]
pub(super) struct Charge {
    /// The stay.
    stay: GuestStayId,
    /// How much, like 99.50.
    #[arg(allow_hyphen_values = true)]
    amount: Amount,
}

/// Takes a guest's payment.
#[derive(Args)]
#[command(override_usage = "hotel pay <STAY> <AMOUNT>\n       hotel pay <STAY> --all")]
pub(super) struct Pay {
    /// The stay.
    stay: GuestStayId,
    /// How much, like 99.50.
    #[arg(allow_hyphen_values = true, required_unless_present = "all", conflicts_with = "all")]
    amount: Option<Amount>,
    /// Pay exactly what is owed.
    #[arg(long)]
    all: bool,
}

impl Charge {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { stay, amount } = self;
        then_close(store.open().await?, async |runtime| {
            look_up(runtime, store, &stay).await?;
            runtime.execute(RecordCharge { guest_stay: stay.clone(), amount }).await?;
            tell(runtime, store, &stay, format!("was charged {amount}")).await
        })
        .await
    }
}

impl Pay {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { stay, amount, .. } = self;
        then_close(store.open().await?, async |runtime| {
            let found = look_up(runtime, store, &stay).await?;
            let amount = amount.map_or_else(|| owed(&found), Ok)?;
            let payment = runtime.execute(RecordPayment { guest_stay: stay.clone(), amount });
            payment.expected_version(found.version).await?;
            tell(runtime, store, &stay, format!("has paid {amount}")).await
        })
        .await
    }
}

async fn look_up(
    runtime: &Runtime,
    store: &StoreFile,
    stay: &GuestStayId,
) -> Result<Instance<GuestStay>, CliError> {
    let mut found = store.stays(runtime.reader(), std::slice::from_ref(stay)).await?;
    found.pop().ok_or_else(|| CliError::failed(format!("there is no guest stay `{stay}`")))
}

fn owed(stay: &Instance<GuestStay>) -> Result<Amount, CliError> {
    let Instance { id, state, .. } = stay;
    state.balance.owed().ok_or_else(|| {
        let said =
            CliError::said_no(format!("nothing can be paid for {id}: the balance is {}", state.balance));
        if state.balance < Money::default() {
            said.hint(format!("one payment is at most {}; pay in parts", Amount::LARGEST))
        } else {
            said.hint("`--all` pays what is owed; a guest who has paid too much gets a charge")
        }
    })
}

async fn tell(runtime: &Runtime, store: &StoreFile, stay: &GuestStayId, what: String) -> Done {
    let GuestStay { guest, balance, .. } = look_up(runtime, store, stay).await?.state;
    Ok(writeln!(anstream::stdout(), "{} {what}; the balance is {balance}", look::harmless(&guest))?)
}
