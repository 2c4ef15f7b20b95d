//! Checks the `data` of a node against its type, and builds the node.

use serde_json::Value;

use super::{
    graph::Graph,
    marks::{self, Mark, Marked},
    references::Reader,
};
use crate::{
    fault::{Fault, FaultCode},
    node::Node,
    pointer::Pointer,
    registry::{DataError, NodeType, Registry},
    scope::ImplicitInput,
    spec::NodeSpec,
    suggest::did_you_mean,
    template::{Json, Template},
};

/// Types that are part of the language, but not run by this version.
const UNSUPPORTED_TYPES: [&str; 6] = [
    "MapNode",
    "LoopNode",
    "WorkflowNode",
    "HumanNode",
    "DelayNode",
    "HttpNode",
];

/// Builds one node, or notes everything that keeps it from being built.
pub(super) fn build(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    registry: &Registry,
    faults: &mut Vec<Fault>,
) -> Option<Box<dyn Node>> {
    let kind = node.kind.as_deref()?;
    let Some(node_type) = registry.get(kind) else {
        faults.push(unknown_type(kind, node, registry));
        return None;
    };
    let at = node.at.field("data");
    let marked = marks::find(node_type.schema(), &node.data, &at);
    let reader = Reader::node(graph, index);
    let mut stand_in = node.data.clone();
    for field in &marked {
        let found = check_field(field, &reader);
        if !found.is_empty() {
            replace(&mut stand_in, &at, &field.at);
            faults.extend(found);
        }
    }
    let built = match node_type.build(&stand_in, &at) {
        Ok(built) => built,
        Err(error) => {
            faults.push(shape_fault(error, &node.data, &at, node_type));
            return None;
        }
    };
    if built.reads_input() && graph.implicit_input(index) == ImplicitInput::None {
        let detail = format!(
            "`{}` reads its input, but has {} needs",
            graph.name(index),
            graph.needs(index).len()
        );
        let hint = "name what it should read in a template, or give it exactly one need";
        faults.push(Fault::new(FaultCode::NoImplicitInput, node.at.as_str(), detail).hint(hint));
    }
    Some(built)
}

fn unknown_type(kind: &str, node: &NodeSpec, registry: &Registry) -> Fault {
    let at = node.at.field("type");
    if UNSUPPORTED_TYPES.contains(&kind) {
        return Fault::new(
            FaultCode::Unsupported,
            at,
            format!("`{kind}` is not supported by this version"),
        );
    }
    let names: Vec<&str> = registry.types().map(NodeType::name).collect();
    let mut fault = Fault::new(
        FaultCode::UnknownType,
        at,
        format!("`{kind}` is not a node type"),
    );
    fault.hint = did_you_mean(kind, names.iter().copied())
        .or_else(|| Some(format!("the node types are {}", names.join(", "))));
    fault
}

/// What is wrong with a template, or with a string that only looks like one.
fn check_field(field: &Marked, reader: &Reader) -> Vec<Fault> {
    match (field.mark, field.value) {
        (Mark::Template { refers }, Value::String(source)) => {
            check_template(source, refers, &field.at, reader)
        }
        (Mark::Json, json) => check_json(json, &field.at, reader),
        (Mark::Literal, Value::String(text)) if text.contains("{{") => {
            let detail = "`{{` in a field that is taken as it stands";
            vec![Fault::new(
                FaultCode::NotATemplate,
                field.at.as_str(),
                detail,
            )]
        }
        _ => Vec::new(),
    }
}

fn check_template(source: &str, refers: bool, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    let template = match Template::new(source) {
        Ok(template) => template,
        Err(error) => return vec![error.into_fault(at.as_str())],
    };
    let mut faults = reader.check(template.references(), at);
    faults.extend(
        template
            .assigned()
            .filter_map(|name| reader.check_assigned(name, at)),
    );
    if refers && template.references().is_empty() {
        let detail = "the template refers to nothing, so it would always give the same text";
        let hint = "include {{input}} or the output of a node";
        faults.push(Fault::new(FaultCode::TemplateWithoutInput, at.as_str(), detail).hint(hint));
    }
    faults
}

fn check_json(json: &Value, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    match Json::new(json, at) {
        Err(faults) => faults,
        Ok(json) => {
            let references = json.references(at).into_iter();
            references
                .flat_map(|(at, references)| reader.check(&references, &at))
                .collect()
        }
    }
}

/// Puts an empty text where a faulty template stands, so that the shape of `data` can still be checked.
fn replace(data: &mut Value, data_at: &Pointer, at: &Pointer) {
    let inner = at
        .as_str()
        .strip_prefix(data_at.as_str())
        .unwrap_or_default();
    if let Some(place) = data.pointer_mut(inner) {
        *place = Value::String(String::new());
    }
}

/// Says what is wrong with the shape of `data`, in the terms of the schema where that is possible.
fn shape_fault(error: DataError, data: &Value, at: &Pointer, node_type: &NodeType) -> Fault {
    let schema = node_type.schema();
    let fields = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    let fields: Vec<&str> = fields.map(String::as_str).collect();
    let Some(data) = data.as_object() else {
        return Fault::new(FaultCode::InvalidValue, error.at, error.detail);
    };
    let unknown = data
        .keys()
        .find(|key| error.at == at.field(key) && !fields.contains(&key.as_str()));
    if let Some(unknown) = unknown {
        let detail = format!("`{unknown}` is not a field of {}", node_type.name());
        let mut fault = Fault::new(FaultCode::UnknownField, error.at, detail);
        let listed =
            || Some(format!("its fields are {}", fields.join(", "))).filter(|_| !fields.is_empty());
        fault.hint = did_you_mean(unknown, fields.iter().copied()).or_else(listed);
        return fault;
    }
    let required = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let missing = required
        .filter(|_| error.at == *at)
        .find(|field| !data.contains_key(*field));
    if let Some(missing) = missing {
        return Fault::new(
            FaultCode::MissingField,
            error.at,
            format!("`{missing}` is missing"),
        );
    }
    Fault::new(FaultCode::InvalidValue, error.at, error.detail)
}
