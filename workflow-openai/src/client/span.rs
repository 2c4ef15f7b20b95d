//! One tracing span per request, with the attributes of the OpenTelemetry semantic conventions for generative AI (`gen_ai.*`).
//!
//! The span has the messages and the answer only after
//! [`with_record_content(true)`](crate::OpenAiClientBuilder::with_record_content), because both may be personal data. It never has the
//! key.

use serde_json::json;
use tokio::time::Instant;
use tracing::{Span, field, info_span};
use workflow_llm::{Message, ModelChunk, ModelError, ModelRequest, ModelTurn, Part};

use super::settings::Settings;

/// The span of one request. It is not entered across an `.await`: [`Exchange`](super::exchange::Exchange) instruments each step with
/// it, so concurrent requests on one thread do not nest.
#[derive(Debug)]
pub(super) struct CallSpan {
    span: Span,
    content: bool,
    /// When the request was admitted. The time in a queue is not the model's.
    started: Instant,
    /// Whether the first chunk of a stream is still to come.
    awaits_first_chunk: bool,
}

impl CallSpan {
    /// Opens the span. Attributes that are known later are declared as empty, because `tracing` does not allow to add fields.
    pub(super) fn new(settings: &Settings, model: &str, request: &ModelRequest) -> Self {
        let stop = (!request.stop.is_empty()).then(|| field::debug(&request.stop));
        let span = info_span!(
            "chat",
            otel.name = format!("chat {model}"),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = settings.info.name(),
            gen_ai.request.model = model,
            gen_ai.request.max_tokens = request.max_output_tokens,
            gen_ai.request.stop_sequences = stop,
            gen_ai.request.seed = request.seed,
            gen_ai.request.temperature = request.temperature,
            gen_ai.request.top_p = request.top_p,
            gen_ai.request.stream = request.streams.then_some(true),
            gen_ai.output.type = if request.schema.is_some() { "json" } else { "text" },
            server.address = settings.url.host_str(),
            server.port = settings.url.port_or_known_default(),
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
            content: settings.record_content,
            started: Instant::now(),
            awaits_first_chunk: request.streams,
        };
        call.record_request(request);
        call
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the messages, in the format of the conventions. Does nothing if the span is disabled, since they may have megabytes.
    fn record_request(&self, request: &ModelRequest) {
        if !self.content || self.span.is_disabled() {
            return;
        }
        if let Some(system) = &request.system {
            let instructions = json!([{"type": "text", "content": system}]);
            self.span
                .record("gen_ai.system_instructions", instructions.to_string());
        }
        let messages: Vec<_> = request.messages.iter().map(message).collect();
        self.span
            .record("gen_ai.input.messages", json!(messages).to_string());
    }

    /// Records a chunk that the caller is about to receive.
    pub(super) fn record_chunk(&mut self, chunk: &ModelChunk) {
        let span = &self.span;
        match chunk {
            ModelChunk::Admitted => self.started = Instant::now(),
            ModelChunk::Text(_) | ModelChunk::Thought(_) if self.awaits_first_chunk => {
                self.awaits_first_chunk = false;
                let elapsed = self.started.elapsed().as_secs_f64();
                span.record("gen_ai.response.time_to_first_chunk", elapsed);
            }
            ModelChunk::Usage(usage) => {
                span.record("gen_ai.usage.input_tokens", usage.input_tokens);
                span.record("gen_ai.usage.output_tokens", usage.output_tokens);
                span.record("gen_ai.usage.reasoning.output_tokens", usage.thought_tokens);
                span.record("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
            }
            ModelChunk::Done(turn) => self.record_turn(turn),
            _ => {}
        }
    }

    fn record_turn(&self, turn: &ModelTurn) {
        let (span, facts) = (&self.span, &turn.facts);
        span.record("gen_ai.response.model", facts.model_version.as_deref());
        span.record("gen_ai.response.id", facts.response_id.as_deref());
        let reason = facts.finish_reason.as_deref().unwrap_or("stop");
        span.record("gen_ai.response.finish_reasons", field::debug([reason]));
        if self.content && !span.is_disabled() {
            let parts = [json!({"type": "text", "content": turn.text})].into_iter();
            let calls = turn.calls.iter().map(|it| json!({"type": "tool_call", "id": it.id, "name": it.tool, "arguments": it.args}));
            let parts: Vec<_> = parts.chain(calls).collect();
            let messages = json!([{"role": "assistant", "parts": parts, "finish_reason": reason}]);
            span.record("gen_ai.output.messages", messages.to_string());
        }
    }

    /// Records the code of an error.
    pub(super) fn record_failure(&self, error: &ModelError) {
        self.span.record("error.type", error.code());
    }
}

/// A message. Inline data is named by its MIME type only: it can have megabytes.
fn message(message: &Message) -> serde_json::Value {
    match message {
        Message::User(parts) => {
            let parts: Vec<_> = parts.iter().map(part).collect();
            json!({"role": "user", "parts": parts})
        }
        Message::Turn(turn) => {
            let text = json!({"type": "text", "content": turn.output().text});
            json!({"role": "assistant", "parts": [text]})
        }
    }
}

fn part(part: &Part) -> serde_json::Value {
    match part {
        Part::Text(content) => json!({"type": "text", "content": content}),
        Part::Inline { mime_type, .. } => json!({"type": "blob", "mime_type": mime_type}),
        Part::File { mime_type, uri } => json!({"type": "uri", "mime_type": mime_type, "uri": uri}),
    }
}
