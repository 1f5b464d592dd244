//! The way of each flow: along the gaps between columns and rows, so that it crosses no task.

use std::collections::BTreeMap;

use super::{
    graph::{Flow, FlowKind, Graph, NodeKind, Number},
    layout::{COLUMN, Layout, ROW},
};

pub(super) type Point = (i32, i32);

/// How far tracks in the same gap are apart.
const TRACK: i32 = 7;

pub(super) fn routes(graph: &Graph, layout: &Layout) -> Vec<Vec<Point>> {
    let mut router = Router { graph, layout, gaps: BTreeMap::new(), bands: BTreeMap::new() };
    graph.flows.iter().map(|it| router.route(it)).collect()
}

struct Router<'a> {
    graph: &'a Graph,
    layout: &'a Layout,
    /// How many flows have a track in the gap behind a column.
    gaps: BTreeMap<i32, i32>,
    /// How many flows have a track above a row.
    bands: BTreeMap<i32, i32>,
}

impl Router<'_> {
    fn route(&mut self, flow: &Flow) -> Vec<Point> {
        let (Some(from), Some(to)) = (self.layout.nodes.get(flow.from), self.layout.nodes.get(flow.to))
        else {
            return Vec::new();
        };
        let (from, to) = (*from, *to);
        let mut points = Vec::new();
        let is_border =
            self.graph.nodes.get(flow.from).is_some_and(|it| matches!(it.kind, NodeKind::Border(..)));
        if is_border {
            let x = from.middle().0;
            points.push((x, from.bottom()));
            if flow.kind == FlowKind::Association {
                points.push((x, to.y));
                return points;
            }
            points.push((x, from.bottom() + 6));
        } else {
            // Messages leave below sequences.
            let lower = if flow.kind == FlowKind::Sequence { 0 } else { from.height / 4 };
            points.push((from.right(), from.middle().1 + lower));
        }
        let leaves_at = points.last().map_or(0, |it| it.1);
        if flow.kind == FlowKind::Message {
            let (gap, band) = (self.gap(self.column(flow.from)), self.band(to.middle().1));
            let x = to.middle().0 - to.width / 4;
            points.extend([(gap, leaves_at), (gap, band), (x, band), (x, to.y)]);
            return points;
        }
        let arrives_at = to.middle().1;
        let is_next = self.column(flow.to) == self.column(flow.from) + 1;
        if is_next && leaves_at == arrives_at {
            points.push((to.x, arrives_at));
        } else if is_next {
            let gap = self.gap(self.column(flow.from));
            points.extend([(gap, leaves_at), (gap, arrives_at), (to.x, arrives_at)]);
        } else {
            let (out, band) = (self.gap(self.column(flow.from)), self.band(arrives_at));
            let into = self.gap(self.column(flow.to) - 1);
            points.extend([
                (out, leaves_at),
                (out, band),
                (into, band),
                (into, arrives_at),
                (to.x, arrives_at),
            ]);
        }
        points
    }

    fn column(&self, node: Number) -> i32 {
        self.layout.cells.get(node).map_or(0, |it| super::layout::i32_of(it.column))
    }

    /// A track in the gap behind a column.
    fn gap(&mut self, column: i32) -> i32 {
        let left = self.layout.lanes.first().map_or(0, |it| it.x) + 30;
        let used = self.gaps.entry(column).or_default();
        let track = *used * TRACK % 63;
        *used += 1;
        // Some way behind the task, where the signs at its border end.
        left + (column + 1) * COLUMN - 30 + track
    }

    /// A track above a row.
    fn band(&mut self, middle: i32) -> i32 {
        let used = self.bands.entry(middle).or_default();
        let track = *used * 4 % 20;
        *used += 1;
        middle - ROW / 2 + 4 + track
    }
}
