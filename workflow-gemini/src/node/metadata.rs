//! What events tell of an answer besides its text.

use serde_json::{Map, Value, json};

use crate::reply::Reply;

/// The most bytes of one entry: every reader of the run gets them.
const LONGEST: usize = 64 * 1024;

/// `grounding`, `url_context`, `citations` and `code` as the API gave them; `truncated`; of a long
/// answer `requests` and `prompt_tokens`; of models that were asked before, `tried`.
pub(super) fn of(reply: &Reply, tried: Option<Value>) -> Option<Value> {
    let mut told = Map::new();
    if let Ok(Value::Object(details)) = serde_json::to_value(&reply.details) {
        told.extend(details.into_iter().map(bounded));
    }
    if reply.is_truncated() {
        told.insert("truncated".into(), true.into());
    }
    if reply.requests > 1 {
        told.insert("requests".into(), reply.requests.into());
        told.insert("prompt_tokens".into(), reply.prompt_tokens.into());
    }
    if let Some(tried) = tried {
        told.insert("tried".into(), tried);
    }
    (!told.is_empty()).then_some(Value::Object(told))
}

fn bounded((name, detail): (String, Value)) -> (String, Value) {
    match detail.to_string().len() {
        bytes if bytes > LONGEST => (name, json!({"left_out": {"bytes": bytes}})),
        _ => (name, detail),
    }
}
