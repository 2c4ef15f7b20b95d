//! Every node, checked and ready to run.

use std::time::Duration;

use super::check::Check;
use super::spec::{Defaults, NodeSpec};
use crate::workflow::check::{
    control::{PlannedCall, PlannedLoop, PlannedMap},
    data::{self, Built, Inside},
    graph::Graph,
    graph_node::GraphNode,
    outputs::Shape,
    references::Reader,
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    event::NodeOutline,
    node::{DelayNode, HumanNode, Node, NodeType, RetryPolicy},
    template::{Condition, ImplicitInput},
    value::NodeId,
    workflow::spec::{OnAmbiguous, OnError},
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

/// Plans a node; one that cannot be planned has a fault.
pub(super) fn plan(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    check: &mut Check,
) -> Option<(Planned, Inside)> {
    let placed = GraphNode {
        spec: node,
        index,
        graph,
    };
    let when = condition(node, placed.reader(), check);
    let node_type = data::node_type(node, check)?;
    refuse_what_does_not_apply(node, node_type, check);
    let Built {
        work,
        output,
        inside,
    } = data::build(placed, node_type, check)?;
    graph.set_shape(index, output_shape(output, node));
    let defaults = if node_type.control().is_none() {
        check.defaults
    } else {
        Defaults::default()
    };
    let planned = Planned {
        id: node.id.clone()?,
        work,
        needs: graph.needs(index).len(),
        dependents: graph.dependents(index).into(),
        when,
        retry: (node.retry.or(defaults.retry))
            .map_or_else(|| node_type.default_retry(), RetryPolicy::from),
        timeout: node.timeout.or(defaults.timeout),
        on_error: node.on_error.clone(),
        on_ambiguous: node.on_ambiguous,
        input: graph.implicit_input(index),
    };
    Some((planned, inside))
}

/// What is known of the output of a node, as the nodes after it read it.
fn output_shape(own: Shape, node: &NodeSpec) -> Shape {
    match &node.on_error {
        OnError::Output(output) => Shape::one_of(vec![own, Shape::of_value(output)]),
        OnError::Fail | OnError::Continue => own,
    }
}

/// The `when` of a node.
fn condition(node: &NodeSpec, reader: Reader, check: &mut Check) -> Option<Condition> {
    let source = node.when.as_ref()?;
    let at = node.at.field("when");
    match Condition::parse(source) {
        Ok(condition) => {
            let found = reader.check(condition.references(), &at);
            check.faults.extend(found);
            let found = reader.check_paths(condition.paths(), &at);
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
        Fault::new(FaultCode::ConstantCondition, at, detail).with_hint(hint)
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
        check.fault(fault.with_hint(hint));
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
    /// The node in `run.created`.
    pub(super) fn outline(
        &self,
        node: &NodeSpec,
        needs: Vec<NodeId>,
        inside: Inside,
    ) -> NodeOutline {
        NodeOutline {
            id: self.id.clone(),
            kind: node.kind.clone().unwrap_or_default(),
            name: node.name.clone(),
            needs,
            workflow: inside.workflow,
            nodes: inside.nodes,
        }
    }
}
