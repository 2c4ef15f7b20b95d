//! In the background: deleting runs that are not to be kept, events of deleted runs, and what engines that died left; adding up
//! numbers of runs; and extending the search index.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, postgres::PgPool, query, query_scalar};
use tokio::time::{Instant, timeout, timeout_at};
use workflow_sqlkit::search::{BLOCK_RUNS, Built, Replacements};

use crate::{
    advisory::{MAINTENANCE, try_lock},
    index,
    signals::Signals,
};

/// The time between two looks at what is to be deleted.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// The most rows that one transaction deletes, so that it holds few locks and writes little at once.
const RUNS_AT_ONCE: i64 = 100;
const EVENTS_AT_ONCE: i64 = 10_000;

/// The rows are found by an array: with a subquery Postgres expects a third of the table, and reads all of it.
macro_rules! delete_ended {
    ($condition:literal, $limit:literal) => {
        concat!(
            "WITH gone AS ( \
                 DELETE FROM workflow_runner.run WHERE number = ANY (ARRAY( \
                     SELECT number FROM workflow_runner.run WHERE ",
            $condition,
            " ORDER BY ended_at LIMIT ",
            $limit,
            ")) RETURNING number \
             ) INSERT INTO workflow_runner.deleted_run (number) SELECT number FROM gone"
        )
    };
}

/// `ended_at` is RFC 3339 in UTC with microseconds: texts compare as times do.
pub(crate) const DELETE_OLD: &str = delete_ended!(
    "ended_at < to_char((now() - make_interval(days => $1)) AT TIME ZONE 'UTC', \
     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    "$2"
);
pub(crate) const ENDED: &str =
    "SELECT count(*) FROM workflow_runner.run WHERE ended_at IS NOT NULL";
pub(crate) const DELETE_FIRST_ENDED: &str = delete_ended!("ended_at IS NOT NULL", "$1");
pub(crate) const DELETE_EVENTS: &str = "DELETE FROM workflow_runner.event WHERE run = $1 AND seq <= ( \
     SELECT max(seq) FROM ( \
         SELECT seq FROM workflow_runner.event WHERE run = $1 ORDER BY seq LIMIT $2) AS few)";

/// Engines that died, and their claims. There are few, so the tables have no index for it.
const DELETE_EXPIRED: [&str; 2] = [
    "DELETE FROM workflow_runner.instance WHERE valid_until < now() - interval '1 hour'",
    "DELETE FROM workflow_runner.claim WHERE valid_until < now() - interval '1 hour'",
];

/// Adds the changes of the numbers of runs to the numbers.
const ADD_COUNTS: &str = "WITH gone AS ( \
         DELETE FROM workflow_runner.run_count_change RETURNING workflow, status, runs \
     ) INSERT INTO workflow_runner.run_count AS counted (workflow, status, runs) \
       SELECT workflow, status, sum(runs) FROM gone GROUP BY workflow, status \
       ON CONFLICT (workflow, status) DO UPDATE SET runs = counted.runs + excluded.runs";

/// How long runs are kept after they ended; without a number, forever.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retention {
    pub(crate) days: Option<u32>,
    pub(crate) runs: Option<u32>,
}

/// The tasks that delete and that extend the search index. They end when this is dropped, after the transaction under way: with sqlx
/// 0.9, a future of `begin` that is dropped may leave its connection in the pool with an open transaction, in which later statements
/// are lost.
#[derive(Debug)]
pub(crate) struct Maintenance {
    signals: Arc<Signals>,
}

impl Maintenance {
    pub(crate) fn spawn(pool: PgPool, retention: Retention) -> Self {
        let signals = Arc::new(Signals::default());
        tokio::spawn(extend_index(pool.clone(), Arc::clone(&signals)));
        tokio::spawn(delete(pool, retention, Arc::clone(&signals)));
        Self { signals }
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.signals.stop();
    }
}

/// Extends the search index.
async fn extend_index(pool: PgPool, signals: Arc<Signals>) {
    let mut replacements = Replacements::new();
    while !pool.is_closed() && !signals.is_stopped() {
        let built = index::build_next(&pool, &mut replacements, &signals.damaged, BLOCK_RUNS).await;
        let wait = match built {
            Ok(Built::Block) => continue,
            Ok(Built::Nothing { is_stale: false }) => LOOK_EVERY,
            Ok(Built::Nothing { is_stale: true }) => {
                let due = replacements.due();
                due.saturating_duration_since(Instant::now())
            }
            Err(error) => {
                tracing::warn!(%error, "the search index was not extended, so searches take longer: the next attempt is in a minute");
                LOOK_EVERY
            }
        };
        // Whichever comes first.
        let _ = timeout(wait.min(LOOK_EVERY), signals.index_changed.notified()).await;
    }
}

/// Adds up numbers of runs, and deletes what is not kept.
async fn delete(pool: PgPool, retention: Retention, signals: Arc<Signals>) {
    let mut due = Instant::now();
    while !pool.is_closed() && !signals.is_stopped() {
        let is_due = Instant::now() >= due;
        let deleted = async {
            let more_runs = tidy(&pool, is_due.then_some(retention)).await?;
            if more_runs {
                signals.index_changed.notify_one();
            } else if is_due {
                due = Instant::now() + LOOK_EVERY;
            }
            Ok::<_, sqlx::Error>(more_runs | delete_some_events(&pool).await?)
        };
        match deleted.await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "runs and events that are not kept were not deleted: the next attempt is in a minute");
                due = Instant::now() + LOOK_EVERY;
            }
        }
        let _ = timeout_at(due, signals.changed.notified()).await;
    }
}

/// Deletes what engines that died left, adds up numbers of runs, and deletes some runs if `retention` is given. Returns whether
/// there may be more of those.
async fn tidy(pool: &PgPool, retention: Option<Retention>) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    if !try_lock(&mut transaction, MAINTENANCE).await? {
        return Ok(false);
    }
    for sql in DELETE_EXPIRED.into_iter().chain([ADD_COUNTS]) {
        query(sql).execute(&mut *transaction).await?;
    }
    let more = match retention {
        Some(retention) => retention.delete_some_runs(&mut transaction).await?,
        None => false,
    };
    transaction.commit().await?;
    Ok(more)
}

impl Retention {
    async fn delete_some_runs(self, connection: &mut PgConnection) -> sqlx::Result<bool> {
        let mut deleted = 0;
        if let Some(days) = self.days {
            let old = query(DELETE_OLD)
                .bind(i32::try_from(days).unwrap_or(i32::MAX))
                .bind(RUNS_AT_ONCE)
                .execute(&mut *connection)
                .await?;
            deleted += old.rows_affected();
        }
        if let Some(kept) = self.runs {
            let ended: i64 = query_scalar(ENDED).fetch_one(&mut *connection).await?;
            let too_many = (ended - i64::from(kept)).clamp(0, RUNS_AT_ONCE);
            let first = query(DELETE_FIRST_ENDED).bind(too_many);
            deleted += first.execute(connection).await?.rows_affected();
        }
        Ok(deleted > 0)
    }
}

/// Deletes events of the run that was deleted first. Returns whether there may be more. In a transaction of its own: it takes long,
/// and others would wait for the blocks that the deletion of runs marked.
async fn delete_some_events(pool: &PgPool) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    if !try_lock(&mut transaction, MAINTENANCE).await? {
        return Ok(false);
    }
    let run: Option<i64> = query_scalar("SELECT min(number) FROM workflow_runner.deleted_run")
        .fetch_one(&mut *transaction)
        .await?;
    let Some(run) = run else {
        return Ok(false);
    };
    let events = query(DELETE_EVENTS).bind(run).bind(EVENTS_AT_ONCE);
    let events = events.execute(&mut *transaction).await?;
    if events.rows_affected() == 0 {
        query("DELETE FROM workflow_runner.deleted_run WHERE number = $1")
            .bind(run)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use workflow_core::{record::RunQuery, store::Catalog, testing::store::random::SearchedRuns};
    use workflow_test_services::Postgres;

    use super::*;
    use crate::PostgresStore;

    #[tokio::test]
    async fn changes_of_numbers_of_runs_are_added_up() {
        let server = Postgres::start();
        let url = server.create_database();
        let store = PostgresStore::connect(&url).await.unwrap();
        let mut runs = SearchedRuns::stored(&store, 40).await;
        let count = |sql| query_scalar::<_, i64>(sql).fetch_one(store.pool());
        for (deleted, left) in [(0, 40), (15, 25)] {
            for _ in 0..deleted {
                runs.delete(&store, 0).await;
            }
            let before = store.count_runs(&RunQuery::default()).await.unwrap();
            let changes = "SELECT count(*) FROM workflow_runner.run_count_change";
            // The store's own task may do it meanwhile.
            while count(changes).await.unwrap() > 0 {
                tidy(store.pool(), None).await.unwrap();
            }
            let kept = "SELECT sum(runs)::bigint FROM workflow_runner.run_count";
            assert_eq!(count(kept).await.unwrap(), left);
            let after = store.count_runs(&RunQuery::default()).await.unwrap();
            assert_eq!(after, before);
        }
    }
}
