//! Earlier turns and tools in the form of the API, and what an answer leaves for later turns.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use workflow_core::node::agent::{CallResult, ToolCall, ToolChoice, ToolSpec};
use workflow_llm::{Message, TurnMessage};

use crate::{
    reply::Reply,
    request::{
        Function, FunctionCall, FunctionCalling, FunctionResponse, GenerateRequest, MAX_NAME,
        SKIP_SIGNATURE, Turn,
    },
};

/// The member of a state that has the raw parts.
const PARTS: &str = "parts";

/// The state of an answer: its parts as they came. A later request sends them back unchanged, because the API checks the signatures in them.
pub(super) fn state(reply: &Reply) -> Value {
    json!({ PARTS: reply.parts })
}

/// The calls of an answer in neutral form.
pub(super) fn tool_calls(calls: Vec<FunctionCall>) -> Vec<ToolCall> {
    let calls = calls.into_iter().map(|call| {
        let tool = ToolCall::new(call.name, Value::Object(call.args));
        match call.id {
            Some(id) => tool.with_id(id),
            None => tool,
        }
    });
    calls.collect()
}

/// Declares the tools, and whether the model may call them. Without tools, a choice is not sent: the API refuses it.
pub(super) fn declare(
    generate: GenerateRequest,
    tools: &[ToolSpec],
    choice: &ToolChoice,
) -> GenerateRequest {
    if tools.is_empty() {
        return generate;
    }
    let functions = tools.iter().map(|tool| {
        Function::new(&*tool.name, &*tool.description).with_parameters(Arc::clone(&tool.input))
    });
    let generate = functions.fold(generate, GenerateRequest::with_function);
    match choice {
        ToolChoice::Required => generate.with_function_calling(FunctionCalling::any()),
        ToolChoice::None => generate.with_function_calling(FunctionCalling::None),
        ToolChoice::Tool(name) => {
            generate.with_function_calling(FunctionCalling::any_of([&**name]))
        }
        // The API's default.
        _ => generate,
    }
}

/// Adds a message: what the user said, or what the model said and the responses to its calls.
pub(super) fn with_message(generate: GenerateRequest, message: &Message) -> GenerateRequest {
    match message {
        Message::User(parts) => generate.with_turn(Turn::User(parts.clone())),
        Message::Turn(turn) => with_past(generate, turn),
    }
}

fn with_past(generate: GenerateRequest, turn: &TurnMessage) -> GenerateRequest {
    let parts = raw_parts(turn).unwrap_or_else(|| rebuilt(turn));
    // The API refuses a content without parts. A turn that said nothing leaves no gap: two texts of the user may follow each other.
    if parts.is_empty() {
        return generate;
    }
    let calls = parts.iter().filter_map(FunctionCall::raw);
    let results = turn.results().iter();
    let responses: Vec<_> = calls.zip(results).map(response).collect();
    let generate = generate.with_turn(Turn::Model(parts));
    if responses.is_empty() {
        return generate;
    }
    generate.with_turn(Turn::Responses(responses))
}

/// The parts as they came. `None` if the turn has no state of this API.
fn raw_parts(turn: &TurnMessage) -> Option<Vec<Value>> {
    turn.state()?.get(PARTS)?.as_array().cloned()
}

/// The response to a call of the parts: with the name that the model used, and with an id only if there was one.
fn response((call, result): (&Value, &CallResult)) -> FunctionResponse {
    let text = |name| call.get(name).and_then(Value::as_str);
    let name = text("name").unwrap_or_default();
    let response = match result.for_model() {
        Value::Object(response) => response,
        other => Map::from_iter([("output".to_owned(), other)]),
    };
    let response = FunctionResponse::new(name, response);
    match text("id") {
        Some(id) => response.with_id(id),
        None => response,
    }
}

/// The parts of a turn that another provider made. Its ids mean nothing to this API, and its first call gets the signature for calls that
/// the model did not make.
fn rebuilt(turn: &TurnMessage) -> Vec<Value> {
    let output = turn.output();
    let text = Some(&output.text).filter(|text| !text.is_empty());
    let text = text.map(|text| json!({ "text": text }));
    let calls = output.calls.iter().enumerate().map(|(index, call)| {
        // Arguments that were no JSON are no object; the result says so.
        let args = call.args.as_object().cloned().unwrap_or_default();
        let mut part = json!({"functionCall": {"name": name(&call.tool), "args": args}});
        if index == 0 {
            part["thoughtSignature"] = SKIP_SIGNATURE.into();
        }
        part
    });
    text.into_iter().chain(calls).collect()
}

/// A name as the API accepts it. That of a declared tool is one; another model can have made up any other.
fn name(tool: &str) -> String {
    let mut name = String::new();
    if !tool.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_') {
        name.push('_');
    }
    let allowed = |it: char| it.is_ascii_alphanumeric() || "_.:-".contains(it);
    name.extend(tool.chars().map(|it| if allowed(it) { it } else { '_' }));
    name.truncate(MAX_NAME);
    name
}
