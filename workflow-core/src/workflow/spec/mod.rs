//! The JSON a person writes, read field by field, so that one fault does not hide another.

mod fields;
mod on_error;
mod retry;
mod schema;

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use self::fields::Fields;
pub(crate) use self::fields::kind_of;
pub(crate) use self::on_error::{OnAmbiguous, OnError};
use crate::{
    error::{Fault, FaultCode, Pointer},
    node::RetryPolicy,
    value::NodeId,
};

/// The most nodes of a workflow, those in its maps and loops included.
pub const MAX_NODES: usize = 1_000;

/// A workflow as it is written. What could not be read is absent, and in the faults.
pub(crate) struct Spec {
    pub(crate) name: Option<String>,
    /// JSON Schema of the run's input.
    pub(crate) input: Option<Value>,
    /// The result, any JSON with templates.
    pub(crate) output: Option<Value>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) defaults: Defaults,
    pub(crate) nodes: Vec<NodeSpec>,
}

/// What the nodes of a workflow have unless they say so themselves.
#[derive(Clone, Copy, Default)]
pub(crate) struct Defaults {
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
}

/// A node as it is written.
pub(crate) struct NodeSpec {
    pub(crate) at: Pointer,
    pub(crate) id: Option<NodeId>,
    pub(crate) kind: Option<Arc<str>>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) data: Value,
    /// The written ids; none means "the node just above".
    pub(crate) needs: Option<Vec<String>>,
    pub(crate) when: Option<String>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_error: OnError,
    pub(crate) on_ambiguous: OnAmbiguous,
}

impl Spec {
    /// Reads what can be read, and says what cannot.
    pub(crate) fn read(json: &Value, faults: &mut Vec<Fault>) -> Self {
        let root = Pointer::root();
        let mut fields = Fields::of(json, &root, faults);
        fields.text("$schema");
        fields.one_of_numbers("version", 1);
        fields.description("description");
        let name = fields.name("name");
        let input = fields.value("input").cloned();
        let output = fields.value("output").cloned();
        let timeout = fields.time_limit("timeout");
        let defaults = read_defaults(&mut fields);
        fields.hinted("edges", "write edges as `needs` on the node they lead to");
        let nodes = fields.required_array("nodes");
        fields.finish();
        Self {
            name,
            input,
            output,
            timeout,
            defaults,
            nodes: NodeSpec::read_all(nodes.unwrap_or_default(), &root.field("nodes"), faults),
        }
    }
}

fn read_defaults(fields: &mut Fields) -> Defaults {
    let Some(value) = fields.value("defaults") else {
        return Defaults::default();
    };
    fields.nested("defaults", value, |fields| Defaults {
        retry: retry::read(fields),
        timeout: fields.time_limit("timeout"),
    })
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
        let mut fields = Fields::of(json, &at, faults);
        let id = fields
            .required_text("id")
            .and_then(|id| read_id(&id, &mut fields));
        let kind = fields.required_text("type").map(Arc::from);
        let name = fields.name("name").map(Arc::from);
        let data = fields.object("data");
        let needs = fields.texts("needs");
        let retry = retry::read(&mut fields);
        let timeout = fields.time_limit("timeout");
        let when = fields.text("when");
        let on_error = on_error::read(&mut fields);
        let on_ambiguous = on_error::read_ambiguous(&mut fields);
        fields.finish();
        Self {
            at,
            id,
            kind,
            name,
            data,
            needs,
            when,
            retry,
            timeout,
            on_error,
            on_ambiguous,
        }
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

/// Whether a name means something else in templates.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || name == "self" || crate::template::is_global(name)
}

fn read_id(text: &str, fields: &mut Fields) -> Option<NodeId> {
    let Some(id) = NodeId::parse(text) else {
        let shown: String = text.chars().take(NodeId::MAX_LEN).collect();
        fields
            .fault(
                FaultCode::InvalidId,
                "id",
                format!("{shown:?} is not an id"),
            )
            .hint = Some(
            "an id is a letter or `_`, then letters, digits, `_` or `-`, 64 characters at most"
                .to_owned(),
        );
        return None;
    };
    if is_reserved(&id.variable()) {
        let detail = format!("`{id}` means something else in templates");
        fields.fault(FaultCode::ReservedName, "id", detail).hint =
            Some("choose another id".to_owned());
        return None;
    }
    Some(id)
}
