//! [`Turn`]: what follows the prompt in a conversation.

use std::sync::Arc;

use serde_json::Value;

use super::{
    function::{FunctionCall, FunctionResponse},
    part::Part,
};

/// A turn of a conversation, which [`GenerateRequest::with_turn`](crate::GenerateRequest::with_turn) adds. Each is one
/// content of the API.
///
/// The order is checked before a request is sent: a turn of the model with calls is followed by the responses to all of them, in
/// their order, and the last turn is never the model's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Turn {
    /// What the user writes.
    User(Vec<Part>),
    /// What the model wrote: all parts as they were received, with their thought signatures.
    ///
    /// The API refuses a conversation in which a signature is missing or was moved to another part. For a turn that this model did not
    /// write, [`SKIP_SIGNATURE`] takes the place of a signature.
    Model(Vec<Value>),
    /// The responses to all calls of the turn before.
    Responses(Vec<FunctionResponse>),
}

/// The `thoughtSignature` for function calls that the model did not make, such as those of another provider: on the first call of each
/// turn. Answers may be worse than with the model's own signatures.
///
/// It is the base64 of `skip_thought_signature_validator`, which the API documents for this purpose.
pub const SKIP_SIGNATURE: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

impl Turn {
    /// A text of the user.
    pub fn user(text: impl Into<String>) -> Self {
        Self::User(vec![Part::text(text)])
    }

    /// A text of the model, for example of an earlier session.
    pub fn model(text: impl Into<String>) -> Self {
        Self::Model(vec![serde_json::json!({ "text": text.into() })])
    }

    /// Responses to all calls of the turn before, in the order of the calls.
    pub fn responses(responses: impl IntoIterator<Item = FunctionResponse>) -> Self {
        Self::Responses(responses.into_iter().collect())
    }
}

/// Checks the order of the turns. `first` is the index of the first one in `contents`: 1 after a prompt.
pub(super) fn check(first: usize, turns: &[Arc<Turn>]) -> Result<(), String> {
    let mut before = Before::of_prompt(first);
    for (index, turn) in (first..).zip(turns) {
        before = before
            .check(turn)
            .map_err(|fault| format!("contents[{index}]: {fault}"))?;
    }
    match before {
        Before::Nothing | Before::User => Ok(()),
        Before::Model => Err("the conversation ends with a turn of the model".to_owned()),
        Before::Calls(calls) => Err(format!("{} without a response", count(calls.len(), "call"))),
    }
}

/// What is before a turn.
enum Before<'a> {
    Nothing,
    /// A turn of the user, or responses.
    User,
    /// A turn of the model without calls.
    Model,
    /// A turn of the model with at least one call: the name and the id of each.
    Calls(Vec<(&'a str, Option<&'a str>)>),
}

impl<'a> Before<'a> {
    fn of_prompt(contents: usize) -> Self {
        if contents == 0 {
            Self::Nothing
        } else {
            Self::User
        }
    }

    fn check(self, turn: &'a Turn) -> Result<Self, String> {
        let fault = match (turn, self) {
            (Turn::User(parts), _) if parts.is_empty() => "it has no parts",
            (Turn::User(_) | Turn::Model(_), Self::Calls(_)) => {
                "calls of the model before it, without a response"
            }
            (Turn::User(_), _) => return Ok(Self::User),
            (Turn::Model(_), Self::Nothing) => "the model cannot begin a conversation",
            (Turn::Model(parts), before) => {
                let calls = calls_of(parts)?;
                if calls.is_empty() {
                    return Ok(Self::Model);
                }
                if matches!(before, Self::User) {
                    return Ok(Self::Calls(calls));
                }
                "calls behind another turn of the model: all parts of an answer are one turn"
            }
            (Turn::Responses(responses), Self::Calls(calls)) => {
                return check_responses(&calls, responses).map(|()| Self::User);
            }
            (Turn::Responses(_), _) => "responses without calls before them",
        };
        Err(fault.to_owned())
    }
}

/// The name and the id of each call.
fn calls_of(parts: &[Value]) -> Result<Vec<(&str, Option<&str>)>, String> {
    if parts.is_empty() {
        return Err("it has no parts".to_owned());
    }
    if !parts.iter().all(Value::is_object) {
        return Err("a part of the model is no object".to_owned());
    }
    let calls = parts.iter().filter_map(FunctionCall::raw);
    Ok(calls
        .map(|call| {
            let text = |name| call.get(name).and_then(Value::as_str);
            (text("name").unwrap_or_default(), text("id"))
        })
        .collect())
}

fn check_responses(
    calls: &[(&str, Option<&str>)],
    responses: &[FunctionResponse],
) -> Result<(), String> {
    // The API: "Please ensure that the number of function response parts is equal to the number of function call parts".
    if calls.len() != responses.len() {
        return Err(format!(
            "{} to {} of the model",
            count(responses.len(), "response"),
            count(calls.len(), "call")
        ));
    }
    for (index, ((name, id), response)) in calls.iter().zip(responses).enumerate() {
        if (*name, *id) != (&*response.name, response.id.as_deref()) {
            return Err(format!(
                "response {index} is to {}, but call {index} is {}",
                named(&response.name, response.id.as_deref()),
                named(name, *id)
            ));
        }
    }
    Ok(())
}

fn named(name: &str, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("`{name}` with the id `{id}`"),
        None => format!("`{name}` without an id"),
    }
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
