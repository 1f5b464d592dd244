//! Process managers: each starts, ends, and waits only for what it has asked for.

use std::collections::BTreeSet;

use super::WiringError;
use crate::{
    Module, ProcessMap,
    emit::EmissionKind,
    map::{ProcessOutline, Stage},
    process::{ProcessType, Source},
};

pub(super) fn check(modules: &[Module], map: &ProcessMap, errors: &mut Vec<WiringError>) {
    for module in modules {
        for process in &module.processes {
            if !process.is_linear {
                starts_and_ends(module, process, map, errors);
            }
            waits_for_what_it_asks_for(module, process, errors);
        }
    }
    for module in &map.modules {
        for process in module.processes.iter().filter(|it| it.is_linear) {
            has_a_start_and_steps(module.name, process, errors);
        }
    }
}

fn starts_and_ends(module: &Module, process: &ProcessType, map: &ProcessMap, errors: &mut Vec<WiringError>) {
    let (process_name, module_name) = (process.category, module.name);
    let records_an_end = map.handlers().filter(|(_, it)| it.name == process_name).any(|(_, it)| {
        let recorded = it.emits.iter().filter(|it| it.kind == EmissionKind::Records);
        recorded.map(|it| it.message.name).any(|it| process.instance.ends.contains(&it))
    });
    if !records_an_end {
        errors.push(WiringError::NeverEnds { process: process_name, module: module_name });
    }
    let by_event = process.inputs.iter().any(|it| it.starts != crate::Starts::Never);
    let by_command = map.handlers().any(|(_, it)| {
        it.kind == crate::map::HandlerKind::Decider && it.name == process_name && !it.emits.is_empty()
    });
    if !by_event && !by_command {
        errors.push(WiringError::NeverStarts { process: process_name, module: module_name });
    }
}

fn waits_for_what_it_asks_for(module: &Module, process: &ProcessType, errors: &mut Vec<WiringError>) {
    let emits = |kinds: &[EmissionKind], rust_type| {
        let mut emitted = process.inputs.iter().flat_map(|it| &it.emits);
        emitted.any(|it| kinds.contains(&it.kind) && it.message.rust_type == rust_type)
    };
    let (process_name, module_name) = (process.category, module.name);
    for input in &process.inputs {
        match &input.source {
            Source::Rejection(command) => {
                let sends = [EmissionKind::Sends, EmissionKind::SendsLater, EmissionKind::Compensates];
                if !process.is_linear && !emits(&sends, command.rust_type) {
                    let command = command.name;
                    errors.push(WiringError::NeverSends {
                        process: process_name,
                        module: module_name,
                        command,
                    });
                }
            }
            Source::Timeout if !emits(&[EmissionKind::SendsLater], input.takes.rust_type) => {
                let timeout = input.takes.name;
                errors.push(WiringError::NeverAsksFor {
                    process: process_name,
                    module: module_name,
                    timeout,
                });
            }
            Source::Timeout | Source::Fact(_) => {}
        }
    }
}

fn has_a_start_and_steps(module: &'static str, saga: &ProcessOutline, errors: &mut Vec<WiringError>) {
    let mut mistakes = Vec::new();
    if saga.started_by.is_empty() {
        mistakes.push("has no start; add `.starts_on(|event: &...| (id, data))`".to_owned());
    }
    let mut names = Vec::new();
    step_names(&saga.stages, &mut names);
    if names.is_empty() {
        mistakes.push("has no steps; add them with `.step(...)`".to_owned());
    }
    let mut seen = BTreeSet::new();
    for name in names.iter().filter(|it| !seen.insert(**it)) {
        mistakes.push(format!("has two steps or save-points named `{name}`; give one of them another name"));
    }
    let saga = saga.name;
    errors.extend(mistakes.into_iter().map(|mistake| WiringError::LinearSaga { saga, module, mistake }));
}

fn step_names(stages: &[Stage], names: &mut Vec<&'static str>) {
    for stage in stages {
        match stage {
            Stage::Step(step) => names.push(step.name),
            Stage::Parallel(branches) => branches.iter().for_each(|it| step_names(it, names)),
            Stage::SavePoint { name, .. } => names.push(name),
        }
    }
}
