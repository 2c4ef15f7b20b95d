//! Checks the `data` of a node against its type, and builds what the node does.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Check, container::Container, control, fields, graph_node::GraphNode, marks, outputs::Shape,
    references::Reader, shape,
};
use crate::workflow::{body::Body, plan::Work};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    event::NodeOutline,
    node::{Made, Node, NodeType, OutputShape, Registry},
    template::ImplicitInput,
    workflow::spec::NodeSpec,
};

/// The type of a node.
pub(in crate::workflow) fn node_type<'a>(
    node: &NodeSpec,
    check: &mut Check<'a>,
) -> Option<&'a NodeType> {
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
pub(in crate::workflow) fn build(
    node: GraphNode<'_>,
    node_type: &NodeType,
    check: &mut Check,
) -> Option<Built> {
    let at = node.spec.at.field("data");
    let data = &node.spec.data;
    let marked = marks::find(node_type.schema(), data, &at);
    let mut stand_in = StandIn::new(data, &at);
    let own = marked.iter().filter(|field| !field.reads_body);
    for field in own {
        stand_in.check(field, &node.reader(), check);
    }
    let bodies = node_type.control().map(|kind| {
        let marked = &marked;
        let container = Container { kind, node, marked };
        (kind, container.bodies(&mut stand_in, check))
    });
    match (make(node_type, &stand_in, check)?, bodies) {
        (Made::Leaf(made), _) => Some(leaf(made, node, check)),
        (Made::Control(data), Some((kind, bodies))) => {
            control::of(kind).plan(data, bodies?, node, check)
        }
        (Made::Control(_), None) => None,
    }
}

/// A copy of `data` with something valid where a faulty field stands, so that the shape of the rest
/// can still be checked.
pub(in crate::workflow) struct StandIn<'a> {
    data: Value,
    at: &'a Pointer,
}

impl<'a> StandIn<'a> {
    fn new(data: &Value, at: &'a Pointer) -> Self {
        let data = data.clone();
        Self { data, at }
    }

    /// Checks a field for a reader.
    pub(in crate::workflow) fn check(
        &mut self,
        field: &marks::Marked,
        reader: &Reader,
        check: &mut Check,
    ) {
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

/// A node that can be run, and what is known about it.
pub(in crate::workflow) struct Built {
    pub(in crate::workflow) work: Work,
    /// What is known of its output.
    pub(in crate::workflow) output: Shape,
    pub(in crate::workflow) inside: Inside,
}

/// What the outline of a node says about what it contains.
#[derive(Default)]
pub(in crate::workflow) struct Inside {
    /// The nodes of its body.
    pub(in crate::workflow) nodes: Vec<NodeOutline>,
    /// The workflow that it calls.
    pub(in crate::workflow) workflow: Option<Arc<str>>,
}

impl Inside {
    pub(in crate::workflow) fn of_body(body: &Body) -> Self {
        Self {
            nodes: body.outline.to_vec(),
            workflow: None,
        }
    }

    pub(in crate::workflow) fn of_called(workflow: &Arc<str>) -> Self {
        Self {
            nodes: Vec::new(),
            workflow: Some(Arc::clone(workflow)),
        }
    }
}

fn leaf(leaf: Box<dyn Node>, node: GraphNode<'_>, check: &mut Check) -> Built {
    if leaf.reads_input() {
        read_implicit(node, check);
    }
    let output = match leaf.output_shape() {
        OutputShape::Unknown => Shape::Unknown,
        OutputShape::Text => Shape::Text,
        OutputShape::Schema(schema) => Shape::of_schema(schema),
        OutputShape::Json(json) => node.reader().shape_of_json(json),
    };
    Built {
        work: Work::Leaf(leaf),
        output,
        inside: Inside::default(),
    }
}

/// Notes that a node reads its implicit input, and refuses it where there is none.
pub(in crate::workflow) fn read_implicit(node: GraphNode<'_>, check: &mut Check) {
    let GraphNode { spec, index, graph } = node;
    if let ImplicitInput::Step(step) = graph.implicit_input(index) {
        graph.uses(step);
    }
    if node.has_input() {
        return;
    }
    let (name, needs) = (graph.name(index), graph.needs(index).len());
    let detail = match needs {
        0 => format!("`{name}` reads its input, but the loop it is in has several needs"),
        needs => format!("`{name}` reads its input, but has {needs} needs"),
    };
    let hint = "name what it should read in a template, or give it exactly one need";
    check.fault(Fault::new(FaultCode::NoImplicitInput, &spec.at, detail).with_hint(hint));
}
