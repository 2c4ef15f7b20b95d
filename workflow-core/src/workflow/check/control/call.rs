//! Checks of calls: the called workflow must exist, and its nesting adds to that of the caller.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind, data};
use crate::{
    error::{Fault, FaultCode, Pointer},
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
        let workflow = called(&call.workflow, &node.data_at("workflow"), check)?;
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

/// The called workflow of this name, if it can be called from this place.
pub(super) fn called(name: &Arc<str>, at: &Pointer, check: &mut Check) -> Option<Arc<Workflow>> {
    let workflow = check.call(name, at)?;
    if workflow.on_failure().is_some() {
        let detail = format!(
            "the `on_failure` of `{name}` does not run here: the failure is that of this node"
        );
        let hint = "handle it with `on_error`, or in an `on_failure` of this workflow";
        let warning = Fault::new(FaultCode::NotApplicable, at, detail).with_hint(hint);
        check.warnings.push(warning);
    }
    // The called workflow was checked by itself. Its nesting adds to that of this place, so the sum is checked here.
    let depth = workflow.depth();
    check.within(at, None, depth, |_| workflow)
}
