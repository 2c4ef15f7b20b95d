//! Checks the `data` of a node against its type, and builds the node.

use serde_json::Value;

use super::{
    graph::Graph,
    marks::{self, Mark, Marked},
    references::Reader,
    shape,
};
use crate::{
    fault::{Fault, FaultCode},
    node::Node,
    pointer::Pointer,
    registry::{NodeType, Registry},
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
            replace(&mut stand_in, &at, field);
            faults.extend(found);
        }
    }
    if let Err(found) = shape::check(&stand_in, &at, node_type) {
        faults.extend(found);
        return None;
    }
    let built = match node_type.build(&stand_in, &at) {
        Ok(built) => built,
        Err(error) => {
            faults.push(Fault::new(FaultCode::InvalidValue, error.at, error.detail));
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
        faults.push(Fault::new(FaultCode::NoImplicitInput, &node.at, detail).hint(hint));
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
        (Mark::Secret, Value::String(source)) => check_template(source, false, &field.at, reader),
        (Mark::Json, json) => check_json(json, &field.at, reader),
        (Mark::Schema, json) => check_schema(json, &field.at),
        (Mark::Literal, Value::String(text)) if text.contains("{{") => {
            let detail = "`{{` in a field that is taken as it stands";
            vec![Fault::new(FaultCode::NotATemplate, &field.at, detail)]
        }
        _ => Vec::new(),
    }
}

fn check_template(source: &str, refers: bool, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    let template = match Template::new(source) {
        Ok(template) => template,
        Err(error) => return vec![error.into_fault(at)],
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
        faults.push(Fault::new(FaultCode::TemplateWithoutInput, at, detail).hint(hint));
    }
    faults
}

fn check_schema(json: &Value, at: &Pointer) -> Vec<Fault> {
    let compiled = jsonschema::validator_for(json);
    let error = compiled.err().map(|error| {
        let detail = format!("not a JSON Schema: {}", error.masked());
        Fault::new(FaultCode::InvalidValue, at, detail)
    });
    error.into_iter().collect()
}

fn check_json(json: &Value, at: &Pointer, reader: &Reader) -> Vec<Fault> {
    match Json::new(json, at) {
        Err(faults) => faults,
        Ok(json) => reader.check_json(&json, at),
    }
}

/// Puts something valid where a faulty value stands, so that the shape of `data` can still be checked.
fn replace(data: &mut Value, data_at: &Pointer, field: &Marked) {
    let (outer, inner) = (data_at.to_string(), field.at.to_string());
    let place = inner
        .strip_prefix(&outer)
        .and_then(|inner| data.pointer_mut(inner));
    if let Some(place) = place {
        *place = match field.mark {
            Mark::Schema => Value::Object(serde_json::Map::new()),
            Mark::Template { .. } | Mark::Secret | Mark::Json | Mark::Literal => {
                Value::String(String::new())
            }
        };
    }
}
