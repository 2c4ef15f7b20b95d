//! The messages of a request.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde_json::{Map, Value, json};
use workflow_core::node::agent::ToolCall;
use workflow_llm::{Message, ModelError, ModelRequest, Part, TurnMessage};

use crate::reply;

/// The longest name of a function that OpenAI accepts.
const LONGEST_NAME: usize = 64;

/// The member of a message with the thoughts of the model.
const REASONING: &str = "reasoning_content";

/// The system message, and the conversation.
///
/// # Errors
/// [`ModelError::unsupported_option`] for a file that is no image.
pub(super) fn messages(request: &ModelRequest, provider: &str) -> Result<Vec<Value>, ModelError> {
    let mut messages = Vec::new();
    if let Some(system) = &request.system {
        messages.push(json!({"role": "system", "content": system}));
    }
    // Thoughts go back within one loop of tools only: DeepSeek wants them there, and refuses them before a later question.
    let is_user = |message: &Message| matches!(message, Message::User(_));
    let loop_begins = request
        .messages
        .iter()
        .rposition(is_user)
        .unwrap_or_default();
    for (at, message) in request.messages.iter().enumerate() {
        match message {
            Message::User(parts) => messages.push(user(parts, provider)?),
            Message::Turn(turn) => add_turn(turn, at > loop_begins, &mut messages),
        }
    }
    Ok(messages)
}

/// A message of the user. One text is sent as text, since some servers know no parts.
fn user(parts: &[Part], provider: &str) -> Result<Value, ModelError> {
    let content = match parts {
        [Part::Text(text)] => json!(text),
        parts => {
            let parts = parts.iter().map(|it| part(it, provider));
            Value::Array(parts.collect::<Result<_, _>>()?)
        }
    };
    Ok(json!({"role": "user", "content": content}))
}

fn part(part: &Part, provider: &str) -> Result<Value, ModelError> {
    let unsupported = |kind: &str| {
        let option = format!("parts: {}", if kind.is_empty() { "a file" } else { kind });
        Err(ModelError::unsupported_option(provider, &option))
    };
    let url = match part {
        Part::Text(text) => return Ok(json!({"type": "text", "text": text})),
        Part::Inline { mime_type, data } if is_image(mime_type) => {
            format!("data:{mime_type};base64,{}", standard(data))
        }
        Part::File { mime_type, uri } if mime_type.as_deref().is_some_and(is_image) => uri.clone(),
        Part::Inline { mime_type, .. } => return unsupported(mime_type),
        Part::File { mime_type, .. } => {
            return unsupported(mime_type.as_deref().unwrap_or_default());
        }
    };
    Ok(json!({"type": "image_url", "image_url": {"url": url}}))
}

fn is_image(mime_type: &str) -> bool {
    let kind = mime_type.get(..6);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("image/"))
}

/// Base64 in the alphabet of data URLs, with padding. What is in neither alphabet is left as it is.
fn standard(data: &str) -> String {
    let is_standard = data.len().is_multiple_of(4) && !data.contains(['-', '_']);
    if is_standard {
        return data.to_owned();
    }
    let data = data.trim_end_matches('=');
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let lenient = lenient.with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
    let url_safe = data.replace('+', "-").replace('/', "_");
    let bytes = GeneralPurpose::new(&URL_SAFE, lenient).decode(url_safe);
    bytes.map_or_else(|_| data.to_owned(), |bytes| STANDARD.encode(bytes))
}

/// A past turn of the model, and the results of its calls.
fn add_turn(turn: &TurnMessage, is_in_loop: bool, messages: &mut Vec<Value>) {
    let message = match turn.state() {
        Some(Value::Object(state)) => sendable(state.clone(), is_in_loop),
        _ => rebuilt(turn),
    };
    let ids: Vec<Value> = match &message["tool_calls"] {
        Value::Array(calls) => calls.iter().map(|call| call["id"].clone()).collect(),
        _ => Vec::new(),
    };
    messages.push(message);
    for (id, result) in ids.into_iter().zip(turn.results()) {
        let content = result.for_model().to_string();
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": content}));
    }
}

/// The message of this provider, as it came, but for what servers refuse.
fn sendable(mut message: Map<String, Value>, is_in_loop: bool) -> Value {
    if !is_in_loop {
        message.shift_remove(REASONING);
    }
    let calls = message.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        let Some(arguments) = call.pointer_mut("/function/arguments") else {
            continue;
        };
        // Ollama and vLLM parse the arguments of the history, and refuse the request if they are no object. The result of the call
        // says what was wrong with them.
        let text = arguments.as_str().unwrap_or_default();
        if serde_json::from_str::<Map<String, Value>>(text).is_err() {
            let args = reply::arguments(text).ok().filter(Value::is_object);
            *arguments = args
                .map_or_else(|| "{}".to_owned(), |args| args.to_string())
                .into();
        }
    }
    Value::Object(message)
}

/// The message of a turn that another provider made.
fn rebuilt(turn: &TurnMessage) -> Value {
    let output = turn.output();
    let calls = output.calls.iter().enumerate();
    let calls: Vec<Value> = calls.map(|(at, it)| rebuilt_call(at, it)).collect();
    let mut message = json!({"role": "assistant"});
    if calls.is_empty() {
        message["content"] = json!(output.text);
    } else {
        message["content"] = json!(Some(&output.text).filter(|text| !text.is_empty()));
        message["tool_calls"] = calls.into();
    }
    message
}

fn rebuilt_call(at: usize, call: &ToolCall) -> Value {
    let id = call.id.clone().unwrap_or_else(|| format!("call_{at}"));
    let is_known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = call.tool.chars().take(LONGEST_NAME);
    let name: String = name.map(|c| if is_known(c) { c } else { '_' }).collect();
    let arguments = match &call.args {
        args @ Value::Object(_) => args.to_string(),
        _ => "{}".to_owned(),
    };
    let function = json!({"name": name, "arguments": arguments});
    json!({"id": id, "type": "function", "function": function})
}
