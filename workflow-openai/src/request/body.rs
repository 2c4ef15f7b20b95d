//! The body of a request.

use serde_json::{Map, Value, json};
use workflow_core::node::agent::{ToolChoice, ToolSpec};
use workflow_llm::{ModelError, ModelRequest, ServiceTier, Thinking};

use super::{messages::messages, schema};

/// In which fields servers differ.
#[derive(Clone, Debug)]
pub(crate) struct Dialect {
    /// The field of the most tokens of an answer.
    pub(crate) max_tokens_field: String,
    /// Whether the server knows `tool_choice`.
    pub(crate) has_tool_choice: bool,
    /// Fields of each request.
    pub(crate) extra: Map<String, Value>,
}

/// The option of a request with further fields of its body.
const EXTRA: &str = "extra";

/// The fields that a request has itself. Besides confusion, another value could break a budget, which is computed from them.
const RESERVED: [&str; 16] = [
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "model",
    "n",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];

/// The first field that `extra` must not have, because the request sets it.
pub(crate) fn reserved_field<'a>(
    extra: &'a Map<String, Value>,
    max_tokens: &str,
) -> Option<&'a str> {
    let is_reserved = |name: &&String| *name == max_tokens || RESERVED.contains(&name.as_str());
    extra.keys().find(is_reserved).map(String::as_str)
}

/// The body of a request to a model. Only what was set is in it.
///
/// # Errors
/// [`ModelError::unsupported_option`] for what chat completions do not have.
pub(crate) fn body(
    request: &ModelRequest,
    model: &str,
    provider: &str,
    dialect: &Dialect,
) -> Result<Value, ModelError> {
    let unsupported = |option: &str| Err(ModelError::unsupported_option(provider, option));
    if request.top_k.is_some() {
        return unsupported("top_k");
    }
    if !request.provider_tools.is_empty() {
        return unsupported("tools");
    }
    if let Some(option) = request.options.keys().find(|name| *name != EXTRA) {
        return unsupported(option);
    }
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| {
        // A float that is not finite is null, too; the caller refuses those.
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    set("model", json!(model));
    set("messages", messages(request, provider)?.into());
    add_tools(request, provider, dialect, &mut set)?;
    if let Some(schema) = &request.schema {
        let mut format = json!({"name": "answer", "schema": schema.json()});
        if schema::is_strict(schema.json()) {
            format["strict"] = json!(true);
        }
        set(
            "response_format",
            json!({"type": "json_schema", "json_schema": format}),
        );
    }
    set("temperature", json!(request.temperature));
    set("top_p", json!(request.top_p));
    set(&dialect.max_tokens_field, json!(request.max_output_tokens));
    if !request.stop.is_empty() {
        set("stop", json!(request.stop));
    }
    set("seed", json!(request.seed));
    match &request.thinking {
        None => {}
        Some(Thinking::Level(level)) => set("reasoning_effort", json!(level)),
        Some(_) => return unsupported("thinking_budget"),
    }
    match request.service_tier {
        None => {}
        Some(ServiceTier::Standard) => set("service_tier", json!("default")),
        Some(tier) => set("service_tier", json!(tier.name())),
    }
    set("store", json!(request.store));
    if request.streams {
        set("stream", json!(true));
        set("stream_options", json!({"include_usage": true}));
    }
    body.extend(dialect.extra.clone());
    body.extend(
        extra(request, dialect)?
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    Ok(Value::Object(body))
}

/// Tools and what goes with them. Nothing of it is sent without tools: an empty list is refused.
fn add_tools(
    request: &ModelRequest,
    provider: &str,
    dialect: &Dialect,
    set: &mut impl FnMut(&str, Value),
) -> Result<(), ModelError> {
    if request.tools.is_empty() {
        return Ok(());
    }
    let choice = match &request.tool_choice {
        ToolChoice::Auto => None,
        // Without tools, the model cannot call one.
        ToolChoice::None if !dialect.has_tool_choice => return Ok(()),
        _ if !dialect.has_tool_choice => {
            return Err(ModelError::unsupported_option(provider, "tool_choice"));
        }
        ToolChoice::None => Some(json!("none")),
        ToolChoice::Required => Some(json!("required")),
        ToolChoice::Tool(name) => Some(json!({"type": "function", "function": {"name": name}})),
        _ => return Err(ModelError::unsupported_option(provider, "tool_choice")),
    };
    set("tools", request.tools.iter().map(tool).collect());
    set("tool_choice", json!(choice));
    Ok(())
}

fn tool(tool: &ToolSpec) -> Value {
    let mut function = json!({"name": tool.name});
    if !tool.description.is_empty() {
        function["description"] = json!(tool.description);
    }
    function["parameters"] = schema::parameters(&tool.input);
    json!({"type": "function", "function": function})
}

/// The fields that the request adds to the body.
fn extra<'a>(
    request: &'a ModelRequest,
    dialect: &Dialect,
) -> Result<Option<&'a Map<String, Value>>, ModelError> {
    let Some(extra) = request.options.get(EXTRA) else {
        return Ok(None);
    };
    let Value::Object(extra) = extra else {
        return Err(ModelError::invalid_request("`extra` is not an object"));
    };
    if let Some(name) = reserved_field(extra, &dialect.max_tokens_field) {
        let reason = format!("`extra` cannot have `{name}`, which the request sets itself");
        let hint = "use the field of the node instead, if there is one";
        return Err(ModelError::invalid_request(reason).with_hint(hint));
    }
    Ok(Some(extra))
}
