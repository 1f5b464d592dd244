use std::io::Write;

use clap::{Args, ValueEnum};
use hotel::{Style, front_desk};
use procession::ProcessMap;
use serde::Serialize;

use super::{CliError, Done};

/// Draws the process map, which is read from the signatures of the handlers.
///
/// In the text `?` marks a message that may follow, and `*` one that follows any number of times.
#[derive(Args)]
pub(super) struct Map {
    /// How to draw it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The module whose contract is shown, with `--format async-api`.
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// The process manager or linear saga whose states are drawn, with `--format states`.
    #[arg(long, value_name = "NAME")]
    process: Option<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The handlers of each module, a line for each message.
    #[default]
    Text,
    /// A Mermaid flowchart, as Markdown pages show it.
    Mermaid,
    /// For programs.
    Json,
    /// BPMN 2.0 XML, for BPMN viewers: a pool for each module.
    Bpmn,
    /// An AsyncAPI 3.0 document of what one module publishes and takes: `--module NAME`.
    AsyncApi,
    /// A Mermaid state diagram of one process manager or linear saga: `--process NAME`.
    States,
}

impl Map {
    pub(super) fn run(self, style: Style) -> Done {
        let drawing = self.draw(front_desk(style)?.map())?;
        Ok(write!(anstream::stdout(), "{drawing}")?)
    }

    fn draw(&self, map: &ProcessMap) -> Result<String, CliError> {
        self.check()?;
        match self.format {
            Format::Text => Ok(map.to_text()),
            Format::Mermaid => Ok(map.to_mermaid()),
            Format::Json => json(map),
            Format::Bpmn => Ok(map.to_bpmn()),
            Format::AsyncApi => self.async_api(map),
            Format::States => self.states(map),
        }
    }

    /// An option that has no effect is a mistake.
    fn check(&self) -> Done {
        if self.module.is_some() && self.format != Format::AsyncApi {
            return Err(CliError::usage("`--module` has an effect only with `--format async-api`"));
        }
        if self.process.is_some() && self.format != Format::States {
            return Err(CliError::usage("`--process` has an effect only with `--format states`"));
        }
        Ok(())
    }

    fn async_api(&self, map: &ProcessMap) -> Result<String, CliError> {
        let modules = map.modules.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        let hint = format!("the modules are: {modules}");
        let Some(module) = &self.module else {
            return Err(
                CliError::usage("an AsyncAPI document is of one module: add `--module NAME`").hint(hint)
            );
        };
        let document = map.to_async_api(module);
        json(&document.ok_or_else(|| CliError::usage(format!("there is no module {module:?}")).hint(hint))?)
    }

    /// The only process need not be named.
    fn states(&self, map: &ProcessMap) -> Result<String, CliError> {
        let processes: Vec<&str> = map.processes().map(|(_, it)| it.name).collect();
        let hint = format!("the processes are: {}", processes.join(", "));
        let process = match (&self.process, &processes[..]) {
            (Some(process), _) => process,
            (None, [only]) => *only,
            (None, _) => {
                let said = "a state diagram is of one process: add `--process NAME`";
                return Err(CliError::usage(said).hint(hint));
            }
        };
        let diagram = map.to_state_diagram(process);
        diagram.ok_or_else(|| CliError::usage(format!("there is no process {process:?}")).hint(hint))
    }
}

fn json(drawing: &impl Serialize) -> Result<String, CliError> {
    Ok(serde_json::to_string_pretty(drawing)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(style: Style, process: Option<&str>) -> Result<String, CliError> {
        let map = Map { format: Format::States, module: None, process: process.map(str::to_owned) };
        map.draw(front_desk(style).unwrap().map())
    }

    #[test]
    fn the_only_process_need_not_be_named() {
        let drawn = states(Style::Saga, None).unwrap();
        assert!(drawn.starts_with("stateDiagram-v2\n"));
        assert_eq!(drawn, states(Style::Saga, Some("reservation")).unwrap());
        let error = states(Style::ProcessManager, None).unwrap_err();
        assert!(format!("{error:?}").contains("add `--process NAME`"));
    }

    #[test]
    fn a_process_that_is_not_there_is_no_picture() {
        let error = states(Style::ProcessManager, Some("nothing")).unwrap_err();
        assert!(format!("{error:?}").contains("the processes are: group_checkout, reservation"));
    }
}
