//! The JSON a person writes. Its types are described once: their schema is what editors are given and what a
//! specification is checked against before it is deserialized.

mod language;
mod on_error;
mod retry;
mod shape;
mod text;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

pub(crate) use self::{
    on_error::{OnAmbiguous, OnError},
    shape::kind_of,
};
use self::{
    retry::Retry,
    shape::Shape,
    text::{DESCRIPTION_PATTERN, MAX_DESCRIPTION, MAX_NAME, NAME_PATTERN},
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    node::Nodes,
    template::{Condition, Json},
    value::{Budget, NodeId, WrittenDuration, some_even_if_null},
};

/// The most nodes of a workflow, those in its maps and loops included.
pub const MAX_NODES: usize = 1_000;

/// A workflow: a list of nodes, each of which says what it needs.
///
/// What could not be read is absent, and in the faults.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    rename = "Workflow",
    description = "A workflow: a list of nodes, each of which says what it needs."
)]
#[schemars(extend("x-hints" = {"edges": "write edges as `needs` on the node they lead to"}))]
pub(crate) struct Spec {
    /// Where this schema is, for editors.
    #[serde(rename = "$schema")]
    #[expect(dead_code, reason = "only editors read it")]
    schema: Option<String>,
    /// The version of the language.
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "there is one version")]
    version: Option<u8>,
    /// What the workflow is called, also by workflows that call it.
    #[schemars(length(min = 1, max = MAX_NAME), extend("pattern" = NAME_PATTERN))]
    pub(crate) name: Option<String>,
    /// What it is for.
    #[schemars(length(max = MAX_DESCRIPTION), extend("pattern" = DESCRIPTION_PATTERN))]
    pub(crate) description: Option<Arc<str>>,
    /// A JSON Schema that every run's input has to fit.
    #[serde(default, deserialize_with = "some_even_if_null")]
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema"))]
    pub(crate) input: Option<Value>,
    /// The result: any JSON with templates, which may name every node. Without it, the output of the
    /// last node; of several last nodes, an object of their outputs by id.
    #[serde(default, deserialize_with = "some_even_if_null")]
    #[schemars(with = "Option<Json>")]
    pub(crate) output: Option<Value>,
    /// How long a run may take, waits included.
    #[serde(default, deserialize_with = "time_limit")]
    #[schemars(with = "Option<WrittenDuration>")]
    pub(crate) timeout: Option<Duration>,
    /// The most that a run of the workflow, or each call of it, may use.
    pub(crate) budget: Option<Budget>,
    /// What nodes have unless they say so themselves.
    #[serde(default)]
    pub(crate) defaults: Defaults,
    /// The nodes that run if the run fails, and read why in `run.error`. Not after a cancellation, and not if the workflow is
    /// called by another one.
    #[schemars(extend("maxItems" = MAX_NODES))]
    #[expect(dead_code, reason = "they are read one by one")]
    on_failure: Option<Nodes>,
    /// How long the nodes of `on_failure` may take together: one minute unless this says more or less.
    #[serde(default, deserialize_with = "time_limit")]
    #[schemars(with = "Option<WrittenDuration>")]
    pub(crate) on_failure_timeout: Option<Duration>,
    /// The nodes.
    #[schemars(required, extend("maxItems" = MAX_NODES))]
    #[expect(dead_code, reason = "they are read one by one")]
    nodes: Option<Nodes>,
}

/// What nodes have unless they say so themselves. Not for nodes that contain or wait.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// How often they are tried.
    #[schemars(extend("x-expected" = "a number of attempts from 1 to 20"))]
    pub(crate) retry: Option<Retry>,
    /// How long an attempt may take.
    #[serde(default, deserialize_with = "time_limit")]
    #[schemars(with = "Option<WrittenDuration>")]
    pub(crate) timeout: Option<Duration>,
}

/// The id of a switch, and the name of a case.
const CASE_PATTERN: &str = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}\.[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$";
const CASE_EXPECTED: &str = r#"a switch and one of its cases, such as "route.refund""#;

/// A step of the workflow.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Node")]
pub(crate) struct NodeSpec {
    /// Where it is in the specification.
    #[serde(skip)]
    pub(crate) at: Pointer,
    /// What other nodes call it: in templates, a `-` is written `_`.
    #[schemars(with = "NodeId")]
    pub(crate) id: Option<NodeId>,
    /// What kind of node it is.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub(crate) kind: Option<Arc<str>>,
    /// What it does, as its type says.
    #[serde(default)]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub(crate) data: Value,
    /// What it is called on a page.
    #[schemars(length(min = 1, max = MAX_NAME), extend("pattern" = NAME_PATTERN))]
    pub(crate) name: Option<Arc<str>>,
    /// What must be settled before it starts. Without it: the node just above. `[]`: nothing.
    #[schemars(with = "Option<Vec<NodeId>>", extend("x-expected" = "an array of ids"))]
    pub(crate) needs: Option<Vec<String>>,
    /// A bare expression: the node is skipped unless it is true.
    #[schemars(with = "Option<Condition>")]
    pub(crate) when: Option<String>,
    /// A switch and one of its cases, such as `route.refund`: the node is skipped unless that case is chosen. It needs the
    /// switch. Without `needs`, it needs nothing else.
    #[schemars(extend("pattern" = CASE_PATTERN, "x-expected" = CASE_EXPECTED))]
    pub(crate) case: Option<Arc<str>>,
    /// A bare expression that also sees the output of the node itself: if it is true when the node completes, the workflow
    /// completes at once with that output. Not for nodes in maps and loops.
    #[schemars(with = "Option<Condition>")]
    pub(crate) stop_when: Option<String>,
    /// How often it is tried. Not for nodes that contain or wait.
    #[schemars(extend("x-expected" = "a number of attempts from 1 to 20"))]
    pub(crate) retry: Option<Retry>,
    /// How long an attempt may take; of a map, loop or called workflow, how long all of it may take.
    #[serde(default, deserialize_with = "time_limit")]
    #[schemars(with = "Option<WrittenDuration>")]
    pub(crate) timeout: Option<Duration>,
    /// What follows when it fails.
    #[serde(default)]
    #[schemars(extend("x-expected" = r#""fail", "continue" or {"output": …}"#))]
    pub(crate) on_error: OnError,
    /// What follows when the service stopped while it was at work.
    #[serde(default)]
    #[schemars(extend("x-expected" = r#""retry" or "fail""#))]
    pub(crate) on_ambiguous: OnAmbiguous,
}

/// Reads a duration that is not zero.
fn time_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let WrittenDuration(limit) = WrittenDuration::deserialize(deserializer)?;
    if limit.is_zero() {
        return Err(D::Error::custom("it must be longer than 0"));
    }
    Ok(Some(limit))
}

static WORKFLOW: LazyLock<Shape> = LazyLock::new(Shape::of::<Spec>);
static NODE: LazyLock<Shape> = LazyLock::new(Shape::of::<NodeSpec>);

impl Spec {
    /// Reads what can be read of a workflow and its nodes, and adds a fault for what cannot.
    pub(crate) fn read(json: &Value, faults: &mut Vec<Fault>) -> (Self, Vec<NodeSpec>) {
        let root = Pointer::root();
        let read = WORKFLOW.read(json, &root, faults);
        let nodes = json.get("nodes").and_then(Value::as_array);
        // More nodes are a fault of the workflow already.
        let nodes = nodes.filter(|nodes| nodes.len() <= MAX_NODES);
        let nodes = nodes.map_or(&[][..], Vec::as_slice);
        (
            read,
            NodeSpec::read_all(nodes, &root.field("nodes"), faults),
        )
    }
}

impl NodeSpec {
    /// Reads a list of nodes: the workflow's, or the body of a map or loop.
    pub(crate) fn read_all(nodes: &[Value], at: &Pointer, faults: &mut Vec<Fault>) -> Vec<Self> {
        if nodes.len() > MAX_NODES {
            faults.push(too_many_nodes(nodes.len(), at));
            return Vec::new();
        }
        let read = nodes.iter().enumerate();
        read.map(|(index, node)| Self::read(node, at.item(index), faults))
            .collect()
    }

    fn read(json: &Value, at: Pointer, faults: &mut Vec<Fault>) -> Self {
        let mut node: Self = NODE.read(json, &at, faults);
        // What its templates may not name is no question of its shape.
        node.id = node.id.filter(|id| {
            let is_reserved = is_reserved(&id.variable());
            if is_reserved {
                let detail = format!("`{id}` has another meaning in templates");
                let fault = Fault::new(FaultCode::ReservedName, at.field("id"), detail);
                faults.push(fault.with_hint("choose another id"));
            }
            !is_reserved
        });
        if node.data.is_null() {
            node.data = Value::Object(Map::new());
        }
        node.at = at;
        node
    }
}

/// The fault of a workflow with this many nodes.
pub(crate) fn too_many_nodes(nodes: usize, at: &Pointer) -> Fault {
    let detail = format!("the workflow has {nodes} nodes, at most {MAX_NODES} are allowed");
    Fault::new(FaultCode::TooManyNodes, at, detail)
}

/// Names that mean something else in templates.
const RESERVED: [&str; 27] = [
    "input", "item", "index", "previous", "loop", "true", "false", "none", "null", "True", "False",
    "None", "not", "and", "or", "is", "in", "if", "else", "elif", "for", "set", "with", "endset",
    "endfor", "endif", "endwith",
];

/// Whether a name has another meaning in templates.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name == "self" || crate::template::is_global(name)
}
