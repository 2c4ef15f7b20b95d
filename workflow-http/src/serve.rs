//! The accept loop.

use std::{io, pin::pin, time::Duration};

use axum::{Router, middleware};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    guard::{self, Guard},
    options::Options,
};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connections have, at shutdown, to finish what they are at.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait when the machine has no room for another connection.
const PAUSE: Duration = Duration::from_millis(500);

/// Serves a router until the options' `shutdown` fires, then lets connections finish for a moment.
///
/// Each frame of a stream leaves at once (`TCP_NODELAY`), and who sends no request within 30 s is
/// cut off. A service on a loopback address answers to this machine's names only, `localhost`
/// and loopback addresses, and refuses writes by pages of other sites that are not among the
/// options' `cors_origins`: otherwise any page that is open in a browser here could use it.
///
/// # Errors
/// When the listener does not know its own address.
///
/// # Cancellation
/// Dropping the future closes all connections at once. Runs go on.
pub async fn serve(listener: TcpListener, router: Router, options: &Options) -> io::Result<()> {
    let router = if listener.local_addr()?.ip().is_loopback() {
        router.layer(middleware::from_fn_with_state(
            Guard::new(&options.cors_origins),
            guard::check,
        ))
    } else {
        router
    };
    let mut connections = accept(listener, router, &options.shutdown).await;
    let finished = timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    if finished.is_err() {
        tracing::warn!(
            open = connections.len(),
            "connections were cut off at shutdown"
        );
    }
    Ok(())
}

/// Takes connections until shutdown. The set owns them: who drops it closes them.
async fn accept(
    listener: TcpListener,
    router: Router,
    shutdown: &CancellationToken,
) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return connections,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), shutdown.clone()));
                }
                Err(error) => refused(&error).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A client that has gone already is no trouble; a machine out of sockets needs a moment.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "a connection could not be accepted");
        sleep(PAUSE).await;
    }
}

async fn connection(stream: TcpStream, router: Router, shutdown: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let mut serving =
        pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke");
    }
}
