//! The JSON Schema of the whole language: of the fields every node has, derived from the types here,
//! and of each registered type's `data`.
//!
//! The types say what [`Spec`](super::Spec) reads. That reads field by field instead of by `serde`, so
//! that one fault does not hide another; a test holds the two together.
#![expect(dead_code, reason = "of these types, only the schema matters")]

use std::collections::BTreeMap;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    MAX_NODES,
    fields::{MAX_DESCRIPTION, MAX_NAME},
    retry::MAX_ATTEMPTS,
};
use crate::{
    node::{NodeType, Registry},
    template::{Condition, Json},
    value::{NodeId, WrittenDuration},
};

/// No control characters, and not only spaces.
const NAME_PATTERN: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// No control characters besides tabs and line ends.
const DESCRIPTION_PATTERN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// A workflow: a list of nodes, each of which says what it needs.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Workflow")]
struct WorkflowShape {
    /// Where this schema is, for editors.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
    /// The version of the language.
    #[schemars(extend("const" = 1))]
    version: Option<u8>,
    /// What the workflow is called, also by workflows that call it.
    #[schemars(length(min = 1, max = MAX_NAME), extend("pattern" = NAME_PATTERN))]
    name: Option<String>,
    /// What it is for.
    #[schemars(length(max = MAX_DESCRIPTION), extend("pattern" = DESCRIPTION_PATTERN))]
    description: Option<String>,
    /// A JSON Schema that every run's input has to fit.
    #[schemars(extend("x-workflow" = "schema"))]
    input: Option<Map<String, Value>>,
    /// The result: any JSON with templates, which may name every node. Without it, the output of the
    /// last node; of several last nodes, an object of their outputs by id.
    output: Option<Json>,
    /// How long a run may take, waits included.
    timeout: Option<WrittenDuration>,
    /// What nodes have unless they say so themselves.
    defaults: Option<DefaultsShape>,
    /// The nodes.
    #[schemars(length(min = 1, max = MAX_NODES))]
    nodes: Vec<NodeShape>,
}

/// What nodes have unless they say so themselves. Not for nodes that contain or wait.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Defaults")]
struct DefaultsShape {
    /// How often they are tried.
    retry: Option<RetryShape>,
    /// How long an attempt may take.
    timeout: Option<WrittenDuration>,
}

/// A step of the workflow.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Node")]
struct NodeShape {
    /// What other nodes call it: in templates, a `-` is written `_`.
    id: NodeId,
    /// What kind of node it is.
    #[schemars(rename = "type")]
    kind: String,
    /// What it does, as its type says.
    data: Option<Map<String, Value>>,
    /// What it is called on a page.
    #[schemars(length(min = 1, max = MAX_NAME), extend("pattern" = NAME_PATTERN))]
    name: Option<String>,
    /// What must be settled before it starts. Without it: the node just above. `[]`: nothing.
    needs: Option<Vec<NodeId>>,
    /// A bare expression: the node is skipped unless it is true.
    when: Option<Condition>,
    /// How often it is tried. Not for nodes that contain or wait.
    retry: Option<RetryShape>,
    /// How long an attempt may take; of a map, loop or called workflow, how long all of it may take.
    timeout: Option<WrittenDuration>,
    /// What follows when it fails.
    on_error: Option<OnErrorShape>,
    /// What follows when the service stopped while it was at work.
    on_ambiguous: Option<OnAmbiguousShape>,
}

/// How often a node is tried, and how long is waited in between.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "Retry")]
enum RetryShape {
    /// Attempts in all.
    Attempts(#[schemars(range(min = 1, max = MAX_ATTEMPTS))] u32),
    /// The whole policy.
    Policy(PolicyShape),
}

/// Exponential back-off.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "RetryPolicy")]
struct PolicyShape {
    /// Attempts in all.
    #[schemars(range(min = 1, max = MAX_ATTEMPTS))]
    max_attempts: u32,
    /// The wait before the second attempt; 1 s unless it is set.
    delay: Option<WrittenDuration>,
    /// By how much each further wait is longer; 2 unless it is set.
    #[schemars(range(min = 1, max = 100))]
    factor: Option<f64>,
    /// No wait is longer, unless the other side asks for it; 30 s unless it is set.
    max_delay: Option<WrittenDuration>,
    /// Whether a wait is drawn between zero and its length; yes unless it is set.
    jitter: Option<bool>,
}

/// What follows when a node fails for good.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "OnError")]
enum OnErrorShape {
    /// `fail`: so does what it is in. `continue`: its dependents go on, and it has no output.
    Word(OnErrorWord),
    /// Its dependents go on with this output.
    Output(OutputShape),
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum OnErrorWord {
    Fail,
    Continue,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct OutputShape {
    /// The output, as it stands.
    output: Value,
}

#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OnAmbiguous")]
enum OnAmbiguousShape {
    /// It runs again.
    Retry,
    /// It fails: it must not happen twice.
    Fail,
}

impl Registry {
    /// The JSON Schema (draft 2020-12) of workflows that use these node types, for editors and for
    /// programs that write workflows.
    ///
    /// It says what can be said of the shape. References, cycles and expressions are checked by
    /// [`Workflow::from_spec`](crate::Workflow::from_spec).
    pub fn language_schema(&self) -> Value {
        let mut schema = SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<WorkflowShape>()
            .to_value();
        refuse_null(&mut schema);
        let types: BTreeMap<&str, Value> =
            self.types().map(|it| (it.name(), data_of(it))).collect();
        let names: Vec<&str> = types.keys().copied().collect();
        let cases: Vec<Value> = self.types().map(case).collect();
        let definitions = &mut schema["$defs"];
        let node = &mut definitions["Node"];
        node["allOf"] = json!(cases);
        // A definition of its own: generators of clients name a type after it.
        let node_type = &mut node["properties"]["type"];
        *node_type = json!({
            "description": node_type["description"],
            "$ref": "#/$defs/NodeTypeName",
        });
        definitions["NodeTypeName"] = json!({
            "description": "The name of a node type.",
            "type": "string",
            "enum": names,
        });
        for (name, data) in types {
            definitions[definition(name)] = data;
        }
        schema
    }
}

/// What may be left out may not be `null`: the reader refuses it.
fn refuse_null(schema: &mut Value) {
    let is_null = |schema: &Value| *schema == json!({ "type": "null" });
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        choices.retain(|choice| !is_null(choice));
    }
    if let Some(types) = schema.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    let inner: Vec<&mut Value> = match schema {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => return,
    };
    inner.into_iter().for_each(refuse_null);
}

/// The name of the definition of a type's `data`.
fn definition(node_type: &str) -> String {
    format!("{node_type}.data")
}

/// Which `data` a node of this type has.
fn case(node_type: &NodeType) -> Value {
    let name = node_type.name();
    let mut then = json!({
        "properties": { "data": { "$ref": format!("#/$defs/{}", definition(name)) } },
    });
    if node_type.schema()["required"].is_array() {
        then["required"] = json!(["data"]);
    }
    json!({ "if": { "properties": { "type": { "const": name } } }, "then": then })
}

/// The schema of a type's `data`, as a part of the language's.
fn data_of(node_type: &NodeType) -> Value {
    let mut schema = node_type.schema().clone();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
    }
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let bodies = properties.into_iter().flat_map(Map::values_mut);
    for body in bodies.filter(|property| property["x-workflow"] == "nodes") {
        body["items"] = json!({ "$ref": "#/$defs/Node" });
    }
    schema
}
