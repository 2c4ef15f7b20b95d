//! Look-up of the nodes of a run by the paths of their steps.

use std::sync::Arc;

use crate::{
    event::{NodeOutline, PinnedWorkflow, RunCreated},
    node::ControlKind,
    value::StepPath,
    workflow::Workflow,
};

/// The nodes of a run, including those within maps, loops and called workflows.
///
/// A path consists of node ids and, below a map or loop, the number of an item or round: `each/2/sum`. It is built from
/// `run.created` alone, so that it works for runs whose workflow cannot be compiled any more.
///
/// ```
/// use workflow_core::{EventKind, StepEvent, view::RunOutline};
///
/// let created: StepEvent = serde_json::from_value(serde_json::json!({
///     "seq": 1,
///     "run_id": "0197f9d2-6f3e-7000-8000-000000000001",
///     "time": "2026-01-31T12:00:00Z",
///     "type": "run.created",
///     "spec_hash": "",
///     "input": null,
///     "nodes": [{"id": "each", "type": "MapNode", "needs": [], "nodes": [
///         {"id": "sum", "type": "LLMNode", "needs": []},
///     ]}],
/// }))?;
/// let EventKind::RunCreated(created) = created.kind else { unreachable!() };
/// let outline = RunOutline::of(&created);
/// assert_eq!(outline.kind_of(&"each/2/sum".into()).map(|kind| &**kind), Some("LLMNode"));
/// assert!(outline.kind_of(&"each/sum".into()).is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunOutline {
    nodes: Arc<[NodeOutline]>,
    workflows: Arc<[PinnedWorkflow]>,
}

impl RunOutline {
    /// The nodes of a run.
    pub fn of(created: &RunCreated) -> Self {
        Self {
            nodes: Arc::clone(&created.nodes),
            workflows: Arc::clone(&created.workflows),
        }
    }

    pub(crate) fn of_workflow(workflow: &Workflow) -> Self {
        Self {
            nodes: Arc::clone(workflow.nodes()),
            workflows: Arc::clone(workflow.pins()),
        }
    }

    /// The type of the node whose step has this path.
    pub fn kind_of(&self, path: &StepPath) -> Option<&Arc<str>> {
        self.node(path).map(|node| &node.kind)
    }

    /// The node whose step has this path. `None` for a path that no step of the run can have. It does not check
    /// that an item or round exists.
    pub fn node(&self, path: &StepPath) -> Option<&NodeOutline> {
        let mut segments = path.as_str().split('/');
        let mut nodes: &[NodeOutline] = &self.nodes;
        loop {
            let id = segments.next()?;
            let node = nodes.iter().find(|node| node.id.as_str() == id)?;
            if segments.clone().next().is_none() {
                return Some(node);
            }
            for _ in 0..ControlKind::of_name(&node.kind)?.path_segments() {
                segments.next()?;
            }
            nodes = match &node.workflow {
                Some(workflow) => self.called(workflow)?,
                None => &node.nodes,
            };
        }
    }

    fn called(&self, workflow: &str) -> Option<&[NodeOutline]> {
        let pin = self
            .workflows
            .iter()
            .find(|pin| *pin.workflow == *workflow)?;
        Some(&pin.nodes)
    }
}
