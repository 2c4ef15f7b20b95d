//! Checks the `data` of a node against its type, and builds what the node does.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Body, Workflow,
    check::Check,
    container, fields,
    graph::Graph,
    marks,
    plan::{PlannedCall, PlannedLoop, PlannedMap, Work},
    references::Reader,
    shape,
};
use crate::{
    control::{Control, WorkflowNode},
    fault::{Fault, FaultCode},
    pointer::Pointer,
    registry::{Made, NodeType, Registry},
    scope::ImplicitInput,
    spec::NodeSpec,
    suggest::{did_you_mean, shown},
};

/// The type of a node.
pub(super) fn node_type<'a>(node: &NodeSpec, check: &mut Check<'a>) -> Option<&'a NodeType> {
    let kind = node.kind.as_deref()?;
    let node_type = check.registry.get(kind);
    if node_type.is_none() {
        check.fault(unknown_type(kind, node, check.registry));
    }
    node_type
}

fn unknown_type(kind: &str, node: &NodeSpec, registry: &Registry) -> Fault {
    let names: Vec<&str> = registry.types().map(NodeType::name).collect();
    let at = node.at.field("type");
    let detail = format!("`{}` is not a node type", shown(kind));
    let mut fault = Fault::new(FaultCode::UnknownType, at, detail);
    fault.hint = did_you_mean(kind, names.iter().copied())
        .or_else(|| Some(format!("the node types are {}", names.join(", "))));
    fault
}

/// Builds what a node does, or notes everything that keeps it from being built.
pub(super) fn build(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    node_type: &NodeType,
    check: &mut Check,
) -> Option<Work> {
    let at = node.at.field("data");
    let marked = marks::find(node_type.schema(), &node.data, &at);
    let mut stand_in = StandIn::new(&node.data, &at);
    let own = marked.iter().filter(|field| !field.reads_body);
    for field in own {
        stand_in.check(field, &Reader::node(graph, index), check);
    }
    let body = node_type
        .control()
        .and_then(|kind| container::body(kind, node, index, graph, &marked, &mut stand_in, check));
    let made = make(node_type, &stand_in, check)?;
    work(made, body, node, index, graph, check)
}

/// A copy of `data` with something valid where a faulty field stands, so that the shape of the rest
/// can still be checked.
pub(super) struct StandIn<'a> {
    data: Value,
    at: &'a Pointer,
}

impl<'a> StandIn<'a> {
    fn new(data: &Value, at: &'a Pointer) -> Self {
        let data = data.clone();
        Self { data, at }
    }

    /// Checks a field for a reader.
    pub(super) fn check(&mut self, field: &marks::Marked, reader: &Reader, check: &mut Check) {
        check.warnings.extend(fields::warning(field));
        let found = fields::check(field, reader);
        if found.is_empty() {
            return;
        }
        check.faults.extend(found);
        let (outer, inner) = (self.at.to_string(), field.at.to_string());
        let place = inner
            .strip_prefix(&outer)
            .and_then(|inner| self.data.pointer_mut(inner));
        if let Some(place) = place {
            *place = fields::valid(field.mark);
        }
    }
}

fn make(node_type: &NodeType, stand_in: &StandIn, check: &mut Check) -> Option<Made> {
    if let Err(found) = shape::check(&stand_in.data, stand_in.at, node_type) {
        check.faults.extend(found);
        return None;
    }
    match node_type.make(&stand_in.data) {
        Ok(made) => Some(made),
        Err(error) => {
            let place = error.place(stand_in.at);
            check.fault(Fault::new(FaultCode::InvalidValue, place, error.detail()));
            None
        }
    }
}

/// What was read, together with what it needs from elsewhere.
fn work(
    made: Made,
    body: Option<Arc<Body>>,
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    check: &mut Check,
) -> Option<Work> {
    let at = node.at.field("data");
    let control = match made {
        Made::Leaf(leaf) => {
            if leaf.reads_input() {
                read_implicit(node, index, graph, check);
            }
            return Some(Work::Leaf(leaf));
        }
        Made::Control(control) => control,
    };
    match control {
        Control::Map(node) => {
            let body = body?;
            Some(Work::Map(PlannedMap { node, body }))
        }
        Control::Loop(node) => {
            let body = body?;
            Some(Work::Loop(PlannedLoop { node, body }))
        }
        Control::Workflow(call) => {
            if call.input.is_none() {
                read_implicit(node, index, graph, check);
            }
            let workflow = called(&call, node, &at, check)?;
            let node = call;
            Some(Work::Call(PlannedCall { node, workflow }))
        }
        Control::Human(human) => {
            if let Some(expires) = human.expires {
                check.may_wait(expires.0, &at.field("expires"));
            }
            Some(Work::Human(human))
        }
        Control::Delay(delay) => {
            check.may_wait(delay.duration.0, &at.field("for"));
            Some(Work::Delay(delay))
        }
    }
}

fn called(
    call: &WorkflowNode,
    node: &NodeSpec,
    at: &Pointer,
    check: &mut Check,
) -> Option<Arc<Workflow>> {
    let at = at.field("workflow");
    let workflow = check.call(&call.workflow, &at)?;
    let depth = workflow.depth();
    check.within(&at, node.timeout, depth, |_| workflow)
}

/// Notes that a node reads its implicit input, and refuses it where there is none.
fn read_implicit(node: &NodeSpec, index: usize, graph: &Graph, check: &mut Check) {
    if let ImplicitInput::Step(step) = graph.implicit_input(index) {
        graph.uses(step);
    }
    if graph.has_input(index) {
        return;
    }
    let (name, needs) = (graph.name(index), graph.needs(index).len());
    let detail = match needs {
        0 => format!("`{name}` reads its input, but the loop it is in has several needs"),
        needs => format!("`{name}` reads its input, but has {needs} needs"),
    };
    let hint = "name what it should read in a template, or give it exactly one need";
    check.fault(Fault::new(FaultCode::NoImplicitInput, &node.at, detail).hint(hint));
}
