//! Replies in the JSON of the API.

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, tokens},
    question::Question,
};

/// The fields that all parts of one reply share.
pub(super) struct Reply {
    model: String,
    id: String,
    prompt_tokens: usize,
}

impl Reply {
    pub(super) fn new(model: &str, question: &Question, number: u64) -> Self {
        Self {
            model: format!("{model}-simulated"),
            id: format!("simulated-{number}"),
            prompt_tokens: tokens(question.prompt()),
        }
    }

    /// The reply as one object.
    pub(super) fn whole(&self, answer: &Answer) -> Value {
        let thought = answer.thought.as_deref().map(thought_part);
        let text = (!answer.pieces.is_empty()).then(|| text_part(&answer.pieces.concat()));
        let parts: Vec<Value> = thought.into_iter().chain(text).collect();
        let usage = self.usage(answer, &answer.pieces);
        self.response(&parts, Some(answer.finish_reason), &usage)
    }

    /// The reply as one object per piece. The last one has the finish reason.
    pub(super) fn events(&self, answer: &Answer) -> Vec<Value> {
        let none_yet = self.usage(answer, &[]);
        let thought = answer.thought.as_deref().map(thought_part);
        let thought = thought.map(|part| self.response(&[part], None, &none_yet));
        let last = answer.pieces.len();
        let texts = answer.pieces.iter().zip(1..).map(|(piece, number)| {
            let finish_reason = (number == last).then_some(answer.finish_reason);
            let usage = self.usage(answer, &answer.pieces[..number]);
            self.response(&[text_part(piece)], finish_reason, &usage)
        });
        let empty = (last == 0).then(|| self.response(&[], Some(answer.finish_reason), &none_yet));
        thought.into_iter().chain(texts).chain(empty).collect()
    }

    fn response(&self, parts: &[Value], finish_reason: Option<&str>, usage: &Value) -> Value {
        let mut candidate = Map::new();
        candidate.insert("content".to_owned(), content(parts));
        if let Some(reason) = finish_reason {
            candidate.insert("finishReason".to_owned(), reason.into());
        }
        candidate.insert("index".to_owned(), 0.into());
        json!({
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": self.model,
            "responseId": self.id,
        })
    }

    /// The usage after these pieces: the API repeats the running total in each part.
    fn usage(&self, answer: &Answer, pieces: &[String]) -> Value {
        let thought = tokens(answer.thought.as_deref().unwrap_or_default());
        let text: usize = pieces.iter().map(|piece| tokens(piece)).sum();
        json!({
            "promptTokenCount": self.prompt_tokens,
            "candidatesTokenCount": text,
            "thoughtsTokenCount": thought,
            "totalTokenCount": self.prompt_tokens + text + thought,
        })
    }
}

/// Without parts the object is empty: the API omits the role, too.
fn content(parts: &[Value]) -> Value {
    if parts.is_empty() {
        return json!({});
    }
    json!({"parts": parts, "role": "model"})
}

fn text_part(text: &str) -> Value {
    json!({"text": text})
}

fn thought_part(thought: &str) -> Value {
    json!({"text": thought, "thought": true})
}
