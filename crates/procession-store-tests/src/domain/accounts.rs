use jiff::Timestamp;
use procession::{Command, Context, Decider, Event, Events, Handle, Module};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Account {
    pub(crate) is_open: bool,
    pub(crate) balance: i64,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Account, id = account)]
pub(crate) struct OpenAccount {
    pub(crate) account: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Account, id = account)]
pub(crate) struct Deposit {
    pub(crate) account: String,
    pub(crate) amount: i64,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Account, id = account)]
pub(crate) struct Withdraw {
    pub(crate) account: String,
    pub(crate) amount: i64,
}

/// Records something only if the balance is not what was expected.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Account, id = account)]
pub(crate) struct CheckAccount {
    pub(crate) account: String,
    pub(crate) expected_balance: i64,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct AccountOpened {
    pub(crate) account: String,
    at: Timestamp,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct Deposited {
    pub(crate) account: String,
    pub(crate) amount: i64,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct Withdrawn {
    pub(crate) account: String,
    pub(crate) amount: i64,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct BalanceFoundWrong {
    account: String,
    expected: i64,
    found: i64,
}

#[derive(Events)]
pub(crate) enum AccountEvent {
    Opened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
    FoundWrong(BalanceFoundWrong),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum AccountRejection {
    #[error("the account is open already")]
    AlreadyOpen,
    #[error("the account is not open")]
    NotOpen,
    #[error("the account holds {balance}")]
    NotEnough { balance: i64 },
}

impl Decider for Account {
    const CATEGORY: &'static str = "account";
    type Event = AccountEvent;
    type Rejection = AccountRejection;

    fn evolve(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(_) => self.is_open = true,
            AccountEvent::Deposited(event) => self.balance += event.amount,
            AccountEvent::Withdrawn(event) => self.balance -= event.amount,
            AccountEvent::FoundWrong(_) => {}
        }
    }
}

impl Handle<OpenAccount> for Account {
    type Records = AccountOpened;

    fn handle(&self, command: OpenAccount, context: &Context) -> Result<AccountOpened, AccountRejection> {
        if self.is_open {
            return Err(AccountRejection::AlreadyOpen);
        }
        Ok(AccountOpened { account: command.account, at: context.now })
    }
}

impl Handle<Deposit> for Account {
    type Records = Deposited;

    fn handle(&self, command: Deposit, _: &Context) -> Result<Deposited, AccountRejection> {
        if !self.is_open {
            return Err(AccountRejection::NotOpen);
        }
        Ok(Deposited { account: command.account, amount: command.amount })
    }
}

impl Handle<Withdraw> for Account {
    type Records = Withdrawn;

    fn handle(&self, command: Withdraw, _: &Context) -> Result<Withdrawn, AccountRejection> {
        if self.balance < command.amount {
            return Err(AccountRejection::NotEnough { balance: self.balance });
        }
        Ok(Withdrawn { account: command.account, amount: command.amount })
    }
}

impl Handle<CheckAccount> for Account {
    type Records = Option<BalanceFoundWrong>;

    fn handle(&self, command: CheckAccount, _: &Context) -> Result<Self::Records, AccountRejection> {
        let CheckAccount { account, expected_balance: expected } = command;
        let found = self.balance;
        Ok((found != expected).then_some(BalanceFoundWrong { account, expected, found }))
    }
}

pub(crate) fn module() -> Module {
    Module::named("accounts")
        .handles::<OpenAccount>()
        .handles::<Deposit>()
        .handles::<Withdraw>()
        .handles::<CheckAccount>()
}
