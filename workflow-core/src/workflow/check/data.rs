//! Checks the `data` of a node against its type, and builds what the node does.
//!
//! The order matters: the marked fields are checked first and replaced by valid values where they have faults, then the
//! schema is checked, then the node is built. So a faulty template does not hide a missing field.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Check,
    container::Container,
    control, fields,
    graph_node::GraphNode,
    marks,
    outputs::Shape,
    references::{Reader, other_branch},
    shape,
};
use crate::workflow::{body::Body, plan::NodeKind};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    event::NodeOutline,
    node::{Node, NodeInstance, NodeType, OutputShape, Registry},
    template::ImplicitInput,
    workflow::spec::NodeSpec,
};

/// The registered type of a node; a fault if there is none.
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

/// Builds what a node does, or adds a fault for everything that prevents it.
///
/// The bodies of a container are checked even if its `data` has faults, and the `data` even if a body has:
/// `bodies?` comes last.
pub(in crate::workflow) fn build(
    node: GraphNode<'_>,
    node_type: &NodeType,
    check: &mut Check,
) -> Option<Built> {
    let at = node.spec.at.field("data");
    let data = &node.spec.data;
    let marked = marks::find(node_type.schema(), data, &at);
    let mut patched = PatchedData::new(data, &at);
    let own = marked
        .iter()
        .filter(|field| field.reads == marks::Reads::Node);
    for field in own {
        patched.check(field, &node.reader(), check);
    }
    let bodies = node_type.control().map(|kind| {
        let marked = &marked;
        let container = Container { kind, node, marked };
        (
            kind,
            control::of(kind).bodies(container, &mut patched, check),
        )
    });
    match (make(node_type, &patched, check)?, bodies) {
        (NodeInstance::Leaf(made), _) => Some(leaf(made, node, check)),
        (NodeInstance::Control(data), Some((kind, bodies))) => {
            control::of(kind).plan(data, bodies?, node, check)
        }
        (NodeInstance::Control(_), None) => None,
    }
}

/// A copy of `data` in which valid values replace the fields with faults, so that the form of the rest can
/// still be checked.
///
/// Without it, a template that does not parse would be reported twice, by its own check and by the deserialization
/// of the field.
pub(in crate::workflow) struct PatchedData<'a> {
    data: Value,
    at: &'a Pointer,
}

impl<'a> PatchedData<'a> {
    fn new(data: &Value, at: &'a Pointer) -> Self {
        let data = data.clone();
        Self { data, at }
    }

    /// Checks a field as `reader` reads it.
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
        // A pointer of a long key is cut (`Pointer::field`), so the field may not be found. Then the fault is
        // reported, and possibly another one by the schema.
        let (outer, inner) = (self.at.to_string(), field.at.to_string());
        let place = inner
            .strip_prefix(&outer)
            .and_then(|inner| self.data.pointer_mut(inner));
        if let Some(place) = place {
            *place = fields::valid(field.mark);
        }
    }
}

/// Checks the form of the patched data, then deserializes it.
///
/// A type can be stricter than its schema; what it refuses is one more fault, the first only.
fn make(node_type: &NodeType, patched: &PatchedData, check: &mut Check) -> Option<NodeInstance> {
    if let Err(found) = shape::check(&patched.data, patched.at, node_type) {
        check.faults.extend(found);
        return None;
    }
    match node_type.make(&patched.data) {
        Ok(made) => Some(made),
        Err(error) => {
            let place = error.place(patched.at);
            check.fault(Fault::new(FaultCode::InvalidValue, place, error.detail()));
            None
        }
    }
}

/// A node that can be run, with what is known about it.
pub(in crate::workflow) struct Built {
    pub(in crate::workflow) kind: NodeKind,
    /// What is known of its output.
    pub(in crate::workflow) output: Shape,
    pub(in crate::workflow) contents: Contents,
}

/// What the outline of a node lists as its contents.
#[derive(Default)]
pub(in crate::workflow) struct Contents {
    /// The nodes of its body.
    pub(in crate::workflow) nodes: Vec<NodeOutline>,
    /// The workflow that it calls.
    pub(in crate::workflow) workflow: Option<Arc<str>>,
}

impl Contents {
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

/// Finishes a leaf: checks that its implicit input exists, and derives the shape of its output.
fn leaf(leaf: Box<dyn Node>, node: GraphNode<'_>, check: &mut Check) -> Built {
    if leaf.reads_input() {
        read_implicit(node, check);
    }
    Built {
        output: declared(leaf.output_shape(), node),
        kind: NodeKind::Leaf(leaf),
        contents: Contents::default(),
    }
}

/// The shape of an output, as the node declares it.
pub(super) fn declared(shape: OutputShape<'_>, node: GraphNode<'_>) -> Shape {
    match shape {
        OutputShape::Unknown => Shape::Unknown,
        OutputShape::Text => Shape::Text,
        OutputShape::Schema(schema) => Shape::of_schema(schema),
        OutputShape::Json(json) => node.reader().shape_of_json(json),
    }
}

/// Marks that a node reads its implicit input, and refuses the node if it has none.
pub(in crate::workflow) fn read_implicit(node: GraphNode<'_>, check: &mut Check) {
    let GraphNode { spec, index, graph } = node;
    if let ImplicitInput::Step(step) = graph.implicit_input(index) {
        graph.uses(step);
        if graph.exclude(step, index) {
            check.fault(other_branch(graph.name(step), graph.name(index), &spec.at));
            return;
        }
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
