//! One attempt of a step: a request to the model, and to the fallback models if it is unavailable.

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{NodeContext, NodeError, node::Queued, value::Usage};

use super::{data::LlmData, debug::DebugRecord, failure, metadata};
use crate::{
    client::GeminiClient,
    error::GeminiError,
    reply::{Chunk, Reply},
    request::{GenerateRequest, Method},
};

/// An attempt in progress.
pub(super) struct Attempt<'a> {
    client: &'a GeminiClient,
    data: &'a LlmData,
    cx: &'a NodeContext,
    /// Tokens used by the models before the current one.
    usage_before: Usage,
    /// Tokens used by the current model so far.
    usage: Usage,
    /// Whether readers have received a part of the answer. If so, there is no fallback: the answer of
    /// another model must not follow it.
    has_deltas: bool,
    /// The unavailable models and their errors.
    tried: Vec<(String, GeminiError)>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(client: &'a GeminiClient, data: &'a LlmData, cx: &'a NodeContext) -> Self {
        Self {
            client,
            data,
            cx,
            usage_before: Usage::default(),
            usage: Usage::default(),
            has_deltas: false,
            tried: Vec::new(),
        }
    }

    /// Sends the request to one model after another, once each. The first available model decides the
    /// outcome: its error is final for the attempt, even if a fallback is left.
    pub(super) async fn run(&mut self, mut request: GenerateRequest) -> Result<Reply, NodeError> {
        // Filled before the debug record, so that the record shows what is sent.
        self.client.fill(&mut request);
        // Not by `attempt`: an attempt that a crash interrupted has not failed, so the next one is no retry.
        request.retry = self.cx.failures() > 0;
        for model in self.models(&request) {
            request.model = Some(model.clone());
            let debug = DebugRecord::of(&model, &request);
            self.cx.record_debug(debug.with_answer(&[], None));
            match self.call(&request).await {
                Ok(reply) => {
                    self.report_reply(&debug, &reply);
                    return Ok(reply);
                }
                Err(CallError::Cancelled(error)) => return Err(error),
                Err(CallError::Failed(error)) if error.is_unavailable() && !self.has_deltas => {
                    self.usage_before += std::mem::take(&mut self.usage);
                    // An attempt takes one token of the retry budget, not one per model.
                    request.retry &= !error.was_sent();
                    self.tried.push((model, error));
                }
                Err(CallError::Failed(error)) => {
                    self.report_failure(&debug, &error);
                    return Err(failure::to_node_error(error, self.cx, self.client));
                }
            }
        }
        self.report_tried();
        let error = failure::most_promising(self.tried.drain(..).map(|(_, error)| error));
        Err(failure::to_node_error(error, self.cx, self.client))
    }

    /// The models in their order, without duplicates. `models/x` and `x` are one model: a fallback to the same
    /// model would only meet the same limit.
    fn models(&self, request: &GenerateRequest) -> Vec<String> {
        let first = request.model.as_deref().unwrap_or(self.client.model());
        let mut models: Vec<String> = Vec::new();
        let fallback = self.data.fallback().map(String::as_str);
        for model in std::iter::once(first).chain(fallback) {
            let model = model.trim().trim_start_matches("models/");
            if !models.iter().any(|known| known == model) {
                models.push(model.to_owned());
            }
        }
        models
    }

    /// Sends the request to one model and passes its chunks on to the engine.
    async fn call(&mut self, request: &GenerateRequest) -> Result<Reply, CallError> {
        let streams = self.data.streams();
        let method = if streams {
            Method::Streamed
        } else {
            Method::Whole
        };
        // Dropped at every `return` below, which closes the connection or leaves the queue.
        let mut chunks = self.client.ask(method, request);
        // Dropping it ends the wait: the timeout of the step runs again.
        let mut queued: Option<Queued<'_>> = None;
        while let Some(chunk) = chunks.next().await {
            match chunk? {
                Chunk::Queued { queue, position } => match &queued {
                    Some(queued) => queued.moved(position),
                    None => queued = Some(self.cx.queued(queue, position)),
                },
                Chunk::Admitted => queued = None,
                Chunk::Usage(usage) => self.set_usage(usage),
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

    /// Sets the tokens of the current model, and reports the total of the attempt. `usage` is a running
    /// total, so it replaces the value before.
    fn set_usage(&mut self, usage: Usage) {
        self.usage = usage;
        let mut total = self.usage_before;
        total += usage;
        self.cx.record_usage(total);
    }

    /// Reports usage, model, finish reason and metadata of an answer. The debug record with the answer
    /// replaces the one that was recorded before the request.
    fn report_reply(&mut self, debug: &DebugRecord, reply: &Reply) {
        self.set_usage(reply.usage);
        self.cx.record_finish_reason(reply.finish_reason.as_str());
        if reply.is_truncated() {
            self.cx.record_truncated();
        }
        if let Some(model) = &reply.model_version {
            self.cx.record_model(model.clone());
        }
        let id = reply.response_id.as_deref();
        self.cx.record_debug(debug.with_answer(&reply.parts, id));
        let metadata = metadata::of_reply(reply, self.tried());
        if let Some(metadata) = metadata {
            self.cx.record_metadata(metadata);
        }
    }

    /// Reports usage and metadata of a failed request: its tokens are billed, and its parts explain the
    /// failure.
    fn report_failure(&mut self, debug: &DebugRecord, error: &GeminiError) {
        if let Some(usage) = error.usage() {
            self.set_usage(usage);
        }
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
        self.cx
            .record_debug(debug.with_answer(error.parts(), error.response_id()));
    }

    /// Reports the unavailable models of a failed attempt, so that a reader sees why a fallback failed.
    fn report_tried(&self) {
        if let Some(tried) = self.tried() {
            self.cx.record_metadata(json!({ "tried": tried }));
        }
    }

    /// The unavailable models as metadata. `None` without fallback models: then the error itself says
    /// it.
    fn tried(&self) -> Option<Value> {
        self.data.fallback().next()?;
        let tried = self.tried.iter();
        let tried = tried.map(|(model, error)| json!({"model": model, "code": error.code()}));
        (!self.tried.is_empty()).then(|| tried.collect())
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
