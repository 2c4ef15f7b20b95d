//! [`Assembly`]: the chunks of an answer, put together.

use serde_json::{Map, Value, json};
use workflow_core::value::Usage;

use super::{
    calls::{Calls, FinishedCall, text},
    usage,
};
use crate::error::{Failure, NoAnswer, NoAnswerReason, Refusal};

/// An answer that is being received.
#[derive(Debug, Default)]
pub(crate) struct Assembly {
    content: String,
    refusal: String,
    /// Thoughts under the name that is sent back; see [`Message::state`].
    reasoning_content: String,
    calls: Calls,
    extra_content: Option<Value>,
    finish_reason: Option<String>,
    has_begun: bool,
    /// Whether contents came after a finish reason, so that it does not mark the end.
    is_continued: bool,
    /// Whether a message was received as a whole.
    is_whole: bool,
    usage: Option<Usage>,
    model: Option<String>,
    id: Option<String>,
    service_tier: Option<String>,
}

/// What a chunk brought.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Thought(String),
    /// The tokens so far: a running total.
    Usage(Usage),
}

/// A complete answer with text or calls.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) calls: Vec<FinishedCall>,
    /// The message as the API wants it back: arguments and `extra_content` as received, made-up ids in it.
    ///
    /// `reasoning_content` is in it if it came under this name: DeepSeek wants it back within one loop of tools.
    pub(crate) state: Value,
    pub(crate) finish_reason: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) model: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) service_tier: Option<String>,
}

impl Assembly {
    /// Adds a chunk of a stream or a whole answer.
    ///
    /// # Errors
    /// An error object in it.
    pub(crate) fn add(&mut self, chunk: &Value) -> Result<Vec<Piece>, Failure> {
        if let Some(refusal) = Refusal::in_answer(chunk) {
            return Err(refusal.into());
        }
        for (field, name) in [
            (&mut self.model, "model"),
            (&mut self.id, "id"),
            (&mut self.service_tier, "service_tier"),
        ] {
            let value = text(&chunk[name]);
            if !value.is_empty() {
                *field = Some(value.to_owned());
            }
        }
        let mut pieces = Vec::new();
        // Empty in chunks with counts only, and in the first one of Azure.
        let choices = chunk["choices"].as_array();
        self.has_begun |= choices.is_some();
        let first = choices.and_then(|it| {
            it.iter()
                .find(|it| it["index"].as_u64().is_none_or(|at| at == 0))
        });
        if let Some(choice) = first {
            self.add_choice(choice, &mut pieces);
        }
        if let Some(usage) = usage::read(&chunk["usage"]) {
            self.usage = Some(usage);
            pieces.push(Piece::Usage(usage));
        }
        Ok(pieces)
    }

    fn add_choice(&mut self, choice: &Value, pieces: &mut Vec<Piece>) {
        let received = self.received();
        let was_finished = self.finish_reason.is_some();
        let reason = text(&choice["finish_reason"]);
        if !reason.is_empty() {
            self.finish_reason = Some(reason.to_owned());
        }
        let is_whole = !choice["delta"].is_object() && choice["message"].is_object();
        self.is_whole |= is_whole;
        let message = &choice[if is_whole { "message" } else { "delta" }];
        self.add_thoughts(message, pieces);
        self.add_content(&message["content"], pieces);
        self.refusal.push_str(text(&message["refusal"]));
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            if is_whole {
                self.calls.add_whole(call);
            } else {
                self.calls.add_delta(call);
            }
        }
        if !message["extra_content"].is_null() {
            self.extra_content = Some(message["extra_content"].clone());
        }
        // Some proxies send a finish reason after each chunk.
        self.is_continued |= was_finished && self.received() != received;
    }

    /// A measure of the contents so far.
    fn received(&self) -> usize {
        self.content.len() + self.reasoning_content.len() + self.calls.received()
    }

    /// Thoughts have one of two names. Some servers send both, with the same text.
    fn add_thoughts(&mut self, message: &Value, pieces: &mut Vec<Piece>) {
        let content = text(&message["reasoning_content"]);
        self.reasoning_content.push_str(content);
        let thought = [content, text(&message["reasoning"])].into_iter();
        pieces.extend(thought.map(thought_of).find_map(|it| it));
    }

    /// Content is text, or a list of parts with text or thoughts (Mistral).
    fn add_content(&mut self, content: &Value, pieces: &mut Vec<Piece>) {
        self.add_text(text(content), pieces);
        for part in content.as_array().into_iter().flatten() {
            self.add_text(text(&part["text"]), pieces);
            for thought in part["thinking"].as_array().into_iter().flatten() {
                pieces.extend(thought_of(text(&thought["text"])));
            }
        }
    }

    fn add_text(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        if !text.is_empty() {
            self.content.push_str(text);
            pieces.push(Piece::Text(text.to_owned()));
        }
    }

    /// Whether an answer of the API has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether nothing but counts is expected.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_complete() && !self.is_continued
    }

    /// Whether the end of the stream is the end of the answer, whether or not `[DONE]` follows.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_whole || self.finish_reason.is_some()
    }

    /// The complete answer.
    ///
    /// # Errors
    /// [`NoAnswer`] if it has neither text nor calls, or if it was withheld.
    pub(crate) fn finish(self) -> Result<Message, Box<NoAnswer>> {
        let usage = self.usage.unwrap_or_default();
        if let Some(reason) = self.fault() {
            return Err(Box::new(NoAnswer {
                reason,
                // What the model says instead of an answer.
                message: Some(self.refusal).filter(|it| !it.is_empty()),
                finish_reason: self.finish_reason,
                usage,
                model: self.model,
                id: self.id,
            }));
        }
        let calls = self.calls.finish();
        let mut state = Map::new();
        state.insert("role".into(), json!("assistant"));
        let content = (!self.content.is_empty() || calls.is_empty()).then_some(&self.content);
        state.insert("content".into(), json!(content));
        if !calls.is_empty() {
            let calls = calls.iter().map(FinishedCall::to_json).collect();
            state.insert("tool_calls".into(), calls);
        }
        if !self.reasoning_content.is_empty() {
            let thoughts = self.reasoning_content.into();
            state.insert("reasoning_content".into(), thoughts);
        }
        if let Some(extra) = self.extra_content {
            state.insert("extra_content".into(), extra);
        }
        Ok(Message {
            text: self.content,
            calls,
            state: Value::Object(state),
            finish_reason: self.finish_reason,
            usage,
            model: self.model,
            id: self.id,
            service_tier: self.service_tier,
        })
    }

    /// Why there is no answer. Calls count whatever the finish reason is, unless they can be cut off.
    fn fault(&self) -> Option<NoAnswerReason> {
        let reason = self.finish_reason.as_deref().unwrap_or_default();
        let has_text = !self.content.trim().is_empty();
        if !self.refusal.is_empty() || reason == "content_filter" {
            return Some(NoAnswerReason::Refused);
        }
        match (reason, self.calls.is_empty()) {
            // The last call may be cut off, so none is made.
            ("length", false) => Some(NoAnswerReason::OutOfTokens),
            (_, false) if self.calls.has_unnamed() => Some(NoAnswerReason::Malformed),
            (_, false) => None,
            ("length", true) if !has_text => Some(NoAnswerReason::OutOfTokens),
            ("tool_calls" | "function_call", true) => Some(NoAnswerReason::Malformed),
            ("error", true) => Some(NoAnswerReason::Failed),
            _ if has_text => None,
            _ => Some(NoAnswerReason::Empty),
        }
    }
}

fn thought_of(text: &str) -> Option<Piece> {
    (!text.is_empty()).then(|| Piece::Thought(text.to_owned()))
}
