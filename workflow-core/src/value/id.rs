//! Identifiers: of workflows, runs, nodes, steps and waits.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

// UUIDs of version 7 begin with the time (RFC 9562, section 5.7). Stores rely on it: lists are sorted by id.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id. Ids are `UUIDv7` (RFC 9562): they sort by the time of their creation.
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
    /// The id of a stored workflow: a `UUIDv7`. Its versions are numbered from 1.
    WorkflowId
}
uuid_id! {
    /// The id of a run: a `UUIDv7`, so ids sort by the time of creation.
    RunId
}

uuid_id! {
    /// The id of one engine among several on a store: a `UUIDv7`, new at each start of the engine.
    InstanceId
}

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId;

/// The `id` of a node: unique within its list of nodes. Cloning it copies one `Arc`.
///
/// ```
/// use workflow_core::NodeId;
///
/// let id = NodeId::parse("draft-1").unwrap();
/// assert_eq!(id.variable(), "draft_1");
/// assert!(NodeId::parse("1-draft").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(Arc<str>);

impl NodeId {
    /// The most characters of an id.
    pub const MAX_LEN: usize = 64;

    /// What [`parse`](Self::parse) takes, as JSON Schemas say it.
    pub(crate) const PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$";

    /// Parses an id: a letter or `_`, then letters, digits, `_` and `-`, 64 characters at most. ASCII only, since
    /// templates use ids as variables.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let first = chars.next()?;
        let starts = first.is_ascii_alphabetic() || first == '_';
        let continues = chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        (starts && continues && text.len() <= Self::MAX_LEN).then(|| Self(text.into()))
    }

    /// The id as the workflow writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the node in templates: `-` becomes `_`, since `-` subtracts there.
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

/// The place of a step in its run: `sum` for a node of the workflow itself, `each/2/sum` for a node in a map
/// or loop, `call/sum` for a node of a called workflow. Numbers count from 0.
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

    /// Whether a path is this one or below it.
    pub(crate) fn contains(&self, path: &Self) -> bool {
        let rest = path.0.strip_prefix(&*self.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// A place below this one: an item, a round or a node.
    ///
    /// Ids have no slash, so a path can be split again.
    pub(crate) fn within(&self, place: impl fmt::Display) -> Self {
        Self(format!("{self}/{place}").into())
    }
}

impl From<&str> for StepPath {
    /// A path as events write it. No check: a run may have no such step.
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

/// One step of a run: its node and its path. Cloning it copies one `Arc`, which the steps of a list of nodes share.
#[derive(Clone)]
pub struct StepRef {
    names: Arc<StepNames>,
    node: u32,
}

/// The steps of a list of nodes, in the order of its nodes.
///
/// The names of a workflow's own nodes are made once and shared by all its runs. Each run counts references to a copy of its own:
/// runs on several threads would wait for each other's counts otherwise.
#[derive(Clone)]
pub(crate) struct StepNames(Arc<[StepName]>);

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
struct StepName {
    /// The node.
    node: NodeId,
    /// The place of the step in its run: `each/2/sum` inside a map or loop.
    path: StepPath,
}

impl StepNames {
    /// The steps of a workflow's own nodes.
    pub(crate) fn top_level(nodes: impl Iterator<Item = NodeId>) -> Self {
        let names = nodes.map(|node| StepName {
            path: StepPath::from(&node),
            node,
        });
        Self(names.collect())
    }

    /// The steps of the nodes below a place in the run.
    pub(crate) fn within(place: &StepPath, nodes: impl Iterator<Item = NodeId>) -> Self {
        let names = nodes.map(|node| StepName {
            path: place.within(&node),
            node,
        });
        Self(names.collect())
    }

    /// The step of the node with this index.
    #[inline]
    pub(crate) fn step(self: &Arc<Self>, node: usize) -> StepRef {
        StepRef {
            names: Arc::clone(self),
            // A list has at most a thousand nodes.
            node: u32::try_from(node).unwrap_or(u32::MAX),
        }
    }

    /// The path of the node with this index.
    #[inline]
    pub(crate) fn path(&self, node: usize) -> &StepPath {
        &self.0[node].path
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &StepPath> + Clone {
        self.0.iter().map(|name| &name.path)
    }

    pub(crate) fn steps(self: &Arc<Self>) -> impl Iterator<Item = StepRef> {
        (0..self.0.len()).map(|node| self.step(node))
    }
}

impl StepRef {
    /// The step of a node of the workflow itself.
    pub fn top_level(node: NodeId) -> Self {
        let path = StepPath::from(&node);
        Self::of(StepName { node, path })
    }

    /// The step of a node in the body of a map, a loop or a called workflow.
    pub(crate) fn within(place: &StepPath, node: NodeId) -> Self {
        let path = place.within(&node);
        Self::of(StepName { node, path })
    }

    fn of(name: StepName) -> Self {
        Self {
            names: Arc::new(StepNames([name].into())),
            node: 0,
        }
    }

    #[inline]
    fn name(&self) -> &StepName {
        &self.names.0[self.node as usize]
    }

    /// The node whose step this is.
    pub fn node(&self) -> &NodeId {
        &self.name().node
    }

    /// Whether the node belongs to the workflow itself, not to a body or a called workflow.
    ///
    /// A path without a slash is an id.
    pub(crate) fn is_top_level(&self) -> bool {
        self.path().as_str() == self.node().as_str()
    }

    /// The place of the step in its run.
    pub fn path(&self) -> &StepPath {
        &self.name().path
    }
}

impl PartialEq for StepRef {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for StepRef {}

impl Hash for StepRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StepRef").field(self.name()).finish()
    }
}

impl Serialize for StepRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StepRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StepName::deserialize(deserializer).map(Self::of)
    }
}

impl JsonSchema for StepRef {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StepRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        StepName::json_schema(generator)
    }
}

/// The id of a wait, unique within its run: `w` and a number. Clients should treat it as opaque. It
/// contains no `/`, so it can be a segment of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WaitId(u64);

impl WaitId {
    /// The wait that begins with the event of this number. So a replayed log gives the same ids.
    ///
    /// The next event has one number only, so no two waits have one id.
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
