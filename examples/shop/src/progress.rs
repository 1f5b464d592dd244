use std::time::Duration;

use procession::{ReadError, Runtime};
use tokio::time::{Instant, timeout_at};

use crate::{OrderId, orders::Order};

/// The order as soon as it has ended, or as it is when the time is over.
///
/// # Errors
/// When it cannot be read.
pub async fn end_of_order(runtime: &Runtime, order: OrderId, within: Duration) -> Result<Order, ReadError> {
    let (mut committed, deadline) = (runtime.committed(), Instant::now() + within);
    loop {
        committed.mark_unchanged();
        let state = runtime.reader().instance::<Order>(order).await?.state;
        let waits = !state.has_ended() && Instant::now() < deadline;
        if !waits || !matches!(timeout_at(deadline, committed.changed()).await, Ok(Ok(()))) {
            return Ok(state);
        }
    }
}
