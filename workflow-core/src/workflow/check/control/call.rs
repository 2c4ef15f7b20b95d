//! Checks of calls: the called workflow must exist, and its nesting adds to that of the caller.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind, data};
use crate::{
    error::{Fault, FaultCode},
    node::WorkflowNode,
    workflow::Workflow,
};

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
        if workflow.on_failure().is_some() {
            let detail = format!(
                "the `on_failure` of `{}` does not run here: the failure is that of this node",
                call.workflow
            );
            let hint = "handle it with `on_error`, or in an `on_failure` of this workflow";
            let warning = Fault::new(FaultCode::NotApplicable, &at, detail).with_hint(hint);
            check.warnings.push(warning);
        }
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
