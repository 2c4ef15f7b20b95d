//! Finds the fields of a node's `data` that hold templates, by marks in the JSON Schema of its type.
//!
//! [`Template`](crate::Template), [`Json`](crate::Json) and similar types write `x-workflow` into the schema of their
//! fields. So the author of a node cannot forget to have a template checked.
//!
//! `x-workflow-output` is not read here: it declares the output to editors, which cannot call
//! [`output_shape`](crate::Node::output_shape). On a type it is the schema of the output; on a field it is `true`, and what
//! the field holds is the schema of the output, or its value.
//!
//! A choice (`anyOf`, `oneOf`, `allOf`) is walked in all its branches, since it is not known which one a value
//! means: a mark in any of them counts.

use serde_json::Value;

use crate::{error::Pointer, template::looks_like_template};

/// What a field holds, as its type declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workflow) enum Mark {
    /// A `Template`. `refers` if it must read something.
    Template { refers: bool },
    /// A `Json`.
    Json,
    /// An `Expr`, or a `Condition`.
    Expression { condition: bool },
    /// The body of a map, a loop or a tool.
    Nodes,
    /// A `TextOrSecret`.
    Secret,
    /// A JSON Schema, in which nothing is a template.
    Schema,
    /// A string that is used literally.
    Literal,
    /// The name of a field that looks like a template. Names are used literally.
    Name,
}

/// A marked value in `data`.
pub(in crate::workflow) struct Marked<'a> {
    pub(in crate::workflow) mark: Mark,
    pub(in crate::workflow) at: Pointer,
    pub(in crate::workflow) value: &'a Value,
    pub(in crate::workflow) reads: Reads,
}

/// When a marked value is evaluated, and so what it can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::workflow) enum Reads {
    /// With the node: what the node can read.
    Node,
    /// After the nodes of the body: those, too.
    Body,
    /// For a call of a tool: its arguments, too.
    Args,
}

impl Reads {
    /// What is written in a schema counts for everything below it.
    fn of(schema: &Value, outer: Self) -> Self {
        match schema["x-workflow-reads"].as_str() {
            Some("body") => Self::Body,
            Some("args") => Self::Args,
            _ => outer,
        }
    }
}

/// Walks `data` and the schema of its type side by side.
pub(in crate::workflow) fn find<'a>(
    schema: &Value,
    data: &'a Value,
    at: &Pointer,
) -> Vec<Marked<'a>> {
    let mut found = Vec::new();
    walk(schema, data, at, Reads::Node, &mut found);
    found
}

/// One level of the walk. A marked value is not walked further: its own check does that.
fn walk<'a>(
    schema: &Value,
    value: &'a Value,
    at: &Pointer,
    reads: Reads,
    found: &mut Vec<Marked<'a>>,
) {
    let reads = Reads::of(schema, reads);
    if let Some(mark) = mark_of(schema, value) {
        found.push(Marked {
            mark,
            at: at.clone(),
            value,
            reads,
        });
        return;
    }
    for choice in ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|key| schema[key].as_array())
        .flatten()
    {
        walk(choice, value, at, reads, found);
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let at = at.field(key);
                let of_member = schema["properties"].get(key);
                if of_member.is_none() && looks_like_template(key) {
                    found.push(Marked {
                        mark: Mark::Name,
                        at: at.clone(),
                        value: member,
                        reads,
                    });
                }
                let of_member = of_member.unwrap_or(&schema["additionalProperties"]);
                walk(of_member, member, &at, reads, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&schema["items"], item, &at.item(index), reads, found);
            }
        }
        _ => {}
    }
}

/// A string in a field without a mark is literal. That is checked, too: `{{ … }}` in such a field is most likely a
/// mistake.
fn mark_of(schema: &Value, value: &Value) -> Option<Mark> {
    match schema["x-workflow"].as_str() {
        Some("template") => Some(Mark::Template {
            refers: schema["x-workflow-refers"] == true,
        }),
        Some("json") => Some(Mark::Json),
        Some("expression") => Some(Mark::Expression {
            condition: schema["x-workflow-condition"] == true,
        }),
        Some("nodes") => Some(Mark::Nodes),
        Some("secret") => Some(Mark::Secret),
        Some("schema") => value.is_object().then_some(Mark::Schema),
        _ => (value.is_string() && allows_string(schema)).then_some(Mark::Literal),
    }
}

/// Whether the schema allows a string by name. A schema without a type allows any JSON, used literally.
fn allows_string(schema: &Value) -> bool {
    match &schema["type"] {
        Value::String(one) => one == "string",
        Value::Array(several) => several.iter().any(|one| one == "string"),
        _ => false,
    }
}
