//! The span of a request, with the attributes of the OpenTelemetry conventions for generative AI.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use common::{KEY, answering, ask, builder, error_of, events, hear, json as answer, sse};
use serde_json::json;
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
use workflow_llm::{Message, ModelRequest};

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
            .starts_with("workflow_openai")
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
fn request() -> ModelRequest {
    let mut request = ModelRequest::new([Message::user("the secret plan")]);
    request.system = Some("the secret role".to_owned());
    request.max_output_tokens = Some(100);
    request
}

fn says() -> String {
    events(&[
        json!({"id": "c1", "model": "m-2026", "choices": [{"delta": {"content": "the secret answer"}, "finish_reason": "stop"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}),
    ])
}

#[tokio::test]
async fn a_request_is_one_span_with_the_names_of_the_conventions() {
    let (spans, _guard) = Spans::recording();
    let server = answering(sse(says())).await;
    hear(ask(&builder(&server.uri()).build().unwrap(), request()))
        .await
        .end
        .unwrap();
    let mut fields = spans.only();
    let waited: f64 = fields
        .remove("gen_ai.response.time_to_first_chunk")
        .unwrap()
        .parse()
        .unwrap();
    assert!(waited > 0.0);
    let port = server.address().port().to_string();
    let expected = [
        ("otel.name", "chat m1"),
        ("otel.kind", "client"),
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "local"),
        ("gen_ai.request.model", "m1"),
        ("gen_ai.request.max_tokens", "100"),
        ("gen_ai.request.stream", "true"),
        ("gen_ai.output.type", "text"),
        ("server.address", "127.0.0.1"),
        ("server.port", port.as_str()),
        ("gen_ai.response.id", "c1"),
        ("gen_ai.response.model", "m-2026"),
        ("gen_ai.response.finish_reasons", "[\"stop\"]"),
        ("gen_ai.usage.input_tokens", "5"),
        ("gen_ai.usage.output_tokens", "2"),
        ("gen_ai.usage.reasoning.output_tokens", "0"),
        ("gen_ai.usage.cache_read.input_tokens", "0"),
    ];
    let expected: Fields = expected
        .map(|(name, value)| (name, value.to_owned()))
        .into();
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn contents_are_recorded_on_request_only_and_the_key_never() {
    for record in [false, true] {
        let (spans, _guard) = Spans::recording();
        let server = answering(sse(says())).await;
        let client = builder(&server.uri())
            .with_record_content(record)
            .build()
            .unwrap();
        hear(ask(&client, request())).await.end.unwrap();
        let shown = format!("{:?}", spans.only());
        for secret in ["the secret plan", "the secret role", "the secret answer"] {
            assert_eq!(shown.contains(secret), record, "{secret}: {shown}");
        }
        assert!(!shown.contains(KEY));
    }
}

#[tokio::test]
async fn a_failed_request_has_its_code() {
    let (spans, _guard) = Spans::recording();
    let server = answering(answer(429, "{}")).await;
    error_of(&builder(&server.uri()).build().unwrap(), request()).await;
    assert_eq!(spans.only()["error.type"], "rate_limited");
}
