//! [`FakeTurn`]: what the fake answers to a request.

use std::time::Duration;

use serde_json::{Value, json};

use super::{body::is_before_3, request::FakeRequest, signature};

/// What [`FakeGemini`](super::FakeGemini) answers to one request that is valid: a turn of the model, or an error.
///
/// For models from Gemini 3 on, the first call of a turn is signed; a turn without calls has its signature on an empty text at its end. Older
/// models of the fake sign nothing, and need no signatures.
#[derive(Clone, Debug)]
#[must_use]
pub struct FakeTurn {
    parts: Vec<Value>,
    error: Option<(u16, Value)>,
    finish_reason: String,
    finish_message: Option<String>,
    has_ids: bool,
    is_unsigned: bool,
    usage: Option<Value>,
    delay: Duration,
}

impl FakeTurn {
    fn of(parts: Vec<Value>) -> Self {
        Self {
            parts,
            error: None,
            finish_reason: "STOP".to_owned(),
            finish_message: None,
            has_ids: false,
            is_unsigned: false,
            usage: None,
            delay: Duration::ZERO,
        }
    }

    /// A turn with no parts, to be completed.
    pub fn empty() -> Self {
        Self::of(Vec::new())
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::empty().with_text(text)
    }

    /// A call of a function.
    pub fn call(name: &str, args: impl Into<Value>) -> Self {
        Self::empty().with_call(name, args)
    }

    /// An error with a status of HTTP, the API's word for it, and a message.
    pub fn error(http_status: u16, status: &str, message: &str) -> Self {
        let body = json!({"error": {"code": http_status, "status": status, "message": message}});
        let mut turn = Self::empty();
        turn.error = Some((http_status, body));
        turn
    }

    /// Adds a text.
    pub fn with_text(self, text: &str) -> Self {
        self.with_part(json!({ "text": text }))
    }

    /// Adds a thought.
    pub fn with_thought(self, text: &str) -> Self {
        self.with_part(json!({"text": text, "thought": true}))
    }

    /// Adds a call of a function.
    pub fn with_call(self, name: &str, args: impl Into<Value>) -> Self {
        self.with_part(json!({"functionCall": {"name": name, "args": args.into()}}))
    }

    /// Adds a part as the API writes it.
    pub fn with_part(mut self, part: Value) -> Self {
        self.parts.push(part);
        self
    }

    /// Gives the calls ids, as newer models do. They depend on the number of contents in the request and on nothing else.
    pub fn with_ids(mut self) -> Self {
        self.has_ids = true;
        self
    }

    /// Signs nothing.
    pub fn without_signatures(mut self) -> Self {
        self.is_unsigned = true;
        self
    }

    /// Ends with this reason instead of `STOP`.
    pub fn with_finish_reason(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.finish_reason);
        self
    }

    /// Explains the reason, as newer models do for calls: `Model generated function call(s).`.
    pub fn with_finish_message(mut self, message: &str) -> Self {
        self.finish_message = Some(message.to_owned());
        self
    }

    /// Reports this `usageMetadata`. Default: 10 tokens for each content of the request, and 5 for each part of the turn.
    pub fn with_usage(mut self, usage: Value) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Waits before the answer, on the clock of the machine.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(super) fn delay(&self) -> Duration {
        self.delay
    }

    pub(super) fn refusal(&self) -> Option<(u16, &Value)> {
        self.error.as_ref().map(|(status, body)| (*status, body))
    }

    /// The turn as one response.
    pub(super) fn response(&self, request: &FakeRequest) -> Value {
        let mut response = self.event(request, &self.signed(request));
        self.finish(&mut response);
        response
    }

    /// The turn as the events of a stream: each part in its own, and the end in the last one, without a part.
    pub(super) fn events(&self, request: &FakeRequest) -> Vec<Value> {
        let parts = self.signed(request).into_iter();
        let mut events: Vec<Value> = parts.map(|it| self.event(request, &[it])).collect();
        let mut last = self.event(request, &[]);
        self.finish(&mut last);
        events.push(last);
        events
    }

    fn event(&self, request: &FakeRequest, parts: &[Value]) -> Value {
        let mut candidate = json!({"index": 0});
        if !parts.is_empty() {
            candidate["content"] = json!({"role": "model", "parts": parts});
        }
        let prompt = 10 * request.contents().len();
        let output = 5 * self.parts.len();
        let usage = self.usage.clone().unwrap_or_else(|| {
            json!({"promptTokenCount": prompt, "candidatesTokenCount": output,
                "totalTokenCount": prompt + output})
        });
        json!({"candidates": [candidate], "usageMetadata": usage,
            "modelVersion": request.model, "responseId": format!("r{}", request.contents().len())})
    }

    fn finish(&self, event: &mut Value) {
        let candidate = &mut event["candidates"][0];
        candidate["finishReason"] = self.finish_reason.clone().into();
        if let Some(message) = &self.finish_message {
            candidate["finishMessage"] = message.clone().into();
        }
    }

    /// The parts with ids and signatures.
    fn signed(&self, request: &FakeRequest) -> Vec<Value> {
        let mut parts = self.parts.clone();
        let is_call = |part: &&mut Value| part.get("functionCall").is_some();
        if self.has_ids {
            for (index, part) in parts.iter_mut().filter(is_call).enumerate() {
                let id = format!("call{:02}{index:02}", request.contents().len());
                part["functionCall"]["id"] = id.into();
            }
        }
        if self.is_unsigned || is_before_3(&request.model) {
            return parts;
        }
        if let Some(call) = parts.iter_mut().find(is_call) {
            signature::sign(&request.model, call);
        } else if !parts.is_empty() {
            let mut end = json!({"text": ""});
            signature::sign(&request.model, &mut end);
            parts.push(end);
        }
        parts
    }
}
