//! One connection, from its first byte to its last.
//!
//! hyper parses HTTP/1.1 and serves the requests one after the other. This module adds the timeouts that hyper
//! does not have, and the handling of unread bodies.
//!
//! Timeouts of a connection, in the order in which they apply:
//!
//! - `head_time`: until the head of the first request is complete, counted from the accept;
//! - `body_time`: while a body is read (see `request::body`);
//! - none while the handler works: runs may take hours, and streams as long as the run;
//! - `write_time`: while the client does not read. `TCP_USER_TIMEOUT` covers data that the kernel has accepted;
//! - `keep_alive`: from the end of a response until the head of the next request is complete.
//!
//! Only HTTP/1.1 is spoken. HTTP/2 is the matter of a proxy: browsers use it with TLS only, which this crate does
//! not have.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, header::CONNECTION},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, copy, sink},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{
    explained::Explained,
    trace::{HttpService, TraceContext},
    unread::Unread,
};
use crate::limits::Limits;

/// The smallest buffer that hyper permits; it panics below.
const MIN_BUFFER: usize = 8 * 1024;
/// How many bytes of a request are read and discarded after an early refusal. It is more than a body may have by
/// default, so that a client with a body that is somewhat too large still sees the refusal.
const DISCARDED_BYTES: u64 = 16 * 1024 * 1024;
/// How long discarding may take. It bounds what a client can gain by sending slowly.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// The address of the client, as an extension of each request. Behind a proxy, that of the proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The settings of all connections.
///
/// A clone is an `Arc` and a token: one is made for each connection.
#[derive(Clone)]
pub(crate) struct Connections {
    http: Arc<http1::Builder>,
    head_time: Duration,
    write_time: Duration,
    send_buffer_bytes: usize,
    shutdown: CancellationToken,
}

impl Connections {
    pub(crate) fn new(limits: &Limits, shutdown: &CancellationToken) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            // hyper starts this timer when it begins to wait for a head, so it also bounds the time between requests.
            // The shorter limit of the first head is enforced in `exchange`.
            .header_read_timeout(limits.keep_alive)
            .max_header_size(limits.head_bytes)
            .max_headers(limits.headers)
            // The same buffer size holds a head and, for a client that reads slowly, the beginning of a response.
            // Below the head's limit, hyper would refuse a permitted head.
            .max_buf_size(limits.head_bytes.max(MIN_BUFFER));
        Self {
            http: Arc::new(http),
            head_time: limits.head_time,
            write_time: limits.write_time,
            send_buffer_bytes: limits.send_buffer_bytes,
            shutdown: shutdown.clone(),
        }
    }

    /// Serves a connection until it is closed. Errors are the client's, so they are logged at `debug` only.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr, http: HttpService) {
        if let Err(error) = self.exchange(stream, peer, http).await {
            tracing::debug!(%error, "a connection failed");
        }
    }

    /// The stream is borrowed by hyper and not given to it, so that it can still be read when hyper is done with
    /// it.
    ///
    /// # Cancellation
    /// Dropping the future closes the connection at once, without a response to the current request. `serve` does
    /// so when the grace period at shutdown is over.
    async fn exchange(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        http: HttpService,
    ) -> Result<(), hyper::Error> {
        let Ok(mut stream) = self.configure(stream) else {
            return Ok(());
        };
        let state = Arc::new(State::default());
        let service =
            service_fn(|request| respond(http.clone(), Peer(peer), Arc::clone(&state), request));
        let serving = self
            .http
            .serve_connection(TokioIo::new(&mut stream), service);
        let mut serving = pin!(serving);
        // A token of its own: each poll takes its lock, which all connections would share otherwise.
        let shutdown = self.shutdown.child_token();
        let served = tokio::select! {
            served = serving.as_mut() => served,
            // Closed without a response: a client that has sent nothing could take a 408 for the response to its
            // next request.
            () = state.first_request_timeout(self.head_time) => return Ok(()),
            () = shutdown.cancelled() => {
                // Ends an idle connection now, and a busy one after its response. Then there is no limit of time
                // here: `serve` waits for its grace period only.
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        // After a parse error hyper has sent its refusal, but the client may still be sending the rest of its
        // request.
        if state.lingers() || served.as_ref().is_err_and(hyper::Error::is_parse) {
            linger(&mut stream).await;
        }
        served
    }

    /// Sets the options of the socket: no delay for small frames, a bounded send buffer, and timeouts for clients
    /// that do not read. Fails if the client has disconnected.
    fn configure(&self, stream: TcpStream) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
        stream.set_nodelay(true)?;
        let socket = socket2::SockRef::from(&stream);
        // By default the kernel buffers megabytes for a client that does not read. It raises values that are too
        // small to its minimum.
        socket.set_send_buffer_size(self.send_buffer_bytes)?;
        // The write timeout below sees a full buffer only. This one also ends a connection whose peer has vanished.
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(self.write_time))?;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_time));
        // `TimeoutStream` is not `Unpin`: it contains its timer.
        Ok(Explained::new(Box::pin(stream)))
    }
}

/// The state of a connection that its requests share.
///
/// Only the task of the connection reads and writes it. Atomics are needed because the service of hyper must be
/// `Send`; `Relaxed` suffices, since nothing else is ordered by them.
#[derive(Default)]
struct State {
    /// The head of a request has arrived.
    has_request: AtomicBool,
    /// A response was sent before the body of its request had arrived.
    lingers: AtomicBool,
}

impl State {
    /// Completes if the first request has not arrived in time; otherwise never. It must never complete later:
    /// `select!` would end a connection that waits for its next request, which `keep_alive` limits.
    async fn first_request_timeout(&self, head_time: Duration) {
        sleep(head_time).await;
        if self.has_request.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }
}

/// Serves a request, which gets its ids here. If its body is still on the way afterwards, the response closes the connection.
async fn respond(
    http: HttpService,
    peer: Peer,
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    state.has_request.store(true, Ordering::Relaxed);
    let (mut request, unread) = Unread::of(request);
    let trace = TraceContext::of(request.headers());
    request.extensions_mut().insert(trace);
    request.extensions_mut().insert(peer);
    let mut response = http.oneshot(request).await?;
    trace.add_to(response.headers_mut());
    // Before the response is sent, since `Connection: close` must be in its head. It delays the response by 100 ms
    // at most.
    if !unread.discard().await {
        state.lingers.store(true, Ordering::Relaxed);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// Continues to read for a while after a refusal. If the connection closed while the client still sends, TCP would
/// reset it, and the client would often see the reset and not the response (RFC 9112, section 9.6).
async fn linger(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = stream.take(DISCARDED_BYTES);
    let _ = timeout(DISCARD_TIME, copy(&mut rest, &mut sink())).await;
}
