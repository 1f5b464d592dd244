//! Nodes and flows, before anybody knows where they stand.

use std::time::Duration;

use super::{
    super::{HandlerMap, ModuleMap, ProcessMap},
    handlers, linear,
};

/// The number of a node, a pool or a lane.
pub(super) type Number = usize;

#[derive(Default)]
pub(super) struct Graph {
    pub(super) pools: Vec<&'static str>,
    pub(super) lanes: Vec<Lane>,
    pub(super) nodes: Vec<Node>,
    pub(super) flows: Vec<Flow>,
}

pub(super) struct Lane {
    pub(super) pool: Number,
    pub(super) name: String,
}

pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) name: String,
    pub(super) lane: Number,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// With the name of its element: `serviceTask`, `receiveTask`, and so on.
    Task(&'static str),
    /// Undoes the task of this number, and stands below it.
    Undoes(Number),
    Start,
    /// An event that comes from the same pool.
    Catch,
    Timer,
    End,
    /// An end of which other modules are told.
    PublicEnd,
    /// All that is done is undone.
    Undo,
    ForkOrJoin,
    Choice,
    /// On the border of the task of this number.
    Border(Number, Border),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    Compensation,
    Failure,
    TimeLimit(Duration),
}

pub(super) struct Flow {
    pub(super) from: Number,
    pub(super) to: Number,
    pub(super) kind: FlowKind,
    /// Shown in the picture, if the ends do not say it.
    pub(super) name: String,
    /// What flows.
    pub(super) message: String,
    /// Whether the one stands to the left of the other because of it.
    pub(super) leads: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FlowKind {
    Sequence,
    /// It happens or not, as the task decides.
    Conditional,
    Message,
    Association,
}

impl Graph {
    pub(super) fn of(map: &ProcessMap) -> Self {
        let mut graph = Self::default();
        for module in &map.modules {
            graph.pools.push(module.name);
        }
        let mut ends = handlers::tasks(map, &mut graph);
        linear::sagas(map, &mut graph, &mut ends);
        handlers::flows(&mut graph, &ends);
        graph
    }

    pub(super) fn add(&mut self, kind: NodeKind, name: impl Into<String>, lane: Number) -> Number {
        self.nodes.push(Node { kind, name: name.into(), lane });
        self.nodes.len() - 1
    }

    /// The lane of this name, which is made if it is not there.
    pub(super) fn lane(&mut self, pool: Number, name: String) -> Number {
        let found = self.lanes.iter().position(|it| it.pool == pool && it.name == name);
        found.unwrap_or_else(|| {
            self.lanes.push(Lane { pool, name });
            self.lanes.len() - 1
        })
    }

    pub(super) fn lane_of(&self, node: Number) -> Number {
        self.nodes.get(node).map_or(0, |it| it.lane)
    }

    pub(super) fn pool_of(&self, node: Number) -> Number {
        self.lanes.get(self.lane_of(node)).map_or(0, |it| it.pool)
    }

    pub(super) fn sequence(&mut self, from: Number, to: Number, name: impl Into<String>) {
        self.unnamed(from, to, FlowKind::Sequence, name.into(), true);
    }

    /// To a node that stays to the left.
    pub(super) fn sequence_back(&mut self, from: Number, to: Number, name: String) {
        self.unnamed(from, to, FlowKind::Sequence, name, false);
    }

    pub(super) fn associate(&mut self, from: Number, to: Number) {
        self.unnamed(from, to, FlowKind::Association, String::new(), false);
    }

    fn unnamed(&mut self, from: Number, to: Number, kind: FlowKind, name: String, leads: bool) {
        self.flow(Flow { from, to, kind, name, message: String::new(), leads });
    }

    /// No flow is drawn twice.
    pub(super) fn flow(&mut self, flow: Flow) {
        let is_drawn = |it: &Flow| {
            (it.from, it.to, it.kind, &it.message) == (flow.from, flow.to, flow.kind, &flow.message)
        };
        if !self.flows.iter().any(is_drawn) {
            self.flows.push(flow);
        }
    }
}

/// Where messages go in and come out.
#[derive(Default)]
pub(super) struct Ends<'a> {
    /// The task of each handler.
    pub(super) tasks: Vec<(&'a ModuleMap, &'a HandlerMap, Number)>,
    /// What takes an event, besides the tasks.
    pub(super) listeners: Vec<Listener>,
    /// The commands that steps of linear sagas send.
    pub(super) senders: Vec<(Number, &'static str)>,
}

/// A part of a linear saga that an event comes to.
pub(super) struct Listener {
    pub(super) event: &'static str,
    pub(super) node: Number,
    /// Whether it is an answer that a step waits for, and not what starts the saga.
    pub(super) is_answer: bool,
}
