//! Agents: nodes that work in turns and call tools.

use std::{
    fmt::Write as _,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{NodeContext, OutputShape, Plan, PlanContext};
use crate::{
    error::{NodeError, Problem},
    value::{InvalidData, StepKey, beginning_of, some_even_if_null},
};

/// A node that works in turns. Each turn gives the answer, or asks for calls of tools.
///
/// An implementation does one turn once, as a [`Node`](super::Node) does one step, and keeps nothing between turns: the engine gives it the
/// turns before. The engine reads the tools in the `data` of the node, checks and makes the calls, waits for approvals, logs each turn and
/// each call as a step of its own, and holds the limits. Register it with
/// [`Registry::register_agent_with`](super::Registry::register_agent_with).
///
/// # Cancellation
/// As [`Node`](super::Node): dropping the future of [`turn`](Self::turn) cancels the attempt.
#[async_trait]
pub trait Agent: Send + Sync + 'static {
    /// Does one turn once.
    ///
    /// # Errors
    /// A classified error: see [`NodeError`]. A retry repeats this turn with the same request, never the calls before it.
    ///
    /// # Cancellation
    /// The future is dropped when the run is cancelled, when the timeout of the turn or of the agent expires, or when the host
    /// shuts down.
    async fn turn(&self, cx: &NodeContext, request: &TurnRequest) -> Result<AgentTurn, NodeError>;

    /// Describes the turn that is about to be made, as [`Node::plan`](super::Node::plan) does. Default: nothing is known.
    ///
    /// A key has to cover the history, too: [`PastTurn::key`].
    ///
    /// # Errors
    /// The turn fails with the error, without an attempt.
    fn plan(&self, cx: &PlanContext<'_>, request: &TurnRequest) -> Result<Plan, NodeError> {
        let _ = (cx, request);
        Ok(Plan::opaque())
    }

    /// Checks the agent when it is built, as [`Node::check`](super::Node::check) does. Default: no fault.
    ///
    /// # Errors
    /// The first fault. The workflow is refused with it.
    fn check(&self) -> Result<(), InvalidData> {
        Ok(())
    }

    /// Whether the agent, as configured, reads the implicit input. Default: `false`.
    fn reads_input(&self) -> bool {
        false
    }

    /// What is known of the answer before it is given. Default: nothing.
    fn output_shape(&self) -> OutputShape<'_> {
        OutputShape::Unknown
    }
}

const _: fn(&dyn Agent) = |_| {};

/// What a turn is about. The default is the first turn of an agent without tools, after which more may follow.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TurnRequest {
    /// The number of the turn, counted from 0.
    pub turn: usize,
    /// Whether no further turn may follow. Then calls are forbidden: [`tool_choice`](Self::tool_choice) is `None`.
    pub is_last: bool,
    /// Whether the turn before asked for this one, to give its answer its form. Then no tools are offered.
    pub is_finishing: bool,
    /// The tools, in the order of the specification.
    pub tools: Arc<[ToolSpec]>,
    /// Whether this turn may or must call tools.
    pub tool_choice: ToolChoice,
    /// The turns before this one, oldest first.
    pub history: Vec<Arc<PastTurn>>,
}

impl TurnRequest {
    /// The turn after these, with these tools, of an agent that may answer or call, and may have further turns. For tests of agents:
    /// the engine makes its own.
    pub fn new(tools: impl Into<Arc<[ToolSpec]>>, history: Vec<Arc<PastTurn>>) -> Self {
        Self {
            turn: history.len(),
            tools: tools.into(),
            history,
            ..Self::default()
        }
    }

    /// No further turn may follow, so this one calls no tool.
    #[must_use]
    pub fn as_last(mut self) -> Self {
        self.is_last = true;
        self.tool_choice = ToolChoice::None;
        self
    }

    /// The turn before asked for this one, to give its answer its form. No tools are offered.
    #[must_use]
    pub fn as_finishing(mut self) -> Self {
        self.is_finishing = true;
        self.tools = Arc::default();
        self.tool_choice = ToolChoice::None;
        self
    }
}

/// Whether a turn may or must call tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// It answers or calls.
    #[default]
    Auto,
    /// It calls at least one tool.
    Required,
    /// It calls none.
    None,
    /// It calls this tool.
    Tool(Arc<str>),
}

/// A tool, as it is described to a model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolSpec {
    /// Its name: a letter or `_`, then letters, digits, `_` and `-`; at most 60 characters.
    pub name: Arc<str>,
    /// What it does; may be empty.
    pub description: Arc<str>,
    /// The JSON Schema of its arguments, which are an object.
    pub input: Arc<Value>,
}

impl ToolSpec {
    /// A tool by its name, description, and the JSON Schema of its arguments.
    pub fn new(
        name: impl Into<Arc<str>>,
        description: impl Into<Arc<str>>,
        input: Arc<Value>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            input,
        }
    }
}

/// A turn whose calls are settled.
#[derive(Debug)]
#[non_exhaustive]
pub struct PastTurn {
    /// What the turn said.
    pub output: TurnOutput,
    /// What the provider needs back, as it came.
    pub state: Option<Arc<Value>>,
    /// What came of the calls, in their order.
    pub results: Vec<CallResult>,
    key: OnceLock<StepKey>,
}

impl PastTurn {
    /// A turn with the results of its calls, in their order.
    pub fn new(output: TurnOutput, state: Option<Arc<Value>>, results: Vec<CallResult>) -> Self {
        Self {
            output,
            state,
            results,
            key: OnceLock::new(),
        }
    }

    /// A key over everything of this turn that a later request depends on. Computed once.
    pub fn key(&self) -> StepKey {
        *self.key.get_or_init(|| {
            let mut key = StepKey::builder("AgentTurn", 1).serialized("output", &self.output);
            if let Some(state) = &self.state {
                key = key.json("state", state);
            }
            let results = self.results.iter();
            results
                .fold(key, |key, result| key.json("result", &result.for_model()))
                .build()
        })
    }
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CallResult {
    /// The result, or why there is none. A result that is larger than `max_result_bytes` is the beginning of its text.
    pub result: Result<Arc<Value>, Arc<Problem>>,
    /// The size of the whole result in bytes, if `result` is only its beginning.
    pub truncated_from: Option<usize>,
    /// The arguments that a person put in the place of those of the model.
    pub changed: Option<Arc<Value>>,
}

/// The most bytes of an error that reach the model: 2 KiB.
const MAX_ERROR_BYTES: usize = 2 * 1024;

impl CallResult {
    /// The whole result of a call with the arguments of the model, or why there is none.
    pub fn new(result: Result<Arc<Value>, Arc<Problem>>) -> Self {
        Self {
            result,
            truncated_from: None,
            changed: None,
        }
    }

    /// The result in the form that a model reads it: an object with `output`, or with `error` as text. Besides, `truncated` with the size of the whole
    /// result, and `changed_arguments`.
    ///
    /// It depends on what is logged only, so a request is the same after a restart. Hints are left out: they are for people.
    pub fn for_model(&self) -> Value {
        let mut object = match &self.result {
            Ok(output) => json!({ "output": output }),
            Err(problem) => json!({ "error": error_text(problem) }),
        };
        if let Some(bytes) = self.truncated_from {
            object["truncated"] = json!({ "bytes": bytes });
        }
        if let Some(changed) = &self.changed {
            object["changed_arguments"] = Value::clone(changed);
        }
        object
    }
}

/// Code, detail and places of an error, cut at [`MAX_ERROR_BYTES`].
fn error_text(problem: &Problem) -> String {
    let mut text = format!("{}: {}", problem.code, problem.detail);
    for fault in &problem.errors {
        if text.len() > MAX_ERROR_BYTES {
            break;
        }
        // Writing to a text cannot fail.
        _ = write!(text, "\n{}: {}", fault.pointer, fault.detail);
    }
    beginning_of(&text, MAX_ERROR_BYTES).to_owned()
}

/// What a turn gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgentTurn {
    /// What the model said and asked for.
    pub output: TurnOutput,
    /// What the provider needs back with the next request, as it came: raw parts, signatures, made-up ids. At most 4 MiB as
    /// JSON. It is kept in the log; streams and pages show its hash and size only.
    pub state: Option<Value>,
}

impl AgentTurn {
    /// A turn that ends the agent with its answer.
    pub fn answer(output: impl Into<Value>) -> Self {
        Self::of(TurnOutput {
            output: Some(output.into()),
            ..TurnOutput::default()
        })
    }

    /// A turn that asks for calls.
    pub fn calls(calls: Vec<ToolCall>) -> Self {
        Self::of(TurnOutput {
            calls,
            ..TurnOutput::default()
        })
    }

    /// A turn with this output.
    pub fn of(output: TurnOutput) -> Self {
        Self {
            output,
            state: None,
        }
    }

    /// Sets what the model wrote besides.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.output.text = text.into();
        self
    }

    /// Sets what the provider needs back.
    #[must_use]
    pub fn with_state(mut self, state: Value) -> Self {
        self.state = Some(state);
        self
    }
}

/// What a turn said and asked for: the output of its step, at most 1 MiB as JSON.
///
/// One of three: an `output`, which ends the agent; at least one call; or `needs_finish`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TurnOutput {
    /// The text of the turn.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The calls, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// The answer of the agent.
    #[serde(
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    /// Whether one more turn without tools has to give the answer its form.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub needs_finish: bool,
}

impl TurnOutput {
    /// Reads the output of the step of a turn.
    pub(crate) fn read(output: &Value) -> Option<Self> {
        Self::deserialize(output).ok()
    }

    /// A turn that said this text, and asks for a further turn without tools that gives the answer its form.
    pub fn to_finish(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            needs_finish: true,
            ..Self::default()
        }
    }
}

/// A call that a model asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ToolCall {
    /// The provider's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool, as the model named it.
    pub tool: String,
    /// The arguments.
    pub args: Value,
    /// Why the arguments could not be read. Then the call is not made, and the model gets this as its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl ToolCall {
    /// A call of a tool.
    pub fn new(tool: impl Into<String>, args: Value) -> Self {
        Self {
            id: None,
            tool: tool.into(),
            args,
            problem: None,
        }
    }

    /// Sets the provider's id of the call.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says why the arguments could not be read.
    #[must_use]
    pub fn with_problem(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }
}
