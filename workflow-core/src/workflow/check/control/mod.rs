//! The checks of control nodes: one file per kind, with the same hooks.

mod agent;
mod call;
mod delay;
mod human;
mod map;
mod repeat;
mod tool;

use std::sync::Arc;

pub(crate) use self::{
    agent::{PlannedAgent, TURN, UNKNOWN},
    call::PlannedCall,
    map::PlannedMap,
    repeat::PlannedLoop,
    tool::{PlannedTool, PlannedToolCall, ToolWork},
};
use super::{
    Check,
    container::Container,
    data::{self, Built, Contents, PatchedData},
    enclosing::Local,
    graph_node::GraphNode,
    outputs::Shape,
};
use crate::{
    node::{Control, ControlKind},
    workflow::{body::Body, plan::NodeKind},
};

/// How nodes of one kind are checked and planned.
///
/// A kind cannot do its checks in `Deserialize`: they need the graph, the names in scope and the called workflows.
pub(super) trait ControlCheck {
    /// What the bodies of a node can read, for a kind that has bodies. Also checks the names that the node defines in its body.
    fn body_scope<'a>(&self, _node: GraphNode<'a>, _check: &mut Check) -> Option<BodyScope<'a>> {
        None
    }

    /// Checks the bodies of a node, in the order of its `data`, and the fields that are evaluated in or after them. `None` if a body
    /// cannot be planned; then it has a fault.
    fn bodies(
        &self,
        container: Container<'_>,
        patched: &mut PatchedData,
        check: &mut Check,
    ) -> Option<Vec<Arc<Body>>> {
        container.bodies(patched, check)
    }

    /// Combines the data of a node with what it needs from elsewhere. `None` if that is missing; then there is a fault.
    ///
    /// `bodies` are in the order of the fields of `data` that hold nodes.
    fn plan(
        &self,
        data: Control,
        bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built>;
}

/// What a body of a control node can read besides its own nodes.
pub(super) struct BodyScope<'a> {
    /// The names that the node defines in its body.
    pub(super) locals: Vec<Local<'a>>,
    /// What is known of the implicit input of the first nodes.
    pub(super) begin: Shape,
    /// Whether the first nodes have an implicit input.
    pub(super) has_begin: bool,
}

/// The checks of a kind. This is the only match over the kinds in this layer.
pub(super) fn of(kind: ControlKind) -> &'static dyn ControlCheck {
    match kind {
        ControlKind::Map => &map::MapCheck,
        ControlKind::Loop => &repeat::LoopCheck,
        ControlKind::Workflow => &call::CallCheck,
        ControlKind::Human => &human::HumanCheck,
        ControlKind::Delay => &delay::DelayCheck,
        ControlKind::Agent => &agent::AgentCheck,
    }
}
