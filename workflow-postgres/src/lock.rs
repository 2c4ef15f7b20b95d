//! The lock of a database: one process at a time drives its runs.

use std::time::Duration;

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions, query_scalar, raw_sql};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    advisory::DRIVING,
    session::{ANSWER_TIMEOUT, KEEP_ALIVE},
};

/// The time between two attempts to get the lock, and between two checks that it is still held.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How often the lock may be refused after the connection was lost, before another process is believed to hold it.
const OWN_SESSION_CHECKS: u32 = 2;

/// Whether other processes may hold the lock, too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Alone,
    Shared,
}

/// The lock of a database, held by this process until it is dropped: see
/// [`PostgresStore::lock`](crate::PostgresStore::lock) and [`lock_shared`](crate::PostgresStore::lock_shared).
#[derive(Debug)]
pub struct DatabaseLock {
    lost: watch::Receiver<bool>,
    holder: JoinHandle<()>,
}

impl DatabaseLock {
    /// Waits until another process has the lock and excludes this one. That happens only after this one lost its connection to the
    /// server, and was slower to return.
    ///
    /// The program should then stop to drive runs: the other process drives them. Their logs are safe, since an append
    /// behind the end of a log is refused.
    pub async fn lost(&self) {
        let mut lost = self.lost.clone();
        // It is an error that the holder ended, which it does only after the loss.
        let _ = lost.wait_for(|lost| *lost).await;
    }
}

impl Drop for DatabaseLock {
    fn drop(&mut self) {
        // The server frees the lock when the connection is closed.
        self.holder.abort();
    }
}

/// Waits for the lock. `on_wait` is called once if another process holds it.
pub(crate) async fn acquire(
    options: PgConnectOptions,
    mode: Mode,
    on_wait: impl FnOnce(),
) -> sqlx::Result<DatabaseLock> {
    let mut on_wait = Some(on_wait);
    let mut connection = connect(&options).await?;
    loop {
        match try_lock(&mut connection, mode).await {
            Ok(true) => break,
            Ok(false) => {
                on_wait.take().into_iter().for_each(|on_wait| on_wait());
                sleep(CHECK_EVERY).await;
            }
            Err(_) => connection = reconnect(&options).await,
        }
    }
    let (sender, lost) = watch::channel(false);
    let holder = tokio::spawn(async move {
        hold(connection, &options, mode).await;
        sender.send_replace(true);
    });
    Ok(DatabaseLock { lost, holder })
}

/// Holds the lock until another process has it.
async fn hold(mut connection: PgConnection, options: &PgConnectOptions, mode: Mode) {
    loop {
        while check(&mut connection).await.is_ok() {
            sleep(CHECK_EVERY).await;
        }
        tracing::warn!("the connection that holds the lock of the database is lost");
        // Its session has the lock until the server has noticed.
        drop(connection);
        let mut refusals = 0;
        connection = loop {
            let mut candidate = reconnect(options).await;
            match try_lock(&mut candidate, mode).await {
                Ok(true) => break candidate,
                Ok(false) if refusals >= OWN_SESSION_CHECKS => return,
                Ok(false) => refusals += 1,
                Err(_) => {}
            }
            sleep(CHECK_EVERY).await;
        };
        tracing::info!("the lock of the database is held again");
    }
}

async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(options).await?;
    raw_sql(KEEP_ALIVE).execute(&mut connection).await?;
    Ok(connection)
}

/// Connects, however long the server is away.
async fn reconnect(options: &PgConnectOptions) -> PgConnection {
    loop {
        if let Ok(Ok(connection)) = timeout(ANSWER_TIMEOUT, connect(options)).await {
            return connection;
        }
        sleep(CHECK_EVERY).await;
    }
}

async fn try_lock(connection: &mut PgConnection, mode: Mode) -> sqlx::Result<bool> {
    let lock = match mode {
        Mode::Alone => "SELECT pg_try_advisory_lock($1)",
        Mode::Shared => "SELECT pg_try_advisory_lock_shared($1)",
    };
    let locked = query_scalar(lock).bind(DRIVING).fetch_one(connection);
    let locked = timeout(ANSWER_TIMEOUT, locked).await;
    locked.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
    let answered = timeout(ANSWER_TIMEOUT, connection.ping()).await;
    answered.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
