//! The request of a turn: the question, the turns before it, and what the answer may be.

use std::sync::Arc;

use workflow_core::{
    NodeError,
    node::agent::{PastTurn, ToolChoice, TurnRequest},
};

use crate::{
    message::{Message, TurnMessage},
    models::{Models, NamedModel},
    request::ModelRequest,
};

/// What a finishing turn says to the model. A request must not end with a turn of the model. It is a part of keys: do not change it
/// without another revision.
const FINISH: &str = "Give your final answer now, as JSON that fits the schema. Call no tools.";

/// Adds what a turn may do to the question of its agent: tools, or the schema of the answer, never both, since some models refuse that.
///
/// A turn that may not call has the schema at once, if there is one: its answer needs no further turn.
pub(super) fn allow(request: &mut ModelRequest, turn: &TurnRequest) {
    let may_call = turn.tool_choice != ToolChoice::None && !turn.is_finishing;
    let has_schema = request.schema.is_some();
    if !turn.tools.is_empty() && (may_call || !has_schema) {
        request.tools = Arc::clone(&turn.tools);
        request.tool_choice = turn.tool_choice.clone();
        request.schema = None;
    }
    if turn.is_finishing {
        request.messages.push(Message::user(FINISH));
    }
}

/// The turns before this one, as a provider gets them. Their states are shared, not copied.
pub(super) fn past(history: &[Arc<PastTurn>], provider: &str) -> Vec<TurnMessage> {
    let turns = history.iter();
    turns
        .map(|past| TurnMessage::of_agent(Arc::clone(past), provider))
        .collect()
}

/// The model that turn 0 used, which all later turns use, too. `None` in turn 0, and for a history without states, as recordings have it.
///
/// # Errors
/// `unknown_provider` if the service does not have the provider any more.
pub(super) fn pinned(
    models: &Models,
    history: &[Arc<PastTurn>],
) -> Result<Option<NamedModel>, NodeError> {
    let first = history.first().and_then(|past| TurnMessage::model_of(past));
    let Some((provider, model)) = first else {
        return Ok(None);
    };
    match models.of_provider(provider, model) {
        Some(named) => Ok(Some(named)),
        None => Err(gone(models, provider)),
    }
}

fn gone(models: &Models, provider: &str) -> NodeError {
    let known: Vec<&str> = models.names().collect();
    let detail = format!(
        "the agent began with the provider `{provider}`, which this service does not have any more: it has `{}`",
        known.join("`, `")
    );
    NodeError::new("unknown_provider", detail)
        .with_hint("add the provider to the service and resume the run, or start a new one")
}
