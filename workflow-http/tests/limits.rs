//! Each limit has a problem code.

mod support;

use std::{net::SocketAddr, time::Duration};

use support::{Answer, Api, Wire, idle, request, serve, two_steps, with_body};
use tokio::time::Instant;
use workflow_http::{Limits, Options};

fn limited(limits: Limits) -> Api {
    Api::with(Options::default().with_limits(limits))
}

async fn healthz(address: SocketAddr, more: &[&str]) -> Answer {
    Wire::get(address, "/healthz", more).await.answer().await
}

/// Sends raw bytes and reads the response.
async fn raw(address: SocketAddr, text: &str) -> Answer {
    let mut wire = Wire::connect(address).await;
    wire.write(text).await;
    wire.answer().await
}

#[tokio::test]
async fn a_head_is_limited_to_sixteen_kibibytes() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let with_header = async |bytes: usize| {
        let header = format!("X-Long: {}", "x".repeat(bytes));
        healthz(address, &[&header]).await
    };
    assert_eq!(with_header(16 * 1024 - 200).await.status, 200);
    // The largest head is still being sent when the response is ready.
    for bytes in [16 * 1024, 100 * 1024, 1024 * 1024 - 1024] {
        let refused = with_header(bytes).await;
        assert_eq!(refused.refusal(), (431, "head_too_large".into()), "{bytes}");
        assert_eq!(refused.header("connection"), "close");
    }
}

#[tokio::test]
async fn a_head_is_limited_to_a_hundred_headers() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    // `Host` and `Content-Length` count, too.
    let headers: Vec<String> = (0..99).map(|n| format!("X-{n}: y")).collect();
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    assert_eq!(healthz(address, &headers[..98]).await.status, 200);
    let refused = healthz(address, &headers).await;
    assert_eq!(refused.refusal(), (431, "head_too_large".into()));
}

#[tokio::test]
async fn a_url_is_limited_to_eight_kibibytes() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let with_url = async |bytes: usize| {
        let path = format!("/healthz?{}", "q".repeat(bytes - "/healthz?".len()));
        Wire::get(address, &path, &[]).await.answer().await
    };
    assert_eq!(with_url(8 * 1024).await.status, 200);
    let refused = with_url(8 * 1024 + 1).await;
    assert_eq!(refused.refusal(), (414, "url_too_long".into()));
    // A URL that is longer than the limit of the head is not read to its end.
    assert_eq!(with_url(17 * 1024).await.status, 431);
}

#[tokio::test]
async fn a_malformed_request_is_a_problem() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    for text in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/9\r\n\r\n",
        "\u{1}\u{2}\u{3}\r\n\r\n",
    ] {
        let refused = raw(address, text).await;
        assert_eq!(
            refused.refusal(),
            (400, "malformed_request".into()),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_above_the_limit_gets_a_problem_until_another_closes() {
    let api = limited(Limits::default().with_connections(2));
    let (address, _serving) = serve(&api).await;
    let mut first = Wire::get(address, "/healthz", &[]).await;
    assert_eq!(first.answer().await.status, 200);
    let _second = Wire::connect(address).await;

    let mut third = Wire::get(address, "/healthz", &[]).await;
    let refused = third.answer().await;
    assert_eq!(refused.refusal(), (503, "too_many_connections".into()));
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(third.all().await, "", "it is closed");

    drop(first);
    idle().await;
    assert_eq!(healthz(address, &[]).await.status, 200);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_burst_of_connections_waits_in_the_kernel() {
    // More than the 128 of a listener of std or tokio. Before Linux 5.4, that was also the default limit of the system.
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let burst = allowed
        .trim()
        .parse()
        .map_or(0, |allowed: u32| allowed.min(400));
    assert!(burst > 128, "`net.core.somaxconn` is {allowed}");
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    assert_eq!(healthz(address, &[]).await.status, 200);
    // Nothing is accepted meanwhile: the service runs on this thread.
    let connect = |_| std::net::TcpStream::connect_timeout(&address, Duration::from_millis(900));
    let burst: Result<Vec<_>, _> = (0..burst).map(connect).collect();
    assert!(burst.is_ok(), "{burst:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_above_the_limit_is_closed() {
    let api = limited(Limits::default().with_connections(0));
    let (address, _serving) = serve(&api).await;
    let begun = Instant::now();
    assert_eq!(Wire::connect(address).await.all().await, "");
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays_open_longer_than_those_of_proxies() {
    let api = Api::new();
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, "/healthz", &[]).await;
    wire.answer().await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    wire.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert_eq!(wire.answer().await.status, 200);
    let answered = Instant::now();
    assert_eq!(wire.all().await, "");
    assert_eq!(answered.elapsed().as_secs(), 75);

    let short = limited(Limits::default().with_keep_alive(Duration::from_secs(3)));
    let (address, _serving) = serve(&short).await;
    let mut wire = Wire::get(address, "/healthz", &[]).await;
    wire.answer().await;
    let answered = Instant::now();
    assert_eq!(wire.all().await, "");
    assert_eq!(answered.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_refused() {
    let api = limited(Limits::default().with_body_time(Duration::from_secs(7)));
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::connect(address).await;
    wire.write("POST /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        .await;
    let begun = Instant::now();
    for _ in 0..6 {
        wire.write(" ").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let refused = wire.answer().await;
    assert_eq!(refused.refusal(), (408, "body_too_slow".into()));
    assert_eq!(begun.elapsed().as_secs(), 7);
    assert_eq!(wire.all().await, "", "it is closed");
}

#[tokio::test]
async fn readers_of_a_run_are_limited() {
    let api = limited(Limits::default().with_readers_per_run(2));
    let run = api.start().await;
    let events = format!("{run}/events");
    let first = api.events(&run).await;
    let _second = api.events(&run).await;
    let refused = api.get(&events).await;
    assert_eq!(refused.refusal(), (429, "too_many_readers".into()));
    assert_eq!(refused.header("retry-after"), "5");

    let page = request("GET", &events).header("accept", "application/json");
    let page = api.ask(with_body(page, "")).await;
    assert_eq!(page.status, 200, "a page does not count as a reader");
    let other = api.start().await;
    api.events(&other).await;

    drop(first);
    api.events(&run).await;
}

#[tokio::test]
async fn the_simple_stream_counts_as_a_reader() {
    let api = limited(Limits::default().with_readers_per_run(0));
    let workflow = api.create(two_steps()).await;
    let refused = api.post(&format!("{workflow}/run"), r#"{"input":1}"#).await;
    assert_eq!(refused.refusal(), (429, "too_many_readers".into()));
    let run = api.get(refused.header("location")).await;
    assert_eq!(run.status, 200, "it runs all the same");
}
