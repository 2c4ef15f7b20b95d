//! Which node types there are, and how each is built from its `data`.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use jsonschema::{ValidationError, Validator};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    node::Node,
    nodes::{PromptNode, TransformNode},
    pointer::Pointer,
    retry::RetryPolicy,
};

/// The node types a workflow can use, by name.
///
/// [`Registry::default`] has the built-in ones, `PromptNode` and `TransformNode`.
pub struct Registry {
    types: BTreeMap<Cow<'static, str>, NodeType>,
}

impl Registry {
    /// A registry without any type.
    pub fn new() -> Self {
        Self {
            types: BTreeMap::new(),
        }
    }

    /// Registers a type whose nodes are what their `data` says and nothing more. A type of the same
    /// name is replaced.
    pub fn register<N>(&mut self, name: impl Into<Cow<'static, str>>) -> &mut NodeType
    where
        N: Node + DeserializeOwned + JsonSchema,
    {
        self.register_with(name, |node: N| node)
    }

    /// Registers a type whose nodes need more than their `data`, such as a client, which the
    /// closure captures. A type of the same name is replaced.
    ///
    /// `D` is the shape of `data`: its fields of type [`Template`](crate::Template) and
    /// [`Json`](crate::Json) are checked when a workflow is created, and its `JsonSchema` is what
    /// editors are given. It should `deny_unknown_fields`, and use neither `flatten` nor `untagged`,
    /// which lose the place of an error.
    pub fn register_with<D, N>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        build: impl Fn(D) -> N + Send + Sync + 'static,
    ) -> &mut NodeType
    where
        D: DeserializeOwned + JsonSchema,
        N: Node,
    {
        let build = move |data: &Value, at: &Pointer| -> Result<Box<dyn Node>, DataError> {
            let data = serde_path_to_error::deserialize(data)
                .map_err(|error| DataError::new(&error, at))?;
            Ok(Box::new(build(data)))
        };
        let schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<D>();
        let name = name.into();
        let node_type = NodeType {
            name: name.clone(),
            activity: "Working".into(),
            validator: jsonschema::validator_for(schema.as_value()).ok(),
            schema: schema.to_value(),
            retry: RetryPolicy::ONCE,
            build: Box::new(build),
        };
        self.types.remove(&name);
        self.types.entry(name).or_insert(node_type)
    }

    /// The type of this name.
    pub fn get(&self, name: &str) -> Option<&NodeType> {
        self.types.get(name)
    }

    /// Every type, by name.
    pub fn types(&self) -> impl Iterator<Item = &NodeType> {
        self.types.values()
    }
}

impl Default for Registry {
    fn default() -> Self {
        let mut registry = Self::new();
        registry
            .register::<PromptNode>("PromptNode")
            .activity("Rendering the template");
        registry
            .register::<TransformNode>("TransformNode")
            .activity("Reshaping data");
        registry
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}

type Build = dyn Fn(&Value, &Pointer) -> Result<Box<dyn Node>, DataError> + Send + Sync;

/// One kind of node.
#[derive(Serialize)]
pub struct NodeType {
    #[serde(rename = "type")]
    name: Cow<'static, str>,
    activity: Cow<'static, str>,
    schema: Value,
    /// Compiled from the schema; none where that is not one.
    #[serde(skip)]
    validator: Option<Validator>,
    #[serde(skip)]
    retry: RetryPolicy,
    #[serde(skip)]
    build: Box<Build>,
}

impl NodeType {
    /// Says in a few words what a running node of this type does: "Calling Gemini API".
    pub fn activity(&mut self, activity: impl Into<Cow<'static, str>>) -> &mut Self {
        self.activity = activity.into();
        self
    }

    /// How a node of this type is retried when its workflow does not say. Without this: not at all.
    pub fn retry(&mut self, policy: RetryPolicy) -> &mut Self {
        self.retry = policy;
        self
    }

    /// The name a workflow's `type` uses.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a running node of this type does, in a few words.
    pub fn doing(&self) -> &str {
        &self.activity
    }

    /// The JSON Schema of `data` (draft 2020-12).
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// What keeps `data` from fitting the schema.
    pub(crate) fn schema_errors<'a>(
        &'a self,
        data: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        self.validator
            .iter()
            .flat_map(|validator| validator.iter_errors(data))
    }

    pub(crate) fn default_retry(&self) -> RetryPolicy {
        self.retry
    }

    pub(crate) fn build(&self, data: &Value, at: &Pointer) -> Result<Box<dyn Node>, DataError> {
        (self.build)(data, at)
    }
}

impl fmt::Debug for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeType")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Where and why `data` does not fit its type.
pub(crate) struct DataError {
    pub(crate) at: Pointer,
    pub(crate) detail: String,
}

impl DataError {
    fn new(error: &serde_path_to_error::Error<serde_json::Error>, data: &Pointer) -> Self {
        use serde_path_to_error::Segment;
        let at = error
            .path()
            .iter()
            .fold(data.clone(), |at, segment| match segment {
                Segment::Seq { index } => at.item(*index),
                Segment::Map { key } => at.field(key),
                Segment::Enum { variant } => at.field(variant),
                Segment::Unknown => at,
            });
        Self {
            at,
            detail: error.inner().to_string(),
        }
    }
}
