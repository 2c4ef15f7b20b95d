//! The accept loop, over real sockets.

mod support;

use std::time::Duration;

use support::{Api, Wire, serve, two_steps};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use workflow_http::Options;

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let begun = Instant::now();
    assert_eq!(Wire::connect(address).await.all().await, "");
    assert_eq!(begun.elapsed().as_secs(), 30);
}

#[tokio::test]
async fn a_large_body_is_refused_after_it_was_sent() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let host = format!("Host: {address}");
    for bytes in [1024 * 1024 + 1, 8 * 1024 * 1024] {
        let head = ["POST /api/workflows HTTP/1.1", &host];
        let mut wire = Wire::send(address, &head, &" ".repeat(bytes)).await;
        assert_eq!(
            wire.status().await,
            "http/1.1 413 payload too large",
            "{bytes}"
        );
    }
}

#[tokio::test]
async fn a_large_body_with_expect_is_refused_before_it_is_sent() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test(start_paused = true)]
async fn a_large_announced_body_is_refused_without_waiting_for_it() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

async fn status(api: &Api, method: &str, host: &str, more: &[&str]) -> String {
    let (address, serving) = serve(api).await;
    let line = format!("{method} /api/workflows HTTP/1.1");
    let host = format!(
        "Host: {}",
        host.replace("PORT", &address.port().to_string())
    );
    let more: Vec<String> = more
        .iter()
        .map(|line| line.replace("PORT", &address.port().to_string()))
        .collect();
    let head: Vec<&str> = [
        line.as_str(),
        host.as_str(),
        "Content-Type: application/json",
    ]
    .into_iter()
    .chain(more.iter().map(String::as_str))
    .collect();
    let body = if method == "POST" {
        two_steps().to_string()
    } else {
        String::new()
    };
    let status = Wire::send(address, &head, &body).await.status().await;
    serving.abort();
    status
}

#[tokio::test]
async fn without_a_key_only_names_of_this_machine_are_served() {
    let api = Api::new();
    for host in [
        "localhost",
        "LOCALHOST:PORT",
        "127.0.0.1:PORT",
        "[::1]:9",
        "127.0.0.2",
    ] {
        assert_eq!(
            status(&api, "GET", host, &[]).await,
            "http/1.1 200 ok",
            "{host}"
        );
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "192.168.0.1",
        "evil.example:PORT",
        "",
    ] {
        assert_ne!(
            status(&api, "GET", host, &[]).await,
            "http/1.1 200 ok",
            "{host}"
        );
    }
    assert_eq!(
        status(&api, "GET", "evil.example", &[]).await,
        "http/1.1 403 forbidden"
    );
}

#[tokio::test]
async fn pages_of_other_sites_cannot_write() {
    let origin = "http://localhost:3000".parse().unwrap();
    let api = Api::with(Options::default().with_cors_origin(origin));
    let post = async |origin: &str| {
        status(
            &api,
            "POST",
            "localhost:PORT",
            &[&format!("Origin: {origin}")],
        )
        .await
    };
    for own in ["http://localhost:PORT", "http://localhost:3000"] {
        assert_eq!(post(own).await, "http/1.1 201 created", "{own}");
    }
    for foreign in [
        "http://evil.example",
        "http://localhost:3001",
        "null",
        "http://localhost:3000.evil.example",
    ] {
        assert_eq!(post(foreign).await, "http/1.1 403 forbidden", "{foreign}");
    }
    assert_eq!(
        status(&api, "POST", "localhost", &[]).await,
        "http/1.1 201 created"
    );
    let read = status(&api, "GET", "localhost", &["Origin: http://evil.example"]).await;
    assert_eq!(read, "http/1.1 200 ok");
}

#[tokio::test]
async fn shutdown_ends_streams_cleanly_and_then_the_service() {
    let api = Api::new();
    let run = api.start().await;
    let (address, serving) = serve(&api).await;
    let mut wire = Wire::get(address, &format!("{run}/events"), &[]).await;
    wire.head().await;
    wire.chunk().await.unwrap();
    let mut idle = Wire::get(address, "/healthz", &[]).await;
    idle.head().await;

    api.shutdown.cancel();

    wire.frames().await;
    assert_eq!(idle.all().await, r#"{"status":"ok"}"#);
    let ended = timeout(Duration::from_secs(4), serving).await;
    ended
        .expect("it ends before the grace period")
        .unwrap()
        .unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_hanging_request_delays_shutdown_for_a_bounded_time() {
    let api = Api::new();
    let (address, serving) = serve(&api).await;
    let mut half = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    half.write_all(head.as_bytes()).await.unwrap();
    // The handler waits for the body, which never arrives.
    half.read_exact(&mut [0; 25]).await.unwrap();
    let begun = Instant::now();
    api.shutdown.cancel();
    serving.await.unwrap().unwrap();
    assert_eq!(begun.elapsed().as_secs(), 5);
}
