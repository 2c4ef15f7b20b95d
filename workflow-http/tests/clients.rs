//! Clients that read slowly, stall, reset or vanish cost nothing that lasts.

mod support;

use std::{
    convert::Infallible,
    iter,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body};
use futures::stream;
use support::{Api, Wire, idle, serve};
use tokio::{
    io::AsyncWriteExt,
    net::TcpSocket,
    time::{Duration, Instant},
};
use workflow_http::{Limits, Options};

/// The bytes of a frame.
const FRAME: usize = 8 * 1024;

/// Answers without an end, in frames of this size.
#[derive(Default)]
struct Endless {
    /// How many are open.
    open: AtomicUsize,
    /// How many frames were taken.
    frames: AtomicUsize,
}

/// One of them.
struct Answer(Arc<Endless>);

impl Answer {
    fn frame(&self) -> String {
        self.0.frames.fetch_add(1, Ordering::Relaxed);
        "x".repeat(FRAME)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Endless {
    fn answer(self: Arc<Self>) -> Body {
        self.open.fetch_add(1, Ordering::Relaxed);
        let answer = Answer(self);
        Body::from_stream(stream::iter(iter::from_fn(move || {
            Some(Ok::<_, Infallible>(answer.frame()))
        })))
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn frames(&self) -> usize {
        self.frames.load(Ordering::Relaxed)
    }
}

/// An API that has endless answers only.
fn endless() -> (Api, Arc<Endless>) {
    let endless = Arc::<Endless>::default();
    let mut api = Api::new();
    let answers = Arc::clone(&endless);
    api.router = Router::new().fallback(move || async { answers.answer() });
    (api, endless)
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_reader_has_not_read_is_not_kept_for_it() {
    let (api, endless) = endless();
    let (address, serving) = serve(&api).await;
    let mut wire = Wire::get(address, "/", &[]).await;
    wire.head().await;
    for _ in 0..100 {
        wire.chunk().await.unwrap();
    }
    idle().await;
    let taken = endless.frames();
    idle().await;
    assert_eq!(endless.frames(), taken, "the stream is held");

    // What the system has taken over is delivered also when the service is gone.
    serving.abort();
    idle().await;
    let rest = wire.all().await;
    let delivered = 100 + rest.bytes().filter(|byte| *byte == b'x').count() / FRAME;
    let kept = taken - delivered;
    assert!(
        kept * FRAME <= 32 * 1024,
        "{kept} frames of {taken} were kept"
    );
}

#[tokio::test(start_paused = true)]
async fn the_system_keeps_little_for_a_reader_that_stalls() {
    for (buffer, most) in [(64 * 1024, 256 * 1024), (512 * 1024, 2 * 1024 * 1024)] {
        let (mut api, endless) = endless();
        let limits = Limits::default().with_send_buffer_bytes(buffer);
        api.options = api.options.clone().with_limits(limits);
        let (address, serving) = serve(&api).await;
        // What is taken beyond the client's own buffer is kept on the side of the service.
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_recv_buffer_size(4096).expect("it can be set");
        let mut stream = socket.connect(address).await.expect("it listens");
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).await.expect("it is read");
        let mut taken = 0;
        while taken == 0 || taken != endless.frames() {
            taken = endless.frames();
            for _ in 0..20 {
                idle().await;
            }
        }
        assert!(taken * FRAME <= most, "{buffer}: {} bytes", taken * FRAME);
        assert!(
            taken * FRAME >= buffer / 2,
            "{buffer}: {} bytes",
            taken * FRAME
        );
        serving.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_is_cut_off() {
    let (api, endless) = endless();
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, "/", &[]).await;
    wire.head().await;
    idle().await;
    let stalled = Instant::now();
    assert_eq!(endless.open(), 1);
    until(|| endless.open() == 0).await;
    assert_eq!(stalled.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_reads_a_little_now_and_then_is_not_cut_off() {
    let (api, endless) = endless();
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, "/", &[]).await;
    wire.head().await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(29)).await;
        // Enough for the system to take some more.
        for _ in 0..512 {
            wire.chunk().await.unwrap();
        }
    }
    assert_eq!(endless.open(), 1);
}

/// Waits for something, for a virtual minute at most.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if done() {
            return;
        }
        idle().await;
    }
    panic!("it has not come to this");
}

/// A service of which each run may have one reader, and a run with somebody to follow.
async fn one_reader() -> (Api, SocketAddr, String) {
    let limits = Limits::default().with_readers_per_run(1);
    let api = Api::with(Options::default().with_limits(limits));
    let run = api.start().await;
    let (address, _) = serve(&api).await;
    (api, address, format!("{run}/events"))
}

/// Whether somebody can follow the run, who then goes on with it.
async fn follow(address: SocketAddr, events: &str) -> Option<Wire> {
    let mut wire = Wire::get(address, events, &[]).await;
    let status = wire.status().await;
    (status == "http/1.1 200 ok").then_some(wire)
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_vanishes_leaves_its_place() {
    let (api, address, events) = one_reader().await;
    let mut reader = follow(address, &events).await.unwrap();
    reader.chunk().await.unwrap();
    assert!(follow(address, &events).await.is_none());
    drop(reader);
    idle().await;
    let mut second = follow(address, &events).await.unwrap();
    second.chunk().await.unwrap();
    second.reset();
    idle().await;
    let third = follow(address, &events).await.expect("a place is free");
    api.script.finish("done");
    let chunks = third.chunks().await;
    assert!(chunks.last().unwrap().contains("run.completed"));
}

#[tokio::test(start_paused = true)]
async fn a_reset_before_the_answer_begins_leaves_no_reader() {
    let (_api, address, events) = one_reader().await;
    for pauses in 0..20 {
        let wire = Wire::get(address, &events, &[]).await;
        // The reset meets the service at another point each time.
        for _ in 0..pauses {
            tokio::task::yield_now().await;
        }
        wire.reset();
        idle().await;
        let reader = follow(address, &events).await;
        assert!(reader.is_some(), "after {pauses} pauses a place is taken");
        drop(reader);
        idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_vanishes_within_its_body_leaves_no_connection() {
    let limits = Limits::default().with_connections(1);
    let api = Api::with(Options::default().with_limits(limits));
    let (address, _serving) = serve(&api).await;
    for reset in [false, true] {
        let mut wire = Wire::connect(address).await;
        let head =
            "POST /api/workflows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{";
        wire.write(head).await;
        idle().await;
        if reset {
            wire.reset();
        } else {
            drop(wire);
        }
        idle().await;
        let mut next = Wire::get(address, "/healthz", &[]).await;
        assert_eq!(next.answer().await.status, 200);
        drop(next);
        idle().await;
    }
}
