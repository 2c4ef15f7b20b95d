//! One tracing span per call, with the attributes of the OpenTelemetry semantic conventions for
//! generative AI (`gen_ai.*`).
//!
//! The span has the prompt and the answer only after
//! [`with_record_content(true)`](crate::GeminiClientBuilder::with_record_content), because both may be
//! personal data. It never has the key.

use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{Span, field, info_span};

use crate::{
    error::{GeminiError, NoAnswer},
    reply::{Chunk, Reply},
    request::{FunctionCall, FunctionResponse, GenerateRequest, Method, Part, Turn},
};

/// `gen_ai.provider.name` of Vertex AI.
pub(crate) const VERTEX: &str = "gcp.vertex_ai";

/// The attributes that all spans of a client have in common.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    /// `gcp.gemini` or `gcp.vertex_ai`.
    pub(crate) provider: &'static str,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Whether to record prompts and answers.
    pub(crate) content: bool,
}

/// The span of one call, including the requests that continue its answer. It is not entered across an `.await`:
/// [`Exchange`](super::exchange::Exchange) instruments each step with it, so concurrent calls on one thread do not
/// nest.
#[derive(Debug)]
pub(crate) struct CallSpan {
    span: Span,
    content: bool,
    /// When the request was admitted. The time in a queue is not the model's.
    started: Instant,
    /// Whether the first chunk of a stream is still to come.
    awaits_first_chunk: bool,
}

impl Observed {
    /// Whether the client uses Vertex AI, which differs from the Gemini API in one header.
    pub(crate) fn is_vertex(&self) -> bool {
        self.provider == VERTEX
    }
}

impl CallSpan {
    /// Opens the span. Attributes that are known later are declared as empty, because `tracing` does not
    /// allow to add fields to a span.
    pub(crate) fn new(
        observed: &Observed,
        model: &str,
        method: Method,
        request: &GenerateRequest,
    ) -> Self {
        let streams = matches!(method, Method::Streamed);
        let stop = (!request.stop.is_empty()).then(|| field::debug(&request.stop));
        let span = info_span!(
            "generate_content",
            otel.name = format!("generate_content {model}"),
            otel.kind = "client",
            gen_ai.operation.name = "generate_content",
            gen_ai.provider.name = observed.provider,
            gen_ai.request.model = model,
            gen_ai.request.max_tokens = request.max_output_tokens,
            gen_ai.request.stop_sequences = stop,
            gen_ai.request.seed = request.seed,
            gen_ai.request.temperature = request.temperature,
            gen_ai.request.top_p = request.top_p,
            gen_ai.request.top_k = request.top_k,
            gen_ai.request.stream = streams.then_some(true),
            gen_ai.output.type = if request.schema.is_some() { "json" } else { "text" },
            server.address = observed.host,
            server.port = observed.port,
            error.type = field::Empty,
            gen_ai.response.id = field::Empty,
            gen_ai.response.model = field::Empty,
            gen_ai.response.finish_reasons = field::Empty,
            gen_ai.response.time_to_first_chunk = field::Empty,
            gen_ai.usage.input_tokens = field::Empty,
            gen_ai.usage.output_tokens = field::Empty,
            gen_ai.usage.reasoning.output_tokens = field::Empty,
            gen_ai.usage.cache_read.input_tokens = field::Empty,
            gen_ai.system_instructions = field::Empty,
            gen_ai.input.messages = field::Empty,
            gen_ai.output.messages = field::Empty,
        );
        let call = Self {
            span,
            content: observed.content,
            started: Instant::now(),
            awaits_first_chunk: streams,
        };
        call.record_prompt(request);
        call
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the prompt, in the message format of the conventions. Does nothing if the span is
    /// disabled, since the JSON of a prompt may have megabytes.
    fn record_prompt(&self, request: &GenerateRequest) {
        if !self.content || self.span.is_disabled() {
            return;
        }
        if let Some(system) = &request.system {
            let instructions = json!([text(system)]).to_string();
            self.span.record("gen_ai.system_instructions", instructions);
        }
        let prompt = Some(&request.prompt).filter(|prompt| !prompt.is_empty());
        let parts = request.parts.iter().map(part);
        let parts: Value = parts.chain(prompt.map(|prompt| text(prompt))).collect();
        let prompt = (request.has_prompt()).then(|| json!({"role": "user", "parts": parts}));
        let turns = request.turns.iter().map(|it| turn(it));
        let messages: Value = prompt.into_iter().chain(turns).collect();
        self.span
            .record("gen_ai.input.messages", messages.to_string());
    }

    /// Records a chunk that the caller is about to receive: token counts, the time to the first chunk, and the
    /// complete answer. Called when the caller takes the chunk, not when it is received, so a slow reader is part
    /// of the time.
    pub(crate) fn record_chunk(&mut self, chunk: &Chunk) {
        match chunk {
            // Time in a queue does not count as time to the first chunk.
            Chunk::Admitted => self.started = Instant::now(),
            Chunk::Text(_) | Chunk::Thought(_) if self.awaits_first_chunk => {
                self.awaits_first_chunk = false;
                let elapsed = self.started.elapsed().as_secs_f64();
                self.span
                    .record("gen_ai.response.time_to_first_chunk", elapsed);
            }
            Chunk::Usage(usage) => {
                let span = &self.span;
                span.record("gen_ai.usage.input_tokens", usage.input_tokens);
                span.record("gen_ai.usage.output_tokens", usage.output_tokens);
                span.record("gen_ai.usage.reasoning.output_tokens", usage.thought_tokens);
                span.record("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
            }
            Chunk::Done(reply) => self.record_reply(reply),
            _ => {}
        }
    }

    /// Records a complete answer, and its text if content is recorded.
    fn record_reply(&self, reply: &Reply) {
        let reason = reply.finish_reason.as_str();
        self.record_response(
            reply.model_version.as_deref(),
            reply.response_id.as_deref(),
            reason,
        );
        if self.content && !self.span.is_disabled() {
            let written = (!reply.text.is_empty()).then(|| text(&reply.text));
            let calls = reply.calls.iter().map(call);
            let parts: Value = written.into_iter().chain(calls).collect();
            let messages = json!([{"role": "assistant", "parts": parts,
                "finish_reason": reason}]);
            self.span
                .record("gen_ai.output.messages", messages.to_string());
        }
    }

    /// Records an error. `error.type` is the HTTP status of a refusal, otherwise the error's code.
    pub(crate) fn record_failure(&self, error: &GeminiError) {
        match error.status() {
            Some(status) => self.span.record("error.type", status.to_string()),
            None => self.span.record("error.type", error.code()),
        };
        if let GeminiError::NoAnswer(error) = error {
            self.record_no_answer(error);
        }
    }

    /// The finish reason, or the code if the model never started.
    fn record_no_answer(&self, error: &NoAnswer) {
        let reason = error.finish_reason();
        let reason = reason
            .as_ref()
            .map_or_else(|| error.code(), |reason| reason.as_str());
        self.record_response(error.model_version(), error.response_id(), reason);
    }

    /// Records the attributes of a response. The conventions have a list of finish reasons, one per
    /// candidate; the client requests one candidate.
    fn record_response(&self, model: Option<&str>, id: Option<&str>, reason: &str) {
        self.span.record("gen_ai.response.model", model);
        self.span.record("gen_ai.response.id", id);
        self.span
            .record("gen_ai.response.finish_reasons", field::debug([reason]));
    }
}

fn text(content: &str) -> Value {
    json!({"type": "text", "content": content})
}

/// A part of a message. Inline data is named by its MIME type only: it can have megabytes.
fn part(part: &Part) -> Value {
    match part {
        Part::Text(content) => text(content),
        Part::Inline { mime_type, .. } => json!({"type": "blob", "mime_type": mime_type}),
        Part::File { mime_type, uri } => json!({"type": "uri", "mime_type": mime_type, "uri": uri}),
    }
}

/// A message of a conversation. Of the model's raw parts only text and calls are recorded.
fn turn(turn: &Turn) -> Value {
    let (role, parts): (_, Value) = match turn {
        Turn::User(parts) => ("user", parts.iter().map(part).collect()),
        Turn::Model(parts) => ("assistant", parts.iter().filter_map(raw).collect()),
        Turn::Responses(responses) => ("tool", responses.iter().map(response).collect()),
    };
    json!({"role": role, "parts": parts})
}

fn raw(part: &Value) -> Option<Value> {
    match (FunctionCall::of_part(part), part["text"].as_str()) {
        (Some(found), _) => found.ok().as_ref().map(call),
        (None, Some(content)) if part["thought"] != true && !content.is_empty() => {
            Some(text(content))
        }
        _ => None,
    }
}

fn call(call: &FunctionCall) -> Value {
    json!({"type": "tool_call", "id": call.id, "name": call.name, "arguments": call.args})
}

fn response(it: &FunctionResponse) -> Value {
    json!({"type": "tool_call_response", "id": it.id, "response": it.response})
}
