mod reservations;
mod stays;

pub(super) use stays::ShownStay;

use hotel::{
    Deadline, GroupCheckoutId, GuestStayId,
    group_checkouts::{GroupCheckout, GroupCheckoutInitiated, InitiateGroupCheckout},
    guest_stays::{GuestStay, Status},
};
use jiff::{Timestamp, Zoned, civil::Date};
use procession::{
    Command, Decider, Executed, Instance, Runtime, Stream, Version,
    log::{Kind, Position, ProcessId, Recorded},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    conditions::{Conditions, ExpectedVersion},
    problem::{Problem, ProblemKind},
};

/// What the front desk can do, for pages and programs alike.
#[derive(Clone)]
pub(in crate::web) struct Desk {
    pub(in crate::web) runtime: Runtime,
    /// For groups that do not name one.
    pub(in crate::web) deadline: Option<Deadline>,
    /// Turns true when the hotel closes.
    pub(in crate::web) closing: watch::Receiver<bool>,
}

/// A group checkout with the process that carries it.
pub(in crate::web) struct OngoingCheckout {
    pub(in crate::web) instance: Instance<GroupCheckout>,
    pub(in crate::web) initiated: GroupCheckoutInitiated,
    pub(in crate::web) process: ProcessId,
}

impl OngoingCheckout {
    /// When the guests must have answered, if they must.
    pub(in crate::web) fn deadline(&self) -> Option<Timestamp> {
        self.initiated.at.checked_add(self.initiated.within?).ok()
    }
}

impl Desk {
    /// A stay that exists.
    pub(in crate::web) async fn stay(&self, id: &GuestStayId) -> Result<Instance<GuestStay>, Problem> {
        let stay = self.runtime.reader().instance::<GuestStay>(id).await?;
        if stay.version == Version::NONE {
            return Err(unknown_stay(id.as_str()));
        }
        Ok(stay)
    }

    /// Executes a command for a stay that exists.
    pub(in crate::web) async fn execute_for_stay<C: Command<To = GuestStay>>(
        &self,
        id: &GuestStayId,
        command: C,
        conditions: Conditions,
    ) -> Result<Executed, Problem> {
        let actual = self.stay(id).await?.version;
        self.execute(command, conditions, actual).await
    }

    /// Executes a command for an instance that has a version.
    pub(in crate::web) async fn execute<C: Command>(
        &self,
        command: C,
        conditions: Conditions,
        actual: Version,
    ) -> Result<Executed, Problem> {
        let Conditions { version, key, traceparent } = conditions;
        let expected = version.resolve(actual).map_err(|actual| stale::<C>(&command, &version, actual))?;
        let mut execute = self.runtime.execute(command);
        if let Some(expected) = expected {
            execute = execute.expected_version(expected);
        }
        if let Some(key) = key {
            execute = execute.idempotency_key(key);
        }
        if let Some(traceparent) = traceparent {
            execute = execute.trace_context(&traceparent);
        }
        Ok(execute.await?)
    }

    /// Begins a group checkout, provided that every stay exists.
    pub(in crate::web) async fn initiate(
        &self,
        command: InitiateGroupCheckout,
        conditions: Conditions,
    ) -> Result<Executed, Problem> {
        let mut seen = std::collections::BTreeSet::new();
        let twice: Vec<String> =
            command.guest_stays.iter().filter(|it| !seen.insert(*it)).map(ToString::to_string).collect();
        if command.guest_stays.is_empty() {
            return Err(invalid("a group checkout needs at least one guest"));
        }
        if !twice.is_empty() {
            let detail = format!("each guest can be in the group once; twice there: {}", twice.join(", "));
            return Err(invalid(detail).guest_stays(twice));
        }
        let unknown = self.unknown_among(&command.guest_stays).await?;
        if !unknown.is_empty() {
            let detail = format!("there are no such guest stays: {}", unknown.join(", "));
            return Err(invalid(detail).guest_stays(unknown));
        }
        let conditions = Conditions { version: ExpectedVersion::Any, ..conditions };
        self.execute(command, conditions, Version::NONE).await
    }

    async fn unknown_among(&self, stays: &[GuestStayId]) -> Result<Vec<String>, Problem> {
        let stays = self.runtime.reader().instances_with_ids::<GuestStay>(stays).await?;
        let unknown = stays.into_iter().filter(|it| it.state.status == Status::NotCheckedIn);
        Ok(unknown.map(|it| it.id).collect())
    }

    async fn first_event(&self, category: &'static str, id: &str) -> Result<Option<Recorded>, Problem> {
        let stream = Stream::new(category, id).map_err(|error| Problem::new(ProblemKind::NotFound, error))?;
        let events = self.runtime.reader().store().read_stream(stream, Version::NONE, 1).await?;
        Ok(events.into_iter().next())
    }

    /// A group checkout that has begun.
    pub(in crate::web) async fn group_checkout(
        &self,
        id: &GroupCheckoutId,
    ) -> Result<OngoingCheckout, Problem> {
        let Some(first) = self.first_event(GroupCheckout::CATEGORY, id.as_str()).await? else {
            let detail = format!("there is no group checkout {id}");
            return Err(Problem::new(ProblemKind::NotFound, detail));
        };
        let initiated = serde_json::from_str(&first.entry.payload)?;
        let instance = self.runtime.reader().instance(id).await?;
        Ok(OngoingCheckout { instance, initiated, process: first.process })
    }

    /// All messages of a process that has begun.
    pub(in crate::web) async fn history(&self, process: ProcessId) -> Result<Vec<Recorded>, Problem> {
        let history = self.runtime.reader().history(process, Position::START).await?;
        if history.is_empty() {
            return Err(unknown_process(process));
        }
        Ok(history)
    }

    /// Makes sure that a process has begun.
    pub(in crate::web) async fn must_exist(&self, process: ProcessId) -> Result<(), Problem> {
        let store = self.runtime.reader().store();
        match store.read_process(process, Position::START, 1).await?.is_empty() {
            true => Err(unknown_process(process)),
            false => Ok(()),
        }
    }
}

/// The day that the hotel's clock shows.
pub(in crate::web) fn today() -> Date {
    Zoned::now().date()
}

/// An id for something new: drawn at random, or the same again for the same key.
pub(in crate::web) fn new_id(prefix: &str, key: Option<&str>) -> String {
    /// Sets the ids of this hotel apart from all others that are derived from the same keys.
    const NAMESPACE: Uuid = Uuid::from_u128(0x6fb3_0c7e_52d1_4b0e_9f0a_8a3d_1c64_e2b7);
    let id = key.map_or_else(Uuid::now_v7, |key| Uuid::new_v5(&NAMESPACE, key.as_bytes()));
    format!("{prefix}-{id}")
}

/// Whether the outcome of a checkout is that the guest could not leave.
pub(in crate::web) fn checkout_failure(executed: &Executed) -> Option<Problem> {
    let is_failure = |it: &&Recorded| it.entry.kind == Kind::Event && it.entry.name == "GuestCheckoutFailed";
    let failed = executed.events.iter().find(is_failure)?;
    let reason = serde_json::from_str::<hotel::guest_stays::GuestCheckoutFailed>(&failed.entry.payload);
    let problem = match reason {
        Ok(event) => {
            let detail = format!("{} could not check out: {}", event.guest_stay, event.reason);
            Problem::new(ProblemKind::CheckoutFailed, detail)
        }
        Err(error) => error.into(),
    };
    Some(problem.version(executed.version).process(executed.process))
}

pub(in crate::web) fn unknown_stay(id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    Problem::new(ProblemKind::NotFound, format!("there is no guest stay {shown}")).guest_stays(vec![shown])
}

fn unknown_process(process: ProcessId) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("there is no process {process}"))
}

pub(in crate::web) fn invalid(detail: impl ToString) -> Problem {
    Problem::new(ProblemKind::InvalidInput, detail)
}

fn stale<C: Command>(command: &C, asked: &ExpectedVersion, actual: Version) -> Problem {
    let stream = format!("{}/{}", C::To::CATEGORY, command.target());
    let detail = format!("{stream} has version {actual}, not {asked}; look at it again and decide again");
    Problem::new(ProblemKind::StaleVersion, detail).version(actual)
}
