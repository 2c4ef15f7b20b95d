//! Servers that misbehave: the client sends one request and reports one clean error, and the key is
//! sent in its header only.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::{io::Write, time::Duration};

use common::{
    KEY, builder, client,
    fault::{self, Act, Server, answer, flood, reset, send, stall},
    raw::{OK_JSON, OK_SSE},
};
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt;
use workflow_gemini::{Chunk, GeminiClient, GeminiError, GenerateRequest, Reply};

const REPLY: &str = include_str!("fixtures/reply.json");
const STREAM: &[u8] = include_bytes!("fixtures/stream.sse");

/// Sends a request with one of the two methods.
async fn ask(client: &GeminiClient, streamed: bool) -> Result<Reply, GeminiError> {
    let request = GenerateRequest::new("Hi");
    if !streamed {
        return client.generate(&request).await;
    }
    let mut chunks = client.stream(&request);
    loop {
        if let Chunk::Done(reply) = chunks.next().await.expect("a last chunk or an error")? {
            return Ok(*reply);
        }
    }
}

/// The error of one request to a server with this script. The server has received one request.
async fn error_of(act: Act, streamed: bool) -> (GeminiError, Server) {
    let server = fault::serving(vec![act]).await;
    let error = ask(&client(&server.base_url), streamed).await.unwrap_err();
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "the client sends nothing twice");
    let head = &seen[0].head;
    let key = KEY.to_ascii_lowercase();
    assert_eq!(head.matches(&key).count(), 1, "{head}");
    assert!(
        head.contains(&format!("\r\nx-goog-api-key: {key}")),
        "{head}"
    );
    assert!(!format!("{error} {error:?}").contains(KEY));
    (error, server)
}

fn facts(error: &GeminiError) -> (&'static str, bool) {
    (error.code(), error.is_retryable())
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_is_sent_once() {
    let elsewhere = fault::serving(vec![answer("200 OK", "", REPLY)]).await;
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = format!("location: {}/v1beta\r\n", elsewhere.base_url);
        for streamed in [false, true] {
            let (error, _) = error_of(answer(status, &location, ""), streamed).await;
            assert_eq!(facts(&error), ("request_rejected", false), "{status}");
        }
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_cut_at_the_limit_and_the_connection_closed() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
    for (start, streamed, code) in [
        (
            format!("{OK_JSON}\r\n{{\"a\": \""),
            false,
            "answer_too_large",
        ),
        // A line without an end, an event without an end, and no line at all.
        (
            format!("{OK_SSE}data: {{\"a\": \""),
            true,
            "answer_too_large",
        ),
        (format!("{OK_SSE}: "), true, "answer_too_large"),
        (OK_SSE.to_owned(), true, "answer_too_large"),
        (busy.to_owned(), false, "model_overloaded"),
        (busy.to_owned(), true, "model_overloaded"),
    ] {
        let (error, mut server) = error_of(flood(start.clone()), streamed).await;
        assert_eq!(error.code(), code, "{start}");
        assert!(error.to_string().len() < 1_200);
        server.until(|seen| seen[0].left.is_some()).await;
    }
}

fn gzipped(head: &str, body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(body).unwrap();
    let body = gzip.finish().unwrap();
    let head = head.replacen("\r\n", "\r\ncontent-encoding: gzip\r\n", 1);
    [head.into_bytes(), body].concat()
}

#[tokio::test]
async fn the_size_of_a_gzip_bomb_is_limited_after_decompression() {
    let blanks = vec![b' '; 20 * 1024 * 1024];
    for (head, streamed) in [(format!("{OK_JSON}\r\n"), false), (OK_SSE.to_owned(), true)] {
        let bomb = gzipped(&head, &blanks);
        assert!(bomb.len() < 40_000);
        let (error, _) = error_of(send(bomb), streamed).await;
        assert_eq!(facts(&error), ("answer_too_large", false));
    }
}

#[tokio::test]
async fn a_gzip_stream_is_read_and_a_cut_off_one_is_an_error() {
    let whole = gzipped(OK_SSE, STREAM);
    let server = fault::serving(vec![send(whole.clone())]).await;
    let reply = ask(&client(&server.base_url), true).await.unwrap();
    assert_eq!(reply.text, "Entropy “is” a mess 🎲.");
    let (error, _) = error_of(send(&whole[..whole.len() / 2]), true).await;
    assert_eq!(facts(&error), ("answer_interrupted", true));
}

#[tokio::test]
async fn a_cut_off_or_reset_answer_is_retryable_wherever_it_breaks() {
    let whole = format!("{OK_JSON}content-length: {}\r\n\r\n{REPLY}", REPLY.len());
    for act in [send, reset] as [fn(Vec<u8>) -> Act; 2] {
        for (cut, code) in [
            (0, "connection_failed"),
            (20, "connection_failed"),
            (whole.len() - REPLY.len(), "answer_interrupted"),
            (whole.len() - 1, "answer_interrupted"),
        ] {
            let (error, _) = error_of(act(whole.as_bytes()[..cut].to_vec()), false).await;
            assert_eq!(facts(&error), (code, true), "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn a_silent_server_times_out_and_the_connection_is_closed() {
    let begun = [OK_SSE.as_bytes(), &STREAM[..800]].concat();
    for (bytes, wait) in [
        (Vec::new(), "300s to begin"),
        (OK_SSE.into(), "300s to begin"),
        (begun, "120s to continue"),
    ] {
        let mut server = fault::serving(vec![stall(bytes)]).await;
        let client = client(&server.base_url);
        let request = GenerateRequest::new("Hi");
        let mut chunks = client.stream(&request);
        // The server has sent all it will send once the first text, or else the request, has arrived.
        if wait.contains("continue") {
            while !matches!(chunks.next().await, Some(Ok(Chunk::Text(_)))) {}
        } else {
            tokio::select! {
                _ = chunks.next() => panic!("nothing was said"),
                () = server.until(|seen| !seen.is_empty()) => {}
            }
        }
        tokio::time::pause();
        let error = loop {
            if let Err(error) = chunks.next().await.unwrap() {
                break error;
            }
        };
        tokio::time::resume();
        assert_eq!(facts(&error), ("model_timeout", true));
        assert!(error.to_string().contains(wait), "{error}");
        drop(chunks);
        server.until(|seen| seen[0].left.is_some()).await;
    }
}

#[tokio::test]
async fn cancelling_closes_the_connection_at_once() {
    for bytes in [Vec::new(), [OK_SSE.as_bytes(), &STREAM[..600]].concat()] {
        for streamed in [false, true] {
            let mut server = fault::serving(vec![stall(bytes.clone())]).await;
            let client = client(&server.base_url);
            tokio::select! {
                _ = ask(&client, streamed) => panic!("it has no end"),
                () = server.until(|seen| !seen.is_empty()) => {}
            }
            let cancelled = tokio::time::Instant::now();
            server.until(|seen| seen[0].left.is_some()).await;
            let left = server.seen()[0].left.unwrap();
            assert!(left.saturating_duration_since(cancelled) < Duration::from_millis(250));
        }
    }
}

#[tokio::test]
async fn bytes_that_are_not_utf8_are_a_foreign_answer() {
    let invalid = b"{\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"\xff\xfe\"}]}}]}";
    let whole = [format!("{OK_JSON}\r\n").as_bytes(), invalid].concat();
    let event = [OK_SSE.as_bytes(), b"data: ", invalid, b"\r\n\r\n"].concat();
    for (bytes, streamed) in [(whole, false), (event, true)] {
        let (error, _) = error_of(send(bytes), streamed).await;
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("foreign_answer", Some(1))
        );
    }
}

#[tokio::test]
async fn a_wrong_content_type_does_not_matter_for_a_valid_answer() {
    let plain = |body: &[u8]| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
        send([head, body].concat())
    };
    for (act, streamed) in [(plain(REPLY.as_bytes()), false), (plain(STREAM), true)] {
        let server = fault::serving(vec![act]).await;
        ask(&client(&server.base_url), streamed).await.unwrap();
    }
    for streamed in [false, true] {
        let (error, _) = error_of(plain(b"Service is starting"), streamed).await;
        assert_eq!(facts(&error).0, "foreign_answer");
        assert!(
            error
                .to_string()
                .contains("(text/plain): Service is starting"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_error_page_of_a_proxy_keeps_its_status_and_is_shortened() {
    let page = format!("<html><body>{}</body></html>", "busy ".repeat(9_000));
    for (status, code, retryable) in [
        ("502 Bad Gateway", "model_overloaded", true),
        ("413 Payload Too Large", "request_too_large", false),
        (
            "407 Proxy Authentication Required",
            "request_rejected",
            false,
        ),
    ] {
        for streamed in [false, true] {
            let (error, _) = error_of(answer(status, "", &page), streamed).await;
            assert_eq!(facts(&error), (code, retryable));
            let text = error.to_string();
            assert!(
                text.contains("<html><body>busy busy") && text.len() < 1_200,
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn the_total_timeout_applies_and_is_sent_to_the_server() {
    let mut server = fault::serving(vec![stall(Vec::new())]).await;
    let client = builder(&server.base_url)
        .with_total_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let asked = ask(&client, false);
    tokio::pin!(asked);
    tokio::select! {
        _ = &mut asked => panic!("nothing was said"),
        () = server.until(|seen| !seen.is_empty()) => {}
    }
    assert!(server.seen()[0].head.contains("x-server-timeout: 60"));
    tokio::time::pause();
    let error = asked.await.unwrap_err();
    assert!(
        error.to_string().contains("60s for its whole answer"),
        "{error}"
    );
}
