//! Receiving notifications.

use std::{collections::BTreeSet, pin::pin, sync::atomic::Ordering, time::Duration};

use futures::future::{Either, select};
use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgListener, PgNotification, PgPoolOptions},
};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    channel::Channel,
    payload,
    shared::{Request, Shared},
};
use crate::session::{ANSWER_TIMEOUT, KEEP_ALIVE};

/// The first and the longest wait before the connection is opened again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// A connection that listens.
pub(super) struct Listener {
    connection: PgListener,
    channels: BTreeSet<Channel>,
}

impl Listener {
    /// Opens a connection outside the store's pool, and listens to what all engines and this one send.
    pub(super) async fn connect(options: PgConnectOptions, probe: Channel) -> sqlx::Result<Self> {
        // The library reads notifications from connections of a pool only.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(ANSWER_TIMEOUT)
            .connect_lazy_with(options);
        let mut connection = PgListener::connect_with(&pool).await?;
        connection.eager_reconnect(false);
        connection.ignore_pool_close_event(true);
        answered(connection.execute(sqlx::raw_sql(KEEP_ALIVE))).await?;
        let mut listener = Self {
            connection,
            channels: BTreeSet::new(),
        };
        listener.listen(&[Channel::All, probe].into()).await?;
        Ok(listener)
    }

    /// Listens to these channels, too.
    async fn listen(&mut self, channels: &BTreeSet<Channel>) -> sqlx::Result<()> {
        let missing: Vec<Channel> = channels.difference(&self.channels).copied().collect();
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(Channel::to_string).collect();
            let names = names.iter().map(String::as_str);
            answered(self.connection.listen_all(names)).await?;
            self.channels.extend(missing);
        }
        Ok(())
    }

    /// Listens to the channels of the subscribers, and no longer to those of earlier ones.
    async fn follow(&mut self, shared: &Shared) -> sqlx::Result<()> {
        let wanted = shared.subscribers.channels();
        self.listen(&wanted).await?;
        let is_left = |it: &Channel| matches!(it, Channel::Engine(_)) && !wanted.contains(it);
        let left: Vec<Channel> = self.channels.iter().copied().filter(is_left).collect();
        for channel in left {
            answered(self.connection.unlisten(&channel.to_string())).await?;
            self.channels.remove(&channel);
        }
        shared.subscribers.set_listening(&wanted);
        Ok(())
    }

    /// Receives until the connection is lost. Returns why.
    async fn receive(
        &mut self,
        shared: &Shared,
        number: u64,
        requests: &mut mpsc::UnboundedReceiver<Request>,
    ) -> sqlx::Error {
        loop {
            // Receiving can be interrupted: a part of a message stays in the buffer of the connection.
            let event = match select(pin!(self.connection.try_recv()), pin!(requests.recv())).await
            {
                Either::Left((received, _)) => Either::Left(received),
                Either::Right((request, _)) => Either::Right(request),
            };
            let done = match event {
                Either::Left(Ok(Some(notification))) => {
                    shared.heard.store(number, Ordering::Relaxed);
                    shared.deliver(&notification);
                    Ok(())
                }
                Either::Left(Ok(None)) => Err(closed()),
                Either::Left(Err(error)) => Err(error),
                Either::Right(Some(Request::Reconnect(of))) if of == number => Err(silent()),
                Either::Right(Some(Request::Reconnect(_))) => Ok(()),
                Either::Right(Some(Request::Subscribers) | None) => self.follow(shared).await,
            };
            if let Err(error) = done {
                return error;
            }
        }
    }
}

fn closed() -> sqlx::Error {
    std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
}

fn silent() -> sqlx::Error {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

/// An answer of the server, in time.
async fn answered<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    timeout(ANSWER_TIMEOUT, answer)
        .await
        .unwrap_or_else(|_| Err(silent()))
}

/// Passes on what arrives, on one connection after the other.
pub(super) async fn run(
    shared: &Shared,
    mut listener: Listener,
    mut requests: mpsc::UnboundedReceiver<Request>,
) {
    loop {
        let mut number = 0;
        shared.connection.send_modify(|connection| {
            *connection += 1;
            number = *connection;
        });
        let lost = match listener.follow(shared).await {
            Ok(()) => listener.receive(shared, number, &mut requests).await,
            Err(error) => error,
        };
        shared.subscribers.set_deaf();
        if shared.has_heard(number) {
            tracing::warn!(error = %lost, "the connection that receives notifications is lost: it is opened again");
        }
        drop(listener);
        listener = reconnect(shared).await;
    }
}

/// Connects, however long the server is away.
async fn reconnect(shared: &Shared) -> Listener {
    let mut pause = PAUSES.0;
    loop {
        match shared.connect().await {
            Ok(listener) => return listener,
            Err(error) => tracing::debug!(%error, "no connection that receives notifications"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

impl Shared {
    async fn connect(&self) -> sqlx::Result<Listener> {
        Listener::connect(self.options(), self.probe).await
    }

    fn deliver(&self, received: &PgNotification) {
        let Some(channel) = Channel::parse(received.channel()) else {
            return;
        };
        if channel == self.probe {
            if let Ok(number) = received.payload().parse() {
                self.arrived.send_replace(number);
            }
            return;
        }
        for notification in payload::notifications(received.payload()) {
            self.subscribers.deliver(channel, &notification);
        }
    }
}
