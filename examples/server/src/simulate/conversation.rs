//! The contents of a request: what they ask for, and whether the API would accept their order.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::{measure::tokens, refusal::Refusal, signature};

/// The contents of a request that the API accepts.
pub(super) struct Conversation(Vec<Content>);

#[derive(Deserialize)]
pub(super) struct Content {
    role: Option<String>,
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    text: Option<String>,
    function_call: Option<Call>,
    function_response: Option<Response>,
    thought_signature: Option<String>,
}

#[derive(Deserialize)]
struct Call {
    id: Option<String>,
    name: String,
    #[serde(default)]
    args: Value,
}

#[derive(Deserialize)]
struct Response {
    id: Option<String>,
    name: String,
    #[serde(rename = "response")]
    result: Value,
}

impl Conversation {
    /// Takes the contents of a request.
    ///
    /// # Errors
    /// The refusal of the API, if it would not accept them in this order: see its documentation of function calling and of thought
    /// signatures.
    pub(super) fn new(contents: Vec<Content>) -> Result<Self, Refusal> {
        let Some(last) = contents.last() else {
            return Err(Refusal::invalid(
                "* GenerateContentRequest.contents: contents is not specified",
            ));
        };
        let mut before: Option<&Content> = None;
        for content in &contents {
            content.check()?;
            content.check_after(before)?;
            before = Some(content);
        }
        if last.is_model() {
            return Err(Refusal::invalid(
                "Requests ending with a model turn are not supported.",
            ));
        }
        let conversation = Self(contents);
        conversation.check_signatures()?;
        Ok(conversation)
    }

    /// The first call of each content of the model has to be signed, from the last text of the user on.
    fn check_signatures(&self) -> Result<(), Refusal> {
        let current = self.0.iter().rposition(Content::is_prompt).unwrap_or(0);
        for (position, content) in self.0.iter().enumerate() {
            let mut calls = content.parts.iter().filter_map(Part::signed_call);
            let first = calls.next();
            if let Some((call, None)) = first
                && position >= current
            {
                return Err(Refusal::invalid(format!(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work \
                     correctly, and missing thought_signature may lead to degraded model performance. Additional data, function \
                     call `default_api:{}` , position {}.",
                    call.name,
                    position + 1
                )));
            }
            let is_wrong = |(call, signature): (&Call, Option<&str>)| -> bool {
                signature.is_some_and(|it| !signature::fits(it, &call.name, &call.args))
            };
            if first.into_iter().chain(calls).any(is_wrong) {
                return Err(Refusal::invalid("Corrupted thought signature."));
            }
        }
        Ok(())
    }

    /// The last text of the user, or, if functions were called, the one that they were called for: a text after their results asks for
    /// another form of the answer.
    pub(super) fn prompt(&self) -> String {
        let end = self.first_call().unwrap_or(self.0.len());
        let prompt = self.0[..end].iter().rfind(|content| content.is_prompt());
        prompt.map(Content::text).unwrap_or_default()
    }

    /// The names of the functions that were called for the current prompt.
    pub(super) fn called(&self) -> HashSet<&str> {
        let calls = self.current().flat_map(Content::calls);
        calls.map(|call| &*call.name).collect()
    }

    /// The results of these functions: the name, and the response.
    pub(super) fn results(&self) -> Vec<(&str, &Value)> {
        let results = self.current().flat_map(Content::responses);
        results.map(|it| (&*it.name, &it.result)).collect()
    }

    /// The number of contents of the model.
    pub(super) fn turns(&self) -> usize {
        self.0.iter().filter(|content| content.is_model()).count()
    }

    /// The tokens of texts, calls and responses.
    pub(super) fn tokens(&self) -> usize {
        let texts: String = self.0.iter().map(Content::text).collect();
        let of_calls = |content: &Content| -> usize {
            let calls = content.calls().map(|call| &call.args);
            let responses = content.responses().map(|it| &it.result);
            calls
                .chain(responses)
                .map(|it| tokens(&it.to_string()))
                .sum()
        };
        tokens(&texts) + self.0.iter().map(of_calls).sum::<usize>()
    }

    fn first_call(&self) -> Option<usize> {
        self.0
            .iter()
            .position(|content| content.calls().next().is_some())
    }

    fn current(&self) -> impl Iterator<Item = &Content> {
        let begin = self.first_call().unwrap_or(self.0.len());
        self.0[begin..].iter()
    }
}

impl Content {
    fn is_model(&self) -> bool {
        self.role.as_deref() == Some("model")
    }

    /// Whether it is a content of the user that is no result of a function.
    fn is_prompt(&self) -> bool {
        !self.is_model() && self.responses().next().is_none()
    }

    fn text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| part.text.as_deref())
            .collect()
    }

    fn calls(&self) -> impl Iterator<Item = &Call> {
        self.parts
            .iter()
            .filter_map(|part| part.function_call.as_ref())
    }

    fn responses(&self) -> impl Iterator<Item = &Response> {
        self.parts
            .iter()
            .filter_map(|part| part.function_response.as_ref())
    }

    /// Checks the content by itself.
    fn check(&self) -> Result<(), Refusal> {
        match self.role.as_deref() {
            None | Some("user" | "model") => {}
            Some(_) => {
                return Err(Refusal::invalid("Please use a valid role: user, model."));
            }
        }
        let responses = self.responses().count();
        let is_mixed = responses > 0 && (responses < self.parts.len() || self.is_model());
        if is_mixed || (!self.is_model() && self.calls().next().is_some()) {
            return Err(Refusal::invalid(
                "Function responses have a content of their own, with the role user, and function calls have the role model.",
            ));
        }
        Ok(())
    }

    fn check_after(&self, before: Option<&Self>) -> Result<(), Refusal> {
        let is_after_user = before.is_some_and(|it| !it.is_model());
        if self.calls().next().is_some() && !is_after_user {
            return Err(Refusal::invalid(
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
            ));
        }
        let calls: Vec<&Call> = before.into_iter().flat_map(Self::calls).collect();
        let responses: Vec<&Response> = self.responses().collect();
        if calls.is_empty() && !responses.is_empty() {
            return Err(Refusal::invalid(
                "Please ensure that function response turn comes immediately after a function call turn.",
            ));
        }
        if calls.len() != responses.len() {
            return Err(Refusal::invalid(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the \
                 function call turn.",
            ));
        }
        let is_answer = |(call, response): (&&Call, &&Response)| {
            call.name == response.name && call.id == response.id && response.result.is_object()
        };
        if !calls.iter().zip(&responses).all(is_answer) {
            return Err(Refusal::invalid(
                "Please ensure that each function response is an object with the name and the id of its function call, in the order \
                 of the calls.",
            ));
        }
        Ok(())
    }
}

impl Part {
    fn signed_call(&self) -> Option<(&Call, Option<&str>)> {
        let call = self.function_call.as_ref()?;
        Some((call, self.thought_signature.as_deref()))
    }
}
