//! Checks of the kinds of control nodes: one file each, with the same hooks.

mod call;
mod delay;
mod human;
mod map;
mod repeat;

use std::sync::Arc;

pub(crate) use self::{call::PlannedCall, map::PlannedMap, repeat::PlannedLoop};
use super::{
    Check,
    data::{self, Built, Inside},
    graph_node::GraphNode,
    outputs::Shape,
    outside::Local,
};
use crate::{
    node::{Control, ControlKind},
    workflow::{body::Body, plan::Work},
};

/// How nodes of one kind are checked and planned.
pub(super) trait ControlCheck {
    /// What each body of a node sees, for a kind that has one. Checks the names that the node gives its body.
    fn body_scope<'a>(&self, _node: GraphNode<'a>, _check: &mut Check) -> Option<BodyScope<'a>> {
        None
    }

    /// Puts the data of a node together with what it needs from elsewhere. Where that is missing, there is a fault.
    /// `bodies` are in the order of the fields of `data` that hold nodes.
    fn plan(
        &self,
        data: Control,
        bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built>;
}

/// What the body of a control node sees beside its own nodes.
pub(super) struct BodyScope<'a> {
    /// The names that the node gives its body.
    pub(super) locals: Vec<Local<'a>>,
    /// What the first nodes of the body read.
    pub(super) begin: Shape,
    /// Whether there is something for them to read.
    pub(super) has_begin: bool,
}

/// The checks of a kind. The one match over the kinds in this layer.
pub(super) fn of(kind: ControlKind) -> &'static dyn ControlCheck {
    match kind {
        ControlKind::Map => &map::MapCheck,
        ControlKind::Loop => &repeat::LoopCheck,
        ControlKind::Workflow => &call::CallCheck,
        ControlKind::Human => &human::HumanCheck,
        ControlKind::Delay => &delay::DelayCheck,
    }
}
