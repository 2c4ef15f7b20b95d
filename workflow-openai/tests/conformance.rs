//! The contract of a model provider, with servers of two habits.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::node::agent::ToolCall;
use workflow_llm::{
    Model,
    testing::{WireAnswer, WireEvents, WireFinish, WireProvider, WireUsage},
};
use workflow_openai::OpenAiClient;

/// How a server writes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// As the API of OpenAI: calls have an index, and the stream ends with `[DONE]`.
    OpenAi,
    /// As lenient as servers get: calls have neither index nor id, and nothing follows the finish reason, which is `stop`.
    Bare,
}

fn chunk(delta: &Value, reason: Option<&str>) -> Value {
    json!({"id": "c1", "model": "m1", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
}

impl Habit {
    /// A call, or a piece of it: the name comes with the first piece.
    fn call(self, index: usize, call: &ToolCall, arguments: &str, is_first: bool) -> Value {
        let mut function = json!({ "arguments": arguments });
        if is_first {
            function["name"] = json!(call.tool);
        }
        let mut delta = json!({ "function": function });
        if self == Self::OpenAi {
            delta["index"] = json!(index);
            if is_first {
                delta["id"] = json!(call.id);
                delta["type"] = json!("function");
            }
        }
        json!({ "tool_calls": [delta] })
    }

    fn calls(self, answer: &WireAnswer) -> Vec<Value> {
        let mut deltas = Vec::new();
        for (index, call) in answer.calls.iter().enumerate() {
            let arguments = call.args.to_string();
            let middle = if answer.in_pieces {
                (0..arguments.len() / 2)
                    .rfind(|at| arguments.is_char_boundary(*at))
                    .unwrap_or_default()
            } else {
                0
            };
            let (head, tail) = arguments.split_at(middle);
            let pieces = if answer.in_pieces {
                vec![head, tail]
            } else {
                vec![tail]
            };
            for (piece, arguments) in pieces.into_iter().enumerate() {
                deltas.push(self.call(index, call, arguments, piece == 0));
            }
        }
        deltas
    }

    fn reason(self, answer: &WireAnswer) -> &'static str {
        match answer.finish {
            WireFinish::Unknown => "a_newer_reason",
            WireFinish::Complete if self == Self::OpenAi && !answer.calls.is_empty() => {
                "tool_calls"
            }
            WireFinish::Complete => "stop",
        }
    }
}

fn usage(answer: &WireAnswer) -> Option<Value> {
    match answer.usage {
        WireUsage::Missing => None,
        WireUsage::Text => Some(json!({"prompt_tokens": "7", "completion_tokens": "5"})),
        WireUsage::Numbers | WireUsage::Late => {
            Some(json!({"prompt_tokens": 7, "completion_tokens": 5}))
        }
    }
}

impl WireProvider for Habit {
    fn client(&self, base_url: &str) -> Arc<dyn Model> {
        let builder = OpenAiClient::builder()
            .with_base_url(format!("{base_url}/v1"))
            .with_api_key(self.key());
        Arc::new(builder.with_model("m1").build().unwrap())
    }

    fn key(&self) -> &'static str {
        "sk-not-a-real-key-0123456789"
    }

    fn events(&self, answer: &WireAnswer) -> Option<WireEvents> {
        let texts = answer.texts.iter().map(|text| json!({ "content": text }));
        let deltas = texts.chain(self.calls(answer));
        let contents = deltas.map(|delta| chunk(&delta, None).to_string());
        let mut last = chunk(&json!({}), Some(self.reason(answer)));
        let mut late = None;
        match (usage(answer), answer.usage) {
            (Some(usage), WireUsage::Late) => {
                late = Some(json!({"choices": [], "usage": usage}).to_string());
            }
            (Some(usage), _) => last["usage"] = usage,
            (None, _) => {}
        }
        let done = (*self == Self::OpenAi).then(|| "[DONE]".to_owned());
        let end = [last.to_string()].into_iter().chain(late).chain(done);
        Some(WireEvents::new(contents.collect(), end.collect()))
    }

    fn whole(&self, answer: &WireAnswer) -> Option<String> {
        let calls = answer.calls.iter().map(|call| {
            let function = json!({"name": call.tool, "arguments": call.args.to_string()});
            json!({"id": call.id, "type": "function", "function": function})
        });
        let calls: Vec<Value> = calls.collect();
        let message = json!({"role": "assistant", "content": answer.text(), "tool_calls": calls});
        let choice = json!({"index": 0, "message": message, "finish_reason": self.reason(answer)});
        Some(json!({"id": "c1", "choices": [choice], "usage": usage(answer)}).to_string())
    }

    fn refusal(&self, status: u16, message: &str) -> String {
        match self {
            Self::OpenAi => json!({"error": {"message": message, "type": "an_error", "code": status.to_string()}}).to_string(),
            Self::Bare => json!({ "error": message }).to_string(),
        }
    }

    fn overloaded(&self) -> String {
        match self {
            Self::OpenAi => json!({"error": {"message": "Overloaded", "type": "overloaded_error", "code": null}}).to_string(),
            Self::Bare => json!({"error": "overloaded"}).to_string(),
        }
    }
}

mod openai {
    use super::Habit;

    workflow_llm::model_tests!(Habit::OpenAi);
    workflow_llm::model_call_tests!(Habit::OpenAi);
}

mod bare {
    use super::Habit;

    workflow_llm::model_tests!(Habit::Bare);
    workflow_llm::model_call_tests!(Habit::Bare);
}
