//! Checks of calls: the called workflow must exist, and its nesting adds to that of the caller.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind, data};
use crate::{node::WorkflowNode, workflow::Workflow};

/// A call with the called workflow.
pub(crate) struct PlannedCall {
    pub(crate) node: WorkflowNode,
    pub(crate) workflow: Arc<Workflow>,
}

pub(super) struct CallCheck;

impl ControlCheck for CallCheck {
    fn plan(
        &self,
        data: Control,
        _bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built> {
        let Control::Workflow(call) = data else {
            return None;
        };
        if call.input.is_none() {
            data::read_implicit(node, check);
        }
        let at = node.data_at("workflow");
        let workflow = check.call(&call.workflow, &at)?;
        // The called workflow was checked by itself. Its nesting adds to that of this place, so the sum is checked
        // here.
        let depth = workflow.depth();
        let workflow = check.within(&at, node.spec.timeout, depth, |_| workflow)?;
        Some(Built {
            contents: Contents::of_called(&call.workflow),
            output: workflow.result_shape().clone(),
            kind: NodeKind::Call(PlannedCall {
                node: call,
                workflow,
            }),
        })
    }
}
