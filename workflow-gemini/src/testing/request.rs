//! [`FakeRequest`]: what the fake received.

use serde_json::Value;
use wiremock::Request;

use super::{
    body::{items, text},
    check::check_request,
};

/// A request that [`FakeGemini`](super::FakeGemini) received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FakeRequest {
    /// The model, without `models/`.
    pub model: String,
    /// The body.
    pub body: Value,
    /// The body as it was sent.
    pub text: String,
    /// Whether the answer was to be streamed.
    pub is_streamed: bool,
    /// Why it was refused, before the script was asked.
    pub refusal: Option<String>,
}

impl FakeRequest {
    pub(super) fn read(request: &Request) -> Self {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_default();
        let path = request.url.path();
        let resource = path.rsplit('/').next().unwrap_or_default();
        let (model, verb) = resource.split_once(':').unwrap_or((resource, ""));
        let refusal = check_request(model, &body).err().map(Into::into);
        Self {
            model: model.to_owned(),
            body,
            text,
            is_streamed: verb == "streamGenerateContent",
            refusal,
        }
    }

    /// The contents of the conversation.
    pub fn contents(&self) -> &[Value] {
        let contents = self.body.get("contents").and_then(Value::as_array);
        contents.map_or(&[], Vec::as_slice)
    }

    /// The names of the declared functions.
    pub fn functions(&self) -> Vec<&str> {
        let tools = items(&self.body, "tools");
        let functions = tools.flat_map(|tool| items(tool, "functionDeclarations"));
        functions.map(|it| text(it, "name")).collect()
    }

    /// The mode of function calling; empty if none is set.
    pub fn mode(&self) -> &str {
        text(&self.body["toolConfig"]["functionCallingConfig"], "mode")
    }

    /// The responses in the last content, each `{name, response}` and an `id` if it has one.
    pub fn responses(&self) -> Vec<&Value> {
        let last = self.contents().last();
        let parts = last.into_iter().flat_map(|last| items(last, "parts"));
        parts
            .filter_map(|part| part.get("functionResponse"))
            .collect()
    }
}
