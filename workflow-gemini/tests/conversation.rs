//! The order of turns: what is sent, and what is refused before it is sent.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use serde_json::{Map, Value, json};
use workflow_gemini::{
    Function, FunctionCalling, FunctionResponse, GenerateRequest, Part, Tool, Turn,
    testing::{FakeGemini, FakeTurn},
};

fn request() -> GenerateRequest {
    GenerateRequest::new("Is order 17 late?").with_function(Function::new("get_order", ""))
}

/// A turn of the model with these parts.
fn model<const N: usize>(parts: [Value; N]) -> Turn {
    Turn::Model(parts.into())
}

fn call(name: &str) -> Value {
    json!({"functionCall": {"name": name, "args": {}}})
}

/// A call of `a` without an id, and one of `b` with the id `1`.
fn calls() -> Turn {
    let with_id = json!({"functionCall": {"id": "1", "name": "b"}});
    model([call("a"), json!({"text": "."}), with_id])
}

/// Responses to these calls, each by its name and its id.
fn responses<const N: usize>(calls: [(&str, Option<&str>); N]) -> Turn {
    Turn::responses(calls.map(|(name, id)| {
        let response = FunctionResponse::new(name, Map::new());
        match id {
            Some(id) => response.with_id(id),
            None => response,
        }
    }))
}

/// Each request fails with `invalid_request` and a message with these words, and nothing is sent.
async fn refused<const N: usize>(requests: [(GenerateRequest, &str); N]) {
    let gemini = FakeGemini::start([]).await;
    let client = gemini.client().unwrap();
    for (request, named) in requests {
        let error = client.generate(&request).await.unwrap_err();
        assert_eq!(error.code(), "invalid_request", "{named}");
        assert!(error.to_string().contains(named), "{error}");
    }
    assert_eq!(gemini.requests(), []);
}

#[tokio::test]
async fn turns_in_the_wrong_order_are_not_sent() {
    let user = Turn::user;
    refused([
        (
            request().with_turn(Turn::model("Yes.")),
            "ends with a turn of the model",
        ),
        (request().with_turn(calls()), "2 calls without a response"),
        (
            request().with_turn(calls()).with_turn(user("So?")),
            "contents[2]: calls of the model before it, without a response",
        ),
        (
            request()
                .with_turn(model([call("a")]))
                .with_turn(model([call("b")])),
            "contents[2]: calls of the model before it, without a response",
        ),
        (
            request()
                .with_turn(Turn::model("I look."))
                .with_turn(model([call("b")])),
            "contents[2]: calls behind another turn of the model",
        ),
        (
            request().with_turn(responses([("a", None)])),
            "contents[1]: responses without calls",
        ),
        (
            request()
                .with_turn(Turn::model("A."))
                .with_turn(responses([])),
            "contents[2]: responses without calls",
        ),
        (
            GenerateRequest::new("")
                .with_turn(Turn::model("A."))
                .with_turn(user("B?")),
            "contents[0]: the model cannot begin",
        ),
        (
            request().with_turn(model([])).with_turn(user("B?")),
            "contents[1]: it has no parts",
        ),
        (
            request()
                .with_turn(model([json!("A.")]))
                .with_turn(user("B?")),
            "contents[1]: a part of the model is no object",
        ),
        (
            request().with_turn(Turn::User(vec![])),
            "contents[1]: it has no parts",
        ),
    ])
    .await;
}

#[tokio::test]
async fn responses_that_do_not_fit_the_calls_are_not_sent() {
    let with = |turn| request().with_turn(calls()).with_turn(turn);
    refused([
        (
            with(responses([("a", None)])),
            "contents[2]: 1 response to 2 calls",
        ),
        (
            with(responses([("a", None), ("b", Some("1")), ("b", Some("1"))])),
            "contents[2]: 3 responses to 2 calls",
        ),
        (
            with(responses([("b", Some("1")), ("a", None)])),
            "contents[2]: response 0 is to `b` with the id `1`, but call 0 is `a` without an id",
        ),
        (
            with(responses([("a", None), ("b", None)])),
            "response 1 is to `b` without an id, but call 1 is `b` with the id `1`",
        ),
        (
            with(responses([("a", Some("0")), ("b", Some("1"))])),
            "response 0 is to `a` with the id `0`, but call 0 is `a` without an id",
        ),
    ])
    .await;
}

#[tokio::test]
async fn functions_that_cannot_be_combined_and_faulty_parts_are_not_sent() {
    let config = json!({"functionCallingConfig": {"mode": "ANY"}});
    let config = config.as_object().unwrap().clone();
    let image = Part::base64("image/png", "?");
    refused([
        (
            request().with_tool(Tool::GoogleSearch),
            "functions cannot be combined with tools",
        ),
        (
            GenerateRequest::new("Hi").with_function_calling(FunctionCalling::any()),
            "no function is declared",
        ),
        (
            request()
                .with_function_calling(FunctionCalling::Auto)
                .with_tool_config(config),
            "is set twice",
        ),
        (
            request().with_turn(Turn::user("")),
            "a part's text is empty",
        ),
        (
            request().with_turn(Turn::User(vec![image])),
            "inline data is not base64",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_conversation_may_begin_with_a_turn_and_have_several_of_a_side_in_a_row() {
    let gemini = FakeGemini::start([FakeTurn::text("Yes.")]).await;
    let request = GenerateRequest::new("")
        .with_turn(Turn::user("A?"))
        .with_turn(Turn::model("B."))
        .with_turn(Turn::model("C."))
        .with_turn(Turn::user("D?"))
        .with_turn(Turn::user("E?"));
    gemini.client().unwrap().generate(&request).await.unwrap();
    assert_eq!(
        gemini.requests()[0].text,
        concat!(
            r#"{"contents":[{"role":"user","parts":[{"text":"A?"}]},"#,
            r#"{"role":"model","parts":[{"text":"B."}]},{"role":"model","parts":[{"text":"C."}]},"#,
            r#"{"role":"user","parts":[{"text":"D?"}]},{"role":"user","parts":[{"text":"E?"}]}]}"#,
        )
    );
}
