//! What the engine itself reads of the `data` of an agent. The rest belongs to the type.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Map, Value};

use super::{KindInfo, data_type, nodes::Nodes, read};
use crate::{
    node::agent::{Agent, ToolChoice},
    template::{Template, Templated},
    value::{Budget, WrittenDuration},
};

/// Agents have types of their own, with other names, which also build them.
pub(super) static KIND: KindInfo = KindInfo {
    name: "an agent",
    label: "Agent",
    icon: "agent",
    activity: "Working",
    is_container: true,
    path_segments: 1,
    data_type: data_type::<AgentFields>,
    read: |data| read(data, |never: Never| match never {}),
};

/// The most tools of an agent: as many as providers take.
pub(crate) const MAX_TOOLS: usize = 128;

/// The form of the name of a tool: that of an id, short enough that a call adds its index to it.
pub(crate) const TOOL_NAME: &str = "^[A-Za-z_][A-Za-z0-9_-]{0,59}$";

/// What no `data` can be read as.
#[derive(Deserialize)]
enum Never {}

/// The `data` of an agent.
pub(crate) struct AgentData {
    /// What the engine reads itself.
    pub(crate) fields: AgentFields,
    /// What does the turns.
    pub(crate) agent: Arc<dyn Agent>,
}

/// The fields that every agent has.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentFields {
    /// What the agent may call: at most 128 tools.
    #[serde(default)]
    #[schemars(length(max = MAX_TOOLS))]
    pub(crate) tools: Vec<ToolData>,
    /// The most turns.
    #[serde(default = "default_max_turns")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) max_turns: usize,
    /// What happens when the last allowed turn gives no answer: the agent fails with `max_turns`, or it completes with the text so
    /// far.
    #[serde(default)]
    #[schemars(extend("default" = "fail"))]
    pub(crate) on_max_turns: OnMaxTurns,
    /// How many calls of a turn run at the same time. 1: one after another, in their order.
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1, max = 128))]
    pub(crate) concurrency: usize,
    /// The most calls of a turn. Those beyond are answered with an error.
    #[serde(default = "default_max_calls")]
    #[schemars(range(min = 1, max = 128))]
    pub(crate) max_calls: usize,
    /// The most bytes of a result that reach the model. A larger one is cut; the log has all of it.
    #[serde(default = "default_max_result_bytes")]
    #[schemars(range(min = 256, max = 1_048_576))]
    pub(crate) max_result_bytes: usize,
    /// In how many turns in a row the same call with the same arguments is made. After that it is answered with an error.
    #[serde(default = "default_max_repeats")]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) max_repeats: usize,
    /// The most time of an attempt at one turn. The `timeout` of the node is that of all of it.
    pub(crate) turn_timeout: Option<WrittenDuration>,
    /// The most that the agent may use, in its turns and in the calls of its tools. The budgets around it hold, too.
    pub(crate) budget: Option<Budget>,
    /// Whether the first turn may or must call tools: `auto`, `required`, `none`, or `{"tool": name}`.
    #[serde(default, deserialize_with = "tool_choice")]
    #[schemars(with = "ToolChoiceData", extend("default" = "auto"))]
    pub(crate) tool_choice: ToolChoice,
}

/// Something that an agent may call: a list of nodes, or a workflow. The arguments of the call are `args`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolData {
    /// The name by which the model calls it.
    #[schemars(extend("pattern" = TOOL_NAME))]
    pub(crate) name: Arc<str>,
    /// What it does, for the model. Default: the description of the `workflow`.
    pub(crate) description: Option<Arc<str>>,
    /// The JSON Schema of the arguments, an object. Default: the `input` of the `workflow`; else there are no arguments.
    #[serde(default, deserialize_with = "schema")]
    #[schemars(with = "Option<Map<String, Value>>", extend("x-workflow" = "schema"))]
    pub(crate) input: Option<Arc<Value>>,
    /// The nodes that a call runs. They read the arguments as `args`, which is also the implicit input of the first ones. The
    /// output of the last node is the result.
    pub(crate) nodes: Option<Nodes>,
    /// The name or id of the workflow that a call runs, instead of `nodes`. The arguments are its input.
    pub(crate) workflow: Option<Arc<str>>,
    /// Asks a person before each call.
    pub(crate) approve: Option<Approve>,
    /// What happens when a call fails: the model gets the error, or the agent fails.
    #[serde(default)]
    #[schemars(extend("default" = "answer"))]
    pub(crate) on_error: ToolOnError,
    /// What happens to a call that was running when its host stopped: it runs again, or the agent fails.
    #[serde(default)]
    pub(crate) on_ambiguous: Option<ToolOnAmbiguous>,
    /// The most time of a call, without the wait for an approval.
    pub(crate) timeout: Option<WrittenDuration>,
    /// As the field of the agent, for this tool.
    #[schemars(range(min = 256, max = 1_048_576))]
    pub(crate) max_result_bytes: Option<usize>,
    /// As the field of the agent, for this tool.
    #[schemars(range(min = 1, max = 100))]
    pub(crate) max_repeats: Option<usize>,
}

/// Asks a person before a call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approve {
    /// The question to the person, with `{{ args.… }}`.
    #[schemars(extend("x-workflow-refers" = true, "x-workflow-reads" = "args", "examples" = ["Refund {{ args.number }}?"]))]
    pub(crate) message: Template,
    /// How long to wait for the answer: a duration, or a template for one. After that the call is refused with the code `expired`.
    /// Default: no limit.
    #[schemars(extend("x-workflow-reads" = "args"))]
    pub(crate) expires: Option<Templated<WrittenDuration>>,
}

/// What happens when the last allowed turn gives no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnMaxTurns {
    /// The agent fails with `max_turns`.
    #[default]
    Fail,
    /// The agent completes with the text so far, and `exhausted` is true.
    Continue,
}

/// What happens when a call of a tool fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToolOnError {
    /// The model gets the error as the result of the call.
    #[default]
    Answer,
    /// The other calls are cancelled, and the agent fails.
    Fail,
}

/// What happens to a call that was running when its host stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToolOnAmbiguous {
    /// What was running in it runs again. The default.
    Retry,
    /// The agent fails with `ambiguous`, and the model is not asked.
    Fail,
}

/// The form of `tool_choice` in JSON.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum ToolChoiceData {
    Word(ToolChoiceWord),
    Tool(ChosenTool),
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ToolChoiceWord {
    Auto,
    Required,
    None,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChosenTool {
    /// The tool that the first turn must call.
    tool: Arc<str>,
}

fn tool_choice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ToolChoice, D::Error> {
    let choice = ToolChoiceData::deserialize(deserializer)
        .map_err(|_| D::Error::custom("use `auto`, `required`, `none` or `{\"tool\": name}`"))?;
    Ok(match choice {
        ToolChoiceData::Word(ToolChoiceWord::Auto) => ToolChoice::Auto,
        ToolChoiceData::Word(ToolChoiceWord::Required) => ToolChoice::Required,
        ToolChoiceData::Word(ToolChoiceWord::None) => ToolChoice::None,
        ToolChoiceData::Tool(ChosenTool { tool }) => ToolChoice::Tool(tool),
    })
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
    let schema = Option::<Map<String, Value>>::deserialize(deserializer)?;
    Ok(schema.map(|schema| Arc::new(Value::Object(schema))))
}

fn default_max_turns() -> usize {
    10
}

fn default_concurrency() -> usize {
    8
}

fn default_max_calls() -> usize {
    16
}

fn default_max_result_bytes() -> usize {
    64 * 1024
}

fn default_max_repeats() -> usize {
    3
}
