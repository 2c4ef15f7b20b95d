//! Searches: what the index of `workflow_sqlkit::search` reads of this database.

use std::fmt::Write as _;

use sqlx::{FromRow, QueryBuilder, Sqlite, query_as, query_scalar, sqlite::SqlitePool};
use workflow_core::{
    record::{RunCounts, RunQuery},
    store::StoreError,
};
use workflow_sqlkit::{
    RunRow, before, counts_of, limit, number,
    search::{Among, BlockHead, BlockReader, HeadColumns},
    unavailable,
};

use crate::{block::IndexSignal, error::is_damage};

pub(crate) const HEADS: &str =
    "SELECT block, first, last, runs, min_id, max_id, stale FROM run_block ORDER BY first";
pub(crate) const YOUNGEST: &str = "SELECT number FROM run WHERE id < ? ORDER BY id DESC LIMIT 1";
pub(crate) const ROWS: &str =
    "SELECT id, bytes FROM run_token WHERE id IN (SELECT value FROM json_each(?))";

/// A search for a text in lower case.
pub(crate) struct TextSearch<'a> {
    readers: &'a SqlitePool,
    query: &'a RunQuery,
    text: &'a str,
    before: String,
    index: &'a IndexSignal,
}

impl<'a> TextSearch<'a> {
    pub(crate) fn new(
        readers: &'a SqlitePool,
        query: &'a RunQuery,
        text: &'a str,
        index: &'a IndexSignal,
    ) -> Result<Self, StoreError> {
        let before = before(&query.page)?;
        Ok(Self {
            readers,
            query,
            text,
            before,
            index,
        })
    }

    /// Adds the conditions of a search. Unary `+` excludes indexes: the runs are found by their numbers.
    fn push_conditions(&self, sql: &mut QueryBuilder<Sqlite>, among: Among<'_>) {
        match among {
            Among::Range((first, last)) => sql
                .push(" WHERE number BETWEEN ")
                .push_bind(first)
                .push(" AND ")
                .push_bind(last),
            Among::Numbers(numbers) => sql
                .push(" WHERE number IN (SELECT value FROM json_each(")
                .push_bind(json_array(numbers))
                .push("))"),
        };
        if let Some(workflow) = self.query.workflow_id {
            sql.push(" AND +workflow = ")
                .push_bind(workflow.to_string());
        }
        sql.push(" AND (instr(id, ").push_bind(self.text.to_owned());
        sql.push(") OR instr(name, ")
            .push_bind(self.text.to_owned());
        sql.push(") OR instr(excerpt, ")
            .push_bind(self.text.to_owned())
            .push("))");
    }

    /// The statement that reads matching runs.
    pub(crate) fn runs_query(&self, among: Among<'_>, most: usize) -> QueryBuilder<Sqlite> {
        let mut sql = QueryBuilder::new(concat!(
            "SELECT ",
            workflow_sqlkit::run_columns!(),
            ", number FROM run"
        ));
        self.push_conditions(&mut sql, among);
        if let Some(wanted) = self.query.status {
            sql.push(" AND +status = ").push_bind(wanted.as_str());
        }
        sql.push(" AND +id < ").push_bind(self.before.clone());
        sql.push(" ORDER BY +id DESC LIMIT ").push_bind(limit(most));
        sql
    }

    /// The statement that counts matching runs.
    pub(crate) fn counts_query(&self, among: Among<'_>) -> QueryBuilder<Sqlite> {
        let mut sql = QueryBuilder::new("SELECT status, count(*) FROM run");
        self.push_conditions(&mut sql, among);
        sql.push(" GROUP BY +status");
        sql
    }
}

impl BlockReader for TextSearch<'_> {
    async fn heads(&self) -> Result<Vec<BlockHead>, StoreError> {
        found_or_damaged(heads(self.readers).await)
    }

    async fn youngest(&self) -> Result<Option<i64>, StoreError> {
        let youngest = query_scalar(YOUNGEST).bind(&self.before);
        youngest
            .fetch_optional(self.readers)
            .await
            .map_err(unavailable)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let rows = query_as(ROWS).bind(json_array(ids)).fetch_all(self.readers);
        found_or_damaged(rows.await)
    }

    async fn runs(&self, among: Among<'_>, most: usize) -> Result<Vec<(i64, RunRow)>, StoreError> {
        let rows = self
            .runs_query(among, most)
            .build()
            .fetch_all(self.readers)
            .await;
        let rows = rows.map_err(unavailable)?;
        let runs = rows
            .iter()
            .map(|row| Ok((number(row, 14)?, RunRow::from_row(row)?)));
        runs.collect::<sqlx::Result<_>>().map_err(unavailable)
    }

    fn report_damage(&self, block: i64) {
        self.index.report_damage(block);
    }

    async fn counts(&self, among: Among<'_>) -> Result<RunCounts, StoreError> {
        counts(self.readers, self.counts_query(among)).await
    }
}

/// What was read of the index; nothing if its pages are damaged. Then the runs are searched one by one.
fn found_or_damaged<T>(read: sqlx::Result<Vec<T>>) -> Result<Vec<T>, StoreError> {
    match read {
        Err(error) if is_damage(&error) => {
            tracing::error!(%error, "the search index is damaged: runs are searched one by one");
            Ok(Vec::new())
        }
        read => read.map_err(unavailable),
    }
}

/// The blocks of the search index, by range.
pub(crate) async fn heads(readers: &SqlitePool) -> sqlx::Result<Vec<BlockHead>> {
    let rows: Vec<HeadColumns> = query_as(HEADS).fetch_all(readers).await?;
    Ok(rows.into_iter().map(BlockHead::from).collect())
}

/// A JSON array, since SQLite has no other parameter with several values.
fn json_array(numbers: &[i64]) -> String {
    let mut array = String::from("[");
    for (at, number) in numbers.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(array, "{comma}{number}");
    }
    array.push(']');
    array
}

/// The counts by status that a statement returns.
pub(crate) async fn counts(
    readers: &SqlitePool,
    mut sql: QueryBuilder<Sqlite>,
) -> Result<RunCounts, StoreError> {
    let rows: Vec<(Vec<u8>, i64)> = sql
        .build_query_as()
        .fetch_all(readers)
        .await
        .map_err(unavailable)?;
    Ok(counts_of(rows))
}
