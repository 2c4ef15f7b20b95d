//! The registry: node types by name, and how a node is built from its `data`.

use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};

use jsonschema::ValidationError;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Serialize,
    de::DeserializeOwned,
    ser::{SerializeStruct, Serializer},
};
use serde_json::{Map, Value};

use super::{
    Node,
    agent::Agent,
    control::{AgentData, AgentFields, Control, ControlKind},
    display::DisplayHints,
    plan::Effects,
    retry::RetryPolicy,
};
use crate::{
    node::built_in::{PromptNode, SWITCH, SwitchNode, TransformNode},
    value::{DataError, DataType, data},
};

/// The node types that a workflow can use, by name.
///
/// [`Registry::default`] contains the built-in ones: `PromptNode`, `TransformNode` and `SwitchNode`, and those that the
/// engine interprets itself: `MapNode`, `LoopNode`, `WorkflowNode`, `HumanNode` and `DelayNode`.
///
/// A registry does not change once an engine uses it. Remove or rename a type only if no stored workflow and no
/// running run uses it: both are built again from their specification.
///
/// ```
/// use workflow_core::{Registry, node::{DisplayHints, PromptNode}};
///
/// let mut registry = Registry::default();
/// registry
///     .register::<PromptNode>("LetterNode")
///     .with_activity("Writing the letter")
///     .with_display(DisplayHints::new().with_icon("prompt").with_label("Letter"));
/// assert_eq!(registry.get("LetterNode").unwrap().display().label(), Some("Letter"));
/// ```
pub struct Registry {
    types: BTreeMap<Cow<'static, str>, NodeType>,
}

impl Registry {
    /// A registry without any type, not even the built-in ones.
    pub fn new() -> Self {
        Self {
            types: BTreeMap::new(),
        }
    }

    /// Registers a type whose nodes need only their `data`. It replaces a type of the same name.
    ///
    /// The returned reference sets optional properties of the type: see [`NodeType`].
    ///
    /// # Panics
    /// As [`register_with`](Self::register_with).
    pub fn register<N>(&mut self, name: impl Into<Cow<'static, str>>) -> &mut NodeType
    where
        N: Node + DeserializeOwned + JsonSchema,
    {
        self.register_with(name, |node: N| node)
    }

    /// Registers a type whose nodes need more than their `data`, such as a client, which the closure captures. It
    /// replaces a type of the same name.
    ///
    /// `D` is the shape of `data`. Its fields of type [`Template`](crate::Template) and [`Json`](crate::Json)
    /// are checked when a workflow is created, and editors use its `JsonSchema`. It should
    /// `deny_unknown_fields`, and use neither `flatten` nor `untagged`, which lose the place of an error.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use workflow_core::{Node, NodeContext, NodeError, Registry, Template};
    ///
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct Greeting {
    ///     name: Template,
    /// }
    ///
    /// struct GreetingNode {
    ///     data: Greeting,
    ///     salutation: Arc<str>,
    /// }
    ///
    /// #[async_trait::async_trait]
    /// impl Node for GreetingNode {
    ///     async fn run(&self, cx: &NodeContext) -> Result<serde_json::Value, NodeError> {
    ///         let name = cx.render(&self.data.name)?;
    ///         Ok(format!("{} {name}", self.salutation).into())
    ///     }
    /// }
    ///
    /// let salutation: Arc<str> = "Dear".into();
    /// let mut registry = Registry::default();
    /// registry.register_with("GreetingNode", move |data: Greeting| GreetingNode {
    ///     data,
    ///     salutation: Arc::clone(&salutation),
    /// });
    /// assert!(registry.get("GreetingNode").is_some());
    /// ```
    ///
    /// # Panics
    /// If the name is that of a node that the engine interprets, such as `MapNode`, or if the schema of `D` is not
    /// a valid JSON Schema. Both are mistakes in the program that registers the type.
    pub fn register_with<D, N>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        build: impl Fn(D) -> N + Send + Sync + 'static,
    ) -> &mut NodeType
    where
        D: DeserializeOwned + JsonSchema,
        N: Node,
    {
        let build = move |data: &Value| -> Result<Box<dyn Node>, DataError> {
            let node = build(data::read(data)?);
            node.check()?;
            Ok(Box::new(node))
        };
        let make = Factory::Leaf(Box::new(build));
        self.add_checked(name.into(), DataType::of::<D>(), make)
    }

    /// Registers a type of [agents](crate::node::agent): nodes that work in turns and call tools. It replaces a type of the same
    /// name.
    ///
    /// `D` is what the agent adds to `data`. The engine itself reads `tools`, the limits (`max_turns`, `concurrency` and others) and
    /// `tool_choice`. The published schema has the fields of both, and each side sees its own fields only, so `D` should
    /// `deny_unknown_fields` as that of any other type.
    ///
    /// The [retry policy](NodeType::with_retry) of the type is that of a turn.
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use workflow_core::{
    ///     NodeContext, NodeError, Registry, Template,
    ///     node::agent::{Agent, AgentTurn, ToolCall, TurnRequest},
    /// };
    ///
    /// /// Calls each tool once, then answers.
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// #[serde(deny_unknown_fields)]
    /// struct EachOnce {
    ///     /// The answer.
    ///     answer: Template,
    /// }
    ///
    /// #[async_trait]
    /// impl Agent for EachOnce {
    ///     async fn turn(&self, cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError> {
    ///         if request.turn > 0 || request.tools.is_empty() {
    ///             return Ok(AgentTurn::answer(cx.render(&self.answer)?));
    ///         }
    ///         let tools = request.tools.iter();
    ///         let calls = tools.map(|tool| ToolCall::new(&*tool.name, serde_json::json!({})));
    ///         Ok(AgentTurn::calls(calls.collect()))
    ///     }
    /// }
    ///
    /// let mut registry = Registry::default();
    /// registry.register_agent_with("EachOnceNode", |data: EachOnce| data);
    /// let schema = registry.get("EachOnceNode").unwrap().schema();
    /// assert!(schema["properties"]["answer"].is_object() && schema["properties"]["tools"].is_object());
    /// ```
    ///
    /// # Panics
    /// As [`register_with`](Self::register_with), and if `D` has a field that the engine reads itself, such as `tools`.
    pub fn register_agent_with<D, A>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        build: impl Fn(D) -> A + Send + Sync + 'static,
    ) -> &mut NodeType
    where
        D: DeserializeOwned + JsonSchema,
        A: Agent,
    {
        let (name, own) = (name.into(), DataType::of::<AgentFields>());
        let merged = match DataType::of::<D>().with_fields_of(&own) {
            Ok(merged) => merged,
            Err(field) => panic!("`{field}` of `{name}` is a field that the engine reads itself"),
        };
        let build = move |data: &Value| -> Result<AgentData, DataError> {
            let (fields, rest) = split(data, &own);
            Ok(AgentData {
                fields: data::read(&fields)?,
                agent: Arc::new(build(data::read(&rest)?)),
            })
        };
        self.add_checked(name, merged, Factory::Agent(Box::new(build)))
    }

    /// Adds a type, unless its name or schema is a mistake.
    fn add_checked(
        &mut self,
        name: Cow<'static, str>,
        data: DataType,
        make: Factory,
    ) -> &mut NodeType {
        let is_control = ControlKind::of_name(&name).is_some();
        assert!(
            !is_control,
            "`{name}` is a node that the engine interprets itself"
        );
        assert!(
            data.is_checked(),
            "the schema of `{name}` is not a JSON Schema"
        );
        self.add(NodeType::new(name, data, make))
    }

    /// Replaces a type of the same name, so that a program can redefine a built-in leaf.
    fn add(&mut self, node_type: NodeType) -> &mut NodeType {
        let name = node_type.name.clone();
        self.types.remove(&name);
        self.types.entry(name).or_insert(node_type)
    }

    /// The same types, with each leaf and each agent replaced by what `wrap` and `wrap_agent` make of it. `wrap` gets the type and whether
    /// it has no side effects.
    #[cfg(feature = "testing")]
    pub(crate) fn wrapped(
        self,
        wrap: impl Fn(Box<dyn Node>, &Cow<'static, str>, bool) -> Box<dyn Node> + Send + Sync + 'static,
        wrap_agent: impl Fn(Arc<dyn Agent>) -> Arc<dyn Agent> + Send + Sync + 'static,
    ) -> Self {
        let (wrap, wrap_agent) = (Arc::new(wrap), Arc::new(wrap_agent));
        let types = self.types.into_iter().map(|(name, mut node_type)| {
            node_type.make = match node_type.make {
                Factory::Leaf(build) => {
                    let (wrap, name, pure) = (wrap.clone(), name.clone(), node_type.pure);
                    Factory::Leaf(Box::new(move |data| {
                        build(data).map(|node| wrap(node, &name, pure))
                    }))
                }
                Factory::Agent(build) => {
                    let wrap = wrap_agent.clone();
                    Factory::Agent(Box::new(move |data| {
                        let mut data = build(data)?;
                        data.agent = wrap(data.agent);
                        Ok(data)
                    }))
                }
                Factory::Control(kind) => Factory::Control(kind),
            };
            (name, node_type)
        });
        Self {
            types: types.collect(),
        }
    }

    /// The type of this name.
    pub fn get(&self, name: &str) -> Option<&NodeType> {
        self.types.get(name)
    }

    /// All types, sorted by name.
    pub fn types(&self) -> impl Iterator<Item = &NodeType> {
        self.types.values()
    }
}

impl Default for Registry {
    fn default() -> Self {
        let mut registry = Self::new();
        registry
            .register::<PromptNode>("PromptNode")
            .with_activity("Rendering the template")
            .with_display(DisplayHints::new().with_label("Prompt").with_icon("prompt"))
            .with_instant();
        registry
            .register::<TransformNode>("TransformNode")
            .with_activity("Reshaping data")
            .with_display(
                DisplayHints::new()
                    .with_label("Transform")
                    .with_icon("transform"),
            )
            .with_instant();
        registry
            .register::<SwitchNode>(SWITCH)
            .with_activity("Choosing a case")
            .with_display(DisplayHints::new().with_label("Switch").with_icon("switch"))
            .with_instant();
        for kind in ControlKind::ALL {
            let make = Factory::Control(kind);
            registry
                .add(NodeType::new(kind.name().into(), kind.data_type(), make))
                .with_activity(kind.activity())
                .with_display(kind.display());
        }
        registry
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.types.keys()).finish()
    }
}

/// Divides `data` into the fields of one type, and the others.
fn split(data: &Value, own: &DataType) -> (Value, Value) {
    let fields = data.as_object().cloned().unwrap_or_default();
    let (own, rest): (Map<_, _>, Map<_, _>) =
        (fields.into_iter()).partition(|(name, _)| own.has_field(name));
    (own.into(), rest.into())
}

type Build = dyn Fn(&Value) -> Result<Box<dyn Node>, DataError> + Send + Sync;

type BuildAgent = dyn Fn(&Value) -> Result<AgentData, DataError> + Send + Sync;

/// How a node is built from its `data`.
///
/// Leaves are open, control nodes are not: their behaviour is part of the state machine. Of an agent, its turns are open.
enum Factory {
    Leaf(Box<Build>),
    Agent(Box<BuildAgent>),
    Control(ControlKind),
}

/// A node that is built from its `data`.
pub(crate) enum NodeInstance {
    Leaf(Box<dyn Node>),
    Control(Control),
}

/// A registered node type. [`Registry::register`] returns it, so that its optional properties can be set:
///
/// | property | default |
/// |---|---|
/// | [`with_activity`](Self::with_activity) | "Working" |
/// | [`with_retry`](Self::with_retry) | one attempt |
/// | [`with_no_side_effects`](Self::with_no_side_effects) | has side effects |
/// | [`with_instant`](Self::with_instant) | may wait |
/// | [`with_display`](Self::with_display) | a plain box |
/// | [`with_models`](Self::with_models) | none are listed |
pub struct NodeType {
    name: Cow<'static, str>,
    activity: Cow<'static, str>,
    data: DataType,
    retry: RetryPolicy,
    pure: bool,
    instant: bool,
    display: DisplayHints,
    models: Vec<String>,
    make: Factory,
}

impl NodeType {
    fn new(name: Cow<'static, str>, data: DataType, make: Factory) -> Self {
        Self {
            name,
            activity: "Working".into(),
            data,
            retry: RetryPolicy::ONCE,
            pure: false,
            instant: false,
            display: DisplayHints::new(),
            models: Vec::new(),
            make,
        }
    }

    /// Sets what a running node of this type does, in a few words: "Calling Gemini API". Default: "Working".
    pub fn with_activity(&mut self, activity: impl Into<Cow<'static, str>>) -> &mut Self {
        self.activity = activity.into();
        self
    }

    /// Sets the retry policy of nodes whose workflow sets none. Default: one attempt.
    pub fn with_retry(&mut self, policy: RetryPolicy) -> &mut Self {
        self.retry = policy;
        self
    }

    /// Declares that a node of this type changes nothing outside its run. A node whose output nothing reads
    /// is then reported as a warning. Default: it has side effects.
    pub fn with_no_side_effects(&mut self) -> &mut Self {
        self.pure = true;
        self
    }

    /// Declares that a node of this type only computes its output from what it reads: its `run` returns when it is first polled, costs
    /// nothing, and changes nothing. Predictions of a run then execute it, and know what follows from it; an engine stores its start and its
    /// result together with what follows. If such a node waits all the same, it has begun before its start is stored. Text that it streams
    /// is dropped: it would be shown before its start. Default: it may wait.
    pub fn with_instant(&mut self) -> &mut Self {
        self.instant = true;
        self.with_no_side_effects()
    }

    /// Sets how a page draws nodes of this type. Default: a plain box.
    pub fn with_display(&mut self, hints: DisplayHints) -> &mut Self {
        self.display = hints;
        self
    }

    /// Sets models to choose from, as workflows write them in the field `model` of `data`: `local/qwen3:8b`. Editors offer them; they
    /// restrict nothing. Default: none are listed.
    pub fn with_models<S: Into<String>>(
        &mut self,
        models: impl IntoIterator<Item = S>,
    ) -> &mut Self {
        self.models = models.into_iter().map(Into::into).collect();
        self
    }

    /// Models to choose from.
    pub fn models(&self) -> &[String] {
        &self.models
    }

    /// How a page draws nodes of this type.
    pub fn display(&self) -> &DisplayHints {
        &self.display
    }

    /// The name that workflows use as `type`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a running node of this type does, in a few words.
    pub fn activity(&self) -> &str {
        &self.activity
    }

    /// The JSON Schema of `data` (draft 2020-12).
    pub fn schema(&self) -> &Value {
        self.data.schema()
    }

    /// The differences between `data` and the schema.
    pub(crate) fn schema_errors<'a>(
        &'a self,
        data: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        self.data.errors(data)
    }

    pub(crate) fn default_retry(&self) -> RetryPolicy {
        self.retry
    }

    pub(crate) fn is_pure(&self) -> bool {
        self.pure
    }

    /// What an attempt at a node of this type does outside of its run, unless the node or its plan says it.
    pub(crate) fn effects(&self) -> Effects {
        if self.pure {
            Effects::None
        } else {
            Effects::Unknown
        }
    }

    pub(crate) fn is_instant(&self) -> bool {
        self.instant
    }

    /// The kind of control node; `None` for a leaf.
    pub(crate) fn control(&self) -> Option<ControlKind> {
        match self.make {
            Factory::Leaf(_) => None,
            Factory::Agent(_) => Some(ControlKind::Agent),
            Factory::Control(kind) => Some(kind),
        }
    }

    pub(crate) fn make(&self, data: &Value) -> Result<NodeInstance, DataError> {
        match &self.make {
            Factory::Leaf(build) => build(data).map(NodeInstance::Leaf),
            Factory::Agent(build) => build(data).map(Control::Agent).map(NodeInstance::Control),
            Factory::Control(kind) => kind.read(data).map(NodeInstance::Control),
        }
    }
}

/// The form of an entry of `GET /api/node-types`.
impl Serialize for NodeType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let has_models = !self.models.is_empty();
        let mut object = serializer.serialize_struct("NodeType", 4 + usize::from(has_models))?;
        object.serialize_field("type", &self.name)?;
        object.serialize_field("activity", &self.activity)?;
        object.serialize_field("display", &self.display)?;
        if has_models {
            object.serialize_field("models", &self.models)?;
        }
        object.serialize_field("schema", self.schema())?;
        object.end()
    }
}

impl JsonSchema for NodeType {
    fn schema_name() -> Cow<'static, str> {
        "NodeType".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let display = generator.subschema_for::<DisplayHints>();
        json_schema!({
            "type": "object",
            "description": "One kind of node.",
            "properties": {
                "type": {"type": "string", "description": "The name a workflow's `type` uses."},
                "activity": {"type": "string", "description": "What a running node of this type does."},
                "display": display,
                "models": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Models to choose from, as workflows write them in the field `model` of `data`: `local/qwen3:8b`. \
                        By the configuration of the service; other names are allowed. Absent if none are listed.",
                },
                "schema": {"type": "object", "description": "The JSON Schema of `data`."},
            },
            "required": ["type", "activity", "display", "schema"],
        })
    }
}

impl fmt::Debug for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeType")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
