//! Replies in the JSON of the API.

use serde_json::{Map, Value, json};

use super::{answer::Answer, measure::tokens, question::Question};

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
            prompt_tokens: question.prompt_tokens(),
        }
    }

    /// The reply as one object.
    pub(super) fn whole(&self, answer: &Answer) -> Value {
        let thought = answer.thought.as_deref().map(thought_part);
        let text = (!answer.pieces.is_empty()).then(|| text_part(&answer.pieces.concat()));
        let mut parts: Vec<Value> = thought.into_iter().chain(text).collect();
        parts.extend_from_slice(&answer.calls);
        let usage = self.usage(answer, &answer.pieces, &answer.calls);
        self.response(&parts, Some(answer.finish_reason), &usage)
    }

    /// The reply as one object per piece, and one with all calls. The last one has the finish reason.
    pub(super) fn events(&self, answer: &Answer) -> Vec<Value> {
        let none_yet = self.usage(answer, &[], &[]);
        let thought = answer.thought.as_deref().map(thought_part);
        let thought = thought.map(|part| self.response(&[part], None, &none_yet));
        let last = answer.pieces.len();
        let texts = answer.pieces.iter().zip(1..).map(|(piece, number)| {
            let is_last = number == last && answer.calls.is_empty();
            let usage = self.usage(answer, &answer.pieces[..number], &[]);
            self.response(
                &[text_part(piece)],
                is_last.then_some(answer.finish_reason),
                &usage,
            )
        });
        let end = (last == 0 || !answer.calls.is_empty()).then(|| {
            let usage = self.usage(answer, &answer.pieces, &answer.calls);
            self.response(&answer.calls, Some(answer.finish_reason), &usage)
        });
        thought.into_iter().chain(texts).chain(end).collect()
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

    /// The usage after these pieces and calls: the API repeats the running total in each part.
    fn usage(&self, answer: &Answer, pieces: &[String], calls: &[Value]) -> Value {
        let thought = tokens(answer.thought.as_deref().unwrap_or_default());
        let of_call = |part: &Value| tokens(&part["functionCall"]["args"].to_string());
        let text: usize = pieces.iter().map(|piece| tokens(piece)).sum();
        let text = text + calls.iter().map(of_call).sum::<usize>();
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
