//! One attempt at a turn.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::json;
use workflow_core::{NodeContext, NodeError, node::Queued};

use super::{
    conversation,
    plan::{Answer, Prepared},
};
use crate::{
    error::{Delivery, ModelError},
    model::Model,
    models::NamedModel,
    request::ModelRequest,
    schema::Misfit,
    turn::{ModelChunk, ModelTurn},
};

enum CallError {
    Cancelled(NodeError),
    Failed(ModelError),
}

impl From<ModelError> for CallError {
    fn from(error: ModelError) -> Self {
        Self::Failed(error)
    }
}

pub(super) async fn run(prepared: Prepared, cx: &NodeContext) -> Result<Answer, NodeError> {
    cx.record_request(prepared.record());
    let Prepared {
        mut request,
        history,
        models,
    } = prepared;
    request.is_retry = cx.failures() > 0;
    if let Some(model) = models.first() {
        conversation::add_history(&mut request, &history, model.provider());
    }
    let mut request = Arc::new(request);
    let mut tried: Vec<(NamedModel, ModelError)> = Vec::new();
    let mut has_deltas = false;
    for model in models {
        Arc::make_mut(&mut request).model = Some(model.model().to_owned());
        match call(&model, &request, cx, &mut has_deltas).await {
            Ok(turn) => return Ok(Answer { model, turn }),
            Err(CallError::Cancelled(error)) => return Err(error),
            Err(CallError::Failed(error)) if error.is_unavailable() && !has_deltas => {
                Arc::make_mut(&mut request).is_retry &= error.delivery() == Delivery::NotSent;
                tried.push((model, error));
            }
            Err(CallError::Failed(error)) => {
                return Err(to_node_error(error, cx, &**model.client()));
            }
        }
    }
    let wait = |(_, error): &(NamedModel, ModelError)| {
        if error.is_retryable() {
            error.retry_after().unwrap_or_default()
        } else {
            Duration::MAX
        }
    };
    match tried.into_iter().min_by_key(wait) {
        Some((model, error)) => Err(to_node_error(error, cx, &**model.client())),
        None => Err(NodeError::new("internal", "there is no model")),
    }
}

async fn call(
    model: &NamedModel,
    request: &Arc<ModelRequest>,
    cx: &NodeContext,
    has_deltas: &mut bool,
) -> Result<ModelTurn, CallError> {
    let mut chunks = model.client().ask(Arc::clone(request));
    let mut queued: Option<Queued<'_>> = None;
    while let Some(chunk) = chunks.next().await {
        match chunk? {
            ModelChunk::Queued { queue, position } => match &queued {
                Some(queued) => queued.moved(position),
                None => queued = Some(cx.queued(queue, position)),
            },
            ModelChunk::Admitted => queued = None,
            ModelChunk::Sent => {}
            ModelChunk::Usage(usage) => cx.record_usage(usage),
            ModelChunk::Text(text) if request.streams => {
                *has_deltas = true;
                cx.delta(text).map_err(CallError::Cancelled)?;
            }
            ModelChunk::Text(_) => {}
            ModelChunk::Thought(text) => {
                *has_deltas = true;
                cx.thought(text).map_err(CallError::Cancelled)?;
            }
            ModelChunk::Done(turn) => {
                cx.record_usage(turn.usage);
                if let Some(version) = &turn.facts.model_version {
                    cx.record_model(version.clone());
                }
                if let Some(reason) = &turn.facts.finish_reason {
                    cx.record_finish_reason(reason.clone());
                }
                if turn.is_truncated {
                    cx.record_truncated();
                }
                cx.record_debug(json!({"model": model.model()}));
                return Ok(checked(*turn, request)?);
            }
        }
    }
    Err(ModelError::interrupted("the answer has no end").into())
}

/// The answer, with its JSON if the request has a schema.
fn checked(mut turn: ModelTurn, request: &ModelRequest) -> Result<ModelTurn, ModelError> {
    let Some(schema) = request.schema.as_ref().filter(|_| turn.calls.is_empty()) else {
        return Ok(turn);
    };
    if turn.json.is_none() {
        turn.json = Some(schema.read(&turn.text).map_err(|misfit| {
            let code = match misfit {
                Misfit::NotJson { .. } => "answer_not_json",
                Misfit::DoesNotFit { .. } => "answer_does_not_fit",
            };
            let limit = if turn.is_truncated { Some(0) } else { None };
            ModelError::new(code, misfit.to_string()).with_retries(limit)
        })?);
    }
    Ok(turn)
}

pub(super) fn not_sent(error: ModelError) -> NodeError {
    let failure = NodeError::new(error.code().to_owned(), error.to_string());
    match error.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn to_node_error(error: ModelError, cx: &NodeContext, client: &dyn Model) -> NodeError {
    let limit = error.retry_limit();
    let mut failure = NodeError::new(error.code().to_owned(), error.to_string());
    if limit.is_none_or(|limit| cx.attempt() <= limit) && client.has_retries() {
        failure = failure.with_retry();
        if let Some(wait) = error.retry_after() {
            failure = failure.with_retry_after(wait);
        }
    }
    if let Some(hint) = error.hint() {
        failure = failure.with_hint(hint.to_owned());
    }
    failure.with_source(error)
}
