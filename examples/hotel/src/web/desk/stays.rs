use std::{ops::Bound, time::Duration};

use hotel::guest_stays::{GuestStay, LISTED_STAYS, ListedStay};
use procession::{Instance, ReadModelError, Version};

use super::Desk;
use crate::web::problem::Problem;

/// A stay as pages and programs see it.
pub(in crate::web) struct ShownStay {
    pub(in crate::web) id: String,
    pub(in crate::web) version: Version,
    pub(in crate::web) state: GuestStay,
}

impl From<Instance<GuestStay>> for ShownStay {
    fn from(Instance { id, version, state, .. }: Instance<GuestStay>) -> Self {
        Self { id, version, state }
    }
}

/// Nobody at the desk waits longer for a list.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

impl Desk {
    /// Stays in the order of their ids.
    pub(in crate::web) async fn stays(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<ShownStay>, Problem> {
        self.keep_up(LISTED_STAYS).await?;
        let first = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.runtime.read_model(LISTED_STAYS).range((first, Bound::Unbounded), limit).await?;
        let shown =
            |(id, ListedStay { version, stay })| ShownStay { id, version: Version(version), state: stay };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Waits until a read model shows what was done before somebody asks, so that who has sent a form sees what came of it.
    pub(super) async fn keep_up(&self, read_model: &str) -> Result<(), Problem> {
        let now = *self.runtime.committed().borrow();
        match self.runtime.read_model(read_model).wait_for(now, LONGEST_WAIT).await {
            // A list that is a moment old is better than none. Commands name the version that was seen.
            Err(ReadModelError::Behind { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}
