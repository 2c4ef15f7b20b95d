//! A [`Reply`] as the turn of a model.

use serde_json::{Map, Value};
use workflow_llm::{AnswerFacts, ModelTurn};

use super::history;
use crate::{
    reply::{Details, Reply},
    request::served_tier,
};

/// The same answer in neutral form.
pub(super) fn model_turn(reply: Reply) -> ModelTurn {
    let mut facts = AnswerFacts::default();
    facts.finish_reason = Some(reply.finish_reason.as_str().to_owned());
    facts.metadata = metadata(&reply.details);
    let mut turn = ModelTurn::default();
    turn.is_truncated = reply.is_truncated();
    let served = reply.details.service_tier.as_deref();
    turn.service_tier = served.map(|word| served_tier(word).to_owned());
    turn.usage = reply.usage;
    turn.prompt_tokens = reply.prompt_tokens;
    turn.requests = reply.requests;
    turn.state = Some(history::state(&reply));
    turn.calls = history::tool_calls(reply.calls);
    turn.text = reply.text;
    turn.json = reply.json;
    turn.thoughts = reply.thoughts;
    facts.model_version = reply.model_version;
    facts.response_id = reply.response_id;
    facts.parts = reply.parts;
    turn.facts = facts;
    turn
}

/// Sources and results of tools, each under its name. Empty fields are left out.
pub(super) fn metadata(details: &Details) -> Map<String, Value> {
    match serde_json::to_value(details) {
        Ok(Value::Object(metadata)) => metadata,
        _ => Map::new(),
    }
}
