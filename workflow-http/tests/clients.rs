//! Clients that read slowly, stall, reset or vanish leave nothing behind.

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

/// The size of a frame in bytes.
const FRAME: usize = 8 * 1024;

/// Endless responses, in frames of this size.
#[derive(Default)]
struct Endless {
    /// The number of open responses.
    open: AtomicUsize,
    /// The number of frames that connections have polled.
    frames: AtomicUsize,
}

/// One endless response.
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

/// An API whose responses are all endless.
fn endless() -> (Api, Arc<Endless>) {
    let endless = Arc::<Endless>::default();
    let mut api = Api::new();
    let answers = Arc::clone(&endless);
    api.router = Router::new().fallback(move || async { answers.answer() });
    (api, endless)
}

#[tokio::test(start_paused = true)]
async fn frames_that_a_slow_reader_has_not_read_are_not_buffered() {
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

    // The kernel delivers what it has buffered even after the service has stopped.
    serving.abort();
    idle().await;
    let rest = wire.all().await;
    let delivered = 100 + rest.bytes().filter(|byte| *byte == b'x').count() / FRAME;
    let buffered = taken - delivered;
    assert!(
        buffered * FRAME <= 32 * 1024,
        "{buffered} frames of {taken} were buffered"
    );
}

#[tokio::test(start_paused = true)]
async fn the_kernel_buffers_little_for_a_stalled_reader() {
    for (buffer, most) in [(64 * 1024, 256 * 1024), (512 * 1024, 2 * 1024 * 1024)] {
        let (mut api, endless) = endless();
        let limits = Limits::default().with_send_buffer_bytes(buffer);
        api.options = api.options.clone().with_limits(limits);
        let (address, serving) = serve(&api).await;
        // Bytes beyond the client's receive buffer are in the send buffer of the service.
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
async fn a_stalled_reader_is_disconnected() {
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
async fn a_slow_reader_that_makes_progress_is_not_disconnected() {
    let (api, endless) = endless();
    let (address, _serving) = serve(&api).await;
    let mut wire = Wire::get(address, "/", &[]).await;
    wire.head().await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(29)).await;
        // Enough for the kernel to accept more.
        for _ in 0..512 {
            wire.chunk().await.unwrap();
        }
    }
    assert_eq!(endless.open(), 1);
}

/// Waits until a condition holds, for at most a virtual minute.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..60_000 {
        if done() {
            return;
        }
        idle().await;
    }
    panic!("it has not come to this");
}

/// A service that allows one reader per run, and a run to follow.
async fn one_reader() -> (Api, SocketAddr, String) {
    let limits = Limits::default().with_readers_per_run(1);
    let api = Api::with(Options::default().with_limits(limits));
    let run = api.start().await;
    let (address, _) = serve(&api).await;
    (api, address, format!("{run}/events"))
}

/// Follows the run; `None` if the reader is refused.
async fn follow(address: SocketAddr, events: &str) -> Option<Wire> {
    let mut wire = Wire::get(address, events, &[]).await;
    let status = wire.status().await;
    (status == "http/1.1 200 ok").then_some(wire)
}

#[tokio::test(start_paused = true)]
async fn a_vanished_reader_is_no_longer_counted() {
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
    let frames = third.frames().await;
    assert!(frames.last().unwrap().contains("run.completed"));
}

#[tokio::test(start_paused = true)]
async fn a_reset_before_the_response_leaves_no_reader() {
    let (_api, address, events) = one_reader().await;
    for pauses in 0..20 {
        let wire = Wire::get(address, &events, &[]).await;
        // The reset arrives at a different point of the service each time.
        for _ in 0..pauses {
            tokio::task::yield_now().await;
        }
        wire.reset();
        idle().await;
        let reader = follow(address, &events).await;
        assert!(
            reader.is_some(),
            "a reader is still counted after {pauses} pauses"
        );
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
