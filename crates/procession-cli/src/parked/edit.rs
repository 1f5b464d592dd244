use clap::Args;
use procession::Operation;

use super::show::Named;
use crate::{
    ask::{Asking, Change},
    error::CliError,
    program::{Done, Shared},
};

#[derive(Args)]
#[command(after_help = "\
Example:
  procession parked edit 42 --payload '{\"room\":7}' --why 'the room has moved'
  procession parked retry 42 --why 'edited'")]
pub(crate) struct Edit {
    #[command(flatten)]
    named: Named,
    /// The other payload: JSON of the same type.
    #[arg(long, value_name = "JSON")]
    payload: String,
    #[command(flatten)]
    asking: Asking,
}

impl Edit {
    pub(super) async fn edit(self, shared: &Shared) -> Done {
        serde_json::from_str::<serde_json::Value>(&self.payload).map_err(|error| {
            CliError::usage(format!("the payload is no JSON: {error}")).hint(
                "`procession parked show` shows the payload as it is; put the other one in single quotes",
            )
        })?;
        let (row, entry) = self.named.find(&*shared.read()?).await?;
        let what =
            format!("edit {} #{} of {} for {}", entry.entry.name, row.position, row.stream, row.handler);
        let operation = Operation::EditParked { message: row.delivery(), payload: self.payload.into() };
        self.asking.ask(vec![Change::of(what, operation)], shared).await
    }
}
