//! What events tell of an answer besides its text.

use serde_json::{Map, Value, json};

use crate::reply::{Details, Reply};

/// The most bytes of one entry: every reader of the run gets them.
const LONGEST: usize = 64 * 1024;

/// `grounding`, `url_context`, `citations` and `code` as the API gave them; `function_calls`, `media`;
/// `service_tier`; `truncated`; of a long answer `requests` and `prompt_tokens`; of models that were
/// asked before, `tried`.
pub(super) fn of_reply(reply: &Reply, tried: Option<Value>) -> Option<Value> {
    let mut metadata = entries(&reply.details);
    if reply.is_truncated() {
        metadata.insert("truncated".into(), true.into());
    }
    if reply.requests > 1 {
        metadata.insert("requests".into(), reply.requests.into());
        metadata.insert("prompt_tokens".into(), reply.prompt_tokens.into());
    }
    finished(metadata, tried)
}

/// The same of an answer without text.
pub(super) fn of_details(details: &Details, tried: Option<Value>) -> Option<Value> {
    finished(entries(details), tried)
}

fn entries(details: &Details) -> Map<String, Value> {
    match serde_json::to_value(details) {
        Ok(Value::Object(details)) => details.into_iter().map(bounded).collect(),
        _ => Map::new(),
    }
}

fn finished(mut metadata: Map<String, Value>, tried: Option<Value>) -> Option<Value> {
    if let Some(tried) = tried {
        metadata.insert("tried".into(), tried);
    }
    (!metadata.is_empty()).then_some(Value::Object(metadata))
}

fn bounded((name, detail): (String, Value)) -> (String, Value) {
    match detail.to_string().len() {
        bytes if bytes > LONGEST => (name, json!({"omitted": {"bytes": bytes}})),
        _ => (name, detail),
    }
}
