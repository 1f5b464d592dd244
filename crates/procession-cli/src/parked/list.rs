use std::io::Write;

use clap::Args;
use jiff::Timestamp;

use super::{filter::Filter, view::views};
use crate::{
    age::ago,
    look,
    program::{Done, Found, Shared},
};

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// How many are listed, at most.
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    limit: usize,
}

impl List {
    pub(super) async fn run(self, shared: &Shared) -> Done {
        let store = shared.read().await?;
        let mut fitting = self.filter.find(&*store).await?;
        let mut rows = std::mem::take(&mut fitting.rows);
        let all = rows.len();
        rows.truncate(self.limit);
        let found = views(&*store, rows).await?;
        if shared.json {
            look::json(&found)?;
            return Ok(Found::wrong_if(all > 0));
        }
        let (now, mut out) = (Timestamp::now(), anstream::stdout());
        if all == 0 {
            writeln!(out, "{}", fitting.nothing())?;
            return Ok(Found::Fine);
        }
        let rows = found.iter().map(|it| {
            let what = format!("{} for {}: {}", it.message, it.handler, it.why());
            [it.position.to_string(), it.process.to_string(), it.stream.clone(), ago(it.since, now), what]
        });
        look::table(["message", "process", "stream", "since", "what and why"], rows.collect(), &mut out)?;
        if all > found.len() {
            writeln!(out, "\n{} of {all} are shown; --limit shows more.", found.len())?;
        }
        Ok(Found::Wrong)
    }
}
