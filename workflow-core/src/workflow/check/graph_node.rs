//! A node at its place in the graph of its list.

use super::{graph::Graph, outputs::Shape, references::Reader};
use crate::{error::Pointer, workflow::spec::NodeSpec};

/// A node that is checked: its specification, and its index in the graph of its list.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct GraphNode<'a> {
    pub(in crate::workflow) spec: &'a NodeSpec,
    pub(in crate::workflow) index: usize,
    pub(in crate::workflow) graph: &'a Graph<'a>,
}

impl<'a> GraphNode<'a> {
    /// Checks what the templates of the node read.
    pub(in crate::workflow) fn reader(&self) -> Reader<'a> {
        Reader::node(self.graph, self.index)
    }

    /// The place of a field of its `data`.
    pub(in crate::workflow) fn data_at(&self, field: &str) -> Pointer {
        self.spec.at.field("data").field(field)
    }

    /// What is known of what the node reads without naming it.
    pub(in crate::workflow) fn input_shape(&self) -> Shape {
        self.graph.input_shape(self.index)
    }

    /// Whether there is something for it to read without naming it.
    pub(in crate::workflow) fn has_input(&self) -> bool {
        self.graph.has_input(self.index)
    }
}
