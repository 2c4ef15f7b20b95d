//! Functions: what is declared and sent back, and which answers are calls.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::{builder, client, json, sse};
use futures::StreamExt;
use serde_json::{Value, json as value};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};
use workflow_gemini::{
    Chunk, Function, FunctionCalling, GeminiClient, GeminiError, GenerateRequest, NoAnswerReason,
    Reply, Turn,
    testing::{FakeGemini, FakeTurn},
};

/// Both methods of the API.
const METHODS: [bool; 2] = [false, true];

fn order() -> Function {
    Function::new("get_order", "State of an order").with_parameters(
        value!({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}),
    )
}

fn request() -> GenerateRequest {
    GenerateRequest::new("Is order 17 late?").with_function(order())
}

async fn ask(
    client: &GeminiClient,
    streamed: bool,
    request: &GenerateRequest,
) -> Result<Reply, GeminiError> {
    if !streamed {
        return client.generate(request).await;
    }
    let mut chunks = client.stream(request);
    loop {
        if let Chunk::Done(reply) = chunks.next().await.expect("an end")? {
            return Ok(*reply);
        }
    }
}

/// The outcome of a request with a function, if the API answers with these parts and this reason.
async fn outcome(streamed: bool, parts: &Value, reason: &str) -> Result<Reply, GeminiError> {
    let mut candidate = value!({"content": {"role": "model", "parts": parts}});
    if !reason.is_empty() {
        candidate["finishReason"] = reason.into();
        candidate["finishMessage"] = "Model generated function call(s).".into();
    }
    let answer = value!({"candidates": [candidate],
        "usageMetadata": {"promptTokenCount": 90, "candidatesTokenCount": 30}})
    .to_string();
    let answer = if streamed {
        sse(format!("data: {answer}\r\n\r\n"))
    } else {
        json(200, answer)
    };
    let server = common::answering(answer).await;
    let request = request().with_max_output_tokens(50);
    ask(&client(&server.uri()), streamed, &request).await
}

fn args(args: &Value) -> serde_json::Map<String, Value> {
    args.as_object().unwrap().clone()
}

#[tokio::test]
async fn declarations_and_the_mode_are_sent_byte_by_byte() {
    for (request, tools) in [
        (
            request(),
            concat!(
                r#""tools":[{"functionDeclarations":[{"name":"get_order","description":"State of an order","#,
                r#""parametersJsonSchema":{"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}}]}]"#,
            ),
        ),
        (
            GenerateRequest::new("Is order 17 late?")
                .with_function(Function::new("now", ""))
                .with_function(
                    Function::new("later", "").with_parameters(value!({"type": "object"})),
                )
                .with_function_calling(FunctionCalling::any_of(["later"])),
            concat!(
                r#""tools":[{"functionDeclarations":[{"name":"now","description":""},"#,
                r#"{"name":"later","description":"","parametersJsonSchema":{"type":"object"}}]}],"#,
                r#""toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["later"]}}"#,
            ),
        ),
        (
            GenerateRequest::new("Is order 17 late?")
                .with_function(Function::new("now", ""))
                .with_tool_config(args(&value!({"retrievalConfig": {"languageCode": "en"}})))
                .with_function_calling(FunctionCalling::None),
            concat!(
                r#""tools":[{"functionDeclarations":[{"name":"now","description":""}]}],"#,
                r#""toolConfig":{"retrievalConfig":{"languageCode":"en"},"functionCallingConfig":{"mode":"NONE"}}"#,
            ),
        ),
    ] {
        let gemini = FakeGemini::start([FakeTurn::text("No.")]).await;
        gemini.client().unwrap().generate(&request).await.unwrap();
        let contents = r#""contents":[{"role":"user","parts":[{"text":"Is order 17 late?"}]}]"#;
        assert_eq!(gemini.requests()[0].text, format!("{{{contents},{tools}}}"));
    }
}

#[tokio::test]
async fn every_mode_has_its_word() {
    let validated = FunctionCalling::Validated { functions: vec![] };
    for (calling, word) in [
        (FunctionCalling::Auto, "AUTO"),
        (FunctionCalling::any(), "ANY"),
        (FunctionCalling::None, "NONE"),
        (validated, "VALIDATED"),
    ] {
        let gemini = FakeGemini::start([FakeTurn::text("No.")]).await;
        let request = request().with_function_calling(calling);
        gemini.client().unwrap().generate(&request).await.unwrap();
        let config = &gemini.requests()[0].body["toolConfig"];
        assert_eq!(*config, value!({"functionCallingConfig": {"mode": word}}));
    }
}

/// The parts of the facts: parallel calls, of which only the first is signed, a thought, a text, an empty text with a signature, and parts of tools
/// that the API ran.
fn wild_parts(with_ids: bool) -> Value {
    let mut parts = value!([
        {"text": "Let me look.", "thought": true},
        {"text": "One moment.", "thoughtSignature": "b25l"},
        {"toolCall": {"id": "x1", "toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["a"]}}, "thoughtSignature": "dHdv"},
        {"toolResponse": {"id": "x1", "toolType": "GOOGLE_SEARCH_WEB", "response": {"b": 1}}, "thoughtSignature": "dGhyZWU="},
        {"functionCall": {"name": "get_order", "args": {"id": 17.0}}, "thoughtSignature": "Zm91cg=="},
        {"functionCall": {"name": "get_order"}},
        {"text": "", "thoughtSignature": "Zml2ZQ=="},
        {"brandNew": {"z": 1, "a": [1e3, 0.1]}},
    ]);
    if with_ids {
        parts[4]["functionCall"]["id"] = "a1b2c3d4".into();
        parts[5]["functionCall"]["id"] = "e5f6a7b8".into();
    }
    parts
}

/// Answers the first request with calls and the second with a text, whatever was sent.
struct Lenient(Value);

impl Respond for Lenient {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap();
        let is_first = body["contents"].as_array().unwrap().len() == 1;
        let text = value!([{"text": "Done."}]);
        let parts = if is_first { &self.0 } else { &text };
        if !request.url.path().ends_with(":streamGenerateContent") {
            let answer =
                value!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
            return json(200, answer.to_string());
        }
        // Each part in its own event, and the end in one without a part.
        let mut events: Vec<Value> = (parts.as_array().unwrap().iter())
            .map(|part| value!({"candidates": [{"content": {"parts": [part]}}]}))
            .collect();
        events.push(value!({"candidates": [{"finishReason": "STOP"}]}));
        let events = events.iter().map(|event| format!("data: {event}\r\n\r\n"));
        sse(events.collect::<Vec<_>>().concat())
    }
}

#[tokio::test]
async fn all_parts_go_back_as_they_came_and_one_content_has_all_responses() {
    for (streamed, with_ids) in METHODS.into_iter().flat_map(|it| [(it, false), (it, true)]) {
        let parts = wild_parts(with_ids);
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(Lenient(parts.clone()))
            .mount(&server)
            .await;
        let client = client(&server.uri());
        let first = request();
        let reply = ask(&client, streamed, &first).await.unwrap();

        let ids = if with_ids {
            [Some("a1b2c3d4"), Some("e5f6a7b8")]
        } else {
            [None, None]
        };
        let calls: Vec<_> = (reply.calls.iter())
            .map(|call| (call.id.as_deref(), &*call.name, call.args.clone()))
            .collect();
        let expected = [
            (ids[0], "get_order", args(&value!({"id": 17.0}))),
            (ids[1], "get_order", args(&value!({}))),
        ];
        assert_eq!(calls, expected);
        assert_eq!(
            (&*reply.text, &*reply.thoughts),
            ("One moment.", "Let me look.")
        );
        assert_eq!(reply.details.function_calls, [Value::Null; 0]);

        let responses = Turn::responses([
            reply.calls[0].output(value!({"late": true, "days": 2})),
            reply.calls[1].error("service not reachable"),
        ]);
        let second = first.with_turn(reply.to_turn()).with_turn(responses);
        let reply = ask(&client, streamed, &second).await.unwrap();
        assert_eq!((&*reply.text, reply.calls.len()), ("Done.", 0));

        let bodies = server.received_requests().await.unwrap();
        let id = |id: Option<&str>| id.map(|id| format!(r#""id":"{id}","#)).unwrap_or_default();
        let contents = format!(
            concat!(
                r#"{{"contents":[{{"role":"user","parts":[{{"text":"Is order 17 late?"}}]}},"#,
                r#"{{"role":"model","parts":{}}},"#,
                r#"{{"role":"user","parts":["#,
                r#"{{"functionResponse":{{{}"name":"get_order","response":{{"output":{{"late":true,"days":2}}}}}}}},"#,
                r#"{{"functionResponse":{{{}"name":"get_order","response":{{"error":"service not reachable"}}}}}}]}}],"tools":"#,
            ),
            parts,
            id(ids[0]),
            id(ids[1]),
        );
        let sent = String::from_utf8(bodies[1].body.clone()).unwrap();
        assert!(sent.starts_with(&contents), "{sent}\n{contents}");
    }
}

#[tokio::test]
async fn calls_decide_and_not_the_finish_reason() {
    let calls = value!([{"functionCall": {"name": "get_order", "args": {"id": 17}}}]);
    for streamed in METHODS {
        for reason in ["STOP", "TOOL_USE_OF_TOMORROW"] {
            let reply = outcome(streamed, &calls, reason).await.unwrap();
            assert_eq!(reply.calls.len(), 1, "{reason}");
            assert_eq!((&*reply.text, reply.usage.input_tokens), ("", 90));
        }
    }
    // Without streaming the end needs no reason.
    let reply = outcome(false, &calls, "").await.unwrap();
    assert_eq!(reply.calls.len(), 1);
    // With it, a stream that ends before its reason has broken off, and no call is executed.
    let error = outcome(true, &calls, "").await.unwrap_err();
    assert_eq!(error.code(), "answer_interrupted");
}

#[tokio::test]
async fn after_a_reason_that_says_otherwise_no_call_is_executed() {
    let calls =
        value!([{"text": "I look."}, {"functionCall": {"name": "get_order", "args": {"id": 17}}}]);
    for streamed in METHODS {
        for (reason, code, retries) in [
            ("UNEXPECTED_TOOL_CALL", "generation_failed", Some(1)),
            ("MALFORMED_FUNCTION_CALL", "generation_failed", Some(1)),
            ("MALFORMED_RESPONSE", "generation_failed", Some(1)),
            ("OTHER", "generation_failed", Some(1)),
            ("MAX_TOKENS", "out_of_tokens", Some(0)),
            ("SAFETY", "answer_refused", Some(0)),
            ("PROHIBITED_CONTENT", "answer_refused", Some(0)),
            ("TOO_MANY_TOOL_CALLS", "invalid_history", Some(0)),
            ("MISSING_THOUGHT_SIGNATURE", "invalid_history", Some(0)),
            ("CONTINUATION", "continuation_needed", Some(0)),
        ] {
            let error = outcome(streamed, &calls, reason).await.unwrap_err();
            let is = (error.code(), error.retry_limit());
            assert_eq!(is, (code, retries), "{reason}");
            assert_eq!(error.usage().unwrap().output_tokens, 30, "it is billed");
            let GeminiError::NoAnswer(answer) = &error else {
                panic!("{error:?}");
            };
            assert_eq!(answer.finish_reason().unwrap().as_str(), reason);
            assert_eq!(answer.parts(), calls.as_array().unwrap().as_slice());
        }
    }
    let error = outcome(false, &calls, "MAX_TOKENS").await.unwrap_err();
    let text = "the token limit was reached within function calls: maxOutputTokens 50: Model generated function call(s).";
    assert_eq!(error.to_string(), text);
    assert!(error.hint().unwrap().contains("max_output_tokens"));
}

#[tokio::test]
async fn a_blocked_prompt_comes_before_calls() {
    let answer = value!({"promptFeedback": {"blockReason": "SAFETY"},
        "candidates": [{"content": {"parts": [{"functionCall": {"name": "get_order"}}]}}]});
    let server = common::answering(json(200, answer.to_string())).await;
    let error = client(&server.uri()).generate(&request()).await;
    assert_eq!(error.unwrap_err().code(), "prompt_blocked");
}

#[tokio::test]
async fn an_unreadable_call_is_an_error_also_beside_readable_ones() {
    let good = value!({"functionCall": {"name": "get_order", "args": {"id": 17}}});
    for streamed in METHODS {
        for (call, named) in [
            (
                value!({"name": "get_order", "partialArgs": [{"jsonPath": "$.id", "numberValue": 1}]}),
                "partialArgs",
            ),
            (
                value!({"name": "get_order", "args": {}, "willContinue": true}),
                "partialArgs",
            ),
            (
                value!({"name": "get_order", "args": "{\"id\": 17}"}),
                "are no object",
            ),
            (value!({"args": {}}), "has no name"),
        ] {
            let bad = value!({ "functionCall": call });
            for parts in [value!([bad]), value!([good, bad]), value!([bad, good])] {
                let error = outcome(streamed, &parts, "STOP").await.unwrap_err();
                let is = (error.code(), error.retry_limit());
                assert_eq!(is, ("unreadable_call", Some(1)), "{parts}");
                assert!(error.to_string().contains(named), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn without_text_or_calls_an_answer_is_empty_also_with_functions() {
    for parts in [
        value!([{"text": ""}]),
        value!([{"text": "hm", "thought": true}]),
    ] {
        let error = outcome(true, &parts, "STOP").await.unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("empty_answer", Some(1))
        );
    }
}

#[tokio::test]
async fn without_declarations_a_call_is_no_answer() {
    let gemini = FakeGemini::with_script(|_| FakeTurn::call("get_order", value!({}))).await;
    let hi = GenerateRequest::new("Hi");
    let error = gemini.client().unwrap().generate(&hi).await.unwrap_err();
    assert_eq!(error.code(), "unsupported_answer");
    let GeminiError::NoAnswer(answer) = error else {
        panic!("{error:?}");
    };
    assert!(matches!(
        answer.reason(),
        NoAnswerReason::Unsupported { .. }
    ));
    assert_eq!(
        answer.details().function_calls,
        [value!({"name": "get_order", "args": {}})]
    );
}

#[tokio::test]
async fn with_a_schema_only_a_final_answer_is_checked() {
    let gemini = FakeGemini::start([
        FakeTurn::text("I look.").with_call("get_order", value!({"id": 17})),
        FakeTurn::text("{\"late\": true}"),
    ])
    .await;
    let client = gemini.client().unwrap();
    let request = request().with_schema(value!({"type": "object", "required": ["late"]}));
    let reply = client.generate(&request).await.unwrap();
    assert_eq!((reply.json.is_none(), &*reply.text), (true, "I look."));
    let responses = Turn::responses([reply.calls[0].output("late")]);
    let request = request.with_turn(reply.to_turn()).with_turn(responses);
    let reply = client.generate(&request).await.unwrap();
    assert_eq!(reply.json, Some(value!({"late": true})));
}

#[tokio::test]
async fn an_answer_that_is_continued_can_have_calls_in_each_piece() {
    let piece = |part: Value, reason: &str| {
        let mut candidate = value!({"content": {"parts": [part]}, "finishReason": reason});
        if reason == "CONTINUATION" {
            candidate["continuationToken"] = "b25l".into();
        }
        value!({ "candidates": [candidate] }).to_string()
    };
    let call = |id: u32, signature: Value| {
        let mut part = value!({"functionCall": {"name": "get_order", "args": {"id": id}}});
        if signature.is_string() {
            part["thoughtSignature"] = signature;
        }
        part
    };
    let (first, second) = (call(1, "b25l".into()), call(2, Value::Null));
    let answers = [
        piece(first.clone(), "CONTINUATION"),
        piece(second.clone(), "STOP"),
    ];
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(move |request: &Request| {
            let body: Value = request.body_json().unwrap();
            let index = usize::from(body.get("continuationToken").is_some());
            json(200, &*answers[index])
        })
        .mount(&server)
        .await;
    let reply = client(&server.uri()).generate(&request()).await.unwrap();
    let ids: Vec<_> = reply.calls.iter().map(|call| &call.args["id"]).collect();
    assert_eq!((ids, reply.requests), (vec![&value!(1), &value!(2)], 2));
    assert_eq!(reply.parts, [first, second]);

    let cut = piece(call(1, Value::Null), "CONTINUATION");
    let server = common::answering(json(200, cut)).await;
    let error = client(&server.uri())
        .generate(&request())
        .await
        .unwrap_err();
    // The 16th request was cut off, too: the arguments of the last call may be incomplete.
    assert_eq!(error.code(), "continuation_needed");
}

#[tokio::test]
async fn arguments_count_into_the_limit_of_the_reply() {
    let call = |size: usize| {
        let args = value!({"text": "x".repeat(size)});
        value!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
            {"functionCall": {"name": "get_order", "args": args}}]}}]})
        .to_string()
    };
    for streamed in METHODS {
        for (size, fits) in [(800, true), (1_200, false)] {
            let answer = if streamed {
                sse(format!("data: {}\r\n\r\n", call(size)))
            } else {
                json(200, call(size))
            };
            let server = common::answering(answer).await;
            let client = builder(&server.uri()).with_max_reply_bytes(1_000);
            let outcome = ask(&client.build().unwrap(), streamed, &request()).await;
            match outcome {
                Ok(reply) => assert!(fits && reply.calls.len() == 1),
                Err(error) => assert_eq!((error.code(), fits), ("answer_too_large", false)),
            }
        }
    }
}
