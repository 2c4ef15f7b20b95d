//! The accept loop: takes connections, limits their number, and ends them at shutdown.
//!
//! It serves any router, and adds what only the owner of the connection can do: limits of heads and URLs,
//! checks of host and origin, request ids. `connection` serves one connection.

mod connection;
mod explained;
mod trace;
mod unread;
mod url;

pub(crate) use self::connection::Peer;

use std::{io, sync::Arc, time::Duration};

use axum::{Router, middleware};
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::Layer;

use self::{connection::Connections, trace::HttpService};
use crate::{
    access::{Guard, guard},
    options::Options,
    problem::Kind,
};

/// How long open connections may take to finish their responses at shutdown. A process manager usually waits longer
/// than that (systemd 90 s, Kubernetes 30 s) before it kills the process.
const GRACE: Duration = Duration::from_secs(5);
/// The delay before the next `accept` after it failed, most often for lack of file descriptors: without it the loop
/// would fail continuously until a connection closes.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(500);
/// How many connections above the limit get a 503 at once. More are not accepted until one of these is closed. A
/// refusal needs a task and a buffer, so their number must have a limit of its own.
const REFUSALS: usize = 64;
/// The least that the kernel queues before connections are accepted: what a listener of `tokio` has.
const MIN_QUEUED: usize = 128;
/// How long a connection above the limit stays open. It also bounds how long it may take to send its request.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// Serves a router over HTTP/1.1 until the `shutdown` token of the options is cancelled. Then open responses have
/// 5 s to finish.
///
/// **Limits.** Connections obey the [`Limits`](crate::Limits) of the options: a client that sends nothing, or reads
/// nothing, is disconnected. Each frame of an event stream is sent without delay (`TCP_NODELAY`).
///
/// The kernel queues new connections until they are accepted: at most as many as may be open, and at least 128, whatever the listener had
/// before. Limits of the system come first: `net.core.somaxconn` on Linux, `kern.ipc.somaxconn` on macOS, where it is 128 by default; on
/// Windows the queue stays as the listener was made. A client that finds the queue full tries again after a second, or is refused. While
/// the limit of open connections is reached, what is queued gets its 503 as fast as clients send their requests, 64 at a time.
///
/// **Other sites.** The service accepts requests for the names of this machine and for the allowed names, and for
/// any name if an API key is required (see [`Options::with_allowed_host`]). It refuses writes by pages of sites that
/// [`Options::with_cors_origin`] does not list. Otherwise any page in a browser on this machine could use it.
///
/// **Early refusals.** A request may be refused before its body has arrived. If the rest of the body does not arrive
/// within 100 ms, the response has `connection: close`, and the service then reads and discards up to 16 MiB for up
/// to 5 s, so that the client sees the response and not a reset.
///
/// **Tracing.** Every response has the headers `traceparent` (W3C Trace Context) and `x-request-id`, and log lines
/// have the same ids. Malformed requests, which never reach the router, have none.
///
/// It serves any router, for example one that contains the service and other routes:
///
/// ```
/// # use std::sync::Arc;
/// # use axum::{Router, routing::get};
/// # use tokio::net::TcpListener;
/// # use tokio_util::sync::CancellationToken;
/// # use workflow_core::{LocalEngine, Registry};
/// # use workflow_http::Options;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let shutdown = CancellationToken::new();
/// let options = Options::default()
///     .with_base_path("/flows")
///     .with_shutdown(shutdown.clone());
/// let engine = LocalEngine::builder(Registry::default()).build();
/// let app = Router::new()
///     .route("/", get("an application"))
///     .nest_service("/flows", workflow_http::router(Arc::new(engine), options.clone()));
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # shutdown.cancel();
/// workflow_http::serve(listener, app, &options).await
/// # }
/// ```
///
/// The checks of host and origin then protect the other routes, too; API keys protect the service only.
///
/// # Errors
/// None today. A connection that cannot be accepted is logged, and the loop continues.
///
/// # Cancellation
/// Dropping the future closes all connections at once. Runs continue: they belong to the engine.
pub async fn serve(listener: TcpListener, router: Router, options: &Options) -> io::Result<()> {
    // Around the router and not by `Router::layer`, which would wrap each route: see `crate::router`.
    let checks = (
        middleware::from_fn_with_state(Guard::new(options), guard::check),
        middleware::from_fn_with_state(Arc::new(options.clone()), url::check),
    );
    // The outermost layer, so that refusals of the layers below are logged, too.
    let service = trace::traced(checks.layer(router));
    let mut connections = accept(listener, service, options).await;
    let finished = timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    if finished.is_err() {
        tracing::warn!(
            open = connections.len(),
            "connections were closed at shutdown before their responses were complete"
        );
    }
    Ok(())
}

/// Accepts connections until shutdown. The returned set owns them; dropping it closes them.
///
/// Finished connections are reaped in the same loop, so the length of the set is the number of open connections.
///
/// # Cancellation
/// Every branch of the loop can be dropped: `accept` and `join_next` lose nothing then.
async fn accept(listener: TcpListener, service: HttpService, options: &Options) -> JoinSet<()> {
    let (limits, shutdown) = (&options.limits, &options.shutdown);
    queue_bursts(&listener, limits.connections);
    let connections = Connections::new(limits, shutdown);
    let (mut served, mut refused) = (JoinSet::new(), JoinSet::new());
    let overloaded = trace::traced(overloaded(limits.connections));
    loop {
        tokio::select! {
            // In this order, so that closed connections are no longer counted when the next one is accepted.
            biased;
            () = shutdown.cancelled() => return served,
            Some(_) = served.join_next() => {}
            Some(_) = refused.join_next() => {}
            accepted = listener.accept(), if refused.len() < REFUSALS => match accepted {
                Ok((stream, peer)) if served.len() < limits.connections => {
                    served.spawn(connections.clone().serve(stream, peer, service.clone()));
                }
                // Accepted and answered rather than left in the backlog of the kernel, where a client cannot
                // distinguish the limit from a network problem.
                Ok((stream, peer)) => {
                    let refusing = connections.clone().serve(stream, peer, overloaded.clone());
                    refused.spawn(timeout(REFUSAL_TIME, refusing));
                }
                Err(error) => accept_failed(&error).await,
            },
        }
    }
}

/// Sets the length of the queue of connections that are not accepted yet. Where the system cannot, the queue stays as it is.
fn queue_bursts(listener: &TcpListener, connections: usize) {
    let most = i32::try_from(connections.max(MIN_QUEUED)).unwrap_or(i32::MAX);
    if let Err(error) = socket2::SockRef::from(listener).listen(most) {
        tracing::debug!(%error, "the queue of new connections stays as it is");
    }
}

/// The router for connections above the limit: 503 for every request.
fn overloaded(connections: usize) -> Router {
    let problem = move || async move {
        let detail = format!(
            "the service has {connections} open connections, which is the limit; retry later"
        );
        Kind::TooManyConnections
            .of(detail)
            .with_retry_after(REFUSAL_TIME)
            .closing()
    };
    Router::new().fallback(problem)
}

/// Ignores clients that disconnected before they were accepted. Other errors are of the machine, such as a lack of
/// file descriptors, and need time.
async fn accept_failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "failed to accept a connection");
        sleep(ACCEPT_RETRY_DELAY).await;
    }
}
