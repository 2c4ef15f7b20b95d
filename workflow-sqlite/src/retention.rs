//! What is forgotten of runs that ended.

use std::time::Duration;

use sqlx::{Connection, SqliteConnection, query, query_as, query_scalar};
use tokio::time::Instant;

/// The most runs that are forgotten in one transaction: writers wait meanwhile.
const RUNS_AT_ONCE: i64 = 100;

/// The most events that are deleted in one transaction, and about the most bytes of them: tens of milliseconds.
const EVENTS_AT_ONCE: i64 = 1_000;
const BYTES_AT_ONCE: i64 = 4 * 1024 * 1024;

/// How long after a look there is another one, at most.
const LOOK_EVERY: Duration = Duration::from_hours(1);

pub(crate) const OLD: &str = "SELECT number FROM run \
     WHERE ended_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) ORDER BY ended_at LIMIT ?";
pub(crate) const ENDED: &str = "SELECT count(*) FROM run WHERE ended_at IS NOT NULL";
pub(crate) const FIRST_ENDED: &str = "SELECT number FROM run \
     WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?";
pub(crate) const LEFT_OVER: &str =
    "SELECT seq, octet_length(body) FROM event WHERE run = ? ORDER BY seq LIMIT ?";

/// How long runs are kept once they ended; without a number, for ever.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    pub(crate) days: Option<u32>,
    pub(crate) runs: Option<u32>,
}

impl Retention {
    /// Whether anything is ever forgotten.
    pub(crate) fn forgets(self) -> bool {
        self.days.is_some() || self.runs.is_some()
    }

    /// Forgets a few of the runs that are not to be kept. Says whether there may be more.
    pub(crate) async fn forget_some(self, file: &mut SqliteConnection) -> sqlx::Result<bool> {
        let mut transaction = file.begin_with("BEGIN IMMEDIATE").await?;
        let overdue = self.overdue(&mut transaction).await?;
        for number in &overdue {
            query("DELETE FROM run WHERE number = ?")
                .bind(number)
                .execute(&mut *transaction)
                .await?;
            leave_events(&mut transaction, *number).await?;
        }
        transaction.commit().await?;
        Ok(!overdue.is_empty())
    }

    /// The runs that ended first of those that are not to be kept.
    async fn overdue(self, file: &mut SqliteConnection) -> sqlx::Result<Vec<i64>> {
        if let Some(days) = self.days {
            let old: Vec<i64> = query_scalar(OLD)
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
        query_scalar(FIRST_ENDED)
            .bind(too_many)
            .fetch_all(file)
            .await
    }

    /// Of how many runs the end makes it worth to look again: a look counts all that ended.
    fn worth_a_look(self) -> usize {
        let hundredth = self.runs.map_or(0, |runs| runs / 100);
        usize::try_from(hundredth).unwrap_or(usize::MAX).max(1)
    }
}

/// Notes that the events of a deleted run are to be deleted.
pub(crate) async fn leave_events(file: &mut SqliteConnection, number: i64) -> sqlx::Result<()> {
    let noted = query("INSERT INTO deleted_run (number) VALUES (?)").bind(number);
    noted.execute(file).await.map(|_| ())
}

/// Deletes some of the events whose run is deleted. Says whether there may be more: a log has up to a million,
/// and writers wait for each transaction.
pub(crate) async fn delete_some_events(file: &mut SqliteConnection) -> sqlx::Result<bool> {
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
        let events: Vec<(i64, i64)> = query_as(LEFT_OVER)
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

/// When to look for what is to be forgotten.
#[derive(Debug)]
pub(crate) struct Forgetting {
    retention: Retention,
    /// Runs that ended since the last look.
    ended: usize,
    /// Whether the last look left some.
    more: bool,
    next_look: Instant,
}

impl Forgetting {
    /// Due at once.
    pub(crate) fn new(retention: Retention) -> Self {
        Self {
            retention,
            ended: 0,
            more: true,
            next_look: Instant::now() + LOOK_EVERY,
        }
    }

    pub(crate) fn retention(&self) -> Retention {
        self.retention
    }

    pub(crate) fn is_due(&self) -> bool {
        let enough_ended = self.ended >= self.retention.worth_a_look();
        self.more || enough_ended || Instant::now() >= self.next_look
    }

    /// When it is due, however few runs have ended by then: runs grow old by themselves.
    pub(crate) fn next_look(&self) -> Instant {
        self.next_look
    }

    /// More runs have ended.
    pub(crate) fn note_ended(&mut self, runs: usize) {
        self.ended += runs;
    }

    /// A look was taken, and there may be more to forget.
    pub(crate) fn looked(&mut self, more: bool) {
        self.ended = 0;
        self.more = more;
        self.next_look = Instant::now() + LOOK_EVERY;
    }
}
