//! The frequent changes, new runs and appends: many of them with one statement.

use std::collections::{HashMap, HashSet};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, query_scalar};
use workflow_core::store::StoreError;
use workflow_sqlkit::{EncodedAppend, EncodedEvent, EncodedRun, row_seq};

use crate::write::{Answer, Write};

/// How many rows a statement has: one of these numbers, so that few statements are prepared, and kept.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// New runs and appends of a batch, what came of them, and the events that are to be written for that.
pub(crate) struct Bulk<'a> {
    created: Vec<(usize, &'a EncodedRun)>,
    appended: Vec<(usize, &'a EncodedAppend)>,
    answers: HashMap<usize, Answer>,
    events: Vec<(i64, &'a EncodedEvent)>,
}

impl<'a> Bulk<'a> {
    /// Those of a batch.
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

    /// Makes them, or refuses each of them.
    pub(crate) async fn apply(&mut self, file: &mut SqliteConnection) -> sqlx::Result<()> {
        for some in in_statements(&std::mem::take(&mut self.created)) {
            self.create(file, some).await?;
        }
        let mut left = std::mem::take(&mut self.appended);
        while !left.is_empty() {
            // One statement changes a run once.
            let mut runs = HashSet::new();
            let (now, later): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(_, append)| runs.insert(append.run));
            for some in in_statements(&now) {
                self.append(file, some).await?;
            }
            left = later;
        }
        for some in in_statements(&std::mem::take(&mut self.events)) {
            insert_events(file, some).await?;
        }
        Ok(())
    }

    /// What came of the change at this place of the batch.
    pub(crate) fn answer(&mut self, at: usize) -> Answer {
        self.answers.remove(&at).unwrap_or(Ok(false))
    }

    async fn create(
        &mut self,
        file: &mut SqliteConnection,
        runs: &[(usize, &'a EncodedRun)],
    ) -> sqlx::Result<()> {
        let created = insert_runs(file, runs).await?;
        for (at, run) in runs {
            let answer = match created.get(&run.id) {
                Some(&number) => {
                    self.events.push((number, &run.first));
                    Ok(true)
                }
                None => Err(StoreError::KeyTaken),
            };
            self.answers.insert(*at, answer);
        }
        Ok(())
    }

    async fn append(
        &mut self,
        file: &mut SqliteConnection,
        appends: &[(usize, &'a EncodedAppend)],
    ) -> sqlx::Result<()> {
        let moved = move_heads(file, appends).await?;
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

/// Cuts rows into parts of as many as a statement has.
fn in_statements<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROWS.into_iter().find(|size| *size <= rows.len())?;
        let (some, rest) = rows.split_at(size);
        rows = rest;
        Some(some)
    })
}

/// The numbers of the runs that are new, by id: not of those whose key is taken.
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

/// The numbers of the runs whose logs ended where they were expected to, by id. Their heads are written.
async fn move_heads(
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

/// Why no run of this id ended at the expected event.
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
