//! One connection, from its first byte to its last.

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
    Router,
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

use super::{explained::Explained, unread::Unread};
use crate::limits::Limits;

/// The least that hyper buffers.
const LEAST_BUFFER: usize = 8 * 1024;
/// How much of a request is read and thrown away after a refusal that did not wait for it.
const DISCARDED_BYTES: u64 = 16 * 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address of the client, as an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// How connections are served.
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
            // hyper's clock for a head also runs between requests.
            .header_read_timeout(limits.keep_alive)
            .max_header_size(limits.head_bytes)
            .max_headers(limits.headers)
            .max_buf_size(limits.head_bytes.max(LEAST_BUFFER));
        Self {
            http: Arc::new(http),
            head_time: limits.head_time,
            write_time: limits.write_time,
            send_buffer_bytes: limits.send_buffer_bytes,
            shutdown: shutdown.clone(),
        }
    }

    /// Serves a connection to its end.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr, router: Router) {
        if let Err(error) = self.exchange(stream, peer, router).await {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn exchange(
        self,
        stream: TcpStream,
        peer: SocketAddr,
        router: Router,
    ) -> Result<(), hyper::Error> {
        let Ok(mut stream) = self.prepared(stream) else {
            return Ok(());
        };
        let state = Arc::new(State::default());
        let service =
            service_fn(|request| answer(router.clone(), Peer(peer), Arc::clone(&state), request));
        let serving = self
            .http
            .serve_connection(TokioIo::new(&mut stream), service);
        let mut serving = pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = state.lack_of_a_head(self.head_time) => return Ok(()),
            () = self.shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if state.lingers() || served.as_ref().is_err_and(hyper::Error::is_parse) {
            linger(&mut stream).await;
        }
        served
    }

    /// Frames leave at once, and who reads nothing for long is cut off. Fails if the client has gone.
    fn prepared(&self, stream: TcpStream) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
        stream.set_nodelay(true)?;
        let socket = socket2::SockRef::from(&stream);
        // The kernel would take over megabytes for a client that does not read. It takes what it sees fit if this is
        // too little.
        socket.set_send_buffer_size(self.send_buffer_bytes)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(self.write_time))?;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_time));
        Ok(Explained::new(Box::pin(stream)))
    }
}

/// What is known of a connection.
#[derive(Default)]
struct State {
    /// A request has come.
    asked: AtomicBool,
    /// A request was answered before its body was there.
    lingers: AtomicBool,
}

impl State {
    /// Waits until the first request has taken too long; for ever if it has not.
    async fn lack_of_a_head(&self, head_time: Duration) {
        sleep(head_time).await;
        if self.asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }
}

async fn answer(
    router: Router,
    peer: Peer,
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    state.asked.store(true, Ordering::Relaxed);
    let (mut request, unread) = Unread::of(request);
    request.extensions_mut().insert(peer);
    let mut response = router.oneshot(request).await?;
    if !unread.discard().await {
        state.lingers.store(true, Ordering::Relaxed);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    Ok(response)
}

/// Reads on for a while after a refusal. A client that is still sending when the connection closes
/// often sees only that, and not the answer that was sent before.
async fn linger(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = stream.take(DISCARDED_BYTES);
    let _ = timeout(PATIENCE, copy(&mut rest, &mut sink())).await;
}
