//! Servers and proxies that behave badly: silent, broken, redirecting, too busy.
#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
    time::timeout,
};
use workflow_client::{Client, ClientBuilder, ErrorKind, RunId, Start, Update};
use workflow_httpkit::testing::{self, RawServer};

const RUN: &str = "0197f9d2-6f3e-7000-8000-000000000001";

const SSE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 1000\n: ok\n\n";

fn event(seq: u64, name: &str) -> String {
    let event = json!({"seq": seq, "run_id": RUN, "time": "2026-01-31T12:00:00Z", "type": name, "output": 1,
                       "duration_ms": 1});
    format!("id: {seq}\nevent: {name}\ndata: {event}\n\n")
}

fn delta(offset: usize, text: &str) -> String {
    let delta = json!({"run_id": RUN, "type": "node.delta", "node": "a", "path": "a", "attempt": 1, "kind": "text",
                       "offset": offset, "delta": text});
    format!("event: node.delta\ndata: {delta}\n\n")
}

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// What the server does after its bytes are sent.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Close,
    Stall,
}

/// A server with one script for each connection. Returns the heads of the requests.
async fn server(scripts: Vec<(String, Then)>) -> (ClientBuilder, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = tokio::spawn(async move {
        let mut requests = Vec::new();
        let mut stalled = Vec::new();
        for (bytes, then) in scripts {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                assert_ne!(socket.read_buf(&mut head).await.unwrap(), 0);
            }
            requests.push(String::from_utf8_lossy(&head).into_owned());
            socket.write_all(bytes.as_bytes()).await.unwrap();
            if then == Then::Stall {
                stalled.push(socket);
            }
        }
        requests
    });
    (Client::builder(&url), requests)
}

fn run() -> RunId {
    RUN.parse().unwrap()
}

fn seqs(updates: &[Update]) -> Vec<u64> {
    updates.iter().filter_map(Update::seq).collect()
}

#[tokio::test]
async fn a_silent_and_a_broken_stream_are_opened_again_after_the_last_event() {
    let (first, second) = (event(1, "run.created.later"), event(2, "run.started"));
    let (third, last) = (event(3, "run.resumed"), event(4, "run.completed"));
    let (builder, requests) = server(vec![
        (format!("{SSE}{first}{}", delta(0, "Ti")), Then::Stall),
        (
            format!("{SSE}{second}{}data: {{\"seq\":3", delta(0, "Tide")),
            Then::Close,
        ),
        (String::new(), Then::Stall),
        (
            format!("{SSE}{second}{third}{}{last}", delta(0, "Tides")),
            Then::Stall,
        ),
    ])
    .await;
    let builder = builder.with_silence(Duration::from_millis(400));
    let updates = builder.build().unwrap().follow(run());
    let updates: Vec<Update> = updates.try_collect().await.unwrap();
    assert_eq!(seqs(&updates), [1, 2, 3, 4]);
    let text = updates.iter().filter_map(|update| match update {
        Update::Delta(delta) => Some(delta.text.as_str()),
        _ => None,
    });
    assert_eq!(text.collect::<String>(), "Tides");
    let after = requests.await.unwrap();
    assert!(!after[0].contains("last-event-id"), "{}", after[0]);
    for (request, seq) in after[1..].iter().zip([1, 2, 2]) {
        assert!(
            request.contains(&format!("last-event-id: {seq}\r\n")),
            "{request}"
        );
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_its_connection() {
    let bytes = format!("{SSE}{}", event(1, "run.started"));
    let server = RawServer::start(vec![bytes.into_bytes()], testing::Then::Stall, |_| {});
    let server = server.await.unwrap();
    let mut updates = Client::builder(&server.base_url)
        .build()
        .unwrap()
        .follow(run());
    assert_eq!(updates.next().await.unwrap().unwrap().seq(), Some(1));
    drop(updates);
    let closed = timeout(Duration::from_secs(20), server.hung_up).await;
    assert!(closed.is_ok_and(|closed| closed.is_ok()));
}

#[tokio::test]
async fn a_missing_event_is_read_again() {
    let (builder, requests) = server(vec![
        (
            format!(
                "{SSE}{}{}",
                event(1, "run.started"),
                event(3, "run.completed")
            ),
            Then::Stall,
        ),
        (
            format!(
                "{SSE}{}{}",
                event(2, "run.resumed"),
                event(3, "run.completed")
            ),
            Then::Stall,
        ),
    ])
    .await;
    let updates = builder.build().unwrap().follow(run());
    let updates: Vec<Update> = updates.try_collect().await.unwrap();
    assert_eq!(seqs(&updates), [1, 2, 3]);
    assert!(requests.await.unwrap()[1].contains("last-event-id: 1\r\n"));
}

#[tokio::test]
async fn no_content_ends_the_stream_of_a_run_that_ended_in_an_unknown_way() {
    let (builder, requests) = server(vec![
        (format!("{SSE}{}", event(1, "run.exploded")), Then::Close),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), Then::Close),
    ])
    .await;
    let updates = builder.build().unwrap().follow(run());
    let updates: Vec<Update> = updates.try_collect().await.unwrap();
    assert!(matches!(&updates[..], [Update::Other(it)] if it.name == "run.exploded"));
    assert_eq!(requests.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_server_that_greets_and_breaks_off_each_time_is_given_up() {
    let broken = (SSE.to_owned(), Then::Close);
    let (builder, _) = server(vec![broken; 50]).await;
    let client = builder.with_retry_for(Duration::from_millis(600)).build();
    let mut updates = client.unwrap().follow(run());
    let error = updates.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(updates.next().await.is_none(), "an error is the last item");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_with_the_same_idempotency_key() {
    let busy = "content-type: application/problem+json\r\nretry-after: 0\r\n";
    let problem =
        json!({"title": "Busy", "code": "busy", "detail": "busy", "status": 429}).to_string();
    let (builder, requests) = server(vec![
        (
            response("429 Too Many Requests", busy, &problem),
            Then::Close,
        ),
        // The response is lost, and the run may have started.
        (String::new(), Then::Close),
        (response("502 Bad Gateway", "", "<html>"), Then::Close),
        (
            response("422 Unprocessable Content", busy, &problem),
            Then::Close,
        ),
    ])
    .await;
    let client = builder.build().unwrap();
    let error = client
        .start(RUN.parse().unwrap(), json!(1))
        .await
        .unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(422), "busy"));
    let requests = requests.await.unwrap();
    let key = |head: &str| {
        head.lines()
            .find(|line| line.starts_with("idempotency-key: "))
            .map(str::to_owned)
    };
    assert!(
        key(&requests[0])
            .is_some_and(|first| requests.iter().all(|it| key(it).as_ref() == Some(&first)))
    );
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_not_repeated() {
    let (builder, _) = server(Vec::new()).await;
    let client = builder.build().unwrap();
    let start = Start::new(json!(1)).with_idempotency_key("a\nb");
    let error = client.start(RUN.parse().unwrap(), start).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn creating_is_not_repeated_after_a_lost_response() {
    let (builder, requests) = server(vec![(String::new(), Then::Close)]).await;
    let error = builder
        .build()
        .unwrap()
        .create_workflow(&json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(requests.await.unwrap().len(), 1);
}

#[tokio::test]
async fn errors_show_neither_key_nor_more_than_a_little_of_a_foreign_response() {
    let body = format!("no such key: s3cret-key-17 {}", "x".repeat(10_000));
    let (builder, requests) = server(vec![
        (response("401 Unauthorized", "", &body), Then::Close),
        (
            response(
                "308 Permanent Redirect",
                "location: https://elsewhere.example/\r\n",
                "",
            ),
            Then::Close,
        ),
        (response("200 OK", "", "<html>"), Then::Close),
    ])
    .await;
    let client = builder.with_api_key("s3cret-key-17").build().unwrap();
    assert!(!format!("{client:?}").contains("s3cret"));
    let mut texts = Vec::new();
    for kind in [ErrorKind::Refused, ErrorKind::Protocol, ErrorKind::Protocol] {
        let error = client.run(run()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        texts.push(format!("{error} {error:?}"));
    }
    assert!(
        texts[0].starts_with(
            "failed to read the run: the response is 401 Unauthorized: no such key: ***"
        )
    );
    assert!(texts[0].len() < 2_000 && texts.iter().all(|text| !text.contains("s3cret")));
    assert!(
        texts[1].contains("redirects to https://elsewhere.example/"),
        "{}",
        texts[1]
    );
    assert!(requests.await.unwrap()[0].contains("authorization: Bearer s3cret-key-17\r\n"));
}

#[test]
fn a_base_url_with_a_password_is_refused_without_showing_it() {
    for (url, key) in [
        ("localhost:8000", "k"),
        ("http://user:s3cret@localhost", "k"),
        ("http://localhost/?key=s3cret", "k"),
        ("ftp://localhost", "k"),
        ("http://localhost", "s3cret\nx"),
        ("http://localhost", " "),
    ] {
        let error = Client::builder(url).with_api_key(key).build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}

/// The begin of a recording in chunks, without its end: the client has to notice that it is not whole.
fn begun(lines: &str) -> String {
    let length = lines.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{lines}\r\n"
    )
}

#[tokio::test]
async fn a_recording_that_breaks_off_is_continued_after_its_last_line() {
    let rest = response(
        "200 OK",
        "content-type: application/x-ndjson\r\n",
        "{\"seq\": 2, \"new\": [1]}\n{\"seq\": 3}\n",
    );
    let (builder, requests) = server(vec![
        (begun("{\"seq\": 1}\n{\"se"), Then::Close),
        (rest, Then::Close),
    ])
    .await;
    let client = builder.build().unwrap();
    let lines: Vec<_> = client.recording(run()).try_collect().await.unwrap();
    assert_eq!(
        lines,
        ["{\"seq\": 1}", "{\"seq\": 2, \"new\": [1]}", "{\"seq\": 3}"],
        "lines are not changed"
    );
    let requests = requests.await.unwrap();
    assert!(requests[0].starts_with(&format!("GET /api/runs/{RUN}/events?after=0 ")));
    assert!(requests[0].contains("accept: application/x-ndjson\r\n"));
    assert!(requests[1].starts_with(&format!("GET /api/runs/{RUN}/events?after=1 ")));
}

#[tokio::test]
async fn a_recording_that_is_no_json_is_an_error() {
    let page = response("200 OK", "", "<html>\n</html>\n");
    let (builder, _requests) = server(vec![(page, Then::Close)]).await;
    let client = builder.build().unwrap();
    let lines: Vec<_> = client.recording(run()).collect().await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].as_ref().unwrap_err().kind(), ErrorKind::Protocol);
}
