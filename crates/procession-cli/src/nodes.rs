use std::io::Write;

use clap::Args;
use jiff::Timestamp;
use procession::store::Node;
use serde::Serialize;

use crate::{
    age::ago,
    error::CliError,
    look,
    program::{Done, Found, Shared},
};

/// List the nodes that work on the store, and what each owns.
#[derive(Args)]
#[command(after_help = "Example:\n  procession nodes --store postgres://localhost/shop")]
pub(crate) struct Nodes {}

/// As JSON: these names are stable.
#[derive(Serialize)]
struct Overview {
    nodes: Vec<NodeView>,
    /// Partitions that nobody owns: their messages wait.
    free: Vec<u16>,
}

#[derive(Serialize)]
struct NodeView {
    id: String,
    name: String,
    since: Timestamp,
    silent_for_ms: u128,
    lease_left_ms: u128,
    partitions: Vec<u16>,
}

impl From<Node> for NodeView {
    fn from(node: Node) -> Self {
        Self {
            id: node.id.to_string(),
            name: node.name,
            since: node.since,
            silent_for_ms: node.silent_for.as_millis(),
            lease_left_ms: node.lease_left.as_millis(),
            partitions: node.partitions.iter().map(|it| it.0).collect(),
        }
    }
}

impl Nodes {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let store = shared.read().await?;
        let Some(nodes) = store.nodes() else {
            return Err(CliError::usage(format!(
                "{} has no nodes: one process at a time works on it",
                store.name()
            ))
            .hint("`procession status` tells whether it runs"));
        };
        let nodes: Vec<NodeView> = nodes.list().await?.into_iter().map(NodeView::from).collect();
        let is_owned = |partition: &u16| nodes.iter().any(|it| it.partitions.contains(partition));
        let free = (0..store.partitions()).filter(|it| !is_owned(it)).collect();
        let overview = Overview { nodes, free };
        if shared.json {
            look::json(&overview)?;
        } else {
            overview.tell()?;
        }
        Ok(Found::wrong_if(!overview.free.is_empty()))
    }
}

impl Overview {
    fn tell(&self) -> Result<(), CliError> {
        let (mut out, now) = (anstream::stdout(), Timestamp::now());
        if self.nodes.is_empty() {
            writeln!(out, "No node runs: what is in the log waits.")?;
        } else {
            let rows = self.nodes.iter().map(|it| {
                [
                    it.name.clone(),
                    ago(it.since, now),
                    seconds(it.silent_for_ms),
                    seconds(it.lease_left_ms),
                    ranges(&it.partitions),
                ]
            });
            look::table(
                ["node", "came", "silent for", "lease left", "partitions"],
                rows.collect(),
                &mut out,
            )?;
        }
        if !self.free.is_empty() {
            let (bad, free) = (look::BAD, ranges(&self.free));
            writeln!(
                out,
                "{bad}Partitions that nobody owns:{bad:#} {free}. Their messages wait until a node takes them."
            )?;
        }
        Ok(())
    }
}

/// `1.2s`.
fn seconds(ms: u128) -> String {
    format!("{}.{}s", ms / 1000, ms % 1000 / 100)
}

/// `0-3 5`.
fn ranges(partitions: &[u16]) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for partition in partitions {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *partition => *last = *partition,
            _ => ranges.push((*partition, *partition)),
        }
    }
    let told = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn neighbours_are_one_range() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7, 8]), "0-2 5 7-8");
        assert_eq!(ranges(&[]), "");
    }
}
