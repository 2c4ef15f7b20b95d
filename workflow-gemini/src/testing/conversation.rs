//! What the API refuses about a conversation: the order of its turns, and their thought signatures.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    body::{is_before_3, items, text},
    signature,
};

/// Checks the contents of a request with a valid shape.
pub(super) fn check_conversation(model: &str, body: &Value) -> Result<(), Cow<'static, str>> {
    let contents: Vec<&Value> = items(body, "contents").collect();
    check_order(&contents)?;
    let parts = contents.iter().flat_map(|content| items(content, "parts"));
    if !{ parts }.all(|part| signature::is_valid(model, part)) {
        return Err("Corrupted thought signature.".into());
    }
    if is_before_3(model) {
        return Ok(());
    }
    check_current_turn(&contents)
}

fn check_order(contents: &[&Value]) -> Result<(), Cow<'static, str>> {
    // `None` before the first content.
    let mut before: Option<&Value> = None;
    for content in contents {
        let calls = before.map(|it| members(it, "functionCall"));
        let calls = calls.unwrap_or_default();
        let responses = members(content, "functionResponse");
        let is_model = text(content, "role") == "model";
        if is_model {
            let after_model = before.is_none_or(|it| text(it, "role") == "model");
            if after_model && !members(content, "functionCall").is_empty() {
                return Err(
                    "Please ensure that function call turn comes immediately after a user turn or \
                     after a function response turn."
                        .into(),
                );
            }
            if before.is_none() {
                return Err("Please ensure that a conversation begins with a user turn.".into());
            }
        }
        check_responses(is_model, content, &calls, &responses)?;
        before = Some(content);
    }
    if before.is_some_and(|last| text(last, "role") == "model") {
        return Err("Requests ending with a model turn are not supported.".into());
    }
    Ok(())
}

fn check_responses(
    is_model: bool,
    content: &Value,
    calls: &[&Value],
    responses: &[&Value],
) -> Result<(), Cow<'static, str>> {
    if !members(content, "functionCall").is_empty() && !is_model {
        return Err("A function call is only possible in a model turn.".into());
    }
    // A content with responses and something else counts as one of the model.
    let is_mixed = !responses.is_empty() && responses.len() != items(content, "parts").count();
    if is_mixed
        || (is_model && !responses.is_empty())
        || (calls.is_empty() && !responses.is_empty())
    {
        return Err(
            "Please ensure that function response turn comes immediately after a function call turn."
                .into(),
        );
    }
    if calls.len() != responses.len() {
        return Err(
            "Please ensure that the number of function response parts is equal to the number of \
             function call parts of the function call turn."
                .into(),
        );
    }
    let fits = |(call, response): (&&Value, &&Value)| {
        text(call, "name") == text(response, "name") && text(call, "id") == text(response, "id")
    };
    if !calls.iter().zip(responses).all(fits) {
        return Err(
            "Please ensure that function response parts have the names and ids of the function call \
             parts, in their order."
                .into(),
        );
    }
    Ok(())
}

/// From the last text of the user on, the first call of each content of the model has to be signed.
fn check_current_turn(contents: &[&Value]) -> Result<(), Cow<'static, str>> {
    let is_prompt = |content: &&Value| {
        text(content, "role") == "user" && members(content, "functionResponse").is_empty()
    };
    let begin = contents.iter().rposition(is_prompt).unwrap_or(0);
    for (position, content) in contents.iter().enumerate().skip(begin) {
        let mut parts = items(content, "parts");
        let first = parts.find(|part| part.get("functionCall").is_some());
        if let Some(part) = first.filter(|part| !signature::is_signed(part)) {
            let name = text(&part["functionCall"], "name");
            return Err(format!(
                "Function call is missing a thought_signature in functionCall parts. This is required \
                 for tools to work correctly, and missing thought_signature may lead to degraded model \
                 performance. Additional data, function call `default_api:{name}` , position {}.",
                position + 1
            )
            .into());
        }
    }
    Ok(())
}

/// The members of this name of all parts.
fn members<'a>(content: &'a Value, name: &str) -> Vec<&'a Value> {
    items(content, "parts")
        .filter_map(|part| part.get(name))
        .collect()
}
