//! Look-up of the nodes of a run by the paths of their steps.

use std::sync::Arc;

use crate::{
    event::{AGENT_TURN, NodeOutline, PinnedWorkflow, RunCreated, TOOL_CALL},
    node::ControlKind,
    value::{StepPath, StepRef},
    workflow::{ON_FAILURE, Workflow},
};

/// Begins the paths of the steps of `on_failure`. A workflow that has it has no node of this name.
const ON_FAILURE_PREFIX: &str = "on_failure/";

/// The nodes of a run, including those within maps, loops, agents and called workflows.
///
/// A path consists of node ids and, below a map or loop, the number of an item or round: `each/2/sum`. Below an agent, it is the number of
/// a turn: `support/0/turn` is what the model did in it, `support/0/order-2` its third call, which is one of the tool `order`, and
/// `support/0/order-2/get` a step of that call. It is built from `run.created` alone, so that it works for runs whose workflow
/// cannot be compiled any more.
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
    on_failure: Arc<[NodeOutline]>,
    workflows: Arc<[PinnedWorkflow]>,
}

impl RunOutline {
    /// The nodes of a run.
    pub fn of(created: &RunCreated) -> Self {
        Self {
            nodes: Arc::clone(&created.nodes),
            on_failure: Arc::clone(&created.on_failure),
            workflows: Arc::clone(&created.workflows),
        }
    }

    pub(crate) fn of_workflow(workflow: &Workflow) -> Self {
        Self {
            nodes: Arc::clone(workflow.nodes()),
            on_failure: workflow
                .on_failure()
                .map_or_else(Arc::default, |it| Arc::clone(&it.body.outline)),
            workflows: Arc::clone(workflow.pins()),
        }
    }

    /// The type of the node whose step has this path.
    pub fn kind_of(&self, path: &StepPath) -> Option<&Arc<str>> {
        self.node(path).map(|node| &node.kind)
    }

    /// The type whose [activity](crate::node::NodeType::activity) a running step shows: its own, and that of its agent for a turn. `None`
    /// for a path that no step of the run can have.
    pub fn activity_of(&self, path: &StepPath) -> Option<&Arc<str>> {
        let Found { node, agent } = self.find(path)?;
        let agent = agent.filter(|_| &*node.kind == AGENT_TURN);
        Some(&agent.unwrap_or(node).kind)
    }

    /// What the step is, if the engine interprets it: `None` for a leaf. A call of a tool contains nodes as that of a workflow does.
    pub(crate) fn control_of(&self, path: &StepPath) -> Option<ControlKind> {
        let Found { node, agent } = self.find(path)?;
        match agent {
            Some(_) if &*node.kind == AGENT_TURN => None,
            Some(_) => Some(ControlKind::Workflow),
            None if node.is_agent() => Some(ControlKind::Agent),
            None => ControlKind::of_name(&node.kind),
        }
    }

    /// The node whose step has this path. `None` for a path that no step of the run can have. It does not check
    /// that an item or round exists.
    pub fn node(&self, path: &StepPath) -> Option<&NodeOutline> {
        self.find(path).map(|found| found.node)
    }

    fn find(&self, path: &StepPath) -> Option<Found<'_>> {
        let mut segments = path.as_str().split('/');
        let mut nodes: &[NodeOutline] = &self.nodes;
        if !self.on_failure.is_empty() && path.as_str().starts_with(ON_FAILURE_PREFIX) {
            segments.next();
            nodes = &self.on_failure;
        }
        let mut agent = None;
        loop {
            let id = segments.next()?;
            let node = match agent {
                None => nodes.iter().find(|node| node.id.as_str() == id)?,
                Some(_) => in_turn(nodes, id)?,
            };
            if segments.clone().next().is_none() {
                return Some(Found { node, agent });
            }
            let is_call = agent.is_some();
            agent = (!is_call && node.is_agent()).then_some(node);
            let skipped = match ControlKind::of_name(&node.kind) {
                _ if is_call => 0,
                _ if agent.is_some() => ControlKind::Agent.path_segments(),
                kind => kind?.path_segments(),
            };
            for _ in 0..skipped {
                segments.next()?;
            }
            nodes = match &node.workflow {
                Some(workflow) => self.called(workflow)?,
                None => &node.nodes,
            };
        }
    }

    /// The steps of the nodes that run if the run fails.
    pub(crate) fn on_failure(&self) -> impl Iterator<Item = (StepRef, &Arc<str>)> {
        let place = StepPath::from(ON_FAILURE);
        let nodes = self.on_failure.iter();
        nodes.map(move |node| (StepRef::within(&place, node.id.clone()), &node.kind))
    }

    fn called(&self, workflow: &str) -> Option<&[NodeOutline]> {
        let pin = self
            .workflows
            .iter()
            .find(|pin| *pin.workflow == *workflow)?;
        Some(&pin.nodes)
    }
}

/// A node at the end of a path.
struct Found<'a> {
    node: &'a NodeOutline,
    /// The agent, if the node is a turn or a tool of one.
    agent: Option<&'a NodeOutline>,
}

/// The node in a turn of an agent whose step has this id: the turn itself, or a tool by the id of a call, which ends with the index of
/// the call.
fn in_turn<'a>(nodes: &'a [NodeOutline], id: &str) -> Option<&'a NodeOutline> {
    let of_kind = |kind: &'static str| nodes.iter().filter(move |node| &*node.kind == kind);
    if let Some(turn) = of_kind(AGENT_TURN).find(|node| node.id.as_str() == id) {
        return Some(turn);
    }
    let (tool, index) = id.rsplit_once('-')?;
    let is_index = !index.is_empty() && index.bytes().all(|it| it.is_ascii_digit());
    of_kind(TOOL_CALL).find(|node| is_index && node.id.as_str() == tool)
}
