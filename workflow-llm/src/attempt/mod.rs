//! One attempt of a step: a request to the model, and to the fallback models if it is unavailable.
//!
//! Shared by all node types: a [`Prepared`] request goes in, an [`Answer`] comes out, and the attempt reports to the engine what was sent
//! and used.

mod failure;
mod inline;
mod metadata;
mod plan;
mod record;
mod size;
mod spending;

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{NodeContext, NodeError, node::Queued};

pub(crate) use self::plan::{KeyType, Prepared, candidates};
use self::{plan::PlannedModel, spending::Spending};
use crate::{
    error::ModelError,
    models::NamedModel,
    request::ModelRequest,
    schema::Misfit,
    turn::{ModelChunk, ModelTurn},
};

/// What a model answered. An answer without calls has text, and `json` if the request has a schema.
pub(crate) struct Answer {
    pub(crate) model: NamedModel,
    pub(crate) turn: ModelTurn,
}

/// An attempt in progress.
pub(crate) struct Attempt<'a> {
    cx: &'a NodeContext,
    spending: Spending<'a>,
    /// Whether readers have received a part of the answer. If so, there is no fallback: the answer of
    /// another model must not follow it.
    has_deltas: bool,
    has_fallback: bool,
    /// The unavailable models and their errors.
    tried: Vec<(PlannedModel, ModelError)>,
    /// The models that what is reserved did not cover.
    not_covered: Vec<String>,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(cx: &'a NodeContext) -> Self {
        Self {
            cx,
            spending: Spending::new(cx),
            has_deltas: false,
            has_fallback: false,
            tried: Vec::new(),
            not_covered: Vec::new(),
        }
    }

    /// Sends the request to one model after another, once each. The first available model decides the
    /// outcome: its error is final for the attempt, even if a fallback is left.
    pub(crate) async fn run(&mut self, prepared: Prepared) -> Result<Answer, NodeError> {
        let record = prepared.record().map_err(failure::before_attempt)?;
        self.cx.record_request(record);
        self.spending.plan(prepared.bound().calls);
        self.has_fallback = prepared.has_fallback;
        let (mut request, models) = prepared.into_request();
        // Not by `attempt`: an attempt that a crash interrupted has not failed, so the next one is no retry.
        let mut is_retry = self.cx.failures() > 0;
        for model in models {
            // The plan reserves at least what the first model may use.
            if !self.tried.is_empty() && !self.spending.covers(&model) {
                self.not_covered.push(model.named.label().to_owned());
                continue;
            }
            let debug = record::answer(model.named.label(), &[], None);
            self.cx.record_debug(debug);
            self.address(&mut request, &model, is_retry);
            match self.call(&request, &model).await {
                Ok(turn) => {
                    self.report_turn(&model, &turn);
                    let model = model.named;
                    return Ok(Answer { model, turn });
                }
                Err(CallError::Cancelled(error)) => return Err(error),
                Err(CallError::Failed(error)) => {
                    self.spending.failed(&error);
                    if !error.is_unavailable() || self.has_deltas {
                        self.spending.finish();
                        self.report_failure(&model, &error);
                        let client = &**model.named.client();
                        return Err(failure::to_node_error(error, self.cx, client));
                    }
                    // An attempt takes one token of the retry budget, not one per model.
                    is_retry &= !error.was_sent();
                    self.tried.push((model, error));
                }
            }
        }
        self.spending.finish();
        self.report_tried();
        Err(match failure::most_promising(self.tried.drain(..)) {
            Some((model, error)) => failure::to_node_error(error, self.cx, &**model.named.client()),
            // Not reached: there is a first model, and nothing is reserved before it.
            None => failure::before_attempt(ModelError::interrupted("no model was asked")),
        })
    }

    /// Sets what differs from model to model. The request is not copied: no stream has it any more.
    fn address(&self, request: &mut Arc<ModelRequest>, model: &PlannedModel, is_retry: bool) {
        let request = Arc::make_mut(request);
        request.model = Some(model.named.model().to_owned());
        // Within a budget, an answer is cut off rather than continued beyond what is reserved for it.
        request.max_requests = match self.cx.reserved() {
            Some(_) => u32::try_from(model.bound.calls).ok(),
            None => None,
        };
        request.is_retry = is_retry;
    }

    /// Sends the request to one model and passes its chunks on to the engine.
    async fn call(
        &mut self,
        request: &Arc<ModelRequest>,
        model: &PlannedModel,
    ) -> Result<ModelTurn, CallError> {
        self.spending.begin(model, request);
        let streams = request.streams;
        // Dropped at every `return` below, which closes the connection or leaves the queue.
        let mut chunks = model.named.client().ask(Arc::clone(request));
        // Dropping it ends the wait: the timeout of the step runs again.
        let mut queued: Option<Queued<'_>> = None;
        while let Some(chunk) = chunks.next().await {
            match chunk? {
                ModelChunk::Queued { queue, position } => match &queued {
                    Some(queued) => queued.moved(position),
                    None => queued = Some(self.cx.queued(queue, position)),
                },
                ModelChunk::Admitted => queued = None,
                ModelChunk::Sent => self.spending.sent(),
                ModelChunk::Usage(usage) => self.spending.set_usage(usage),
                ModelChunk::Done(turn) => return Ok(fitting(request, *turn)?),
                ModelChunk::Text(text) if streams => {
                    self.has_deltas = true;
                    self.cx.delta(text).map_err(CallError::Cancelled)?;
                }
                // Thoughts are reported always, because the output of the step does not contain them.
                ModelChunk::Thought(text) => {
                    self.has_deltas = true;
                    self.cx.thought(text).map_err(CallError::Cancelled)?;
                }
                // Without streaming, readers get the text as the output of the step.
                ModelChunk::Text(_) => {}
            }
        }
        // A stream of chunks ends with `Done` or an error.
        Err(ModelError::interrupted("the answer broke off").into())
    }

    /// Reports usage, model, finish reason and metadata of an answer. The debug record with the answer
    /// replaces the one that was recorded before the request.
    fn report_turn(&mut self, model: &PlannedModel, turn: &ModelTurn) {
        self.spending.answered(turn);
        let facts = &turn.facts;
        if let Some(reason) = &facts.finish_reason {
            self.cx.record_finish_reason(reason.clone());
        }
        if turn.is_truncated {
            self.cx.record_truncated();
        }
        if let Some(model) = &facts.model_version {
            self.cx.record_model(model.clone());
        }
        let id = facts.response_id.as_deref();
        let label = model.named.label();
        // The log has the contents of a turn with calls as its state, which goes back to the provider.
        let parts = if turn.calls.is_empty() {
            &facts.parts[..]
        } else {
            &[]
        };
        self.cx.record_debug(record::answer(label, parts, id));
        let metadata = metadata::of_turn(turn, self.tried());
        if let Some(metadata) = metadata {
            self.cx.record_metadata(metadata);
        }
    }

    /// Reports metadata and parts of a failed request, which explain the failure.
    fn report_failure(&mut self, model: &PlannedModel, error: &ModelError) {
        let Some(facts) = error.answer() else {
            return self.report_tried();
        };
        if let Some(metadata) = metadata::of_facts(facts, self.tried()) {
            self.cx.record_metadata(metadata);
        }
        if let Some(model) = &facts.model_version {
            self.cx.record_model(model.clone());
        }
        if let Some(reason) = &facts.finish_reason {
            self.cx.record_finish_reason(reason.clone());
        }
        let id = facts.response_id.as_deref();
        let record = record::answer(model.named.label(), &facts.parts, id);
        self.cx.record_debug(record);
    }

    /// Reports the unavailable models of a failed attempt, so that a reader sees why a fallback failed.
    fn report_tried(&self) {
        if let Some(tried) = self.tried() {
            self.cx.record_metadata(json!({ "tried": tried }));
        }
    }

    /// The models that gave no answer, as metadata: unavailable, or not asked because the rest of what is reserved did not cover
    /// them. `None` without fallback models: then the error itself says it.
    fn tried(&self) -> Option<Value> {
        if !self.has_fallback {
            return None;
        }
        let tried = self.tried.iter();
        let tried =
            tried.map(|(model, error)| json!({"model": model.named.label(), "code": error.code()}));
        let not_covered = self.not_covered.iter();
        let not_covered = not_covered.map(|it| json!({"model": it, "code": "budget_exceeded"}));
        (!self.tried.is_empty()).then(|| tried.chain(not_covered).collect())
    }
}

/// Checks an answer that its provider has not checked against the schema, and that it is not empty.
fn fitting(request: &ModelRequest, mut turn: ModelTurn) -> Result<ModelTurn, ModelError> {
    if turn.text.trim().is_empty() && turn.json.is_none() && turn.calls.is_empty() {
        let error = ModelError::new("empty_answer", "the model ended without any text");
        return Err(unusable(error.with_retries(Some(1)), turn));
    }
    let Some(schema) = &request.schema else {
        return Ok(turn);
    };
    if turn.json.is_some() || !turn.calls.is_empty() {
        return Ok(turn);
    }
    match schema.read(&turn.text) {
        Ok(json) => {
            turn.json = Some(json);
            Ok(turn)
        }
        Err(misfit) => {
            let is_cut = turn.is_truncated && matches!(misfit, Misfit::NotJson { .. });
            let error = match misfit {
                // A text that was cut off would be cut off again.
                Misfit::NotJson { .. } if is_cut => {
                    let message = format!("{misfit}: it was cut off at its token limit");
                    ModelError::new("answer_not_json", message)
                }
                Misfit::NotJson { .. } => {
                    ModelError::new("answer_not_json", misfit.to_string()).with_retries(None)
                }
                Misfit::DoesNotFit { .. } => {
                    ModelError::new("answer_does_not_fit", misfit.to_string()).with_retries(None)
                }
            };
            Err(unusable(error, turn))
        }
    }
}

/// The error with what is known of the answer.
fn unusable(error: ModelError, turn: ModelTurn) -> ModelError {
    let error = if turn.usage.is_empty() {
        error
    } else {
        error.with_final_usage()
    };
    error.with_usage(turn.usage).with_answer(turn.facts)
}

/// The error of a call to one model.
enum CallError {
    /// The engine does not want the answer any more. There is no fallback.
    Cancelled(NodeError),
    Failed(ModelError),
}

impl From<ModelError> for CallError {
    fn from(error: ModelError) -> Self {
        Self::Failed(error)
    }
}
