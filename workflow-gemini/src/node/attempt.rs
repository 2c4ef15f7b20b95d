//! One attempt: the model is asked, and should it not be available, the next one.

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

/// What an attempt has met so far.
pub(super) struct Attempt<'a> {
    client: &'a GeminiClient,
    data: &'a LlmData,
    cx: &'a NodeContext,
    /// By models that were asked before.
    spent: Usage,
    /// By this model, so far.
    used: Usage,
    /// Whether any of the answer was shown: another model's answer must not follow it.
    shown: bool,
    /// The models that were not available, and why.
    tried: Vec<(String, GeminiError)>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(client: &'a GeminiClient, data: &'a LlmData, cx: &'a NodeContext) -> Self {
        Self {
            client,
            data,
            cx,
            spent: Usage::default(),
            used: Usage::default(),
            shown: false,
            tried: Vec::new(),
        }
    }

    /// Asks one model after the other. Each is asked once; only the first one that is available has
    /// a say in the outcome.
    pub(super) async fn ask(&mut self, mut request: GenerateRequest) -> Result<Reply, NodeError> {
        self.client.fill(&mut request);
        request.retry = self.cx.failures() > 0;
        for model in self.models(&request) {
            request.model = Some(model.clone());
            let debug = DebugRecord::of(&model, &request);
            self.cx.record_debug(debug.with_answer(&[], None));
            match self.once(&request).await {
                Ok(reply) => {
                    self.tell(&debug, &reply);
                    return Ok(reply);
                }
                Err(Stopped::Cancelled(error)) => return Err(error),
                Err(Stopped::Failed(error)) if error.is_unavailable() && !self.shown => {
                    self.spent += std::mem::take(&mut self.used);
                    // An attempt takes one from the retry budget, not each model of it.
                    request.retry &= !error.was_sent();
                    self.tried.push((model, error));
                }
                Err(Stopped::Failed(error)) => {
                    self.tell_failed(&debug, &error);
                    return Err(failure::told(error, self.cx, self.client));
                }
            }
        }
        self.tell_tried();
        let error = failure::of_all(self.tried.drain(..).map(|(_, error)| error));
        Err(failure::told(error, self.cx, self.client))
    }

    /// The models to ask, each once.
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

    async fn once(&mut self, request: &GenerateRequest) -> Result<Reply, Stopped> {
        let streams = self.data.streams();
        let method = if streams {
            Method::Streamed
        } else {
            Method::Whole
        };
        let mut chunks = self.client.ask(method, request);
        let mut place: Option<Queued<'_>> = None;
        while let Some(chunk) = chunks.next().await {
            match chunk? {
                Chunk::Queued { queue, position } => match &place {
                    Some(place) => place.moved(position),
                    None => place = Some(self.cx.queued(queue, position)),
                },
                Chunk::Admitted => place = None,
                Chunk::Usage(usage) => self.count(usage),
                Chunk::Done(reply) => return Ok(*reply),
                Chunk::Text(text) if streams => {
                    self.shown = true;
                    self.cx.delta(text).map_err(Stopped::Cancelled)?;
                }
                Chunk::Thought(text) => {
                    self.shown = true;
                    self.cx.thought(text).map_err(Stopped::Cancelled)?;
                }
                Chunk::Text(_) => {}
            }
        }
        Err(GeminiError::Interrupted { source: None }.into())
    }

    /// Counts what this model used so far: the last word counts.
    fn count(&mut self, usage: Usage) {
        self.used = usage;
        let mut total = self.spent;
        total += usage;
        self.cx.record_usage(total);
    }

    fn tell(&mut self, debug: &DebugRecord, reply: &Reply) {
        self.count(reply.usage);
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

    fn tell_failed(&mut self, debug: &DebugRecord, error: &GeminiError) {
        if let Some(usage) = error.usage() {
            self.count(usage);
        }
        let GeminiError::NoAnswer(error) = error else {
            return self.tell_tried();
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

    fn tell_tried(&self) {
        if let Some(tried) = self.tried() {
            self.cx.record_metadata(json!({ "tried": tried }));
        }
    }

    /// The models that were not available, where there was another to ask.
    fn tried(&self) -> Option<Value> {
        self.data.fallback().next()?;
        let tried = self.tried.iter();
        let tried = tried.map(|(model, error)| json!({"model": model, "code": error.code()}));
        (!self.tried.is_empty()).then(|| tried.collect())
    }
}

/// Why a model gave no answer.
enum Stopped {
    /// Nobody wants it any more.
    Cancelled(NodeError),
    Failed(GeminiError),
}

impl From<GeminiError> for Stopped {
    fn from(error: GeminiError) -> Self {
        Self::Failed(error)
    }
}
