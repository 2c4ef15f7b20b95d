//! One attempt of a step: a request to the model, and to the fallback models if it is unavailable.

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{NodeContext, NodeError, node::Queued};

use super::{
    data::LlmData,
    failure, metadata,
    plan::{PlannedModel, Prepared},
    record,
    spending::Spending,
};
use crate::{
    client::GeminiClient,
    error::GeminiError,
    reply::{Chunk, Reply},
    request::{GenerateRequest, MAX_REQUESTS, Method},
};

/// An attempt in progress.
pub(super) struct Attempt<'a> {
    client: &'a GeminiClient,
    data: &'a LlmData,
    cx: &'a NodeContext,
    spending: Spending<'a>,
    /// Whether readers have received a part of the answer. If so, there is no fallback: the answer of
    /// another model must not follow it.
    has_deltas: bool,
    /// The unavailable models and their errors.
    tried: Vec<(String, GeminiError)>,
    /// The models that what is reserved did not cover.
    not_covered: Vec<String>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(client: &'a GeminiClient, data: &'a LlmData, cx: &'a NodeContext) -> Self {
        Self {
            client,
            data,
            cx,
            spending: Spending::new(client, cx),
            has_deltas: false,
            tried: Vec::new(),
            not_covered: Vec::new(),
        }
    }

    /// Sends the request to one model after another, once each. The first available model decides the
    /// outcome: its error is final for the attempt, even if a fallback is left.
    pub(super) async fn run(&mut self, prepared: Prepared) -> Result<Reply, NodeError> {
        self.cx.record_request(prepared.record());
        self.spending.plan(prepared.bound().calls);
        let Prepared {
            mut request,
            models,
        } = prepared;
        // Not by `attempt`: an attempt that a crash interrupted has not failed, so the next one is no retry.
        request.retry = self.cx.failures() > 0;
        for model in models {
            // The plan reserves at least what the first model may use.
            if !self.tried.is_empty() && !self.spending.covers(&model) {
                self.not_covered.push(model.name);
                continue;
            }
            self.cx.record_debug(record::answer(&model.name, &[], None));
            match self.call(&mut request, &model).await {
                Ok(reply) => {
                    self.report_reply(&model.name, &reply);
                    return Ok(reply);
                }
                Err(CallError::Cancelled(error)) => return Err(error),
                Err(CallError::Failed(error)) => {
                    self.spending.failed(&error);
                    if !error.is_unavailable() || self.has_deltas {
                        self.spending.finish();
                        self.report_failure(&model.name, &error);
                        return Err(failure::to_node_error(error, self.cx, self.client));
                    }
                    // An attempt takes one token of the retry budget, not one per model.
                    request.retry &= !error.was_sent();
                    self.tried.push((model.name, error));
                }
            }
        }
        self.spending.finish();
        self.report_tried();
        let error = failure::most_promising(self.tried.drain(..).map(|(_, error)| error));
        Err(failure::to_node_error(error, self.cx, self.client))
    }

    /// Sends the request to one model and passes its chunks on to the engine.
    async fn call(
        &mut self,
        request: &mut GenerateRequest,
        model: &PlannedModel,
    ) -> Result<Reply, CallError> {
        request.model = Some(model.name.clone());
        // Within a budget, an answer is cut off rather than continued beyond what is reserved for it.
        request.max_requests = match self.cx.reserved() {
            Some(_) => u32::try_from(model.bound.calls).unwrap_or(MAX_REQUESTS),
            None => MAX_REQUESTS,
        };
        let has_tools = !request.tools.is_empty();
        let sent = self.spending.begin(model, request.service_tier, has_tools);
        let streams = self.data.streams();
        let method = if streams {
            Method::Streamed
        } else {
            Method::Whole
        };
        // Dropped at every `return` below, which closes the connection or leaves the queue.
        let mut chunks = self.client.ask_counted(method, request, sent);
        // Dropping it ends the wait: the timeout of the step runs again.
        let mut queued: Option<Queued<'_>> = None;
        while let Some(chunk) = chunks.next().await {
            match chunk? {
                Chunk::Queued { queue, position } => match &queued {
                    Some(queued) => queued.moved(position),
                    None => queued = Some(self.cx.queued(queue, position)),
                },
                Chunk::Admitted => queued = None,
                Chunk::Usage(usage) => self.spending.set_usage(usage),
                Chunk::Done(reply) => return Ok(*reply),
                Chunk::Text(text) if streams => {
                    self.has_deltas = true;
                    self.cx.delta(text).map_err(CallError::Cancelled)?;
                }
                // Thoughts are reported by both methods, because the output of the step does not contain them.
                Chunk::Thought(text) => {
                    self.has_deltas = true;
                    self.cx.thought(text).map_err(CallError::Cancelled)?;
                }
                // Without streaming, readers get the text as the output of the step.
                Chunk::Text(_) => {}
            }
        }
        // Not reached: a stream of chunks ends with `Done` or an error.
        Err(GeminiError::Interrupted { source: None }.into())
    }

    /// Reports usage, model, finish reason and metadata of an answer. The debug record with the answer
    /// replaces the one that was recorded before the request.
    fn report_reply(&mut self, model: &str, reply: &Reply) {
        self.spending.answered(reply);
        self.cx.record_finish_reason(reply.finish_reason.as_str());
        if reply.is_truncated() {
            self.cx.record_truncated();
        }
        if let Some(model) = &reply.model_version {
            self.cx.record_model(model.clone());
        }
        let id = reply.response_id.as_deref();
        self.cx
            .record_debug(record::answer(model, &reply.parts, id));
        let metadata = metadata::of_reply(reply, self.tried());
        if let Some(metadata) = metadata {
            self.cx.record_metadata(metadata);
        }
    }

    /// Reports metadata and parts of a failed request, which explain the failure.
    fn report_failure(&mut self, asked: &str, error: &GeminiError) {
        let GeminiError::NoAnswer(error) = error else {
            return self.report_tried();
        };
        if let Some(metadata) = metadata::of_details(error.details(), self.tried()) {
            self.cx.record_metadata(metadata);
        }
        if let Some(model) = error.model_version() {
            self.cx.record_model(model.to_owned());
        }
        if let Some(reason) = error.finish_reason() {
            self.cx.record_finish_reason(reason.as_str().to_owned());
        }
        let record = record::answer(asked, error.parts(), error.response_id());
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
        self.data.fallback().next()?;
        let tried = self.tried.iter();
        let tried = tried.map(|(model, error)| json!({"model": model, "code": error.code()}));
        let not_covered = self.not_covered.iter();
        let not_covered = not_covered.map(|it| json!({"model": it, "code": "budget_exceeded"}));
        (!self.tried.is_empty()).then(|| tried.chain(not_covered).collect())
    }
}

/// The error of a call to one model.
enum CallError {
    /// The engine does not want the answer any more. There is no fallback.
    Cancelled(NodeError),
    Failed(GeminiError),
}

impl From<GeminiError> for CallError {
    fn from(error: GeminiError) -> Self {
        Self::Failed(error)
    }
}
