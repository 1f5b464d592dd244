use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use procession::{Runtime, RuntimeBuilder};

/// This hotel as one of several that share a database.
#[derive(Args, Clone, Default)]
pub(super) struct Node {
    /// What this node is called among those that share a database; without it, by the number of its process.
    #[arg(long, value_name = "NAME")]
    node_name: Option<String>,
    /// For how long this node is taken as living without a sign of life, like `10s`, when several share a database; without
    /// it, for 10 seconds.
    ///
    /// After that, others take over what it works on. A short one takes over fast, and takes a pause for a death.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = lease)]
    lease: Option<Duration>,
}

impl Node {
    /// A runtime that is this node.
    pub(super) fn runtime(&self) -> RuntimeBuilder {
        let mut runtime = Runtime::builder();
        if let Some(name) = &self.node_name {
            runtime = runtime.node_name(name);
        }
        if let Some(lease) = self.lease {
            runtime = runtime.lease(lease);
        }
        runtime
    }
}

/// Shorter ones end in pauses that every machine makes, and longer ones are for nobody.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);

fn lease(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
    let lease = duration.ok_or("write a duration, like `10s` or `1m`")?;
    if (SHORTEST..=LONGEST).contains(&lease) {
        return Ok(lease);
    }
    Err("a lease is at least a second, and at most an hour".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_neither_shorter_than_a_pause_nor_longer_than_anybody_waits() {
        assert_eq!(lease("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(lease("PT1M"), Ok(Duration::from_secs(60)));
        for text in ["", "10", "soon", "0s", "-5s", "999ms", "2h"] {
            assert!(lease(text).is_err(), "{text:?}");
        }
    }
}
