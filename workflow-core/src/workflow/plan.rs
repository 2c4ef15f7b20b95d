//! Turns a node of a specification into a [`PlannedNode`], which the machine runs.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::check::{Case, Check};
use super::spec::{Defaults, NodeSpec};
use crate::workflow::check::{
    control::{PlannedAgent, PlannedCall, PlannedLoop, PlannedMap, PlannedToolCall},
    data::{self, Built, Contents},
    graph::Graph,
    graph_node::GraphNode,
    outputs::Shape,
    references::Reader,
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    event::NodeOutline,
    node::{ControlKind, DelayNode, Effects, HumanNode, Node, NodeType, RetryPolicy, agent::Agent},
    template::{Condition, ImplicitInput},
    value::NodeId,
    workflow::spec::{OnAmbiguous, OnError},
};

/// A checked node, ready to run.
pub(crate) struct PlannedNode {
    pub(crate) id: NodeId,
    pub(crate) kind: NodeKind,
    /// How many nodes it needs. The machine counts down from it.
    pub(crate) needs: usize,
    /// The nodes that need it, by their index in the list.
    pub(crate) dependents: Box<[usize]>,
    pub(crate) when: Option<Condition>,
    /// The case of a switch that has to be chosen.
    pub(crate) case: Option<Case>,
    /// When the node ends the workflow that it is in.
    pub(crate) stop_when: Option<Condition>,
    pub(crate) retry: RetryPolicy,
    /// The timeout of an attempt; for a map, loop or called workflow, of all of it.
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_error: OnError,
    pub(crate) on_ambiguous: OnAmbiguous,
    pub(crate) input: ImplicitInput,
    /// What an attempt does outside of the run if its plan does not say so.
    pub(crate) effects: Effects,
    /// Whether it only computes.
    pub(crate) instant: bool,
}

/// What a node does. The machine has one match over it.
pub(crate) enum NodeKind {
    Leaf(Box<dyn Node>),
    Map(PlannedMap),
    Loop(PlannedLoop),
    Call(PlannedCall),
    Human(HumanNode),
    Delay(DelayNode),
    Agent(Arc<PlannedAgent>),
    /// One turn of an agent: a leaf.
    Turn(Arc<dyn Agent>),
    /// One call of a tool.
    ToolCall(PlannedToolCall),
}

/// Plans a node. A node that cannot be planned has at least one fault.
///
/// `condition` comes first, so that its faults are reported even if the type is unknown. The shape of the output is
/// set as soon as it is known: nodes later in the order read it.
pub(super) fn plan(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    check: &mut Check,
) -> Option<(PlannedNode, Contents)> {
    let placed = GraphNode {
        spec: node,
        index,
        graph,
    };
    let when = condition(
        node.when.as_deref(),
        &node.at.field("when"),
        placed.reader(),
        check,
    );
    if let Some(case) = graph.case(index) {
        graph.uses(case.switch);
    }
    let node_type = data::node_type(node, check)?;
    refuse_inapplicable_fields(node, node_type, check);
    let built = data::build(placed, node_type, check);
    if let Some(built) = &built {
        graph.set_shape(index, output_shape(built.output.clone(), node));
    }
    let stop_when = stop_condition(placed, check);
    let Built { kind, contents, .. } = built?;
    let attempts = if node_type.control().is_none() {
        Attempts::of(node, node_type, check.defaults)
    } else {
        Attempts::NONE
    };
    let effects = match &kind {
        NodeKind::Leaf(leaf) => leaf.effects().unwrap_or_else(|| node_type.effects()),
        _ => node_type.effects(),
    };
    let planned = PlannedNode {
        id: node.id.clone()?,
        kind,
        needs: graph.needs(index).len(),
        dependents: graph.dependents(index).into(),
        when,
        case: graph.case(index).cloned(),
        stop_when,
        retry: attempts.retry,
        timeout: node.timeout.or(attempts.timeout),
        on_error: node.on_error.clone(),
        on_ambiguous: attempts.on_ambiguous,
        input: graph.implicit_input(index),
        instant: node_type.is_instant(),
        effects,
    };
    Some((planned, contents))
}

/// How a step is attempted.
pub(super) struct Attempts {
    pub(super) retry: RetryPolicy,
    /// The timeout of an attempt, by the `defaults` of the workflow.
    pub(super) timeout: Option<Duration>,
    pub(super) on_ambiguous: OnAmbiguous,
}

impl Attempts {
    /// For control nodes, which are not attempted.
    const NONE: Self = Self {
        retry: RetryPolicy::ONCE,
        timeout: None,
        on_ambiguous: OnAmbiguous::Retry,
    };

    /// As a node says it, or else the `defaults` of the workflow, or else its type.
    pub(super) fn of(node: &NodeSpec, node_type: &NodeType, defaults: Defaults) -> Self {
        let retry = node.retry.or(defaults.retry);
        Self {
            retry: retry.map_or_else(|| node_type.default_retry(), RetryPolicy::from),
            timeout: defaults.timeout,
            on_ambiguous: node.on_ambiguous,
        }
    }
}

/// What is known of the output as later nodes read it: that of the node itself, or the replacement that `on_error`
/// defines.
///
/// With `continue`, a failed node has no output at all. A template that reads it then is an error of the run.
fn output_shape(own: Shape, node: &NodeSpec) -> Shape {
    match &node.on_error {
        OnError::Output(output) => Shape::one_of(vec![own, Shape::of_value(output)]),
        OnError::Fail | OnError::Continue => own,
    }
}

/// Compiles and checks the `stop_when` of a node, which reads the node itself, too.
///
/// A map or loop has other items or rounds, which such a node could not end in an order that a resumed run repeats.
fn stop_condition(node: GraphNode, check: &mut Check) -> Option<Condition> {
    let GraphNode { spec, index, graph } = node;
    let at = spec.at.field("stop_when");
    if spec.stop_when.is_some() && graph.enclosing().container().is_some() {
        let detail = "`stop_when` is only for nodes of the workflow's own list";
        let hint = "end a loop with its `until`, or put the nodes into a workflow of their own and call it";
        check.fault(Fault::new(FaultCode::NotApplicable, &at, detail).with_hint(hint));
        return None;
    }
    let condition = condition(
        spec.stop_when.as_deref(),
        &at,
        Reader::after(graph, index),
        check,
    )?;
    graph.uses(index);
    Some(condition)
}

/// Compiles and checks a condition of a node.
fn condition(
    source: Option<&str>,
    at: &Pointer,
    reader: Reader,
    check: &mut Check,
) -> Option<Condition> {
    match Condition::parse(source?) {
        Ok(condition) => {
            let found = reader.check(condition.references(), at);
            check.faults.extend(found);
            let found = reader.check_paths(condition.paths(), at);
            check.faults.extend(found);
            check.warnings.extend(constant(&condition, at));
            Some(condition)
        }
        Err(error) => {
            check.fault(error.into_fault(at));
            None
        }
    }
}

/// The warning for a condition that reads nothing.
pub(super) fn constant(condition: &Condition, at: &Pointer) -> Option<Fault> {
    condition.is_constant().then(|| {
        let detail = "the condition reads nothing, so it is always the same";
        let hint = "compare `input` or the output of a node, or write `true` or `false`";
        Fault::new(FaultCode::ConstantCondition, at, detail).with_hint(hint)
    })
}

/// Refuses fields without a meaning for control nodes. They are not attempted, so they have no `retry`, and only
/// containers have a `timeout`. For an agent, what is about attempts is about its turns.
fn refuse_inapplicable_fields(node: &NodeSpec, node_type: &NodeType, check: &mut Check) {
    let Some(kind) = node_type.control() else {
        return;
    };
    let mut refuse = |field: &'static str, hint: &'static str| {
        let detail = format!("`{field}` has no meaning for a {}", node_type.name());
        let fault = Fault::new(FaultCode::NotApplicable, node.at.field(field), detail);
        check.fault(fault.with_hint(hint));
    };
    let is_attempted = kind == ControlKind::Agent;
    if node.retry.is_some() && !is_attempted {
        refuse("retry", "set it on the nodes to be retried");
    }
    if node.timeout.is_some() && !kind.is_container() {
        refuse("timeout", "set the wait in its `data`");
    }
    if node.on_ambiguous == OnAmbiguous::Fail && !is_attempted {
        refuse("on_ambiguous", "set it on nodes that must not run twice");
    }
}

impl PlannedNode {
    /// A step that the engine makes itself. It needs nothing and is attempted once.
    pub(crate) fn made(id: NodeId, kind: NodeKind) -> Self {
        Self {
            id,
            kind,
            needs: 0,
            dependents: Box::default(),
            when: None,
            case: None,
            stop_when: None,
            retry: RetryPolicy::ONCE,
            timeout: None,
            on_error: OnError::Fail,
            on_ambiguous: OnAmbiguous::Retry,
            input: ImplicitInput::Begin,
            effects: Effects::None,
            instant: false,
        }
    }

    /// Whether an attempt in it may act and is made again after a crash, and its author has not said that it may be.
    ///
    /// What is in it is known by then, so a workflow that is called in many places is not walked for each.
    pub(super) fn acts_unguarded(&self) -> bool {
        match &self.kind {
            NodeKind::Leaf(_) => {
                let acts = !matches!(self.effects, Effects::None | Effects::Reads);
                acts && self.on_ambiguous == OnAmbiguous::Retry
            }
            NodeKind::Map(map) => map.body.acts_unguarded,
            NodeKind::Loop(repeat) => repeat.body.acts_unguarded,
            NodeKind::Call(call) => call.workflow.body().acts_unguarded,
            NodeKind::Agent(agent) => agent.tools.iter().any(|tool| tool.acts_unguarded),
            NodeKind::Turn(_) | NodeKind::ToolCall(_) | NodeKind::Human(_) | NodeKind::Delay(_) => {
                false
            }
        }
    }

    /// What an output of the node fits, as far as the node says so.
    pub(crate) fn output_schema(&self) -> Option<&Value> {
        match &self.kind {
            NodeKind::Leaf(node) => node.output_schema(),
            NodeKind::Human(human) => human.schema.as_deref(),
            _ => None,
        }
    }

    /// The entry of the node in `run.created`.
    pub(super) fn outline(
        &self,
        node: &NodeSpec,
        needs: Vec<NodeId>,
        contents: Contents,
    ) -> NodeOutline {
        NodeOutline {
            id: self.id.clone(),
            kind: node.kind.clone().unwrap_or_default(),
            name: node.name.clone(),
            needs,
            case: node.case.clone(),
            stops: self.stop_when.is_some(),
            workflow: contents.workflow,
            nodes: contents.nodes,
        }
    }
}
