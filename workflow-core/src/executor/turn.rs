//! One turn of an agent: what it gave is checked before it is an output.

use serde_json::Value;

use crate::{
    error::NodeError,
    node::{
        NodeContext,
        agent::{Agent, AgentTurn, TurnOutput, TurnRequest},
    },
    value::{MAX_DEPTH, size},
};

/// The most calls of a turn. More are no mistake about `max_calls`, but a model that has lost its way.
const MAX_CALLS: usize = 1_000;

/// The most bytes of the state of a turn as JSON: 4 MiB.
const MAX_STATE_BYTES: usize = 4 * 1024 * 1024;

/// Makes a turn once. `output_bytes` is the maximum size of its output as JSON.
pub(super) async fn make(
    agent: &dyn Agent,
    request: &TurnRequest,
    output_bytes: usize,
    cx: &NodeContext,
) -> Result<Value, NodeError> {
    let AgentTurn { output, state } = agent.turn(cx, request).await?;
    check_form(&output, request, cx)?;
    let output = into_value(output, output_bytes)?;
    if let Some(state) = state {
        check_state(&state)?;
        cx.record_state(state);
    }
    Ok(output)
}

/// A turn does one of three things. A model that does none, or several, may do better once more.
fn check_form(
    output: &TurnOutput,
    request: &TurnRequest,
    cx: &NodeContext,
) -> Result<(), NodeError> {
    let TurnOutput {
        calls,
        output,
        needs_finish,
        ..
    } = output;
    let malformed = |detail: String| {
        let error = NodeError::new("malformed_turn", detail);
        let error = error.with_hint("the turn is repeated once, if its `retry` allows it");
        Err(match cx.failures() {
            0 => error.with_retry(),
            _ => error,
        })
    };
    if calls.len() > MAX_CALLS {
        let calls = calls.len();
        return malformed(format!(
            "the turn asks for {calls} calls, more than {MAX_CALLS}"
        ));
    }
    match (output.is_some(), !calls.is_empty(), *needs_finish) {
        (false, false, false) => malformed("the turn neither answers nor calls a tool".to_owned()),
        (false, true, false) | (false, false, true) if request.is_finishing => {
            malformed("the turn that gives the answer its form does not answer".to_owned())
        }
        (true, false, false) | (false, true, false) | (false, false, true) => Ok(()),
        _ => malformed("the turn answers, and wants more turns as well".to_owned()),
    }
}

/// The output as a value. Its size is checked before it is built a second time, and its depth before that, since writing it recurses.
fn into_value(output: TurnOutput, output_bytes: usize) -> Result<Value, NodeError> {
    let parts = output.calls.iter().map(|call| &call.args);
    let mut parts = parts.chain(&output.output);
    if parts.any(|part| size::is_deeper_than(MAX_DEPTH, part)) {
        return Err(size::too_deep());
    }
    if !size::is_within(&output, output_bytes) {
        return Err(size::too_large(output_bytes));
    }
    let value = serde_json::to_value(output)
        .map_err(|error| NodeError::new("internal", error.to_string()))?;
    // The parts are within it; what is around them counts, too.
    if size::is_deeper_than(MAX_DEPTH, &value) {
        return Err(size::too_deep());
    }
    Ok(value)
}

fn check_state(state: &Value) -> Result<(), NodeError> {
    if size::is_deeper_than(MAX_DEPTH, state) {
        let detail = format!("the state of the turn is nested more than {MAX_DEPTH} deep");
        return Err(NodeError::new("turn_state_too_deep", detail));
    }
    if !size::is_within(state, MAX_STATE_BYTES) {
        let detail = format!("what the provider needs back has more than {MAX_STATE_BYTES} bytes");
        return Err(NodeError::new("turn_state_too_large", detail));
    }
    Ok(())
}
