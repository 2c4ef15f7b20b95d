//! Clients receive refusals even while they are still sending.

#![allow(clippy::unwrap_used, reason = "a test fails where its set-up fails")]

mod support;

use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use support::{Answer, Api, Wire, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};
use workflow_http::{Limits, Options};

const KEY: &str = "0123456789abcdef";

/// A request that is refused before its body is read.
struct Refused {
    name: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    status: u16,
}

const KEYED: &str = "x-api-key: 0123456789abcdef";

const REFUSED: [Refused; 5] = [
    Refused {
        name: "a wrong key",
        path: "/api/workflows",
        headers: &["x-api-key: 0123456789abcdeX"],
        status: 401,
    },
    Refused {
        name: "a foreign origin",
        path: "/api/workflows",
        headers: &[KEYED, "origin: http://evil.example"],
        status: 403,
    },
    Refused {
        name: "an unknown path",
        path: "/api/nowhere",
        headers: &[KEYED],
        status: 404,
    },
    Refused {
        name: "a wrong method",
        path: "/api/runs",
        headers: &[KEYED],
        status: 405,
    },
    Refused {
        name: "a wrong media type",
        path: "/api/workflows",
        headers: &[KEYED, "content-type: text/plain"],
        status: 415,
    },
];

impl Refused {
    fn head(&self, bytes: usize) -> String {
        let mut head = format!("POST {} HTTP/1.1\r\nhost: localhost\r\n", self.path);
        for header in self.headers {
            head += header;
            head += "\r\n";
        }
        head + &format!("content-length: {bytes}\r\n\r\n")
    }

    /// Sends the whole body before it reads, as simple clients do. Returns the status, and whether the connection stays open.
    async fn sent(&self, address: SocketAddr, bytes: usize) -> Option<(u16, bool)> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(self.head(bytes).as_bytes()).await.ok()?;
        let body = vec![b' '; bytes];
        for piece in body.chunks(64 * 1024) {
            stream.write_all(piece).await.ok()?;
        }
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut buffer).await.ok()?;
            if read == 0 {
                return None;
            }
            answer.extend_from_slice(&buffer[..read]);
        }
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.get(9..12)?.parse().ok()?;
        Some((status, !answer.contains("connection: close")))
    }
}

async fn keyed(limits: Limits) -> (Api, SocketAddr) {
    let options = Options::default().with_api_key(KEY.parse().unwrap());
    let limits = limits.with_wrong_keys_per_minute(100_000);
    let api = Api::with(options.with_limits(limits));
    let (address, _) = serve(&api).await;
    (api, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_many_clients_sees_the_status_and_no_reset() {
    let (_api, address) = keyed(Limits::default()).await;
    for refused in &REFUSED {
        for (bytes, clients) in [(2, 100), (50_000, 100), (900_000, 60), (3_000_000, 10)] {
            let sent = (0..clients).map(|_| refused.sent(address, bytes));
            for answer in join_all(sent).await {
                let (status, _) =
                    answer.unwrap_or_else(|| panic!("{}, {bytes}: a reset", refused.name));
                assert_eq!(status, refused.status, "{}, {bytes}", refused.name);
            }
        }
    }
}

#[tokio::test]
async fn after_a_small_body_the_connection_stays_usable() {
    let (_api, address) = keyed(Limits::default()).await;
    for refused in &REFUSED {
        let mut wire = Wire::connect(address).await;
        for _ in 0..3 {
            wire.write(&(refused.head(10) + "0123456789")).await;
            let answer = wire.answer().await;
            assert_eq!(answer.status, refused.status, "{}", refused.name);
            assert_eq!(answer.header("connection"), "", "{}", refused.name);
        }
        wire.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        assert_eq!(wire.answer().await.status, 200, "{}", refused.name);
    }
}

#[tokio::test]
async fn a_missing_body_does_not_delay_the_refusal_and_closes_the_connection() {
    let (_api, address) = keyed(Limits::default()).await;
    for refused in &REFUSED {
        for expect in ["", "expect: 100-continue\r\n"] {
            let mut wire = Wire::connect(address).await;
            let head = refused
                .head(500_000)
                .replacen("host:", &format!("{expect}host:"), 1);
            wire.write(&head).await;
            let answer = timeout(Duration::from_secs(3), wire.answer()).await;
            let answer: Answer = answer.expect("the response does not wait for the body");
            assert_eq!(answer.status, refused.status, "{} {expect}", refused.name);
            assert_eq!(
                answer.header("connection"),
                "close",
                "{} {expect}",
                refused.name
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_drained_for_a_bounded_time() {
    let (_api, address) = keyed(Limits::default()).await;
    let mut wire = Wire::connect(address).await;
    wire.write(&REFUSED[0].head(30_000_000)).await;
    assert_eq!(wire.answer().await.status, 401);
    for _ in 0..4 {
        wire.write(&" ".repeat(1000)).await;
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(wire.all().await, "", "it ends without a reset");
}

/// A request without the last byte of its body.
async fn nearly_complete(address: SocketAddr, bytes: usize) -> Wire {
    let mut wire = Wire::connect(address).await;
    let head = format!(
        "POST /api/workflows HTTP/1.1\r\nhost: localhost\r\n{KEYED}\r\ncontent-length: {bytes}\r\n\r\n"
    );
    wire.write(&(head + &" ".repeat(bytes - 1))).await;
    wire
}

#[tokio::test(start_paused = true)]
async fn all_bodies_being_received_are_limited_together() {
    const BODY: usize = 200_000;
    let limits = Limits::default().with_bodies_bytes(1_000_000);
    let (_api, address) = keyed(limits).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(nearly_complete(address, BODY).await);
    }
    support::idle().await;
    let mut over = nearly_complete(address, BODY).await;
    let refused = over.answer().await;
    assert_eq!(refused.refusal(), (503, "too_many_bodies".into()));
    assert_eq!(refused.header("retry-after"), "1");

    // Small bodies do not count.
    for bytes in [2, 16_000] {
        let mut small = nearly_complete(address, bytes).await;
        small.write(" ").await;
        assert_eq!(small.answer().await.refusal(), (400, "invalid_json".into()));
    }

    // A body that ends, in any way, releases its bytes.
    let mut first = held.remove(0);
    first.write(" ").await;
    assert_eq!(first.answer().await.status, 400);
    drop(held.remove(0));
    support::idle().await;
    let mut next = nearly_complete(address, BODY).await;
    next.write(" ").await;
    assert_eq!(next.answer().await.refusal(), (400, "invalid_json".into()));
}

#[tokio::test(start_paused = true)]
async fn repeated_wrong_keys_are_refused_for_their_address() {
    let options = Options::default().with_api_key(KEY.parse().unwrap());
    let limits = Limits::default().with_wrong_keys_per_minute(6);
    let api = Api::with(options.with_limits(limits));
    let (address, _serving) = serve(&api).await;
    let ask = async |key: &str| {
        let header = format!("x-api-key: {key}");
        let mut wire = Wire::get(address, "/api/runs", &[&header]).await;
        wire.answer().await
    };
    for _ in 0..6 {
        assert_eq!(ask("0123456789abcdeX").await.status, 401);
    }
    for key in ["0123456789abcdeX", KEY] {
        let slowed = ask(key).await;
        assert_eq!(
            slowed.refusal(),
            (429, "too_many_wrong_keys".into()),
            "{key}"
        );
        assert_eq!(slowed.header("retry-after"), "10");
    }
    let unkeyed = Wire::get(address, "/api/runs", &[]).await.answer().await;
    assert_eq!(
        unkeyed.status, 401,
        "a request without a key is not a guess"
    );
    sleep(Duration::from_secs(10)).await;
    assert_eq!(ask(KEY).await.status, 200);
    for _ in 0..8 {
        ask("0123456789abcdeX").await;
    }
    assert_eq!(ask(KEY).await.status, 200, "it was right before");
}
