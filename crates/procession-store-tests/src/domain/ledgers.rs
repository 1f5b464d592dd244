//! Read models of the accounts: `ledger` follows the log, `inline_ledger` is written with its events. In the releases that tests
//! ask for, they may count otherwise, or refuse an amount.

use procession::{Application, Projection, ProjectionError, Rows};
use serde::{Deserialize, Serialize};

use super::accounts::{self, AccountOpened, Deposited, Withdrawn};

/// What a ledger says of an account.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) balance: i64,
    pub(crate) lines: u32,
}

/// A release of the ledgers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ledgers {
    pub(crate) version: u32,
    /// A deposit of this amount cannot be folded.
    pub(crate) refused: Option<i64>,
}

pub(crate) const LEDGERS: Ledgers = Ledgers { version: 1, refused: None };

/// The row that holds all accounts together.
pub(crate) const TOTAL: &str = "total";

impl Ledgers {
    pub(crate) fn application(self) -> Application {
        self.application_with([self.ledger("ledger"), self.ledger("inline_ledger").inline()])
    }

    pub(crate) fn application_with(self, projections: impl IntoIterator<Item = Projection>) -> Application {
        let accounts = projections.into_iter().fold(accounts::module(), |module, it| module.projection(it));
        Application::assemble([accounts]).unwrap()
    }

    pub(crate) fn ledger(self, name: &'static str) -> Projection {
        Projection::named(name)
            .version(self.version)
            .on(|event: &AccountOpened, rows| {
                rows.put(page(&event.account), &Page::default());
                Ok(())
            })
            .on(move |event: &Deposited, rows| {
                if self.refused == Some(event.amount) {
                    return Err(ProjectionError::park(format!("nobody may deposit {}", event.amount)));
                }
                self.enter(&event.account, event.amount, rows)
            })
            .on(move |event: &Withdrawn, rows| self.enter(&event.account, -event.amount, rows))
    }

    /// The second release shows amounts in cents.
    fn enter(self, account: &str, amount: i64, rows: &mut Rows<'_>) -> Result<(), ProjectionError> {
        let amount = if self.version == 1 { amount } else { 100 * amount };
        for key in [page(account), TOTAL.into()] {
            rows.update(key, |it: &mut Page| {
                it.balance += amount;
                it.lines += 1;
            })?;
        }
        Ok(())
    }
}

pub(crate) fn page(account: &str) -> String {
    format!("account/{account}")
}
