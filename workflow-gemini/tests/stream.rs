//! `stream`: one request, its answer in pieces.

mod common;

use std::time::Duration;

use common::{
    KEY, answering, builder, client, json, only_request,
    raw::{OK_SSE, Then, saying},
    sse,
};
use futures::{Stream, StreamExt};
use serde_json::json as value;
use wiremock::ResponseTemplate;
use workflow_gemini::{Chunk, FinishReason, GeminiClient, GeminiError, GenerateRequest, Reply};

const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");
const TEXT: &str = "Entropy “is” a mess 🎲.";
const OVERLOADED: &str = include_str!("fixtures/503-overloaded.json");

fn ask(client: &GeminiClient) -> impl Stream<Item = Result<Chunk, GeminiError>> + Unpin + use<> {
    client.stream(&GenerateRequest::new("Hi"))
}

/// All chunks before the last item, and the last item.
async fn read(
    mut stream: impl Stream<Item = Result<Chunk, GeminiError>> + Unpin,
) -> (Vec<Chunk>, Result<Reply, GeminiError>) {
    let mut chunks = Vec::new();
    let end = loop {
        match stream
            .next()
            .await
            .expect("a stream ends with `Done` or an error")
        {
            Ok(Chunk::Done(reply)) => break Ok(*reply),
            Ok(chunk) => chunks.push(chunk),
            Err(error) => break Err(error),
        }
    };
    assert!(stream.next().await.is_none(), "the stream has ended");
    (chunks, end)
}

async fn stream(answer: ResponseTemplate) -> (Vec<Chunk>, Result<Reply, GeminiError>) {
    let server = answering(answer).await;
    read(ask(&client(&server.uri()))).await
}

/// The stream up to the end of its `n`-th event.
fn events(n: usize) -> Vec<u8> {
    let text = String::from_utf8_lossy(STREAM);
    let events: Vec<&str> = text.split_inclusive("\r\n\r\n").collect();
    events[..n].concat().into_bytes()
}

fn text_of(chunks: &[Chunk]) -> String {
    let texts = chunks.iter().filter_map(|chunk| match chunk {
        Chunk::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn pieces_are_streamed_and_the_reply_is_last() {
    let (chunks, reply) = stream(sse(STREAM)).await;
    let reply = reply.unwrap();
    assert_eq!(
        (reply.text.as_str(), text_of(&chunks).as_str()),
        (TEXT, TEXT)
    );
    assert_eq!(reply.thoughts, "**Weighing it up**");
    assert_eq!(chunks[0], Chunk::Thought("**Weighing it up**".to_owned()));
    assert_eq!(reply.finish_reason, FinishReason::Stop);
    assert_eq!(
        (reply.usage.input_tokens, reply.usage.output_tokens),
        (15, 78)
    );
    assert_eq!(reply.model_version.as_deref(), Some("gemini-3.8-flash-002"));
}

#[tokio::test]
async fn the_request_is_for_events_and_sent_on_the_first_poll() {
    let server = answering(sse(STREAM)).await;
    let mut stream = ask(&client(&server.uri()));
    assert!(server.received_requests().await.unwrap().is_empty());
    stream.next().await.unwrap().unwrap();
    let sent = only_request(&server).await;
    assert_eq!(
        sent.url.path(),
        "/v1beta/models/gemini-3.8-flash:streamGenerateContent"
    );
    assert_eq!(sent.url.query(), Some("alt=sse"));
    assert_eq!(sent.headers["x-goog-api-key"], KEY);
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#;
    assert_eq!(String::from_utf8_lossy(&sent.body), body);
}

#[tokio::test]
async fn bytes_may_be_cut_anywhere() {
    let head = format!("{OK_SSE}\u{feff}: a comment\r\n\r\n").into_bytes();
    let bytes = STREAM.iter().map(|byte| vec![*byte]);
    let server = saying([head].into_iter().chain(bytes).collect(), Then::Close).await;
    let (chunks, reply) = read(ask(&client(&server.base_url))).await;
    assert_eq!(
        (reply.unwrap().text.as_str(), text_of(&chunks).as_str()),
        (TEXT, TEXT)
    );
}

#[tokio::test]
async fn an_end_before_the_finish_reason_is_an_error() {
    let last_event = events(5).len();
    for cut in [
        0,
        1,
        40,
        events(1).len(),
        events(2).len() + 50,
        last_event,
        STREAM.len() - 60,
    ] {
        for then in [Then::Close, Then::Reset] {
            let bytes = [OK_SSE.as_bytes(), &STREAM[..cut]].concat();
            let server = saying(vec![bytes], then).await;
            let (_, end) = read(ask(&client(&server.base_url))).await;
            let error = end.unwrap_err();
            let is = (error.code(), error.is_retryable());
            assert_eq!(
                is,
                ("answer_interrupted", true),
                "{then:?} at {cut}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn an_incomplete_http_chunk_is_an_error() {
    let head = OK_SSE.replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n");
    let body = events(2);
    let bytes = [
        format!("{head}{:x}\r\n", body.len() + 100).into_bytes(),
        body,
    ]
    .concat();
    let server = saying(vec![bytes], Then::Close).await;
    let (chunks, end) = read(ask(&client(&server.base_url))).await;
    assert_eq!(text_of(&chunks), "Entropy “is” ");
    assert_eq!(end.unwrap_err().code(), "answer_interrupted");
}

#[tokio::test]
async fn the_end_of_the_body_after_a_complete_answer_does_not_matter() {
    let bytes = [OK_SSE.as_bytes(), STREAM].concat();
    for then in [Then::Close, Then::Stall] {
        let server = saying(vec![bytes.clone()], then).await;
        let client = client(&server.base_url);
        let mut stream = ask(&client);
        while !matches!(stream.next().await, Some(Ok(Chunk::Text(text))) if text == ".") {}
        tokio::time::pause();
        let before = tokio::time::Instant::now();
        let (_, end) = read(stream).await;
        assert_eq!(end.unwrap().text, TEXT);
        assert!(before.elapsed() < Duration::from_secs(6), "{then:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn an_error_within_a_stream_is_classified_in_each_form() {
    let compact: serde_json::Value = serde_json::from_str(OVERLOADED).unwrap();
    for form in [
        format!("data: {compact}\r\n\r\n"),
        format!("data: {}\r\n\r\n", OVERLOADED.trim_end()),
        compact.to_string(),
        OVERLOADED.to_owned(),
        OVERLOADED.trim_end().replace('\n', "\r\n"),
        format!("[{OVERLOADED}]"),
        format!("[{OVERLOADED}\n]\n"),
        format!(",\r\n{OVERLOADED}]"),
        format!("event: error\ndata: [{compact}]"),
    ] {
        let body = [events(2), form.clone().into_bytes()].concat();
        let (chunks, end) = stream(sse(body)).await;
        assert_eq!(text_of(&chunks), "Entropy “is” ", "{form}");
        let error = end.unwrap_err();
        assert_eq!(
            (error.status(), error.code()),
            (Some(503), "model_overloaded"),
            "{form}"
        );
        assert!(
            error.is_retryable() && error.to_string().contains("high demand"),
            "{form}"
        );
    }
}

#[tokio::test]
async fn an_error_status_is_classified() {
    let (chunks, end) = stream(json(429, include_str!("fixtures/429-per-minute.json"))).await;
    assert!(chunks.is_empty());
    assert_eq!(
        end.unwrap_err().retry_after(),
        Some(Duration::from_secs(36))
    );
}

#[tokio::test]
async fn an_array_instead_of_events_is_read() {
    let text = String::from_utf8(STREAM.to_vec()).unwrap();
    let events: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let (_, reply) = stream(json(200, format!("[{}\n]", events.join(",\r\n")))).await;
    assert_eq!(reply.unwrap().text, TEXT);
}

#[tokio::test]
async fn an_answer_that_is_not_the_apis_is_a_foreign_answer() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let (_, end) = stream(page).await;
    let text = end.unwrap_err().to_string();
    assert!(text.contains("(text/html): <html>Sign in"), "{text}");
    for event in [
        "data: {\"candidates\": [}\n\n",
        "data: oops\n\n",
        "data: {\"candidates\":1}\n\n",
    ] {
        let (chunks, end) = stream(sse([events(2), event.into()].concat())).await;
        assert_eq!(text_of(&chunks), "Entropy “is” ");
        let error = end.unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("foreign_answer", Some(1)),
            "{event}"
        );
    }
}

#[tokio::test]
async fn a_stream_can_end_without_an_answer() {
    let blocked = include_str!("fixtures/blocked.json").replace('\n', "");
    let (_, end) = stream(sse(format!("data: {blocked}\r\n\r\n"))).await;
    assert_eq!(end.unwrap_err().code(), "prompt_blocked");

    let safety = include_str!("fixtures/safety.json").replace('\n', "");
    let body = [events(2), format!("data: {safety}\r\n\r\n").into()].concat();
    let (chunks, end) = stream(sse(body)).await;
    assert_eq!(text_of(&chunks), "Entropy “is” ");
    assert_eq!(end.unwrap_err().code(), "answer_refused");
}

#[tokio::test]
async fn the_idle_timeout_applies_within_a_stream() {
    let bytes = [OK_SSE.as_bytes(), &events(2)].concat();
    let server = saying(vec![bytes], Then::Stall).await;
    let mut stream = ask(&client(&server.base_url));
    while !matches!(stream.next().await.unwrap().unwrap(), Chunk::Text(_)) {}
    tokio::time::pause();
    let (_, end) = read(stream).await;
    let error = end.unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("model_timeout", true)
    );
    assert!(error.to_string().contains("120s to continue"), "{error}");
}

#[tokio::test]
async fn the_total_timeout_applies_if_it_is_set() {
    let bytes = [OK_SSE.as_bytes(), &events(2)].concat();
    let server = saying(vec![bytes], Then::Stall).await;
    let client = builder(&server.base_url)
        .with_total_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let mut stream = ask(&client);
    while !matches!(stream.next().await.unwrap().unwrap(), Chunk::Text(_)) {}
    tokio::time::pause();
    let (_, end) = read(stream).await;
    assert!(
        end.unwrap_err()
            .to_string()
            .contains("60s for its whole answer")
    );
}

#[tokio::test]
async fn dropping_a_stream_closes_the_connection() {
    let bytes = [OK_SSE.as_bytes(), &events(2)].concat();
    let server = saying(vec![bytes], Then::Stall).await;
    let mut stream = ask(&client(&server.base_url));
    stream.next().await.unwrap().unwrap();
    drop(stream);
    server.hung_up.await.unwrap();
}

#[tokio::test]
async fn dropping_a_stream_before_its_first_byte_closes_the_connection() {
    let server = saying(vec![], Then::Stall).await;
    let mut stream = ask(&client(&server.base_url));
    tokio::select! {
        _ = stream.next() => panic!("nothing was said"),
        answered = server.answered => answered.unwrap(),
    }
    drop(stream);
    server.hung_up.await.unwrap();
}

#[tokio::test]
async fn the_size_of_a_stream_and_of_each_event_is_limited() {
    let server = answering(sse(STREAM)).await;
    let client = builder(&server.uri())
        .with_max_reply_bytes(600)
        .build()
        .unwrap();
    let (_, end) = read(ask(&client)).await;
    assert_eq!(end.unwrap_err().code(), "answer_too_large");

    let endless = [OK_SSE.as_bytes(), b"data: {\"x\":\"", &[b'a'; 2_000]].concat();
    let server = saying(vec![endless], Then::Stall).await;
    let client = builder(&server.base_url)
        .with_max_reply_bytes(1_000)
        .build()
        .unwrap();
    let (_, end) = read(ask(&client)).await;
    assert_eq!(end.unwrap_err().code(), "answer_too_large");
}

#[tokio::test]
async fn with_a_schema_the_reply_is_parsed_as_json() {
    let event = |text: &str, reason: Option<&str>| {
        let event = value!({"candidates": [{"content": {"parts": [{"text": text}]},
            "finishReason": reason}]});
        format!("data: {event}\r\n\r\n")
    };
    let body = event("{\"kind\":", None) + &event("\"bug\"}", Some("STOP"));
    let request = GenerateRequest::new("Hi").with_schema(value!({"type": "object"}));
    let server = answering(sse(body)).await;
    let (_, reply) = read(client(&server.uri()).stream(&request)).await;
    assert_eq!(reply.unwrap().json, Some(value!({"kind": "bug"})));

    let server = answering(sse(event("I'd rather not.", Some("STOP")))).await;
    let (_, reply) = read(client(&server.uri()).stream(&request)).await;
    let error = reply.unwrap_err();
    assert_eq!(
        (error.code(), error.is_retryable()),
        ("answer_not_json", true)
    );
}
