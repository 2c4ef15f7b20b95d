//! The accept loop.

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

use self::connection::Connections;
use crate::{
    access::{Guard, guard},
    options::Options,
    problem::Kind,
};

/// How long connections have, at shutdown, to finish what they are at.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait when the machine has no room for another connection.
const PAUSE: Duration = Duration::from_millis(500);
/// How many of the connections that are too many are told so at once; the next ones wait.
const REFUSALS: usize = 64;
/// How long such a connection may take to ask for what it does not get.
const REFUSAL_TIME: Duration = Duration::from_secs(5);

/// Serves a router until the options' `shutdown` fires, then lets connections finish for a moment.
///
/// A request that is refused before its body has come is answered at once. If the rest of the body does not come within
/// a moment, the answer says `connection: close`, and what still comes is read and thrown away (up to 16 MiB, 5 s), so
/// that the client sees the answer and no reset.
///
/// Each frame of a stream leaves at once (`TCP_NODELAY`). Connections are bounded as the options'
/// [`Limits`](crate::Limits) say: who sends nothing, or reads nothing, is cut off.
///
/// It answers to names of this machine and to those the options allow, to any with a key (see
/// [`Options::with_allowed_host`]), and refuses writes by pages of other sites that are not among
/// the options' `cors_origins`: otherwise any page that is open in a browser here could use it.
///
/// Every answer carries `traceparent` and `x-request-id`, and so do the lines of log about it; except to
/// what is no request that HTTP knows.
///
/// # Errors
/// None today: a connection that cannot be accepted is logged, and the next one is waited for.
///
/// # Cancellation
/// Dropping the future closes all connections at once. Runs go on.
pub async fn serve(listener: TcpListener, router: Router, options: &Options) -> io::Result<()> {
    let router = router
        .layer(middleware::from_fn_with_state(
            Arc::new(options.clone()),
            url::check,
        ))
        .layer(middleware::from_fn_with_state(
            Guard::new(options),
            guard::check,
        ));
    let router = trace::traced(router);
    let mut connections = accept(listener, router, options).await;
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
async fn accept(listener: TcpListener, router: Router, options: &Options) -> JoinSet<()> {
    let (limits, shutdown) = (&options.limits, &options.shutdown);
    let connections = Connections::new(limits, shutdown);
    let (mut served, mut refused) = (JoinSet::new(), JoinSet::new());
    let full = trace::traced(full(limits.connections));
    loop {
        tokio::select! {
            // In this order: who has gone makes room for who comes.
            biased;
            () = shutdown.cancelled() => return served,
            Some(_) = served.join_next() => {}
            Some(_) = refused.join_next() => {}
            accepted = listener.accept(), if refused.len() < REFUSALS => match accepted {
                Ok((stream, peer)) if served.len() < limits.connections => {
                    served.spawn(connections.clone().serve(stream, peer, router.clone()));
                }
                Ok((stream, peer)) => {
                    let refusing = connections.clone().serve(stream, peer, full.clone());
                    refused.spawn(timeout(REFUSAL_TIME, refusing));
                }
                Err(error) => failed(&error).await,
            },
        }
    }
}

/// What is served when there are too many connections.
fn full(connections: usize) -> Router {
    let problem = move || async move {
        let detail = format!("there are {connections} connections already; close some, or wait");
        Kind::TooManyConnections
            .of(detail)
            .with_retry_after(REFUSAL_TIME)
            .closing()
    };
    Router::new().fallback(problem)
}

/// A client that has gone already is no trouble; a machine out of sockets needs a moment.
async fn failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "a connection could not be accepted");
        sleep(PAUSE).await;
    }
}
