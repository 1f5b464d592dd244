//! Where everything stands: columns from cause to effect, a row of lanes for each pool.

use std::collections::BTreeSet;

use super::graph::{Border, Graph, Node, NodeKind, Number};

const LEFT: i32 = 40;
const TOP: i32 = 40;
/// The strip with the name of a pool or a lane.
const TITLE: i32 = 30;
pub(super) const COLUMN: i32 = 330;
pub(super) const ROW: i32 = 120;
const BETWEEN_POOLS: i32 = 40;
const TASK: (i32, i32) = (220, 60);
const EVENT: (i32, i32) = (36, 36);
const GATEWAY: (i32, i32) = (50, 50);

pub(super) struct Layout {
    /// Of each node.
    pub(super) cells: Vec<Cell>,
    pub(super) nodes: Vec<Bounds>,
    pub(super) lanes: Vec<Bounds>,
    pub(super) pools: Vec<Bounds>,
}

/// A column of the picture, and a row of a lane.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) row: usize,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
}

impl Bounds {
    fn around(x: i32, y: i32, (width, height): (i32, i32)) -> Self {
        Self { x: x - width / 2, y: y - height / 2, width, height }
    }

    pub(super) fn middle(self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    pub(super) fn right(self) -> i32 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> i32 {
        self.y + self.height
    }
}

impl Layout {
    pub(super) fn of(graph: &Graph) -> Self {
        let cells = cells(graph, &columns(graph));
        let columns = cells.iter().map(|it| it.column + 1).max().unwrap_or(1);
        let width = 2 * TITLE + i32_of(columns) * COLUMN;
        let mut layout = Self { cells, nodes: Vec::new(), lanes: Vec::new(), pools: Vec::new() };
        layout.lanes = vec![Bounds::default(); graph.lanes.len()];
        let mut y = TOP;
        for pool in 0..graph.pools.len() {
            let top = y;
            for (number, _) in graph.lanes.iter().enumerate().filter(|(_, it)| it.pool == pool) {
                let rows = layout.rows(graph, number);
                let bounds = Bounds { x: LEFT + TITLE, y, width: width - TITLE, height: i32_of(rows) * ROW };
                if let Some(lane) = layout.lanes.get_mut(number) {
                    *lane = bounds;
                }
                y += bounds.height;
            }
            // A pool without lanes is as high as one.
            y = y.max(top + ROW);
            layout.pools.push(Bounds { x: LEFT, y: top, width, height: y - top });
            y += BETWEEN_POOLS;
        }
        layout.nodes = graph.nodes.iter().enumerate().map(|(it, node)| layout.bounds(it, node)).collect();
        layout
    }

    fn rows(&self, graph: &Graph, lane: Number) -> usize {
        let nodes = graph.nodes.iter().zip(&self.cells).filter(|(it, _)| it.lane == lane);
        nodes.map(|(_, cell)| cell.row + 1).max().unwrap_or(1)
    }

    fn bounds(&self, number: Number, node: &Node) -> Bounds {
        let (x, y) = self.middle_of_cell(number, node);
        if let NodeKind::Border(_, border) = node.kind {
            // Its cell is that of its task.
            let along = match border {
                Border::Compensation => -70,
                Border::TimeLimit(_) => -20,
                Border::Failure => 72,
            };
            return Bounds::around(x + along, y + TASK.1 / 2, EVENT);
        }
        Bounds::around(x, y, node.kind.size())
    }

    fn middle_of_cell(&self, number: Number, node: &Node) -> (i32, i32) {
        let cell = self.cells.get(number).copied().unwrap_or_default();
        let lane = self.lanes.get(node.lane).copied().unwrap_or_default();
        (
            lane.x + TITLE + i32_of(cell.column) * COLUMN + COLUMN / 2,
            lane.y + i32_of(cell.row) * ROW + ROW / 2,
        )
    }
}

impl NodeKind {
    fn size(self) -> (i32, i32) {
        match self {
            Self::Task(_) | Self::Undoes(_) => TASK,
            Self::ForkOrJoin | Self::Choice => GATEWAY,
            Self::Start | Self::Catch | Self::Timer | Self::End | Self::PublicEnd | Self::Undo => EVENT,
            Self::Border(..) => EVENT,
        }
    }

    /// The task that it belongs to, and stands with.
    pub(super) fn host(self) -> Option<Number> {
        match self {
            Self::Border(task, _) | Self::Undoes(task) => Some(task),
            _ => None,
        }
    }
}

/// As a coordinate. A map with more columns or rows than fit is cut to what fits.
pub(super) fn i32_of(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / COLUMN)
}

/// The column of each node: right of all that leads to it. Flows that would close a circle do not count.
fn columns(graph: &Graph) -> Vec<usize> {
    let edges = without_circles(graph);
    let mut columns: Vec<usize> = vec![0; graph.nodes.len()];
    // A way through all nodes has fewer steps than there are nodes.
    for _ in &graph.nodes {
        for (from, to) in &edges {
            let right = columns.get(*from).map_or(0, |it| it + 1);
            if let Some(column) = columns.get_mut(*to) {
                *column = right.max(*column);
            }
        }
    }
    // What starts something stands next to it.
    for (number, _) in graph.nodes.iter().enumerate().filter(|(_, it)| it.kind == NodeKind::Start) {
        let next = edges.iter().filter(|(from, _)| *from == number);
        let nearest = next.filter_map(|(_, to)| columns.get(*to)).min().copied();
        let is_first = !edges.iter().any(|(_, to)| *to == number);
        if let (Some(nearest), Some(column), true) = (nearest, columns.get_mut(number), is_first) {
            *column = nearest.saturating_sub(1);
        }
    }
    columns
}

/// The flows that lead from column to column, between tasks and not their borders.
fn without_circles(graph: &Graph) -> Vec<(Number, Number)> {
    let host = |it: Number| graph.nodes.get(it).and_then(|it| it.kind.host()).unwrap_or(it);
    let leading = graph.flows.iter().filter(|it| it.leads);
    let mut next = vec![Vec::new(); graph.nodes.len()];
    for (from, to) in leading.map(|it| (host(it.from), host(it.to))).filter(|(from, to)| from != to) {
        next.get_mut(from).into_iter().for_each(|it| it.push(to));
    }
    let (mut edges, mut done) = (Vec::new(), BTreeSet::new());
    for first in 0..graph.nodes.len() {
        follow(first, &next, &mut Vec::new(), &mut done, &mut edges);
    }
    edges
}

fn follow(
    node: Number,
    next: &[Vec<Number>],
    way: &mut Vec<Number>,
    done: &mut BTreeSet<Number>,
    edges: &mut Vec<(Number, Number)>,
) {
    if !done.insert(node) {
        return;
    }
    way.push(node);
    for to in next.get(node).into_iter().flatten() {
        if !way.contains(to) {
            edges.push((node, *to));
            follow(*to, next, way, done, edges);
        }
    }
    way.pop();
}

/// The row of each node: that of what leads to it, or the next free one below.
fn cells(graph: &Graph, columns: &[usize]) -> Vec<Cell> {
    let mut cells = vec![Cell::default(); graph.nodes.len()];
    let mut taken = BTreeSet::new();
    let own = graph.nodes.iter().enumerate().filter(|(_, it)| it.kind.host().is_none());
    let mut order: Vec<(usize, Number)> =
        own.filter_map(|(number, _)| Some((*columns.get(number)?, number))).collect();
    order.sort_unstable();
    for (column, number) in order {
        let lane = graph.lane_of(number);
        let undoes = graph.nodes.iter().any(|it| it.kind == NodeKind::Undoes(number));
        let mut row = wished_row(graph, number, &cells);
        while taken.contains(&(lane, column, row)) || undoes && taken.contains(&(lane, column, row + 1)) {
            row += 1;
        }
        taken.insert((lane, column, row));
        if undoes {
            taken.insert((lane, column, row + 1));
        }
        cells.get_mut(number).into_iter().for_each(|it| *it = Cell { column, row });
    }
    for (number, node) in graph.nodes.iter().enumerate() {
        let Some(host) = node.kind.host().and_then(|it| cells.get(it)).copied() else { continue };
        let below = usize::from(matches!(node.kind, NodeKind::Undoes(_)));
        cells.get_mut(number).into_iter().for_each(|it| *it = Cell { row: host.row + below, ..host });
    }
    cells
}

fn wished_row(graph: &Graph, number: Number, cells: &[Cell]) -> usize {
    let mut before = graph.flows.iter().filter(|it| it.to == number && it.leads).map(|it| it.from);
    let near = before.find(|it| graph.lane_of(*it) == graph.lane_of(number));
    near.and_then(|it| cells.get(it)).map_or(0, |it| it.row)
}
