//! The program, with a mock server in place of the API.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

const KEY: &str = "AIzaSy-not-a-real-key-0123456789";

fn fixture(name: &str) -> String {
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflow-gemini/tests/fixtures");
    std::fs::read_to_string(fixtures.join(name)).unwrap()
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let mock = Mock::given(method("POST")).respond_with(answer);
    mock.mount(&server).await;
    server
}

fn body(status: u16, body: impl Into<Vec<u8>>, kind: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, kind)
}

fn whole() -> ResponseTemplate {
    body(200, fixture("reply.json"), "application/json")
}

fn program(server: &str, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_generate"));
    program
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("GEMINI_API_KEY", KEY)
        .env("GOOGLE_GEMINI_BASE_URL", server)
        .stdin(Stdio::null());
    program
}

/// Exit code, standard output and standard error.
async fn ended(mut program: Command) -> (Option<i32>, String, String) {
    let output = program.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

async fn sent(server: &MockServer) -> (Request, Value) {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    let body = requests[0].body_json().unwrap();
    (requests.remove(0), body)
}

const TEXT: &str = "Entropy is how many ways there are to be a mess.";

#[tokio::test]
async fn the_answer_to_an_argument_is_printed() {
    let server = answering(whole()).await;
    let run = program(
        &server.uri(),
        &["--model", "gemini-4-neon", "--system", "Be short.", "Why?"],
    );
    assert_eq!(
        ended(run).await,
        (Some(0), format!("{TEXT}\n"), String::new())
    );
    let (request, body) = sent(&server).await;
    assert_eq!(
        request.url.path(),
        "/v1beta/models/gemini-4-neon:generateContent"
    );
    assert_eq!(request.headers["x-goog-api-key"], KEY);
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be short."}]},
        "contents": [{"role": "user", "parts": [{"text": "Why?"}]}],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn without_an_argument_the_prompt_is_standard_input() {
    for arguments in [&[][..], &["-"]] {
        let server = answering(whole()).await;
        let mut run = program(&server.uri(), arguments);
        let mut run = run
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = run.stdin.take().unwrap();
        stdin.write_all("Why?\n".as_bytes()).await.unwrap();
        drop(stdin);
        assert!(run.wait().await.unwrap().success());
        let (_, body) = sent(&server).await;
        assert_eq!(body["contents"][0]["parts"], json!([{"text": "Why?\n"}]));
    }
}

#[tokio::test]
async fn a_stream_is_printed_as_text() {
    let server = answering(body(200, fixture("stream.sse"), "text/event-stream")).await;
    let (code, printed, _) = ended(program(&server.uri(), &["--stream", "Why?"])).await;
    assert_eq!(
        (code, printed.as_str()),
        (Some(0), "Entropy “is” a mess 🎲.\n")
    );
    let (request, _) = sent(&server).await;
    assert_eq!(request.url.query(), Some("alt=sse"));
}

#[tokio::test]
async fn json_is_one_line_with_and_without_streaming() {
    let streamed = body(200, fixture("stream.sse"), "text/event-stream");
    for (answer, arguments) in [
        (whole(), &["--json", "Why?"][..]),
        (streamed, &["--json", "--stream", "Why?"]),
    ] {
        let server = answering(answer).await;
        let (code, printed, _) = ended(program(&server.uri(), arguments)).await;
        assert_eq!((code, printed.lines().count()), (Some(0), 1));
        let line: Value = serde_json::from_str(&printed).unwrap();
        let names: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "text",
                "thoughts",
                "finish_reason",
                "usage",
                "model",
                "response_id"
            ]
        );
        assert!(line["text"].as_str().unwrap().starts_with("Entropy"));
        assert_eq!(line["finish_reason"], "STOP");
        assert_eq!(
            line["usage"],
            json!({"input_tokens": 15, "output_tokens": 78, "thought_tokens": 66})
        );
        assert_eq!(line["model"], "gemini-3.8-flash-002");
        assert_eq!(line["response_id"], "x1YzaqXdNLPqvdIP3sGZkAE");
    }
}

#[tokio::test]
async fn an_error_is_one_line_and_the_exit_code_is_1() {
    let limited = body(429, fixture("429-per-minute.json"), "application/json");
    let server = answering(limited).await;
    let (code, printed, _) = ended(program(&server.uri(), &["--json", "Why?"])).await;
    assert_eq!(code, Some(1));
    let line: Value = serde_json::from_str(&printed).unwrap();
    let error = line["error"].as_object().unwrap();
    assert_eq!(error.len(), 5);
    assert_eq!(
        (&error["code"], &error["status"]),
        (&json!("rate_limited"), &json!(429))
    );
    assert_eq!(error["retry_after"], 36.0);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("exceeded your current quota")
    );
    assert_eq!(
        server.received_requests().await.unwrap().len(),
        1,
        "one call"
    );
}

#[tokio::test]
async fn errors_before_the_request_are_reported_in_the_same_way() {
    let nowhere = "http://127.0.0.1:1";
    let mut no_key = program(nowhere, &["--json", "Why?"]);
    no_key.env_remove("GEMINI_API_KEY");
    let no_file = program(
        nowhere,
        &["--json", "--schema", "no-such-file.json", "Why?"],
    );
    let no_server = program(nowhere, &["--json", "Why?"]);
    for (run, word, part) in [
        (no_key, "no_key", "GEMINI_API_KEY"),
        (
            no_file,
            "invalid_input",
            "no-such-file.json could not be read: No such file",
        ),
        (no_server, "connection_failed", "Connection refused"),
    ] {
        let (code, printed, _) = ended(run).await;
        let line: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((code, &line["error"]["code"]), (Some(1), &json!(word)));
        assert!(
            line["error"]["message"].as_str().unwrap().contains(part),
            "{line}"
        );
        assert_eq!(
            (&line["error"]["status"], &line["error"]["retry_after"]),
            (&Value::Null, &Value::Null)
        );
    }
    let (code, printed, stderr) = ended(program(nowhere, &["Why?"])).await;
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(stderr.contains("could not be reached"), "{stderr}");
}

#[tokio::test]
async fn a_schema_is_sent_and_the_answer_checked() {
    let file = std::env::temp_dir().join(format!("generate-schema-{}.json", std::process::id()));
    std::fs::write(&file, r#"{"type": "object", "required": ["kind"]}"#).unwrap();
    let answer = |text: &str| {
        let parts = json!([{"text": text}]);
        let answer = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
        body(200, answer.to_string(), "application/json")
    };
    let schema = file.to_str().unwrap();
    let server = answering(answer(r#"{"kind":"bug"}"#)).await;
    let (code, printed, _) = ended(program(&server.uri(), &["--schema", schema, "Why?"])).await;
    assert_eq!((code, printed.as_str()), (Some(0), "{\"kind\":\"bug\"}\n"));
    let (_, body) = sent(&server).await;
    assert_eq!(
        body["generationConfig"]["responseJsonSchema"]["required"],
        json!(["kind"])
    );

    let server = answering(answer("{}")).await;
    let (code, _, stderr) = ended(program(&server.uri(), &["--schema", schema, "Why?"])).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("does not fit its schema at the top"),
        "{stderr}"
    );
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn an_error_after_a_part_of_the_answer_begins_on_a_new_line() {
    let part = json!({"candidates": [{"content": {"parts": [{"text": "Half an"}]}}]});
    let busy =
        json!({"error": {"code": 402, "status": "RESOURCE_EXHAUSTED", "message": "No money."}});
    let broken = format!("data: {part}\r\n\r\ndata: {busy}\r\n\r\n");
    let server = answering(body(200, broken, "text/event-stream")).await;
    let (code, printed, stderr) = ended(program(&server.uri(), &["--stream", "Why?"])).await;
    assert_eq!((code, printed.as_str()), (Some(1), "Half an\n"));
    let expected = "the Gemini API answered 402 RESOURCE_EXHAUSTED: No money.\n\
                    Hint: add credits or raise the spending cap of the project in AI Studio.\n";
    assert_eq!(stderr, expected);
}

#[tokio::test]
async fn a_closed_output_ends_the_program_without_an_error_message() {
    let server = answering(whole()).await;
    for arguments in [&["Why?"][..], &["--json", "Why?"]] {
        let mut run = program(&server.uri(), arguments);
        let mut run = run
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(run.stdout.take());
        let output = run.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(141));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[tokio::test]
async fn the_used_one_of_two_keys_is_named() {
    let server = answering(whole()).await;
    let mut run = program(&server.uri(), &["Why?"]);
    run.env("GOOGLE_API_KEY", "another-key");
    let (code, _, stderr) = ended(run).await;
    let expected = "GOOGLE_API_KEY is used; GEMINI_API_KEY is set, too.\n";
    assert_eq!((code, stderr.as_str()), (Some(0), expected));
    assert_eq!(
        sent(&server).await.0.headers["x-goog-api-key"],
        "another-key"
    );
}
