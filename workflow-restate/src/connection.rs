//! One connection of Restate, with the calls on it.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::TryFutureExt;
use hyper::{
    Request, Uri,
    body::Incoming,
    server::conn::http2,
    service::{Service, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use restate_sdk::hyper::HyperEndpoint;
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::calls::{CallBody, Calls};

/// How often the peer must give a sign of life, and how long it may take. A machine that vanished is noticed within the
/// sum. Until then its calls would occupy this worker.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How much the age of connections varies, so that they are not all replaced at once.
const JITTER: f64 = 0.2;

/// What all connections of a worker share.
#[derive(Clone)]
pub(crate) struct Connections {
    endpoint: HyperEndpoint,
    age: Duration,
    free: Arc<Semaphore>,
    shutdown: CancellationToken,
}

impl Connections {
    pub(crate) fn new(
        endpoint: HyperEndpoint,
        age: Duration,
        max: usize,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            endpoint,
            age,
            free: Arc::new(Semaphore::new(max)),
            shutdown,
        }
    }

    /// Permission for one more connection; `None` if the limit is reached.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Serves calls until the peer closes the connection; after its age, and at shutdown, until those that run have
    /// ended.
    pub(crate) async fn serve(self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        if let Err(error) = self.exchange(stream).await {
            tracing::debug!(%error, "a connection of Restate failed");
        }
        drop(permit);
    }

    async fn exchange(&self, stream: TcpStream) -> Result<(), hyper::Error> {
        // Fails if the peer has disconnected, which the next read reports.
        let _ = stream.set_nodelay(true);
        let calls = Calls::new();
        let service = service_fn(|request| {
            let running = calls.begin();
            let response = self.endpoint.call(with_known_path(request));
            response.map_ok(|response| response.map(|body| CallBody::new(body, running)))
        });
        let serving = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            // Without a bound: on a full connection Restate lets a call wait until another one ends, perhaps for hours.
            .max_concurrent_streams(None)
            .serve_connection(TokioIo::new(stream), service);
        let mut serving = pin!(serving);
        tokio::select! {
            served = serving.as_mut() => return served,
            () = self.expired(&calls) => {}
            () = self.shutdown.cancelled() => {}
        }
        if !calls.has_begun() {
            // It may not even speak HTTP/2; then it would not end by itself.
            return Ok(());
        }
        // GOAWAY: the peer opens another connection for its next call.
        serving.as_mut().graceful_shutdown();
        serving.await
    }

    /// Completes when a connection should be replaced: at its age, as soon as no call runs. Restate 1.7 handles GOAWAY
    /// badly: its next call on the connection fails, and with it all that run there.
    async fn expired(&self, calls: &Calls) {
        let factor = 1.0 - JITTER + 2.0 * JITTER * fastrand::f64();
        sleep(self.age.mul_f64(factor)).await;
        calls.none_runs().await;
    }
}

/// Replaces paths of fewer than three segments that mean nothing: the SDK panics at them in a build with checks for
/// overflow, and a panic here would end all calls of the connection.
fn with_known_path(mut request: Request<Incoming>) -> Request<Incoming> {
    let path = request.uri().path();
    if path.split('/').count() < 3 && !path.ends_with("discover") && !path.ends_with("health") {
        *request.uri_mut() = Uri::from_static("/invoke/unknown/unknown");
    }
    request
}
