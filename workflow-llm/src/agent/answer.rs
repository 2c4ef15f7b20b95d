//! The turn that an answer of a model is.

use std::error::Error;

use serde_json::Value;
use workflow_core::{
    NodeContext, NodeError,
    node::agent::{AgentTurn, ToolChoice, TurnOutput, TurnRequest},
};

use crate::{
    attempt::Answer,
    error::{Delivery, ModelError},
    message::TurnMessage,
    schema::AnswerSchema,
};

/// The hint of a refusal that has none. Each provider has its own words for a model without tools, if any.
const NO_TOOLS: &str = "if the model cannot call tools, use another `model`; else look at names and `input` of the `tools`";

/// Reads what a model answered: calls, the answer of the agent, or a text that needs another form.
///
/// A turn that is not the last one has its state, with the model that the later turns use.
///
/// # Errors
/// `malformed_turn`, retried once, if the model calls tools although it must not.
pub(super) fn turn(
    answer: Answer,
    schema: Option<&AnswerSchema>,
    request: &TurnRequest,
    cx: &NodeContext,
) -> Result<AgentTurn, NodeError> {
    let Answer { model, turn } = answer;
    let output = if turn.calls.is_empty() {
        match final_output(turn.json, &turn.text, schema) {
            // The text is not logged twice.
            Some(answer) => return Ok(AgentTurn::answer(answer)),
            None => TurnOutput::to_finish(turn.text),
        }
    } else {
        // The engine refuses calls of a last turn and of a finishing one itself.
        let has_next = !request.is_last && !request.is_finishing;
        if has_next && request.tool_choice == ToolChoice::None && !request.tools.is_empty() {
            return Err(forbidden(cx));
        }
        AgentTurn::calls(turn.calls).with_text(turn.text).output
    };
    let state = TurnMessage::agent_state(model.provider(), model.model(), turn.state);
    Ok(AgentTurn::of(output).with_state(state))
}

/// The answer of the agent. `None` if the text is not what the schema wants.
fn final_output(json: Option<Value>, text: &str, schema: Option<&AnswerSchema>) -> Option<Value> {
    match (json, schema) {
        (Some(json), _) => Some(json),
        (None, Some(schema)) => schema.read(text).ok(),
        (None, None) => Some(text.into()),
    }
}

fn forbidden(cx: &NodeContext) -> NodeError {
    let detail = "the turn calls tools although `tool_choice` is `none`";
    let error = NodeError::new("malformed_turn", detail);
    match cx.failures() {
        0 => error.with_retry(),
        _ => error,
    }
}

/// Adds a hint to the error of a request with tools that the provider refused without a reason that it knows a hint for.
pub(super) fn with_hint(error: NodeError, offers_tools: bool) -> NodeError {
    let model_error = error
        .source()
        .and_then(|it| it.downcast_ref::<ModelError>());
    let is_refusal = model_error.is_some_and(|error| {
        error.code() == "invalid_request" && error.delivery() == Delivery::Reached
    });
    if offers_tools && is_refusal && error.problem().hint.is_none() {
        return error.with_hint(NO_TOOLS);
    }
    error
}
