//! The `metadata` of a step's events: what an answer has besides its text.

use serde_json::{Map, Value, json};

use crate::reply::{Details, Reply};

/// The most bytes of one entry. Every reader of the run receives it, so a larger one is replaced by its size.
/// Templates of later steps read metadata, too, so what remains has to be complete JSON: an entry is never cut.
const LONGEST: usize = 64 * 1024;

/// The metadata of an answer: `grounding`, `url_context`, `citations` and `code` as the API sent them;
/// `function_calls`, `media` and `service_tier`; `truncated`; `requests` and `prompt_tokens` of an
/// answer that took several requests; `tried` with the models that were unavailable. `None` if there is
/// nothing to report.
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

/// The metadata of an answer without usable text.
pub(super) fn of_details(details: &Details, tried: Option<Value>) -> Option<Value> {
    finished(entries(details), tried)
}

/// The serialized details, each bounded. `Details` leaves out empty fields.
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

/// Replaces an entry that is too large by `{"omitted": {"bytes": …}}`.
fn bounded((name, detail): (String, Value)) -> (String, Value) {
    match detail.to_string().len() {
        bytes if bytes > LONGEST => (name, json!({"omitted": {"bytes": bytes}})),
        _ => (name, detail),
    }
}
