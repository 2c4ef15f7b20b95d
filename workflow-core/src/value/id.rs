//! Names of things: ids of workflows and runs, ids of nodes, paths of steps.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id. Ids are `UUIDv7`: later ones sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "two calls give two ids: there is no default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::from_str(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

uuid_id! {
    /// Names a stored workflow.
    WorkflowId
}
uuid_id! {
    /// Names a run.
    RunId
}

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

/// The `id` of a node: unique within its list of nodes, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// The most characters an id may have.
    pub const MAX_LEN: usize = 64;

    /// What [`parse`](Self::parse) takes, as JSON Schemas say it.
    pub(crate) const PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$";

    /// Reads an id: a letter or `_`, then letters, digits, `_` and `-`, 64 characters at most.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let starts = first.is_ascii_alphabetic() || first == '_';
        let goes_on = chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        (starts && goes_on && text.len() <= Self::MAX_LEN).then(|| Self(text.into()))
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as templates write it: `-` becomes `_`, so that it is not read as minus.
    pub fn variable(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for NodeId {
    fn schema_name() -> Cow<'static, str> {
        "NodeId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": NodeId::PATTERN })
    }
}

/// Where a step stands in its run: the node's id at the top, `each/2/sum` inside a map or loop.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StepPath(Arc<str>);

impl StepPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A place within this one: an item, a round or a node.
    pub(crate) fn within(&self, place: impl fmt::Display) -> Self {
        Self(format!("{self}/{place}").into())
    }
}

impl From<&str> for StepPath {
    /// A path as events show it. There may be no step of this path.
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl From<&NodeId> for StepPath {
    /// The path of a top-level node shares the memory of its id.
    fn from(id: &NodeId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One step of a run: which node, and where. Every event of the step shares one of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StepRef(Arc<StepName>);

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
struct StepName {
    /// The node.
    node: NodeId,
    /// Where the step stands in its run: `each/2/sum` inside a map or loop.
    path: StepPath,
}

impl StepRef {
    /// The step of a top-level node.
    pub fn top_level(node: NodeId) -> Self {
        let path = StepPath::from(&node);
        Self(Arc::new(StepName { node, path }))
    }

    /// The step of a node in the body of a map, a loop or a called workflow.
    pub(crate) fn within(place: &StepPath, node: NodeId) -> Self {
        let path = place.within(&node);
        Self(Arc::new(StepName { node, path }))
    }

    /// The node whose step this is.
    pub fn node(&self) -> &NodeId {
        &self.0.node
    }

    /// Whether its node is one of the workflow's own, not of a body or of a called workflow.
    pub(crate) fn is_top_level(&self) -> bool {
        self.0.path.as_str() == self.0.node.as_str()
    }

    /// Where the step stands in its run.
    pub fn path(&self) -> &StepPath {
        &self.0.path
    }
}

/// Names a wait of a step within its run. Opaque to callers; it has no `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WaitId(u64);

impl WaitId {
    /// The wait that begins with this event.
    pub(crate) fn of_event(seq: u64) -> Self {
        Self(seq)
    }
}

impl fmt::Display for WaitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{}", self.0)
    }
}

impl JsonSchema for WaitId {
    fn schema_name() -> Cow<'static, str> {
        "WaitId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^w[0-9]+$" })
    }
}

impl From<WaitId> for String {
    fn from(id: WaitId) -> Self {
        id.to_string()
    }
}

/// The text is not the id of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a wait")]
pub struct InvalidWaitId;

impl FromStr for WaitId {
    type Err = InvalidWaitId;

    fn from_str(text: &str) -> Result<Self, InvalidWaitId> {
        let number = text
            .strip_prefix('w')
            .and_then(|number| number.parse().ok());
        number.map(Self).ok_or(InvalidWaitId)
    }
}

impl TryFrom<String> for WaitId {
    type Error = InvalidWaitId;

    fn try_from(text: String) -> Result<Self, InvalidWaitId> {
        text.parse()
    }
}
