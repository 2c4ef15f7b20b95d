//! Every node, checked and ready to run.

use std::{sync::Arc, time::Duration};

use super::{Body, Workflow, check::Check, data, graph::Graph, outputs::Shape, references::Reader};
use crate::{
    control::{DelayNode, HumanNode, LoopNode, MapNode, OnItemError, WorkflowNode},
    event::NodeOutline,
    fault::{Fault, FaultCode},
    id::NodeId,
    node::{Node, OutputShape},
    pointer::Pointer,
    registry::NodeType,
    retry::RetryPolicy,
    scope::ImplicitInput,
    spec::{Defaults, NodeSpec, OnAmbiguous, OnError},
    template::Condition,
};

/// One node, ready to run.
pub(crate) struct Planned {
    pub(crate) id: NodeId,
    pub(crate) work: Work,
    pub(crate) needs: usize,
    pub(crate) dependents: Box<[usize]>,
    pub(crate) when: Option<Condition>,
    pub(crate) retry: RetryPolicy,
    /// Of an attempt; of a map, loop or called workflow in all.
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_error: OnError,
    pub(crate) on_ambiguous: OnAmbiguous,
    pub(crate) input: ImplicitInput,
}

/// What a node does.
pub(crate) enum Work {
    Leaf(Box<dyn Node>),
    Map(PlannedMap),
    Loop(PlannedLoop),
    Call(PlannedCall),
    Human(HumanNode),
    Delay(DelayNode),
}

/// A map with its body.
pub(crate) struct PlannedMap {
    pub(crate) node: MapNode,
    pub(crate) body: Arc<Body>,
}

/// A loop with its body.
pub(crate) struct PlannedLoop {
    pub(crate) node: LoopNode,
    pub(crate) body: Arc<Body>,
}

/// A call with the workflow that it calls.
pub(crate) struct PlannedCall {
    pub(crate) node: WorkflowNode,
    pub(crate) workflow: Arc<Workflow>,
}

/// Plans a node; one that cannot be planned has a fault.
pub(super) fn plan(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    check: &mut Check,
) -> Option<Planned> {
    let when = condition(node, Reader::node(graph, index), check);
    let node_type = data::node_type(node, check)?;
    refuse_what_does_not_apply(node, node_type, check);
    let work = data::build(node, index, graph, node_type, check)?;
    graph.set_shape(index, output_shape(&work, node, index, graph));
    let defaults = if node_type.control().is_none() {
        check.defaults
    } else {
        Defaults::default()
    };
    Some(Planned {
        id: node.id.clone()?,
        work,
        needs: graph.needs(index).len(),
        dependents: graph.dependents(index).into(),
        when,
        retry: (node.retry.or(defaults.retry)).unwrap_or_else(|| node_type.default_retry()),
        timeout: node.timeout.or(defaults.timeout),
        on_error: node.on_error.clone(),
        on_ambiguous: node.on_ambiguous,
        input: graph.implicit_input(index),
    })
}

/// What is known of the output of a node.
fn output_shape(work: &Work, node: &NodeSpec, index: usize, graph: &Graph) -> Shape {
    let shape = match work {
        Work::Leaf(leaf) => match leaf.output_shape() {
            OutputShape::Unknown => Shape::Unknown,
            OutputShape::Text => Shape::Text,
            OutputShape::Schema(schema) => Shape::of_schema(schema),
            OutputShape::Json(json) => Reader::node(graph, index).shape_of_json(json),
        },
        Work::Map(PlannedMap { node: map, body }) => {
            let mut items = vec![body.result.clone()];
            if map.on_item_error == OnItemError::Null {
                items.push(Shape::Scalar);
            }
            Shape::List(Arc::new(Shape::one_of(items)))
        }
        Work::Loop(repeat) => repeat.body.result.clone(),
        Work::Call(call) => call.workflow.result_shape().clone(),
        Work::Human(human) => (human.schema.as_deref()).map_or(Shape::Unknown, Shape::of_schema),
        Work::Delay(_) => graph.input_shape(index),
    };
    match &node.on_error {
        OnError::Output(output) => Shape::one_of(vec![shape, Shape::of_value(output)]),
        OnError::Fail | OnError::Continue => shape,
    }
}

/// The `when` of a node.
fn condition(node: &NodeSpec, reader: Reader, check: &mut Check) -> Option<Condition> {
    let source = node.when.as_ref()?;
    let at = node.at.field("when");
    match Condition::new(source) {
        Ok(condition) => {
            let found = reader.check(condition.references(), &at);
            check.faults.extend(found);
            let found = reader.check_paths(&condition.paths(), &at);
            check.faults.extend(found);
            check.warnings.extend(constant(&condition, &at));
            Some(condition)
        }
        Err(error) => {
            check.fault(error.into_fault(&at));
            None
        }
    }
}

/// The warning of a condition that reads nothing.
pub(super) fn constant(condition: &Condition, at: &Pointer) -> Option<Fault> {
    condition.is_constant().then(|| {
        let detail = "the condition reads nothing, so it is always the same";
        let hint = "compare `input` or the output of a node, or write `true` or `false`";
        Fault::new(FaultCode::ConstantCondition, at, detail).hint(hint)
    })
}

/// Control nodes are not attempted: they have no `retry`, and only containers a `timeout`.
fn refuse_what_does_not_apply(node: &NodeSpec, node_type: &NodeType, check: &mut Check) {
    let Some(kind) = node_type.control() else {
        return;
    };
    let mut refuse = |field: &'static str, hint: &'static str| {
        let detail = format!("`{field}` has no meaning for a {}", kind.name());
        let fault = Fault::new(FaultCode::NotApplicable, node.at.field(field), detail);
        check.fault(fault.hint(hint));
    };
    if node.retry.is_some() {
        refuse("retry", "put it on the nodes that are to be tried again");
    }
    if node.timeout.is_some() && !kind.is_container() {
        refuse("timeout", "how long it waits stands in its `data`");
    }
    if node.on_ambiguous == OnAmbiguous::Fail {
        refuse("on_ambiguous", "put it on nodes that must not happen twice");
    }
}

impl Planned {
    /// The node as events tell it.
    pub(super) fn outline(&self, node: &NodeSpec, needs: Vec<NodeId>) -> NodeOutline {
        let (workflow, nodes) = match &self.work {
            Work::Map(PlannedMap { body, .. }) | Work::Loop(PlannedLoop { body, .. }) => {
                (None, body.outline.to_vec())
            }
            Work::Call(call) => (Some(Arc::clone(&call.node.workflow)), Vec::new()),
            Work::Leaf(_) | Work::Human(_) | Work::Delay(_) => (None, Vec::new()),
        };
        NodeOutline {
            id: self.id.clone(),
            kind: node.kind.clone().unwrap_or_default(),
            name: node.name.clone(),
            needs,
            workflow,
            nodes,
        }
    }
}
