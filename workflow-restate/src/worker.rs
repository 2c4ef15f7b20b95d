//! The worker: takes the calls of Restate.

use std::{fmt, io, mem::replace, net::SocketAddr, sync::Arc, time::Duration};

use restate_sdk::{
    endpoint::{Builder as EndpointBuilder, Endpoint},
    hyper::HyperEndpoint,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{connection::Connections, drive::Drive, error::SettingsError, object::Runs};

/// The age of a connection unless set.
const CONNECTION_AGE: Duration = Duration::from_secs(10);

/// Below it a connection would hardly be worth its handshake.
const MIN_CONNECTION_AGE: Duration = Duration::from_millis(100);

/// In practice no limit, and far below what overflows.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(365 * 24 * 3600);

/// The number of connections unless set: some hundred are for tens of thousands of runs.
const MAX_CONNECTIONS: usize = 1024;

/// How long calls may take to end at shutdown unless set.
const GRACE: Duration = Duration::from_secs(30);

/// The delay before the next `accept` after it failed, most often for lack of file descriptors: without it the loop
/// would fail continuously until a connection closes.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Takes Restate's calls at a listener, and has the run of each driven.
///
/// It speaks HTTP/2 without TLS. If calls cross a network that is not trusted, a proxy in front must add TLS.
///
/// ```no_run
/// use std::sync::Arc;
/// use tokio::net::TcpListener;
/// use tokio_util::sync::CancellationToken;
/// use workflow_core::LocalEngine;
/// use workflow_restate::RestateWorker;
///
/// # async fn serve(engine: Arc<LocalEngine>) -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("0.0.0.0:9080").await?;
/// let worker = RestateWorker::builder(engine)
///     .with_identity_key("publickeyv1_ChjENKeMvCtRnqG2mrBK1HmPKufgFUc98K8B3ononQvp")
///     .build(listener)?;
/// worker.serve(CancellationToken::new()).await;
/// # Ok(())
/// # }
/// ```
pub struct RestateWorker {
    listener: TcpListener,
    address: SocketAddr,
    endpoint: HyperEndpoint,
    settings: Settings,
}

#[derive(Clone, Debug)]
struct Settings {
    connection_age: Duration,
    max_connections: usize,
    grace: Duration,
}

impl RestateWorker {
    /// Starts to build a worker for an engine.
    pub fn builder(drive: Arc<dyn Drive>) -> RestateWorkerBuilder {
        RestateWorkerBuilder {
            drive,
            identity_keys: Vec::new(),
            settings: Settings {
                connection_age: CONNECTION_AGE,
                max_connections: MAX_CONNECTIONS,
                grace: GRACE,
            },
        }
    }

    /// The address of the listener.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves calls until `shutdown` is cancelled. Then no more connections are accepted, Restate sends new calls
    /// elsewhere, and those that run have the [grace](RestateWorkerBuilder::with_grace) to end. Shut down the engine at the
    /// same time, which ends its drives. Restate repeats a call that is broken off: by this when the grace is over, or by
    /// Restate itself when it has another call for the same connection.
    ///
    /// A connection that fails does not affect the others. It is logged at `debug`.
    ///
    /// # Cancellation
    /// If the future is dropped, all calls are broken off.
    pub async fn serve(self, shutdown: CancellationToken) {
        let grace = self.settings.grace;
        let mut connections = self.accept(shutdown).await;
        let ended = timeout(grace, async {
            while connections.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            let open = connections.len();
            tracing::warn!(
                open,
                "connections of Restate were closed before their calls had ended"
            );
        }
    }

    /// Accepts connections until shutdown. The returned set owns them; dropping it closes them.
    async fn accept(self, shutdown: CancellationToken) -> JoinSet<()> {
        let (age, max) = (self.settings.connection_age, self.settings.max_connections);
        let connections = Connections::new(self.endpoint, age, max, shutdown.clone());
        let mut open = JoinSet::new();
        let mut is_full = false;
        loop {
            tokio::select! {
                // In this order, so that closed connections are no longer counted when the next one is accepted.
                biased;
                () = shutdown.cancelled() => return open,
                Some(_) = open.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let permit = connections.admit();
                        let was_full = replace(&mut is_full, permit.is_none());
                        // Otherwise closed at once, so that a balancer in front tries another worker.
                        if let Some(permit) = permit {
                            open.spawn(connections.clone().serve(stream, permit));
                        } else if !was_full {
                            tracing::warn!(max, "refused a connection of Restate: too many are open");
                        }
                    }
                    Err(error) => accept_failed(&error).await,
                },
            }
        }
    }
}

impl fmt::Debug for RestateWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestateWorker")
            .field("address", &self.address)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The settings of a [`RestateWorker`]: see [`RestateWorker::builder`].
pub struct RestateWorkerBuilder {
    drive: Arc<dyn Drive>,
    identity_keys: Vec<String>,
    settings: Settings,
}

impl RestateWorkerBuilder {
    /// Requires that calls are signed by Restate with the private key of this public key, `publickeyv1_…`. Others get 401.
    /// None is set by default. With several keys one of them must match: set the old and the new one to change it.
    #[must_use]
    pub fn with_identity_key(mut self, key: impl Into<String>) -> Self {
        self.identity_keys.push(key.into());
        self
    }

    /// The age, ± 20 %, at which a connection is replaced, as soon as no call runs on it; 10 seconds by default, at least
    /// 100 ms.
    ///
    /// It is for a balancer in front that chooses a worker per connection (TCP). Restate opens connections when it needs them,
    /// and keeps them: a worker that was started later would get no calls.
    #[must_use]
    pub fn with_connection_age(mut self, age: Duration) -> Self {
        self.settings.connection_age = age.clamp(MIN_CONNECTION_AGE, MAX_CONNECTION_AGE);
        self
    }

    /// The most connections that are open at a time, at least 1; 1,024 by default. Further ones are closed at
    /// once. Restate opens about one for each of its partitions and 90 calls that run.
    #[must_use]
    pub fn with_max_connections(mut self, connections: usize) -> Self {
        self.settings.max_connections = connections.clamp(1, Semaphore::MAX_PERMITS);
        self
    }

    /// How long calls may take to end at shutdown; 30 seconds by default. It should be longer than the grace of
    /// [`LocalEngine::shutdown`](workflow_core::LocalEngine::shutdown) and its 5 seconds for last writes.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// Builds the worker.
    ///
    /// # Errors
    /// [`SettingsError::InvalidIdentityKey`]; [`SettingsError::UnverifiedCalls`] if other machines can reach the listener and
    /// there is no identity key.
    pub fn build(self, listener: TcpListener) -> Result<RestateWorker, SettingsError> {
        let address = listener.local_addr().map_err(SettingsError::Listener)?;
        // `::ffff:127.0.0.1` is loopback, too.
        if self.identity_keys.is_empty() && !address.ip().to_canonical().is_loopback() {
            return Err(SettingsError::UnverifiedCalls(address));
        }
        let endpoint = Endpoint::builder().bind(Runs::new(self.drive));
        let endpoint = self
            .identity_keys
            .iter()
            .try_fold(endpoint, |endpoint, key| with_key(endpoint, key))?;
        Ok(RestateWorker {
            listener,
            address,
            endpoint: HyperEndpoint::new(endpoint.build()),
            settings: self.settings,
        })
    }
}

fn with_key(endpoint: EndpointBuilder, key: &str) -> Result<EndpointBuilder, SettingsError> {
    let checked = endpoint.identity_key(key.trim());
    checked.map_err(|error| SettingsError::InvalidIdentityKey(error.into()))
}

impl fmt::Debug for RestateWorkerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestateWorkerBuilder")
            .field("identity_keys", &self.identity_keys)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Ignores clients that disconnected before they were accepted. Other errors are of the machine, such as a lack of
/// file descriptors, and need time.
async fn accept_failed(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::error!(%error, "failed to accept a connection of Restate");
        sleep(ACCEPT_RETRY_DELAY).await;
    }
}
