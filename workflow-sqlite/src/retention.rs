//! Retention: the deletion of ended runs and of their events.
//!
//! A run is deleted at once, and its events afterwards in small transactions, because the writer does
//! both and a log has up to a million events. Unfinished runs and workflows are never deleted here.

use std::time::Duration;

use sqlx::{Connection, SqliteConnection, query, query_as, query_scalar};
use tokio::time::Instant;

/// The most runs that are deleted in one transaction. Writes wait meanwhile.
const RUNS_AT_ONCE: i64 = 100;

/// The most events that are deleted in one transaction, and about the most bytes of them: tens of
/// milliseconds.
const EVENTS_AT_ONCE: i64 = 1_000;
const BYTES_AT_ONCE: i64 = 4 * 1024 * 1024;

/// The longest time between two checks. Runs expire by age even if no run ends.
const CHECK_EVERY: Duration = Duration::from_hours(1);

pub(crate) const EXPIRED: &str = "SELECT number FROM run \
     WHERE ended_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) ORDER BY ended_at LIMIT ?";
pub(crate) const ENDED: &str = "SELECT count(*) FROM run WHERE ended_at IS NOT NULL";
pub(crate) const OLDEST_ENDED: &str = "SELECT number FROM run \
     WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?";
pub(crate) const ORPHANS: &str =
    "SELECT seq, octet_length(body) FROM event WHERE run = ? ORDER BY seq LIMIT ?";

/// How long ended runs are kept. `None` means without a limit. The builder documents the fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    pub(crate) days: Option<u32>,
    pub(crate) runs: Option<u32>,
}

impl Retention {
    /// Whether any limit is set.
    pub(crate) fn is_enabled(self) -> bool {
        self.days.is_some() || self.runs.is_some()
    }

    /// Deletes some of the expired runs. Returns whether there may be more.
    pub(crate) async fn delete_expired(self, file: &mut SqliteConnection) -> sqlx::Result<bool> {
        let mut transaction = file.begin_with("BEGIN IMMEDIATE").await?;
        let expired = self.expired(&mut transaction).await?;
        for number in &expired {
            query("DELETE FROM run WHERE number = ?")
                .bind(number)
                .execute(&mut *transaction)
                .await?;
            mark_events_deleted(&mut transaction, *number).await?;
        }
        transaction.commit().await?;
        Ok(!expired.is_empty())
    }

    /// The row numbers of expired runs, those that ended first, at most [`RUNS_AT_ONCE`].
    async fn expired(self, file: &mut SqliteConnection) -> sqlx::Result<Vec<i64>> {
        if let Some(days) = self.days {
            let old: Vec<i64> = query_scalar(EXPIRED)
                .bind(format!("-{days} days"))
                .bind(RUNS_AT_ONCE)
                .fetch_all(&mut *file)
                .await?;
            if !old.is_empty() {
                return Ok(old);
            }
        }
        let Some(kept) = self.runs else {
            return Ok(Vec::new());
        };
        let ended: i64 = query_scalar(ENDED).fetch_one(&mut *file).await?;
        let too_many = (ended - i64::from(kept)).clamp(0, RUNS_AT_ONCE);
        query_scalar(OLDEST_ENDED)
            .bind(too_many)
            .fetch_all(file)
            .await
    }

    /// The number of runs that have to end before the next check. A check counts all ended runs, so it
    /// happens once per hundredth of the limit.
    fn min_ended(self) -> usize {
        let hundredth = self.runs.map_or(0, |runs| runs / 100);
        usize::try_from(hundredth).unwrap_or(usize::MAX).max(1)
    }
}

/// Marks the events of a deleted run for deletion. In the same transaction as the deletion of the run, so
/// that a crash leaves no events for ever.
pub(crate) async fn mark_events_deleted(
    file: &mut SqliteConnection,
    number: i64,
) -> sqlx::Result<()> {
    let insert = query("INSERT INTO deleted_run (number) VALUES (?)").bind(number);
    insert.execute(file).await.map(|_| ())
}

/// Deletes some events of deleted runs. Returns whether there may be more.
pub(crate) async fn delete_orphans(file: &mut SqliteConnection) -> sqlx::Result<bool> {
    let mut transaction = file.begin_with("BEGIN IMMEDIATE").await?;
    let mut left = (EVENTS_AT_ONCE, BYTES_AT_ONCE);
    while left.0 > 0 && left.1 > 0 {
        let run: Option<i64> = query_scalar("SELECT min(number) FROM deleted_run")
            .fetch_one(&mut *transaction)
            .await?;
        let Some(run) = run else {
            transaction.commit().await?;
            return Ok(false);
        };
        let events: Vec<(i64, i64)> = query_as(ORPHANS)
            .bind(run)
            .bind(left.0)
            .fetch_all(&mut *transaction)
            .await?;
        let mut last = None;
        for (seq, bytes) in events {
            if left.1 <= 0 {
                break;
            }
            left = (left.0 - 1, left.1 - bytes);
            last = Some(seq);
        }
        let done = match last {
            Some(last) => query("DELETE FROM event WHERE run = ? AND seq <= ?")
                .bind(run)
                .bind(last),
            None => query("DELETE FROM deleted_run WHERE number = ?").bind(run),
        };
        done.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

/// Decides when to check for expired runs.
#[derive(Debug)]
pub(crate) struct RetentionSchedule {
    retention: Retention,
    /// The number of runs that ended since the last check.
    ended: usize,
    /// Whether the last check may have left expired runs.
    more: bool,
    next_check: Instant,
}

impl RetentionSchedule {
    /// A schedule whose first check is due at once.
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            ended: 0,
            more: true,
            next_check: Instant::now() + CHECK_EVERY,
        }
    }

    pub(crate) fn retention(&self) -> Retention {
        self.retention
    }

    /// Whether a check is due.
    pub(crate) fn is_due(&self) -> bool {
        let enough_ended = self.ended >= self.retention.min_ended();
        self.more || enough_ended || Instant::now() >= self.next_check
    }

    /// The time of the next check, however few runs have ended by then.
    pub(crate) fn next_check(&self) -> Instant {
        self.next_check
    }

    /// Records that runs have ended.
    pub(crate) fn record_ended(&mut self, runs: usize) {
        self.ended += runs;
    }

    /// Records that a check was made, and whether it may have left expired runs.
    pub(crate) fn completed(&mut self, more: bool) {
        self.ended = 0;
        self.more = more;
        self.next_check = Instant::now() + CHECK_EVERY;
    }
}
