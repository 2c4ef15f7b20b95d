//! Connections: timeouts, bounds, cancellation, and the limits on requests.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod common;

use std::time::Duration;

use common::{
    OK_SSE, answering, ask, builder, client, error_of, hear, hello, json as answer, saying, sse,
};
use futures::StreamExt;
use serde_json::{Value, json};
use workflow_httpkit::testing::Then;
use workflow_llm::{Delivery, Model, ModelChunk};

fn event(chunk: &Value) -> Vec<u8> {
    format!("data: {chunk}\n\n").into_bytes()
}

fn text(text: &str) -> Vec<u8> {
    event(&json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
}

fn stop() -> Vec<u8> {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
}

/// The head of a streamed answer, and these bytes.
fn stream(pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let head = [OK_SSE.as_bytes().to_vec()];
    head.into_iter().chain(pieces.iter().cloned()).collect()
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_the_timeout_of_the_phase() {
    for (total, words) in [
        (None, "120s to continue its answer"),
        (Some(60), "60s for its whole answer"),
    ] {
        let server = saying(stream(&[text("Hi")]), Then::Stall).await;
        let mut builder = builder(&server.base_url);
        if let Some(total) = total {
            builder = builder.with_total_timeout(Duration::from_secs(total));
        }
        let mut answer = ask(&builder.build().unwrap(), hello());
        assert!(matches!(answer.next().await, Some(Ok(ModelChunk::Text(_)))));
        tokio::time::pause();
        let error = hear(answer).await.end.unwrap_err();
        assert_eq!(
            (error.code(), error.retry_limit(), error.delivery()),
            ("model_timeout", None, Delivery::Reached)
        );
        assert!(error.to_string().contains(words), "{error}");
        tokio::time::resume();
        server.hung_up.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_never_begins_is_left_after_the_first_byte_timeout() {
    for pieces in [vec![], stream(&[])] {
        let server = saying(pieces, Then::Stall).await;
        let client = client(&server.base_url);
        let asked = tokio::spawn(async move { error_of(&client, hello()).await });
        server.answered.await.unwrap();
        tokio::time::pause();
        let error = asked.await.unwrap();
        assert_eq!(error.code(), "model_timeout");
        assert!(
            error.to_string().contains("300s to begin its answer"),
            "{error}"
        );
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_connection_that_stays_open_after_the_answer_delays_it_little() {
    // Nothing follows `[DONE]`, so nothing is waited for; token counts may follow a finish reason.
    for (end, most) in [
        ([stop(), b"data: [DONE]\n\n".to_vec()].concat(), 0),
        (stop(), 5),
    ] {
        for then in [Then::Stall, Then::Reset] {
            let server = saying(stream(&[text("Hi"), end.clone()]), then).await;
            let mut answer = ask(&client(&server.base_url), hello());
            assert!(matches!(answer.next().await, Some(Ok(ModelChunk::Text(_)))));
            server.answered.await.unwrap();
            tokio::time::pause();
            let before = tokio::time::Instant::now();
            let heard = hear(answer).await;
            assert_eq!(heard.end.unwrap().text, "Hi");
            assert!(
                before.elapsed() <= Duration::from_millis(most * 1_000 + 100),
                "{:?}",
                before.elapsed()
            );
            tokio::time::resume();
        }
    }
}

#[tokio::test]
async fn a_finish_reason_after_each_chunk_does_not_end_the_answer() {
    // The second text comes after a finish reason, so later ones mean nothing.
    let pieces = stream(&[text("a"), stop(), text("b"), stop()]);
    let server = saying(pieces, Then::Stall).await;
    let mut answer = ask(&client(&server.base_url), hello());
    for _ in 0..2 {
        assert!(matches!(answer.next().await, Some(Ok(ModelChunk::Text(_)))));
    }
    tokio::time::pause();
    let error = hear(answer).await.end.unwrap_err();
    assert!(error.to_string().contains("120s to continue"), "{error}");
    tokio::time::resume();

    let server = saying(stream(&[text("a"), stop(), text("b"), stop()]), Then::Close).await;
    assert_eq!(
        hear(ask(&client(&server.base_url), hello()))
            .await
            .end
            .unwrap()
            .text,
        "ab"
    );
}

#[tokio::test]
async fn dropping_an_answer_closes_the_connection() {
    let server = saying(stream(&[text("Hi")]), Then::Stall).await;
    let mut answer = ask(&client(&server.base_url), hello());
    answer.next().await.unwrap().unwrap();
    drop(answer);
    server.hung_up.await.unwrap();

    let server = saying(vec![], Then::Stall).await;
    let mut answer = ask(&client(&server.base_url), hello());
    tokio::select! {
        _ = answer.next() => panic!("nothing was said"),
        answered = server.answered => answered.unwrap(),
    }
    drop(answer);
    server.hung_up.await.unwrap();
}

#[tokio::test]
async fn nothing_is_sent_before_an_answer_is_polled() {
    let server = answering(answer(200, "{}")).await;
    let client = client(&server.uri());
    drop(ask(&client, hello()));
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn every_byte_of_an_answer_counts_while_it_arrives() {
    let call = |arguments: &str| {
        event(
            &json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "order", "arguments": arguments}}]}}]}),
        )
    };
    let endless = [b"data: {\"x\":\"".to_vec(), vec![b'a'; 5_000]].concat();
    let comments = b": keep-alive\n\n".repeat(500);
    for pieces in [
        vec![call(&"1".repeat(3_000)), call(&"1".repeat(3_000))],
        vec![text(&"a".repeat(5_000))],
        vec![endless],
        vec![comments],
    ] {
        // The server sends no end: the error comes when the limit is exceeded, and not with the whole answer.
        let server = saying(stream(&pieces), Then::Stall).await;
        let client = builder(&server.base_url)
            .with_max_reply_bytes(4_000)
            .build()
            .unwrap();
        let error = error_of(&client, hello()).await;
        assert_eq!(
            (error.code(), error.retry_limit()),
            ("answer_too_large", Some(0))
        );
        assert!(
            error
                .to_string()
                .contains("larger than 4000 bytes (`max_reply_bytes`)"),
            "{error}"
        );
        server.hung_up.await.unwrap();
    }
}

#[tokio::test]
async fn a_broken_connection_is_retried_without_what_came_before() {
    let server = saying(stream(&[text("Hi")]), Then::Reset).await;
    let heard = hear(ask(&client(&server.base_url), hello())).await;
    assert_eq!(heard.text, "Hi");
    let error = heard.end.unwrap_err();
    assert_eq!(
        (error.code(), error.retry_limit(), error.has_final_usage()),
        ("answer_interrupted", None, false)
    );
}

#[tokio::test]
async fn requests_wait_for_a_slot_and_leave_the_queue_when_they_are_dropped() {
    let server = saying(stream(&[text("Hi")]), Then::Stall).await;
    let client = builder(&server.base_url)
        .with_max_in_flight(1)
        .with_max_queued(1)
        .build()
        .unwrap();
    let mut first = ask(&client, hello());
    first.next().await.unwrap().unwrap();
    let mut second = ask(&client, hello());
    let Some(Ok(ModelChunk::Queued { queue, position })) = second.next().await else {
        panic!("it waits")
    };
    assert_eq!((queue.as_str(), position), ("m1", 1));
    let error = error_of(&client, hello()).await;
    assert_eq!(
        (error.code(), error.is_retryable(), error.delivery()),
        ("queue_full", true, Delivery::NotSent)
    );
    drop(second);
    let mut third = ask(&client, hello());
    assert!(matches!(
        third.next().await,
        Some(Ok(ModelChunk::Queued { .. }))
    ));
    // Dropping the one in flight frees its slot. The server answers one connection only.
    drop(first);
    assert!(matches!(third.next().await, Some(Ok(ModelChunk::Admitted))));
    assert_eq!(
        hear(third).await.end.unwrap_err().code(),
        "connection_failed"
    );
    client.set_limits(7, Some(9));
    assert_eq!(
        (client.limits().in_flight, client.limits().per_minute),
        (7, Some(9))
    );
}

#[tokio::test]
async fn a_retry_takes_of_the_retry_budget() {
    let server = answering(answer(500, "{}")).await;
    let client = builder(&server.uri()).with_retry_budget(1).build().unwrap();
    assert!(client.has_retries() && client.grants_retry());
    let mut retry = hello();
    retry.is_retry = true;
    error_of(&client, retry).await;
    assert!(!client.grants_retry());
    let none = builder(&server.uri()).with_retry_budget(0).build().unwrap();
    assert!(!none.has_retries());
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let mut body = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut body, &[text("Hi"), stop()].concat()).unwrap();
    let answer = sse(body.finish().unwrap()).insert_header("content-encoding", "gzip");
    let server = answering(answer).await;
    assert_eq!(
        hear(ask(&client(&server.uri()), hello()))
            .await
            .end
            .unwrap()
            .text,
        "Hi"
    );
}
