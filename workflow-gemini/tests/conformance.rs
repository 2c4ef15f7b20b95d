//! The contract of a model provider.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_gemini::GeminiClient;
use workflow_llm::{
    Model,
    testing::{WireAnswer, WireEvents, WireFinish, WireProvider, WireUsage},
};

struct Gemini;

/// `usageMetadata`: counts can be text, as `int64` is in the JSON of protocol buffers.
fn usage(answer: &WireAnswer) -> Option<Value> {
    match answer.usage {
        WireUsage::Missing => None,
        WireUsage::Text => Some(json!({"promptTokenCount": "7", "candidatesTokenCount": "5"})),
        WireUsage::Numbers | WireUsage::Late => {
            Some(json!({"promptTokenCount": 7, "candidatesTokenCount": 5}))
        }
    }
}

fn parts(answer: &WireAnswer) -> Vec<Value> {
    let texts = answer.texts.iter().map(|text| json!({ "text": text }));
    let calls = answer
        .calls
        .iter()
        .map(|call| json!({"functionCall": {"name": call.tool, "args": call.args, "id": call.id}}));
    let calls = calls.enumerate().map(|(index, mut part)| {
        if index == 0 {
            part["thoughtSignature"] = json!("c2ln");
        }
        part
    });
    texts.chain(calls).collect()
}

fn reason(answer: &WireAnswer) -> &'static str {
    match answer.finish {
        WireFinish::Complete => "STOP",
        WireFinish::Unknown => "A_NEWER_REASON",
    }
}

impl WireProvider for Gemini {
    fn client(&self, base_url: &str) -> Arc<dyn Model> {
        let builder = GeminiClient::builder().with_api_key(self.key());
        Arc::new(builder.with_base_url(base_url).build().unwrap())
    }

    fn key(&self) -> &'static str {
        "AIzaSy-not-a-real-key-0123456789"
    }

    fn events(&self, answer: &WireAnswer) -> Option<WireEvents> {
        // The API sends calls whole.
        if answer.in_pieces {
            return None;
        }
        let parts = parts(answer).into_iter();
        let contents = parts.map(|part| {
            json!({"candidates": [{"content": {"parts": [part], "role": "model"}}]}).to_string()
        });
        let mut last = json!({"candidates": [{"finishReason": reason(answer)}]});
        let mut end = Vec::new();
        match (usage(answer), answer.usage) {
            (Some(usage), WireUsage::Late) => end.push(json!({ "usageMetadata": usage })),
            (Some(usage), _) => last["usageMetadata"] = usage,
            (None, _) => {}
        }
        end.insert(0, last);
        let end = end.iter().map(Value::to_string);
        Some(WireEvents::new(contents.collect(), end.collect()))
    }

    fn whole(&self, answer: &WireAnswer) -> Option<String> {
        let content = json!({"parts": parts(answer), "role": "model"});
        let mut whole =
            json!({"candidates": [{"content": content, "finishReason": reason(answer)}]});
        if let Some(usage) = usage(answer) {
            whole["usageMetadata"] = usage;
        }
        Some(whole.to_string())
    }

    fn refusal(&self, status: u16, message: &str) -> String {
        json!({"error": {"code": status, "message": message, "status": "UNKNOWN"}}).to_string()
    }

    fn overloaded(&self) -> String {
        let message = "The model is overloaded.";
        json!({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}}).to_string()
    }
}

workflow_llm::model_tests!(Gemini);
workflow_llm::model_call_tests!(Gemini);
