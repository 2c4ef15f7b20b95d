//! What is forgotten of runs that ended.

use std::time::Duration;

use sqlx::{Connection, SqliteConnection, query, query_as, query_scalar};
use tokio::time::Instant;

/// The most runs that are forgotten at once, and about the most events: writers wait meanwhile.
const RUNS_AT_ONCE: i64 = 100;
const EVENTS_AT_ONCE: i64 = 10_000;

/// How long after a look there is another one, at most.
const LOOK_EVERY: Duration = Duration::from_hours(1);

pub(crate) const OLD: &str = "SELECT number, last_seq FROM run \
     WHERE ended_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?) ORDER BY ended_at LIMIT ?";
pub(crate) const ENDED: &str = "SELECT count(*) FROM run WHERE ended_at IS NOT NULL";
pub(crate) const FIRST_ENDED: &str = "SELECT number, last_seq FROM run \
     WHERE ended_at IS NOT NULL ORDER BY ended_at LIMIT ?";

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
        let mut events = 0;
        let mut forgotten = 0;
        for (number, its_events) in self.overdue(&mut transaction).await? {
            if forgotten > 0 && events + its_events > EVENTS_AT_ONCE {
                break;
            }
            query("DELETE FROM run WHERE number = ?")
                .bind(number)
                .execute(&mut *transaction)
                .await?;
            events += its_events;
            forgotten += 1;
        }
        transaction.commit().await?;
        Ok(forgotten > 0)
    }

    /// The runs that ended first of those that are not to be kept, and how many events each has.
    async fn overdue(self, file: &mut SqliteConnection) -> sqlx::Result<Vec<(i64, i64)>> {
        if let Some(days) = self.days {
            let old = query_as(OLD)
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
        query_as(FIRST_ENDED).bind(too_many).fetch_all(file).await
    }

    /// Of how many runs the end makes it worth to look again: a look counts all that ended.
    fn worth_a_look(self) -> usize {
        let hundredth = self.runs.map_or(0, |runs| runs / 100);
        usize::try_from(hundredth).unwrap_or(usize::MAX).max(1)
    }
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
