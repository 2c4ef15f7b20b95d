//! The body of a request.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::{answering, ask, builder, client, error_of, hear, hello, json as answer};
use serde_json::{Value, json};
use workflow_core::node::agent::{ToolCall, ToolChoice, ToolSpec, TurnOutput};
use workflow_llm::{
    AnswerSchema, Message, Model, ModelRequest, Part, ServiceTier, Thinking, TurnMessage,
};
use workflow_openai::OpenAiClient;

fn body(request: &ModelRequest) -> Value {
    client("http://localhost:1").body(request).unwrap()
}

fn tool(input: Value) -> ToolSpec {
    ToolSpec::new("order", "Finds an order.", Arc::new(input))
}

fn output(text: &str, calls: Vec<ToolCall>) -> TurnOutput {
    let mut output = TurnOutput::default();
    text.clone_into(&mut output.text);
    output.calls = calls;
    output
}

#[test]
fn only_what_was_set_is_sent() {
    let mut request = hello();
    request.streams = false;
    assert_eq!(
        body(&request),
        json!({"model": "m1", "messages": [{"role": "user", "content": "Hi"}]})
    );

    request.model = Some("m2".to_owned());
    request.system = Some("Be brief.".to_owned());
    request.temperature = Some(0.2);
    request.top_p = Some(0.9);
    request.max_output_tokens = Some(100);
    request.stop = vec!["END".to_owned()];
    request.seed = Some(7);
    request.thinking = Some(Thinking::level("Low"));
    request.service_tier = Some(ServiceTier::Standard);
    request.store = Some(false);
    request.streams = true;
    request.include_thoughts = Some(true);
    request.is_retry = true;
    request.max_requests = Some(3);
    let expected = json!({"model": "m2", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "temperature": 0.2, "top_p": 0.9, "max_tokens": 100, "stop": ["END"], "seed": 7, "reasoning_effort": "low",
        "service_tier": "default", "store": false, "stream": true, "stream_options": {"include_usage": true}});
    assert_eq!(body(&request), expected);
}

#[tokio::test]
async fn the_body_is_what_is_sent_with_the_key_in_a_header() {
    let server = answering(answer(200, r#"{"choices":[{"message":{"content":"Hi"}}]}"#)).await;
    let client = builder(&server.uri())
        .with_header("x-title", "my service")
        .build()
        .unwrap();
    hear(ask(&client, hello())).await.end.unwrap();
    let requests = server.received_requests().await.unwrap();
    let [request] = &*requests else {
        panic!("one request")
    };
    assert_eq!(request.url.path(), "/v1/chat/completions");
    assert_eq!(request.url.query(), None);
    assert_eq!(
        request.body_json::<Value>().unwrap(),
        client.body(&hello()).unwrap()
    );
    for (name, value) in [
        ("authorization", format!("Bearer {}", common::KEY)),
        ("content-type", "application/json".to_owned()),
        ("x-title", "my service".to_owned()),
    ] {
        assert_eq!(request.headers.get_all(name).iter().count(), 1);
        assert_eq!(request.headers[name], value);
    }
    assert!(
        !client
            .body(&hello())
            .unwrap()
            .to_string()
            .contains(common::KEY)
    );

    let open = OpenAiClient::builder()
        .with_base_url(server.uri())
        .with_api_key(" ")
        .with_model("m1")
        .build()
        .unwrap();
    hear(ask(&open, hello())).await.end.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[1].url.path(), "/chat/completions");
    assert!(!requests[1].headers.contains_key("authorization"));
}

#[test]
fn the_field_of_the_token_limit_depends_on_the_host() {
    let mut request = hello();
    request.max_output_tokens = Some(9);
    let openai = || OpenAiClient::builder().with_model("m");
    for (client, field) in [
        (openai(), "max_completion_tokens"),
        (
            openai().with_base_url("https://openrouter.ai/api/v1"),
            "max_tokens",
        ),
        (openai().with_max_tokens_field("num_predict"), "num_predict"),
    ] {
        let body = client.build().unwrap().body(&request).unwrap();
        let fields = ["max_completion_tokens", "max_tokens", "num_predict"];
        let sent: Vec<_> = fields
            .into_iter()
            .filter(|it| body.get(it).is_some())
            .collect();
        assert_eq!((sent, &body[field]), (vec![field], &json!(9)));
    }
}

#[test]
fn tools_are_sent_only_if_there_are_some() {
    let mut request = hello();
    request.tool_choice = ToolChoice::Required;
    for field in ["tools", "tool_choice"] {
        assert_eq!(body(&request).get(field), None);
    }
    request.tools = [tool(json!({"type": "object"}))].into();
    let declared = json!([{"type": "function", "function": {"name": "order", "description": "Finds an order.",
        "parameters": {"type": "object", "properties": {}}}}]);
    for (choice, expected) in [
        (ToolChoice::Auto, json!(null)),
        (ToolChoice::Required, json!("required")),
        (ToolChoice::None, json!("none")),
        (
            ToolChoice::Tool("order".into()),
            json!({"type": "function", "function": {"name": "order"}}),
        ),
    ] {
        request.tool_choice = choice;
        let body = body(&request);
        assert_eq!(
            (&body["tools"], &body["tool_choice"]),
            (&declared, &expected)
        );
    }
}

#[test]
fn a_server_without_tool_choice_gets_no_tools_where_none_may_be_called() {
    let ollama = client("http://localhost:11434");
    let mut request = hello();
    request.tools = [tool(json!({"type": "object"}))].into();
    assert!(ollama.body(&request).unwrap().get("tools").is_some());
    request.tool_choice = ToolChoice::None;
    let body = ollama.body(&request).unwrap();
    assert_eq!((body.get("tools"), body.get("tool_choice")), (None, None));
    request.tool_choice = ToolChoice::Required;
    assert_eq!(
        ollama.body(&request).unwrap_err().code(),
        "unsupported_option"
    );
    let other = builder("http://localhost:11434")
        .with_tool_choice(true)
        .build()
        .unwrap();
    assert_eq!(other.body(&request).unwrap()["tool_choice"], "required");
}

#[test]
fn a_schema_is_strict_only_if_it_fits_the_rules() {
    for (schema, is_strict) in [
        (
            json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"type": "string"}}}),
            true,
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            false,
        ),
    ] {
        let mut request = hello();
        request.schema = Some(Arc::new(AnswerSchema::new(schema.clone())));
        let format = &body(&request)["response_format"];
        assert_eq!(
            (&format["type"], &format["json_schema"]["schema"]),
            (&json!("json_schema"), &schema)
        );
        assert_eq!(
            format["json_schema"].get("strict"),
            is_strict.then_some(&json!(true))
        );
    }
}

#[test]
fn options_that_chat_completions_lack_are_refused() {
    let set = |change: fn(&mut ModelRequest)| {
        let mut request = hello();
        change(&mut request);
        request
    };
    for (request, option) in [
        (set(|it| it.top_k = Some(3)), "top_k"),
        (
            set(|it| it.thinking = Some(Thinking::Budget(0))),
            "thinking_budget",
        ),
        (
            set(|it| it.provider_tools = vec![json!("google_search")]),
            "tools",
        ),
        (
            set(|it| drop(it.options.insert("safety".to_owned(), json!("none")))),
            "safety",
        ),
    ] {
        let error = client("http://localhost:1").body(&request).unwrap_err();
        assert_eq!(error.code(), "unsupported_option");
        assert!(
            error
                .to_string()
                .contains(&format!("`local` has no `{option}`")),
            "{error}"
        );
    }
}

#[test]
fn extra_fields_are_merged_but_not_over_those_of_the_request() {
    let extra = |extra: Value| {
        let mut request = hello();
        request.options.insert("extra".to_owned(), extra);
        request
    };
    let fields = json!({"top_k": 20, "provider": {"order": ["a"]}});
    let Value::Object(fields) = fields else {
        unreachable!()
    };
    let client = builder("http://localhost:1")
        .with_extra(fields.clone())
        .build()
        .unwrap();
    let body = client
        .body(&extra(json!({"top_k": 5, "min_p": 0.1})))
        .unwrap();
    assert_eq!(
        (&body["top_k"], &body["min_p"], &body["provider"]),
        (&json!(5), &json!(0.1), &json!({"order": ["a"]}))
    );

    for field in [
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "stream",
        "tools",
        "n",
    ] {
        let error = client.body(&extra(json!({field: 1}))).unwrap_err();
        assert_eq!(error.code(), "invalid_request");
        assert!(error.to_string().contains(&format!("`{field}`")), "{error}");
        let setting = serde_json::Map::from_iter([(field.to_owned(), json!(1))]);
        assert!(
            builder("http://localhost:1")
                .with_extra(setting)
                .build()
                .is_err()
        );
    }
    assert_eq!(
        client.body(&extra(json!([1]))).unwrap_err().code(),
        "invalid_request"
    );
}

#[tokio::test]
async fn a_request_that_cannot_be_right_is_not_sent() {
    let server = answering(answer(200, "{}")).await;
    let client = client(&server.uri());
    let unanswered = TurnMessage::with(
        output("", vec![ToolCall::new("order", json!({}))]),
        None,
        vec![],
    );
    let mut invalid_schema = hello();
    invalid_schema.schema = Some(Arc::new(AnswerSchema::new(json!({"type": "text"}))));
    let mut unsupported = hello();
    unsupported.top_k = Some(1);
    for (request, code) in [
        (ModelRequest::new([]), "invalid_request"),
        (
            ModelRequest::new([Message::User(vec![])]),
            "invalid_request",
        ),
        (ModelRequest::new([Message::user("")]), "invalid_request"),
        (
            ModelRequest::new([Message::User(vec![Part::base64(
                "image/png",
                "data:image/png;base64,QQ==",
            )])]),
            "invalid_request",
        ),
        (
            ModelRequest::new([Message::user("Hi"), Message::assistant("Hello")]),
            "invalid_request",
        ),
        (
            ModelRequest::new([Message::user("Hi"), Message::Turn(unanswered)]),
            "invalid_request",
        ),
        (invalid_schema, "invalid_request"),
        (unsupported, "unsupported_option"),
    ] {
        let error = error_of(&client, request).await;
        assert_eq!(
            (error.code(), error.retry_limit(), error.delivery()),
            (code, Some(0), workflow_llm::Delivery::NotSent)
        );
    }
    let no_model = builder(&server.uri()).with_model(" ").build().unwrap();
    let error = error_of(&no_model, hello()).await;
    assert_eq!(
        (error.code(), error.hint()),
        ("invalid_request", Some("set `model`"))
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[test]
fn slashes_in_names_belong_to_a_provider_that_has_such_models() {
    let plain = client("http://localhost:1");
    assert_eq!(
        (
            plain.model_name(" qwen3:8b "),
            plain.model_name("qwen/qwen3")
        ),
        (Some("qwen3:8b"), None)
    );
    let router = builder("http://localhost:1")
        .with_models(["qwen/qwen3"])
        .build()
        .unwrap();
    assert_eq!(router.model_name("meta/llama"), Some("meta/llama"));
    assert_eq!(router.provider().models(), ["qwen/qwen3"]);
    assert_eq!(
        (router.provider().name(), router.provider().endpoint()),
        ("local", "http://localhost:1/v1")
    );
}
