use std::{
    fs::File,
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use procession::log::{Position, ProcessId, Recorded};

use crate::{
    error::CliError,
    missing,
    program::{Done, Found, Shared},
};

/// Write the log, or one process, as JSON lines: an entry a line, in log order.
#[derive(Args)]
#[command(after_help = "\
Examples:
  procession export > log.jsonl
  procession export --process 42 --output process-42.jsonl")]
pub(crate) struct Export {
    /// Only the entries of this process.
    #[arg(long)]
    process: Option<ProcessId>,
    /// Where to write; without it, or with `-`, standard output. A file that is there is not overwritten.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const ENTRIES_PER_READ: usize = 2048;

impl Export {
    pub(crate) async fn run(self, shared: &Shared) -> Done {
        let store = shared.read().await?;
        if let Some(process) = self.process {
            missing::must_exist(&*store, process).await?;
        }
        let mut out: Box<dyn Write + Send> = match &self.output {
            Some(path) if path.as_os_str() != "-" => Box::new(BufWriter::new(create(path)?)),
            _ => Box::new(BufWriter::new(std::io::stdout())),
        };
        let mut after = Position::START;
        loop {
            let entries: Vec<Recorded> = match self.process {
                Some(process) => store.read_process(process, after, ENTRIES_PER_READ).await?,
                None => store.read_log(after, ENTRIES_PER_READ).await?,
            };
            let Some(last) = entries.last() else { break };
            after = last.position;
            for entry in &entries {
                serde_json::to_writer(&mut out, entry)?;
                writeln!(out)?;
            }
        }
        out.flush()?;
        Ok(Found::Fine)
    }
}

fn create(path: &Path) -> Result<File, CliError> {
    File::create_new(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CliError::usage(format!(
            "{} is there already, and is not overwritten; name a new file",
            path.display()
        ))
        .hint("nothing was changed"),
        _ => CliError::usage(format!("{} cannot be created: {error}", path.display()))
            .hint("name a new file in a folder that can be written"),
    })
}
