//! Requests: the JSON of chat completions from a [`ModelRequest`]. Pure.

mod body;
mod messages;
mod schema;

pub(crate) use self::body::{Dialect, body, reserved_field};

use workflow_llm::{Message, ModelError, ModelRequest};

/// Checks what every server refuses. Not a part of [`body`], which is also used for requests that were shortened for the log.
///
/// # Errors
/// [`ModelError::invalid_request`].
pub(crate) fn check(request: &ModelRequest, model: &str) -> Result<(), ModelError> {
    if model.is_empty() {
        let error =
            ModelError::invalid_request("it names no model, and the provider has no default");
        return Err(error.with_hint("set `model`"));
    }
    match request.messages.last() {
        None => return Err(ModelError::invalid_request("there is no prompt")),
        Some(Message::Turn(turn)) if turn.output().calls.is_empty() => {
            let reason = "it ends with an answer of the model, and without a question";
            return Err(ModelError::invalid_request(reason));
        }
        Some(_) => {}
    }
    for message in &request.messages {
        match message {
            Message::User(parts) if parts.is_empty() => {
                return Err(ModelError::invalid_request("a message is empty"));
            }
            Message::User(parts) => {
                let checked = parts.iter().try_for_each(workflow_llm::Part::check);
                checked.map_err(ModelError::invalid_request)?;
            }
            Message::Turn(turn) => {
                let (calls, results) = (turn.output().calls.len(), turn.results().len());
                if calls != results {
                    let reason = format!("a turn has {calls} calls and {results} results");
                    return Err(ModelError::invalid_request(reason));
                }
            }
        }
    }
    match request.schema.as_ref().map(|schema| schema.validator()) {
        Some(Err(fault)) => Err(ModelError::invalid_request(format!(
            "the schema is not valid: {fault}"
        ))),
        _ => Ok(()),
    }
}
