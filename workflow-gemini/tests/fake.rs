//! The fake of the API refuses what the API refuses.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use common::client;
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_gemini::{
    Chunk, Function, GenerateRequest, Reply, SKIP_SIGNATURE, Turn,
    testing::{FakeGemini, FakeTurn, check_request},
};

const MODEL: &str = "gemini-3.8-flash";
const OLD_MODEL: &str = "gemini-2.5-flash";

/// A loop of two steps: two calls side by side, their responses, a further call and its response.
async fn conversation(model: &str, with_ids: bool) -> Value {
    let ids = |turn: FakeTurn| if with_ids { turn.with_ids() } else { turn };
    let gemini = FakeGemini::start([
        ids(FakeTurn::text("I look.")
            .with_call("get_order", json!({"id": 17}))
            .with_call("get_weather", json!({"city": "Oslo"}))),
        ids(FakeTurn::call("get_order", json!({"id": 18}))),
        FakeTurn::text("No."),
    ])
    .await;
    let client = gemini.client().unwrap();
    let mut request = GenerateRequest::new("Is order 17 late?")
        .with_model(model)
        .with_function(Function::new("get_order", ""))
        .with_function(Function::new("get_weather", ""));
    for _ in 0..2 {
        let reply = client.generate(&request).await.unwrap();
        let responses = reply.calls.iter().map(|call| call.output(true));
        let responses = Turn::responses(responses);
        request = request.with_turn(reply.to_turn()).with_turn(responses);
    }
    assert_eq!(client.generate(&request).await.unwrap().text, "No.");
    assert_eq!(gemini.refusals(), [""; 0]);
    gemini.requests().pop().unwrap().body
}

/// The refusal of a changed conversation.
async fn refusal(model: &str, change: impl Fn(&mut Value)) -> Option<String> {
    let mut body = conversation(model, true).await;
    change(&mut body);
    check_request(model, &body).err().map(Into::into)
}

fn contents(body: &mut Value) -> &mut Vec<Value> {
    body["contents"].as_array_mut().unwrap()
}

fn parts(body: &mut Value, content: usize) -> &mut Vec<Value> {
    body["contents"][content]["parts"].as_array_mut().unwrap()
}

fn unsign(part: &mut Value) -> Value {
    part.as_object_mut()
        .unwrap()
        .remove("thoughtSignature")
        .unwrap()
}

#[tokio::test]
async fn a_loop_is_accepted_with_and_without_ids() {
    for with_ids in [false, true] {
        for model in [MODEL, OLD_MODEL] {
            let mut body = conversation(model, with_ids).await;
            assert_eq!(check_request(model, &body), Ok(()));
            let parts = parts(&mut body, 1);
            let is_signed: Vec<_> = (parts.iter())
                .map(|part| part.get("thoughtSignature").is_some())
                .collect();
            assert_eq!(is_signed, [false, model == MODEL, false]);
            assert_eq!(parts[1]["functionCall"].get("id").is_some(), with_ids);
        }
    }
}

#[tokio::test]
async fn a_missing_or_moved_signature_is_refused() {
    const MISSING: &str = "Function call is missing a thought_signature in functionCall parts. This is required for tools \
        to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function \
        call `default_api:get_order` , position";
    let missing = |position: u32| Some(format!("{MISSING} {position}."));
    for (content, position, part) in [(1, 2, 1), (3, 4, 0)] {
        let found = refusal(MODEL, |body| drop(unsign(&mut parts(body, content)[part]))).await;
        assert_eq!(
            found,
            missing(position),
            "each step of the turn needs its own"
        );
    }
    let corrupted = Some("Corrupted thought signature.".to_owned());
    let moved = refusal(MODEL, |body| {
        let signature = unsign(&mut parts(body, 1)[1]);
        parts(body, 1)[2]["thoughtSignature"] = signature;
    });
    assert_eq!(moved.await, corrupted);
    let changed = refusal(MODEL, |body| {
        parts(body, 1)[1]["functionCall"]["args"]["id"] = 16.into();
    });
    assert_eq!(changed.await, corrupted, "the part was rebuilt");
    let other_model = refusal(MODEL, |body| {
        let old = check_request("gemini-3.5-flash", body);
        assert_eq!(old.unwrap_err(), "Corrupted thought signature.");
    });
    assert_eq!(other_model.await, None);
    // Text of the user begins a new turn, which does not check the ones before.
    let after_text = refusal(MODEL, |body| {
        drop(unsign(&mut parts(body, 1)[1]));
        contents(body).push(json!({"role": "user", "parts": [{"text": "So?"}]}));
    });
    assert_eq!(after_text.await, None);
    let skipped = refusal(MODEL, |body| {
        parts(body, 1)[1]["thoughtSignature"] = SKIP_SIGNATURE.into();
    });
    assert_eq!(skipped.await, None);
    assert_eq!(
        refusal(OLD_MODEL, |_| ()).await,
        None,
        "older models sign nothing"
    );
}

#[tokio::test]
async fn a_conversation_in_the_wrong_order_is_refused() {
    const COUNT: &str = "Please ensure that the number of function response parts is equal to the number of function \
        call parts of the function call turn.";
    const CALLS: &str = "Please ensure that function call turn comes immediately after a user turn or after a function \
        response turn.";
    const RESPONSES: &str =
        "Please ensure that function response turn comes immediately after a function call turn.";
    const NAMES: &str = "Please ensure that function response parts have the names and ids of the function call parts, \
        in their order.";
    type Change = fn(&mut Value);
    let changes: [(&str, &str, Change); 12] = [
        ("a response too few", COUNT, |body| {
            drop(parts(body, 2).pop());
        }),
        ("a response too many", COUNT, |body| {
            let again = parts(body, 2)[0].clone();
            parts(body, 2).push(again);
        }),
        ("swapped responses", NAMES, |body| parts(body, 2).swap(0, 1)),
        ("no id", NAMES, |body| {
            let response = parts(body, 2)[0]["functionResponse"].as_object_mut();
            response.unwrap().remove("id");
        }),
        ("no responses", CALLS, |body| drop(contents(body).remove(2))),
        ("text before responses", COUNT, |body| {
            contents(body).insert(2, json!({"role": "user", "parts": [{"text": "So?"}]}));
        }),
        ("text beside responses", RESPONSES, |body| {
            parts(body, 2).push(json!({"text": "So?"}));
        }),
        ("responses without calls", RESPONSES, |body| {
            let responses = contents(body)[2].clone();
            contents(body).insert(1, responses);
        }),
        ("split calls", CALLS, |body| {
            let last = parts(body, 1).pop();
            contents(body).insert(2, json!({"role": "model", "parts": [last]}));
        }),
        ("split calls, each with its response", CALLS, |body| {
            let response = parts(body, 2).pop();
            let call = parts(body, 1).pop();
            contents(body).insert(2, json!({"role": "model", "parts": [call]}));
            contents(body).insert(4, json!({"role": "user", "parts": [response]}));
        }),
        ("the model first", CALLS, |body| {
            drop(contents(body).remove(0));
        }),
        (
            "the model last",
            "Requests ending with a model turn are not supported.",
            |body| {
                drop(contents(body).pop());
            },
        ),
    ];
    for (name, message, change) in changes {
        for model in [MODEL, OLD_MODEL] {
            let found = refusal(model, change).await;
            assert_eq!(found.as_deref(), Some(message), "{name}");
        }
    }
}

#[tokio::test]
async fn functions_are_refused_beside_what_the_model_cannot_combine_them_with() {
    let base = || {
        json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
            "tools": [{"functionDeclarations": [{"name": "f", "description": ""}]}]})
    };
    let with = |path: &str, value: Value| {
        let mut body = base();
        match path {
            "tool" => body["tools"].as_array_mut().unwrap().push(value),
            "no functions" => body = json!({"contents": body["contents"], "toolConfig": value}),
            _ => body[path] = value,
        }
        body
    };
    let json_output =
        json!({"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}});
    let circulates = |mut body: Value| {
        body["toolConfig"] = json!({"includeServerSideToolInvocations": true});
        body
    };
    let search = || with("tool", json!({"googleSearch": {}}));
    let any = |name: &str| json!({"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}});
    let auto = json!({"functionCallingConfig": {"mode": "AUTO"}});
    for (body, old, new) in [
        (base(), None, None),
        (
            with("generationConfig", json_output),
            Some("Function calling with a response mime type: 'application/json' is unsupported"),
            None,
        ),
        (
            search(),
            Some("Tool use with function calling is unsupported"),
            Some("Please enable tool_config.include_server_side_tool_invocations"),
        ),
        (
            circulates(search()),
            Some("Tool call context circulation is not enabled for models/gemini-2.5-flash"),
            None,
        ),
        (with("toolConfig", any("f")), None, None),
        (
            with("toolConfig", any("g")),
            Some("not declared: g"),
            Some("not declared: g"),
        ),
        (
            with("no functions", auto.clone()),
            Some("Function calling config is set without function_declarations."),
            Some("Function calling config is set without function_declarations."),
        ),
        (
            with(
                "tool",
                json!({"functionDeclarations": [{"name": "f", "description": "again"}]}),
            ),
            Some("Duplicate function declaration found: f"),
            Some("Duplicate function declaration found: f"),
        ),
    ] {
        for (model, message) in [(OLD_MODEL, old), (MODEL, new)] {
            let found = check_request(model, &body).err();
            match message {
                Some(message) => assert!(found.unwrap().contains(message), "{body}"),
                None => assert_eq!(found, None, "{body}"),
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_shape_is_refused() {
    let base = |parts: Value, tools: Value, config: Value| {
        json!({"contents": [{"role": "user", "parts": parts}], "toolConfig": config,
            "tools": [{"functionDeclarations": tools}]})
    };
    let text = || json!([{"text": "Hi"}]);
    let f = || json!([{"name": "f", "description": ""}]);
    let config = || json!({"functionCallingConfig": {"mode": "AUTO"}});
    assert_eq!(check_request(MODEL, &base(text(), f(), config())), Ok(()));
    for body in [
        base(text(), json!([{"name": "f"}]), config()),
        base(text(), json!([{"name": "1f", "description": ""}]), config()),
        base(
            text(),
            json!([{"name": "f", "description": "", "parameters": {}, "parametersJsonSchema": {}}]),
            config(),
        ),
        base(
            text(),
            f(),
            json!({"functionCallingConfig": {"mode": "SOME"}}),
        ),
        base(
            text(),
            f(),
            json!({"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}}),
        ),
        base(
            json!([{"functionResponse": {"name": "f", "response": [1]}}]),
            f(),
            config(),
        ),
        base(
            json!([{"functionResponse": {"response": {}}}]),
            f(),
            config(),
        ),
        base(
            json!([{"functionCall": {"name": "f", "partialArgs": []}}]),
            f(),
            config(),
        ),
        base(json!([{"text": ""}]), f(), config()),
        base(
            json!([{"text": "a", "functionCall": {"name": "f"}}]),
            f(),
            config(),
        ),
    ] {
        let refusal = check_request(MODEL, &body).unwrap_err();
        assert!(
            refusal.starts_with("Invalid JSON payload received."),
            "{refusal}"
        );
    }
}

async fn streamed(gemini: &FakeGemini) -> (Vec<Chunk>, Reply) {
    let mut chunks: Vec<Chunk> = client(&gemini.base_url())
        .stream(&GenerateRequest::new("Hi").with_function(Function::new("f", "")))
        .map(Result::unwrap)
        .collect()
        .await;
    let Some(Chunk::Done(reply)) = chunks.pop() else {
        panic!("no end");
    };
    (chunks, *reply)
}

#[tokio::test]
async fn a_turn_is_the_same_streamed_or_not() {
    let turn = || {
        FakeTurn::empty()
            .with_thought("hm")
            .with_text("I call.")
            .with_call("f", json!({"a": 1}))
            .with_call("f", json!({}))
            .with_ids()
            .with_finish_message("Model generated function call(s).")
    };
    let gemini = FakeGemini::start([turn(), turn()]).await;
    let (chunks, reply) = streamed(&gemini).await;
    let whole = client(&gemini.base_url())
        .generate(&GenerateRequest::new("Hi").with_function(Function::new("f", "")))
        .await
        .unwrap();
    assert_eq!(reply, whole);
    assert!(chunks.contains(&Chunk::Text("I call.".to_owned())));
    let ids: Vec<_> = reply.calls.iter().map(|call| call.id.as_deref()).collect();
    assert_eq!(ids, [Some("call0100"), Some("call0101")]);
    let requests = gemini.requests();
    let methods: Vec<bool> = requests.iter().map(|it| it.is_streamed).collect();
    assert_eq!(methods, [true, false]);
    assert_eq!(
        (requests[0].functions(), requests[0].mode()),
        (vec!["f"], "")
    );
}

#[tokio::test]
async fn a_text_is_signed_at_its_end_and_goes_back_with_its_signature() {
    let gemini = FakeGemini::start([FakeTurn::text("A."), FakeTurn::text("B.")]).await;
    let (_, reply) = streamed(&gemini).await;
    assert_eq!(reply.parts.len(), 2);
    assert_eq!(reply.parts[1]["text"], "");
    let request = GenerateRequest::new("Hi")
        .with_turn(reply.to_turn())
        .with_turn(Turn::user("And?"));
    let reply = client(&gemini.base_url()).generate(&request).await.unwrap();
    assert_eq!((&*reply.text, gemini.refusals().len()), ("B.", 0));
}

#[tokio::test]
async fn errors_and_the_end_of_the_script_are_answers() {
    let gemini = FakeGemini::start([FakeTurn::error(503, "UNAVAILABLE", "overloaded")]).await;
    let client = gemini.client().unwrap();
    let hi = GenerateRequest::new("Hi");
    for code in ["model_overloaded", "invalid_request"] {
        assert_eq!(client.generate(&hi).await.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn a_refused_history_has_its_own_code_and_is_not_retried() {
    let gemini = FakeGemini::start([FakeTurn::call("f", json!({}))]).await;
    let client = gemini.client().unwrap();
    let request = GenerateRequest::new("Hi").with_function(Function::new("f", ""));
    let reply = client.generate(&request).await.unwrap();
    let unsigned = Turn::Model(vec![json!({"functionCall": {"name": "f", "args": {}}})]);
    let request = request
        .with_turn(unsigned)
        .with_turn(Turn::responses([reply.calls[0].output(1)]));
    let error = client.generate(&request).await.unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("invalid_history", false)
    );
    assert_eq!(gemini.refusals().len(), 1);
}
