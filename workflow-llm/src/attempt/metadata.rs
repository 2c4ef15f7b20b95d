//! The `metadata` of a step's events: what an answer has besides its text.

use serde_json::{Map, Value, json};

use crate::turn::{AnswerFacts, ModelTurn};

/// The most bytes of one entry. Every reader of the run receives it, so a larger one is replaced by its size.
/// Templates of later steps read metadata, too, so what remains has to be complete JSON: an entry is never cut.
const LONGEST: usize = 64 * 1024;

/// The metadata of an answer: that of its provider; `truncated`; `requests` and `prompt_tokens` of an
/// answer that took several requests; `tried` with the models that were unavailable. `None` if there is
/// nothing to report.
pub(super) fn of_turn(turn: &ModelTurn, tried: Option<Value>) -> Option<Value> {
    let mut metadata = entries(&turn.facts);
    if turn.is_truncated {
        metadata.insert("truncated".into(), true.into());
    }
    if turn.requests > 1 {
        metadata.insert("requests".into(), turn.requests.into());
        metadata.insert("prompt_tokens".into(), turn.prompt_tokens.into());
    }
    finished(metadata, tried)
}

/// The metadata of an answer without usable text.
pub(super) fn of_facts(facts: &AnswerFacts, tried: Option<Value>) -> Option<Value> {
    finished(entries(facts), tried)
}

/// The entries of the provider, each bounded.
fn entries(facts: &AnswerFacts) -> Map<String, Value> {
    facts.metadata.iter().map(bounded).collect()
}

fn finished(mut metadata: Map<String, Value>, tried: Option<Value>) -> Option<Value> {
    if let Some(tried) = tried {
        metadata.insert("tried".into(), tried);
    }
    (!metadata.is_empty()).then_some(Value::Object(metadata))
}

/// Replaces an entry that is too large by `{"omitted": {"bytes": …}}`.
fn bounded((name, detail): (&String, &Value)) -> (String, Value) {
    let detail = match detail.to_string().len() {
        bytes if bytes > LONGEST => json!({"omitted": {"bytes": bytes}}),
        _ => detail.clone(),
    };
    (name.clone(), detail)
}
