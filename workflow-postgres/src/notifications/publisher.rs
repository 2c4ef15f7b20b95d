//! Sending notifications.

use std::time::Duration;

use sqlx::{postgres::PgPool, query};
use tokio::time::{sleep, timeout};

use super::{payload::Messages, shared::Shared};
use crate::session::ANSWER_TIMEOUT;

/// The first and the longest wait after a statement failed.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

const NOTIFY: &str = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS sent (channel, payload)";

/// Sends what has been published, one statement at a time. A transaction that notifies takes a lock of the whole server
/// until it is committed: so it contains nothing else, and an append none of it.
pub(super) async fn run(shared: &Shared) {
    let mut pause = PAUSES.0;
    loop {
        let taken = shared.queue.take().await;
        let channels: Vec<_> = taken.iter().map(|(channel, _)| *channel).collect();
        let Err(error) = send(&shared.pool, Messages::of(taken)).await else {
            pause = PAUSES.0;
            continue;
        };
        if pause == PAUSES.0 {
            tracing::warn!(%error, "notifications to other engines were not sent: they read the store later");
        }
        shared.queue.report_lost(channels);
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Sends messages, in order and all or none.
pub(super) async fn send(pool: &PgPool, messages: Messages) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    let sent = query(NOTIFY)
        .bind(messages.channels)
        .bind(messages.payloads)
        .execute(&mut *connection);
    if let Ok(sent) = timeout(ANSWER_TIMEOUT, sent).await {
        return sent.map(|_| ());
    }
    connection.close_on_drop();
    Err(sqlx::Error::PoolTimedOut)
}
