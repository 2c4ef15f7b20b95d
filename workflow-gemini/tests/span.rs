//! The span of a call, with the attributes of the OpenTelemetry conventions for generative AI.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use common::{KEY, answering, builder, json, sse};
use futures::StreamExt;
use serde_json::json as value;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};
use workflow_gemini::{
    Function, GeminiClientBuilder, GenerateRequest, Turn,
    testing::{FakeGemini, FakeTurn},
};

const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");
const REPLY: &str = include_str!("fixtures/reply.json");

type Fields = BTreeMap<&'static str, String>;

/// Records the fields of this crate's spans.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Fields>>>);

struct FieldRecorder<'a>(&'a mut Fields);

impl Visit for FieldRecorder<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl<S: Subscriber> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes
            .metadata()
            .target()
            .starts_with("workflow_gemini")
        {
            let mut fields = Fields::new();
            attributes.record(&mut FieldRecorder(&mut fields));
            self.0.lock().unwrap().push(fields);
        }
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some(last) = self.0.lock().unwrap().last_mut() {
            values.record(&mut FieldRecorder(last));
        }
    }
}

impl Spans {
    fn recording() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let subscriber = tracing_subscriber::registry().with(spans.clone());
        (spans, tracing::subscriber::set_default(subscriber))
    }

    /// The fields of the only span.
    fn only(&self) -> Fields {
        let spans = self.0.lock().unwrap();
        assert_eq!(spans.len(), 1);
        spans[0].clone()
    }
}

/// A request with content that must not be recorded.
fn request() -> GenerateRequest {
    GenerateRequest::new("the secret plan").with_system("the secret role")
}

async fn streamed(client: GeminiClientBuilder, request: GenerateRequest) {
    let client = client.build().unwrap();
    client.stream(&request).for_each(|_| async {}).await;
}

#[tokio::test]
async fn a_call_is_one_span_with_the_names_of_the_conventions() {
    let (spans, _guard) = Spans::recording();
    let server = answering(sse(STREAM)).await;
    let request = request()
        .with_max_output_tokens(100)
        .with_temperature(0.5)
        .with_stop(["END"]);
    streamed(builder(&server.uri()), request).await;
    let mut fields = spans.only();
    let waited: f64 = fields
        .remove("gen_ai.response.time_to_first_chunk")
        .unwrap()
        .parse()
        .unwrap();
    assert!(waited > 0.0);
    let port = server.address().port().to_string();
    let expected = [
        ("otel.name", "generate_content gemini-3.8-flash"),
        ("otel.kind", "client"),
        ("gen_ai.operation.name", "generate_content"),
        ("gen_ai.provider.name", "gcp.gemini"),
        ("gen_ai.request.model", "gemini-3.8-flash"),
        ("gen_ai.request.max_tokens", "100"),
        ("gen_ai.request.temperature", "0.5"),
        ("gen_ai.request.stop_sequences", "[\"END\"]"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.output.type", "text"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
        ("gen_ai.response.id", "x1YzaqXdNLPqvdIP3sGZkAE"),
        ("gen_ai.response.model", "gemini-3.8-flash-002"),
        ("gen_ai.response.finish_reasons", "[\"STOP\"]"),
        ("gen_ai.usage.input_tokens", "15"),
        ("gen_ai.usage.output_tokens", "78"),
        ("gen_ai.usage.reasoning.output_tokens", "66"),
        ("gen_ai.usage.cache_read.input_tokens", "0"),
    ];
    let expected: Fields = expected.map(|(name, text)| (name, text.to_owned())).into();
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn prompt_and_answer_are_recorded_only_if_enabled() {
    let server = answering(json(200, REPLY)).await;
    for record in [false, true] {
        let (spans, _guard) = Spans::recording();
        let client = builder(&server.uri())
            .with_record_content(record)
            .build()
            .unwrap();
        client.generate(&request()).await.unwrap();
        let shown = format!("{:?}", spans.only());
        assert_eq!(shown.contains("secret plan"), record);
        assert_eq!(shown.contains("secret role"), record);
        assert_eq!(shown.contains("Entropy is"), record);
        assert!(!shown.contains(KEY));
        if record {
            let asked = value!([{"role": "user", "parts": [{"type": "text", "content": "the secret plan"}]}]);
            assert_eq!(spans.only()["gen_ai.input.messages"], asked.to_string());
        }
    }
}

#[tokio::test]
async fn calls_and_responses_are_recorded_only_if_enabled() {
    for record in [false, true] {
        let gemini = FakeGemini::start([
            FakeTurn::text("I look.").with_call("find", value!({"name": "secret friend"})),
            FakeTurn::call("find", value!({"name": "secret enemy"})),
        ])
        .await;
        let client = builder(&gemini.base_url()).with_record_content(record);
        let client = client.build().unwrap();
        let first = request().with_function(Function::new("find", ""));
        let reply = client.generate(&first).await.unwrap();
        let responses = Turn::responses([reply.calls[0].output("secret place")]);
        let second = first.with_turn(reply.to_turn()).with_turn(responses);
        let (spans, _guard) = Spans::recording();
        client.generate(&second).await.unwrap();
        let fields = spans.only();
        if !record {
            assert!(!format!("{fields:?}").contains("secret"), "{fields:?}");
            continue;
        }
        let call = |name: &str| value!({"type": "tool_call", "id": null, "name": "find", "arguments": {"name": name}});
        let asked = value!([
            {"role": "user", "parts": [{"type": "text", "content": "the secret plan"}]},
            {"role": "assistant", "parts": [{"type": "text", "content": "I look."}, call("secret friend")]},
            {"role": "tool", "parts": [
                {"type": "tool_call_response", "id": null, "response": {"output": "secret place"}}]},
        ]);
        assert_eq!(fields["gen_ai.input.messages"], asked.to_string());
        let answered = value!([{"role": "assistant", "parts": [call("secret enemy")], "finish_reason": "STOP"}]);
        assert_eq!(fields["gen_ai.output.messages"], answered.to_string());
    }
}

#[tokio::test]
async fn the_error_type_is_the_status_or_the_code() {
    let refused = json(503, include_str!("fixtures/503-overloaded.json"));
    let empty = json(
        200,
        r#"{"candidates": [{"finishReason": "SAFETY"}], "responseId": "id"}"#,
    );
    for (answer, kind) in [(refused, "503"), (empty, "answer_refused")] {
        let (spans, _guard) = Spans::recording();
        let server = answering(answer).await;
        let client = builder(&server.uri())
            .with_vertex("p", "eu")
            .with_base_url(server.uri());
        client
            .build()
            .unwrap()
            .generate(&request())
            .await
            .unwrap_err();
        let fields = spans.only();
        assert_eq!(fields["error.type"], kind);
        assert_eq!(fields["gen_ai.provider.name"], "gcp.vertex_ai");
        let reasons = fields
            .get("gen_ai.response.finish_reasons")
            .map(String::as_str);
        assert_eq!(
            reasons,
            (kind == "answer_refused").then_some("[\"SAFETY\"]")
        );
    }
}

#[tokio::test]
async fn a_stream_that_is_never_polled_has_no_span() {
    let (spans, _guard) = Spans::recording();
    let client = builder("http://127.0.0.1:1").build().unwrap();
    drop(client.stream(&request()));
    assert!(spans.0.lock().unwrap().is_empty());
}
