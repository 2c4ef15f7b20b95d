//! The frequent changes, new runs and appends, written with one statement for many of them.
//!
//! A statement costs more than a row. With 64 rows per statement, a batch of 256 appends takes a few
//! statements instead of several hundred.

use std::collections::{HashMap, HashSet};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_scalar};
use workflow_core::store::StoreError;
use workflow_sqlkit::{EncodedAppend, EncodedEvent, EncodedRun, row_seq};

use crate::write::{Write, WriteResult};

/// The numbers of rows per statement. Few different ones, so that all prepared statements stay in the
/// cache.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// The new runs and appends of a batch, each with its index in the batch, and their results.
pub(crate) struct Bulk<'a> {
    created: Vec<(usize, &'a EncodedRun)>,
    appended: Vec<(usize, &'a EncodedAppend)>,
    answers: HashMap<usize, WriteResult>,
    /// The events to insert: those of the runs and appends that succeeded.
    events: Vec<(i64, &'a EncodedEvent)>,
}

impl<'a> Bulk<'a> {
    /// Collects the new runs and appends of a batch. Other changes are ignored.
    pub(crate) fn new(writes: &'a [Write]) -> Self {
        let mut bulk = Self {
            created: Vec::new(),
            appended: Vec::new(),
            answers: HashMap::new(),
            events: Vec::new(),
        };
        for (at, write) in writes.iter().enumerate() {
            match write {
                Write::CreateRun(run) => bulk.created.push((at, run)),
                Write::Append(append) => bulk.appended.push((at, append)),
                _ => {}
            }
        }
        bulk
    }

    /// Writes all changes. Each has a result: written, or refused because of a conflict.
    ///
    /// # Errors
    /// If a statement fails. The transaction has to be rolled back then.
    pub(crate) async fn apply(&mut self, file: &mut SqliteConnection) -> sqlx::Result<()> {
        for chunk in statement_chunks(&std::mem::take(&mut self.created)) {
            self.create(file, chunk).await?;
        }
        let mut left = std::mem::take(&mut self.appended);
        while !left.is_empty() {
            // A statement can update a row only once, so a second append of a run needs another one.
            let mut runs = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(_, append)| runs.insert(append.run));
            for chunk in statement_chunks(&now) {
                self.append(file, chunk).await?;
            }
            left = later;
        }
        for chunk in statement_chunks(&std::mem::take(&mut self.events)) {
            insert_events(file, chunk).await?;
        }
        Ok(())
    }

    /// The result of the change with this index in the batch. To be called once per change.
    pub(crate) fn answer(&mut self, at: usize) -> WriteResult {
        self.answers.remove(&at).unwrap_or(Ok(false))
    }

    /// Inserts runs and queues their first events.
    async fn create(
        &mut self,
        file: &mut SqliteConnection,
        runs: &[(usize, &'a EncodedRun)],
    ) -> sqlx::Result<()> {
        let created = insert_runs(file, runs).await?;
        for (at, run) in runs {
            let answer = match created.get(&run.id) {
                Some(&number) => {
                    let events = run.events.iter().map(|event| (number, event));
                    self.events.extend(events);
                    Ok(true)
                }
                None => Err(StoreError::KeyTaken),
            };
            self.answers.insert(*at, answer);
        }
        Ok(())
    }

    /// Updates the heads of runs and queues the events of those that matched.
    async fn append(
        &mut self,
        file: &mut SqliteConnection,
        appends: &[(usize, &'a EncodedAppend)],
    ) -> sqlx::Result<()> {
        let moved = update_heads(file, appends).await?;
        for (at, append) in appends {
            let answer = match moved.get(&append.run.to_string()) {
                Some(&number) => {
                    let events = append.events.iter().map(|event| (number, event));
                    self.events.extend(events);
                    Ok(true)
                }
                None => Err(refusal(file, append).await?),
            };
            self.answers.insert(*at, answer);
        }
        Ok(())
    }
}

/// Splits rows into chunks, each as large as one of the statements.
fn statement_chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROWS.into_iter().find(|size| *size <= rows.len())?;
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// Inserts runs. Returns the row numbers of those that were inserted, by id; a run whose idempotency key
/// exists is not.
async fn insert_runs(
    file: &mut SqliteConnection,
    runs: &[(usize, &EncodedRun)],
) -> sqlx::Result<HashMap<String, i64>> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "INSERT INTO run (id, workflow, status, last_seq, ended_at, name, excerpt, \
                          key_scope, key, request, record, head, checksum, head_checksum) ",
    );
    sql.push_values(runs, |mut row, (_, run)| {
        let key = run.key.as_ref();
        row.push_bind(&run.id)
            .push_bind(&run.workflow)
            .push_bind(run.head.status)
            .push_bind(run.head.last_seq)
            .push_bind(&run.head.ended_at)
            .push_bind(&run.name)
            .push_bind(&run.excerpt)
            .push_bind(key.map(|key| &key.scope))
            .push_bind(key.map(|key| &key.key))
            .push_bind(key.map(|key| &key.request))
            .push_bind(&run.record)
            .push_bind(&run.head.json)
            .push_bind(run.checksum)
            .push_bind(run.head.checksum);
    });
    sql.push(" ON CONFLICT (key_scope, key) WHERE key IS NOT NULL DO NOTHING RETURNING id, number");
    let created = sql.build_query_as().fetch_all(file).await?;
    Ok(created.into_iter().collect())
}

/// Updates the heads of runs whose logs end at the expected event. Returns their row numbers, by id. The
/// comparison and the update are one statement, which fences other writers.
async fn update_heads(
    file: &mut SqliteConnection,
    appends: &[(usize, &EncodedAppend)],
) -> sqlx::Result<HashMap<String, i64>> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "WITH next (run, expected, status, last_seq, ended_at, head, head_checksum) AS (",
    );
    sql.push_values(appends, |mut row, (_, append)| {
        row.push_bind(append.run.to_string())
            .push_bind(row_seq(append.expected))
            .push_bind(append.head.status)
            .push_bind(append.head.last_seq)
            .push_bind(&append.head.ended_at)
            .push_bind(&append.head.json)
            .push_bind(append.head.checksum);
    });
    sql.push(
        ") UPDATE run SET status = next.status, last_seq = next.last_seq, \
                          ended_at = next.ended_at, head = next.head, \
                          head_checksum = next.head_checksum \
         FROM next WHERE run.id = next.run AND run.last_seq = next.expected RETURNING id, number",
    );
    let moved = sql.build_query_as().fetch_all(file).await?;
    Ok(moved.into_iter().collect())
}

/// The error of an append whose head was not updated.
async fn refusal(file: &mut SqliteConnection, append: &EncodedAppend) -> sqlx::Result<StoreError> {
    let actual: Option<u64> = query_scalar("SELECT last_seq FROM run WHERE id = ?")
        .bind(append.run.to_string())
        .fetch_optional(file)
        .await?;
    Ok(match actual {
        Some(actual) => StoreError::Conflict {
            run: append.run,
            expected: append.expected,
            actual,
        },
        None => StoreError::NoSuchRun(append.run),
    })
}

/// Inserts events. The head was updated before in the same transaction, so their numbers are free.
async fn insert_events(
    file: &mut SqliteConnection,
    events: &[(i64, &EncodedEvent)],
) -> sqlx::Result<()> {
    let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO event (run, seq, body, checksum) ");
    sql.push_values(events, |mut row, (run, event)| {
        row.push_bind(run)
            .push_bind(event.seq)
            .push_bind(&event.body)
            .push_bind(event.checksum);
    });
    sql.build().execute(file).await?;
    Ok(())
}
