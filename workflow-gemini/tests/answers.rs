//! Answers with content other than text, and answers in unusual JSON.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::sync::Arc;

use common::{Checked, answering, builder, client, json, only_request, sse};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};
use workflow_core::{Executor, Registry, Update, Workflow};
use workflow_gemini::{GeminiError, GenerateRequest, ServiceTier};

/// The last event of a step that receives this answer, `node.completed` or `node.failed`, and the number of requests.
async fn outcome(answer: ResponseTemplate, data: &Value) -> (Value, usize) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(Checked(answer))
        .mount(&server)
        .await;
    let mut registry = Registry::default();
    workflow_gemini::register(&mut registry, client(&server.uri()));
    let spec = value!({"nodes": [{"id": "ask", "type": "LLMNode", "data": data,
        "retry": {"max_attempts": 5, "delay": "1ms"}}]});
    let workflow = Arc::new(Workflow::from_spec(&spec, &registry).unwrap());
    let updates: Vec<Update> = Executor::new().run(workflow, "Hi".into()).collect().await;
    let ended = updates.into_iter().find_map(|update| match update {
        Update::Event(event) if ["node.completed", "node.failed"].contains(&event.kind.name()) => {
            Some(serde_json::to_value(event).unwrap())
        }
        _ => None,
    });
    let requests = server.received_requests().await.unwrap().len();
    (ended.unwrap(), requests)
}

/// A stream of these responses.
fn stream(events: &[Value]) -> ResponseTemplate {
    let events = events.iter().map(|event| format!("data: {event}\r\n\r\n"));
    sse(events.collect::<String>())
}

fn parts(parts: &Value) -> Value {
    value!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]})
}

#[tokio::test]
async fn non_text_content_is_named_and_not_retried() {
    let call = value!({"functionCall": {"name": "get_weather", "args": {"city": "Oslo"}}});
    let image = value!({"inlineData": {"mimeType": "image/png", "data": "QUJD"}});
    let audio =
        value!({"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "QUJD"}});
    for (content, named, entry) in [
        (
            value!([call]),
            "a call of the function `get_weather`",
            "function_calls",
        ),
        (value!([image]), "image/png", "media"),
        (
            value!([audio, {"text": " "}]),
            "audio/L16;codec=pcm;rate=24000",
            "media",
        ),
    ] {
        for streams in [true, false] {
            let answer = if streams {
                stream(&[parts(&content)])
            } else {
                json(200, parts(&content).to_string())
            };
            let (ended, requests) = outcome(answer, &value!({"stream": streams})).await;
            assert_eq!(ended["error"]["code"], "unsupported_answer", "{ended}");
            let detail = ended["error"]["detail"].as_str().unwrap();
            assert!(detail.contains(named), "{detail}");
            assert!(ended["metadata"][entry].is_array(), "{ended}");
            assert_eq!(requests, 1, "{named}");
        }
        let mut beside = content.as_array().unwrap().clone();
        beside.push(value!({"text": "Here."}));
        let (ended, _) = outcome(stream(&[parts(&beside.into())]), &value!({})).await;
        assert_eq!(ended["output"].as_str().unwrap().trim(), "Here.");
        assert!(ended["metadata"][entry].is_array(), "{ended}");
    }
    let (ended, requests) = outcome(stream(&[parts(&value!([]))]), &value!({})).await;
    assert_eq!(
        (&ended["error"]["code"], requests),
        (&value!("empty_answer"), 2)
    );
}

#[tokio::test]
async fn grounding_is_merged_over_a_stream() {
    let event = |text: &str, grounding: Value| {
        value!({"candidates": [{"content": {"parts": [{"text": text}]},
            "groundingMetadata": grounding}]})
    };
    let chunk =
        |n: u32| value!({"web": {"uri": format!("https://{n}.example"), "title": n.to_string()}});
    let support = |n: u32| value!({"segment": {"endIndex": n}, "groundingChunkIndices": [n]});
    let answer = stream(&[
        event(
            "A",
            value!({"groundingChunks": [chunk(0)], "groundingSupports": [support(0)],
            "webSearchQueries": ["q"]}),
        ),
        event(
            "B",
            value!({"groundingChunks": [chunk(1), chunk(2)],
            "groundingSupports": [support(1), support(2)], "webSearchQueries": ["q", "r"]}),
        ),
        value!({"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"serviceTier": "flex"}}),
    ]);
    let data = value!({"tools": ["google_search"], "service_tier": "flex"});
    let (ended, _) = outcome(answer, &data).await;
    assert_eq!(ended["output"], "AB");
    let expected = value!({
        "grounding": {
            "groundingChunks": [chunk(0), chunk(1), chunk(2)],
            "groundingSupports": [support(0), support(1), support(2)],
            "webSearchQueries": ["q", "r"],
        },
        "service_tier": "flex",
    });
    assert_eq!(ended["metadata"], expected);
}

#[tokio::test]
async fn unusual_json_costs_no_answer() {
    let data = value!({});
    let schema = value!({"schema": {"type": "object", "required": ["a"]}});
    let text = |text: &str| parts(&value!([{"text": text}]));
    for (answer, data, output) in [
        // Counts as strings, floats and negative numbers.
        (
            sse(
                "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"A\"}]},\"finishReason\":\"STOP\"}],\
                \"usageMetadata\":{\"promptTokenCount\":\"12\",\"candidatesTokenCount\":3.0,\"thoughtsTokenCount\":-1}}\n\n",
            ),
            &data,
            value!("A"),
        ),
        // A second candidate in between.
        (
            stream(&[
                value!({"candidates": [{"content": {"parts": [{"text": "A"}]}}]}),
                value!({"candidates": [{"index": 1, "content": {"parts": [{"text": "X"}]},
                    "finishReason": "STOP"}]}),
                value!({"candidates": [{"index": 0, "content": {"parts": [{"text": "B"}]},
                    "finishReason": "STOP"}]}),
            ]),
            &data,
            value!("AB"),
        ),
        // A surrogate pair that is cut in two.
        (
            sse(
                "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"A\\ud83c\"}]}}]}\r\n\r\n\
                data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\\udfb2.\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n",
            ),
            &data,
            value!("A🎲."),
        ),
        (
            stream(&[text("```json\n{\"a\": 1}\n```")]),
            &schema,
            value!({"a": 1}),
        ),
        (
            stream(&[text("\n```\n{\"a\": \"`\"}```\n")]),
            &schema,
            value!({"a": "`"}),
        ),
        (stream(&[text("{\"a\": 1}")]), &schema, value!({"a": 1})),
    ] {
        let (ended, requests) = outcome(answer, data).await;
        assert_eq!((&ended["output"], requests), (&output, 1), "{ended}");
    }
    let (ended, _) = outcome(stream(&[text("So: ```json\n{\"a\": 1}\n```")]), &schema).await;
    assert_eq!(ended["error"]["code"], "answer_not_json");
}

#[tokio::test]
async fn counts_are_read_in_every_json_form() {
    let answer = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"A\"}]},\"finishReason\":\"STOP\"}],\
        \"usageMetadata\":{\"promptTokenCount\":\"12\",\"candidatesTokenCount\":3.0,\"thoughtsTokenCount\":-1}}";
    let server = answering(json(200, answer)).await;
    let reply = client(&server.uri())
        .generate(&GenerateRequest::new("Hi"))
        .await
        .unwrap();
    assert_eq!(
        (reply.usage.input_tokens, reply.usage.output_tokens),
        (12, 3)
    );
}

#[tokio::test]
async fn billing_and_policy_errors_are_permanent_and_have_a_hint() {
    let message = "Your prepayment credits are depleted. Please go to AI Studio.";
    let body = value!({"error": {"code": 402, "status": "RESOURCE_EXHAUSTED", "message": message}});
    let limited = value!({"candidates": [{"finishReason": "PUP_LIMITED_DISABLED"}]});
    for (answer, code, hint) in [
        (json(402, body.to_string()), "billing_required", "credits"),
        (json(429, body.to_string()), "billing_required", "credits"),
        (
            stream(&[limited]),
            "permission_denied",
            "limited or disabled",
        ),
    ] {
        let data = value!({"fallback": ["another-model"]});
        let (ended, requests) = outcome(answer, &data).await;
        assert_eq!(
            (&ended["error"]["code"], requests),
            (&value!(code), 1),
            "{ended}"
        );
        assert!(
            ended["error"]["hint"].as_str().unwrap().contains(hint),
            "{ended}"
        );
    }
}

#[tokio::test]
async fn a_withheld_answer_names_its_category() {
    let rating = |category: &str, probability: &str| value!({"category": category, "probability": probability});
    let mut blocked = rating("HARM_CATEGORY_HARASSMENT", "LOW");
    blocked["blocked"] = true.into();
    for (ratings, named) in [
        (
            value!([rating("HARM_CATEGORY_HATE_SPEECH", "MEDIUM"), blocked]),
            "the model withheld its answer (SAFETY), rated HARM_CATEGORY_HARASSMENT: LOW",
        ),
        (
            value!([rating("A", "NEGLIGIBLE"), rating("B", "HIGH")]),
            "the model withheld its answer (SAFETY), rated B: HIGH",
        ),
        (value!([]), "the model withheld its answer (SAFETY)"),
        (value!("odd"), "the model withheld its answer (SAFETY)"),
    ] {
        let answer = value!({"candidates": [{"finishReason": "SAFETY", "safetyRatings": ratings}]});
        let (ended, _) = outcome(stream(&[answer]), &value!({})).await;
        assert_eq!(ended["error"]["detail"], named);
    }
}

#[tokio::test]
async fn new_fields_are_sent_by_their_names_and_wrapped_base64_in_one_piece() {
    let server = answering(sse(include_str!("fixtures/stream.sse"))).await;
    let mut registry = Registry::default();
    let client = builder(&server.uri()).with_store(false).build().unwrap();
    workflow_gemini::register(&mut registry, client);
    let data = value!({"prompt": "{{ input }}", "service_tier": "flex",
        "parts": [{"inline": {"mime_type": "image/png", "data": "QUJD\r\nQUJD\r\n"}}],
        "tools": ["google_maps", {"file_search": {"fileSearchStoreNames": ["fileSearchStores/s1"]}}],
        "tool_config": {"retrievalConfig": {"languageCode": "en"}}});
    let spec = value!({"nodes": [{"id": "ask", "type": "LLMNode", "data": data}]});
    let workflow = Arc::new(Workflow::from_spec(&spec, &registry).unwrap());
    let _: Vec<Update> = Executor::new().run(workflow, "Hi".into()).collect().await;
    let sent: Value = only_request(&server).await.body_json().unwrap();
    assert_eq!(
        (&sent["store"], &sent["serviceTier"]),
        (&value!(false), &value!("flex"))
    );
    let tools = value!([{"googleMaps": {}},
        {"fileSearch": {"fileSearchStoreNames": ["fileSearchStores/s1"]}}]);
    assert_eq!(sent["tools"], tools);
    assert_eq!(sent["toolConfig"], data["tool_config"]);
    assert_eq!(
        sent["contents"][0]["parts"][0]["inlineData"]["data"],
        "QUJDQUJD"
    );
}

#[tokio::test]
async fn the_tier_of_a_client_applies_to_requests_that_name_none() {
    for (request, sent) in [
        (GenerateRequest::new("Hi"), "priority"),
        (
            GenerateRequest::new("Hi").with_service_tier(ServiceTier::Flex),
            "flex",
        ),
    ] {
        let server = answering(sse(include_str!("fixtures/stream.sse"))).await;
        let client = builder(&server.uri()).with_service_tier(ServiceTier::Priority);
        let client = client.build().unwrap();
        let _: Vec<_> = client.stream(&request).collect().await;
        let body: Value = only_request(&server).await.body_json().unwrap();
        assert_eq!(body["serviceTier"], sent);
    }
}

#[tokio::test]
async fn an_unreachable_host_is_named_and_a_repeated_version_has_a_hint() {
    let error = client("http://127.0.0.1:1")
        .generate(&GenerateRequest::new("Hi"))
        .await;
    let error = error.unwrap_err();
    assert!(matches!(error, GeminiError::Connection { .. }));
    assert_eq!(
        error.to_string(),
        "the Gemini API at 127.0.0.1:1 could not be reached"
    );

    let missing = json(404, include_str!("fixtures/404-model.json"));
    let server = answering(missing).await;
    for (base, hinted) in [
        (format!("{}/v1beta", server.uri()), true),
        (server.uri(), false),
    ] {
        let error = client(&base)
            .generate(&GenerateRequest::new("Hi"))
            .await
            .unwrap_err();
        let hint = error.hint().unwrap();
        assert_eq!(
            hint.contains("leave it out of the base URL"),
            hinted,
            "{hint}"
        );
    }
}

#[tokio::test]
async fn requests_that_the_api_refuses_are_not_sent() {
    let client = client("http://127.0.0.1:1");
    let hi = || GenerateRequest::new("Hi");
    for (request, named) in [
        (hi().with_top_k(0), "top_k"),
        (hi().with_max_output_tokens(u32::MAX), "2147483647"),
        (hi().with_stop(["END", ""]), "a stop text is empty"),
        (
            hi().with_model("gemini-3.8-flash")
                .with_thinking(workflow_gemini::Thinking::level("minimal")),
            "use one of `low`, `medium`, `high`",
        ),
    ] {
        let error = client.generate(&request).await.unwrap_err();
        assert_eq!(error.code(), "invalid_request");
        assert!(error.to_string().contains(named), "{error}");
    }
}
