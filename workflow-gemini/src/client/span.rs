//! One span per call, named and described as OpenTelemetry's conventions for generative AI have it.
//! What was said is in it only where the client was told so.

use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::{Span, field, info_span};

use crate::{
    error::{GeminiError, NoAnswer},
    reply::{Chunk, Reply},
    request::{GenerateRequest, Method, Part},
};

/// The provider of Vertex AI, in the words of OpenTelemetry.
pub(crate) const VERTEX: &str = "gcp.vertex_ai";

/// What the spans of a client say of it.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    /// `gcp.gemini` or `gcp.vertex_ai`.
    pub(crate) provider: &'static str,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// Whether prompts and answers are in it.
    pub(crate) content: bool,
}

/// The span of one call, its further requests included.
#[derive(Debug)]
pub(crate) struct CallSpan {
    span: Span,
    content: bool,
    started: Instant,
    /// Whether it still waits for the first piece of a stream.
    waits: bool,
}

impl Observed {
    pub(crate) fn is_vertex(&self) -> bool {
        self.provider == VERTEX
    }
}

impl CallSpan {
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
            waits: streams,
        };
        call.ask(request);
        call
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    fn ask(&self, request: &GenerateRequest) {
        if !self.content || self.span.is_disabled() {
            return;
        }
        if let Some(system) = &request.system {
            let said = json!([text(system)]).to_string();
            self.span.record("gen_ai.system_instructions", said);
        }
        let prompt = Some(&request.prompt).filter(|prompt| !prompt.is_empty());
        let parts = request.parts.iter().map(part);
        let parts: Value = parts.chain(prompt.map(|prompt| text(prompt))).collect();
        let said = json!([{"role": "user", "parts": parts}]).to_string();
        self.span.record("gen_ai.input.messages", said);
    }

    /// Takes a chunk on its way to the caller.
    pub(crate) fn told(&mut self, chunk: &Chunk) {
        match chunk {
            // Waiting in line is no time of the model.
            Chunk::Admitted => self.started = Instant::now(),
            Chunk::Text(_) | Chunk::Thought(_) if self.waits => {
                self.waits = false;
                let waited = self.started.elapsed().as_secs_f64();
                self.span
                    .record("gen_ai.response.time_to_first_chunk", waited);
            }
            Chunk::Usage(usage) => {
                let span = &self.span;
                span.record("gen_ai.usage.input_tokens", usage.input_tokens);
                span.record("gen_ai.usage.output_tokens", usage.output_tokens);
                span.record("gen_ai.usage.reasoning.output_tokens", usage.thought_tokens);
                span.record("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
            }
            Chunk::Done(reply) => self.done(reply),
            _ => {}
        }
    }

    fn done(&self, reply: &Reply) {
        let reason = reply.finish_reason.as_str();
        self.ended(
            reply.model_version.as_deref(),
            reply.response_id.as_deref(),
            reason,
        );
        if self.content && !self.span.is_disabled() {
            let said = json!([{"role": "assistant", "parts": [text(&reply.text)],
                "finish_reason": reason}]);
            self.span.record("gen_ai.output.messages", said.to_string());
        }
    }

    /// The status of a refusal, else the error's code.
    pub(crate) fn failed(&self, error: &GeminiError) {
        match error.status() {
            Some(status) => self.span.record("error.type", status.to_string()),
            None => self.span.record("error.type", error.code()),
        };
        if let GeminiError::NoAnswer(error) = error {
            self.without_answer(error);
        }
    }

    fn without_answer(&self, error: &NoAnswer) {
        let reason = error.finish_reason();
        let reason = reason
            .as_ref()
            .map_or_else(|| error.code(), |reason| reason.as_str());
        self.ended(error.model_version(), error.response_id(), reason);
    }

    fn ended(&self, model: Option<&str>, id: Option<&str>, reason: &str) {
        self.span.record("gen_ai.response.model", model);
        self.span.record("gen_ai.response.id", id);
        self.span
            .record("gen_ai.response.finish_reasons", field::debug([reason]));
    }
}

fn text(content: &str) -> Value {
    json!({"type": "text", "content": content})
}

/// Data is named and left out: it is no text.
fn part(part: &Part) -> Value {
    match part {
        Part::Text(content) => text(content),
        Part::Inline { mime_type, .. } => json!({"type": "blob", "mime_type": mime_type}),
        Part::File { mime_type, uri } => json!({"type": "uri", "mime_type": mime_type, "uri": uri}),
    }
}
