//! The map as BPMN 2.0: a collaboration with a pool for each module, drawn so that viewers can show it.
//!
//! The graph is built first ([`handlers`], [`linear`]), then every node gets its place ([`layout`]) and every flow its
//! way ([`route`]), and then all of it is written ([`document`], [`picture`]).

mod document;
mod graph;
mod handlers;
mod layout;
mod linear;
mod picture;
mod route;
mod xml;

use super::ProcessMap;

impl ProcessMap {
    /// The map as BPMN 2.0 XML, with a picture: a pool for each module, a lane for each handler, a task for each
    /// message that it takes.
    ///
    /// What goes on inside a module are sequence flows, what crosses its border are message flows. Commands that are
    /// sent later go through a timer. Linear sagas stand there step by step, with what undoes each step as its
    /// compensation. Commands that are taken back are not drawn.
    #[must_use]
    pub fn to_bpmn(&self) -> String {
        let graph = graph::Graph::of(self);
        let layout = layout::Layout::of(&graph);
        document::document(&graph, &layout).to_document()
    }
}
