//! A linear saga, step by step, with what undoes each of them.

use std::time::Duration;

use super::graph::{Border, Ends, Graph, Listener, NodeKind, Number};
use crate::map::{
    HandlerKind, ModuleMap, ProcessMap, ProcessOutline, Stage, StageStep,
    process::{often, spoken},
};

pub(super) fn sagas<'a>(map: &'a ProcessMap, graph: &mut Graph, ends: &mut Ends<'a>) {
    for (pool, module) in map.modules.iter().enumerate() {
        for saga in module.processes.iter().filter(|it| it.is_linear) {
            let lane = graph.lane(pool, format!("{} {}", HandlerKind::LinearSaga.word(), saga.name));
            let mut drawing =
                Drawing { map, lane, graph, ends, failing: Vec::new(), save_points: Vec::new() };
            drawing.saga(module, saga);
        }
    }
}

struct Drawing<'d, 'a> {
    map: &'a ProcessMap,
    lane: Number,
    graph: &'d mut Graph,
    ends: &'d mut Ends<'a>,
    /// From where the saga turns back.
    failing: Vec<Number>,
    save_points: Vec<(Number, u32, Duration)>,
}

impl Drawing<'_, '_> {
    fn saga(&mut self, module: &ModuleMap, saga: &ProcessOutline) {
        let mut last = Vec::new();
        for event in &saga.started_by {
            // A start has nothing before it in its pool; an event from there is caught on the way.
            let mut own = module.handlers.iter().flat_map(|it| &it.emits);
            let is_own = own.any(|it| !it.kind.is_command() && it.message == *event);
            let kind = if is_own { NodeKind::Catch } else { NodeKind::Start };
            let node = self.graph.add(kind, event.name, self.lane);
            self.ends.listeners.push(Listener { event: event.name, node, is_answer: false });
            last.push(node);
        }
        let last = self.stages(&saga.stages, last);
        let completed = self.graph.add(NodeKind::End, "SagaCompleted", self.lane);
        self.lead(&last, completed);
        self.way_back();
    }

    fn stages(&mut self, stages: &[Stage], mut last: Vec<Number>) -> Vec<Number> {
        for stage in stages {
            let node = match stage {
                Stage::Step(step) => self.step(step),
                Stage::Parallel(branches) => {
                    let fork = self.graph.add(NodeKind::ForkOrJoin, "", self.lane);
                    self.lead(&last, fork);
                    let ends: Vec<_> = branches.iter().flat_map(|it| self.stages(it, vec![fork])).collect();
                    let join = self.graph.add(NodeKind::ForkOrJoin, "", self.lane);
                    self.lead(&ends, join);
                    last = vec![join];
                    continue;
                }
                Stage::SavePoint { name, retries, pause } => {
                    let node = self.graph.add(NodeKind::Choice, *name, self.lane);
                    self.save_points.push((node, *retries, *pause));
                    node
                }
            };
            self.lead(&last, node);
            last = vec![node];
        }
        last
    }

    fn lead(&mut self, from: &[Number], to: Number) {
        from.iter().for_each(|it| self.graph.sequence(*it, to, ""));
    }

    fn step(&mut self, step: &StageStep) -> Number {
        let task = self.graph.add(NodeKind::Task("sendTask"), step.name, self.lane);
        self.ends.senders.push((task, step.sends.name));
        for event in step.completes_on.iter().chain(&step.fails_on) {
            self.ends.listeners.push(Listener { event: event.name, node: task, is_answer: true });
        }
        if let Some(undo) = &step.compensation {
            let border = self.border(task, Border::Compensation, "");
            let undoes = self.graph.add(NodeKind::Undoes(task), undo.sends.name, self.lane);
            self.ends.senders.push((undoes, undo.sends.name));
            let listener = Listener { event: undo.completes_on.name, node: undoes, is_answer: true };
            self.ends.listeners.push(listener);
            self.graph.associate(border, undoes);
        }
        let mut reasons: Vec<String> = step.fails_on.iter().map(|it| it.name.into()).collect();
        if self.map.may_reject(step.sends) {
            reasons.push(format!("{} rejected", step.sends.name));
        }
        if !reasons.is_empty() {
            let again = match step.retries {
                0 => String::new(),
                retries => format!(", tried again {}", often(retries)),
            };
            let border = self.border(task, Border::Failure, &(reasons.join(" or ") + &again));
            self.failing.push(border);
        }
        if let Some(within) = step.within {
            let border = self.border(task, Border::TimeLimit(within), &spoken(within));
            self.failing.push(border);
        }
        task
    }

    fn border(&mut self, task: Number, border: Border, name: &str) -> Number {
        self.graph.add(NodeKind::Border(task, border), name, self.lane)
    }

    /// All failures lead to the one place where the saga undoes what is done; then it tries again, or ends.
    fn way_back(&mut self) {
        if self.failing.is_empty() {
            return;
        }
        let undo = self.graph.add(NodeKind::Undo, "undo what is done", self.lane);
        self.lead(&self.failing.clone(), undo);
        let mut last = undo;
        if !self.save_points.is_empty() {
            last = self.graph.add(NodeKind::Choice, "try again?", self.lane);
            self.graph.sequence(undo, last, "");
        }
        for (save_point, retries, pause) in std::mem::take(&mut self.save_points) {
            let pause = if pause.is_zero() { String::new() } else { format!(" after {}", spoken(pause)) };
            let name = format!("at most {}{pause}", often(retries));
            self.graph.sequence_back(last, save_point, name);
        }
        let compensated = self.graph.add(NodeKind::End, "SagaCompensated", self.lane);
        self.graph.sequence(last, compensated, "");
    }
}
