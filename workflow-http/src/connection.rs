//! One connection, from its first byte to its last.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, copy, sink},
    net::TcpStream,
    time::timeout,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use crate::{explained::Explained, limits::Limits};

/// The least that hyper buffers.
const LEAST_BUFFER: usize = 8 * 1024;
/// How much of a request that was refused unread is read and thrown away.
const DISCARDED_BYTES: u64 = 1024 * 1024;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How connections are served.
#[derive(Clone)]
pub(crate) struct Connections {
    http: Arc<http1::Builder>,
    write_time: Duration,
    shutdown: CancellationToken,
}

impl Connections {
    pub(crate) fn new(limits: &Limits, shutdown: &CancellationToken) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.head_time)
            .max_header_size(limits.head_bytes)
            .max_headers(limits.headers)
            .max_buf_size(limits.head_bytes.max(LEAST_BUFFER));
        Self {
            http: Arc::new(http),
            write_time: limits.write_time,
            shutdown: shutdown.clone(),
        }
    }

    /// Serves a connection to its end.
    pub(crate) async fn serve(self, stream: TcpStream, router: Router) {
        if let Err(error) = self.exchange(stream, router).await {
            tracing::debug!(%error, "a connection broke");
        }
    }

    async fn exchange(self, stream: TcpStream, router: Router) -> Result<(), hyper::Error> {
        let Ok(mut stream) = self.prepared(stream) else {
            return Ok(());
        };
        let service = TowerToHyperService::new(router);
        let serving = self
            .http
            .serve_connection(TokioIo::new(&mut stream), service);
        let mut serving = pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = self.shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if served.as_ref().is_err_and(hyper::Error::is_parse) {
            linger(&mut stream).await;
        }
        served
    }

    /// Frames leave at once, and who reads nothing for long is cut off. Fails if the client has gone.
    fn prepared(&self, stream: TcpStream) -> io::Result<impl AsyncRead + AsyncWrite + Unpin> {
        stream.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(self.write_time))?;
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.write_time));
        Ok(Explained::new(Box::pin(stream)))
    }
}

/// Reads on for a while after a refusal. A client that is still sending when the connection closes
/// often sees only that, and not the answer that was sent before.
async fn linger(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = stream.take(DISCARDED_BYTES);
    let _ = timeout(PATIENCE, copy(&mut rest, &mut sink())).await;
}
