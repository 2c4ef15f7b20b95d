//! Searches: what the index of `workflow_sqlkit::search` reads of this database.

use sqlx::{
    FromRow, PgConnection, Postgres, QueryBuilder, postgres::PgPool, query_as, query_scalar,
};
use workflow_core::{
    record::{RunCounts, RunQuery},
    store::StoreError,
};
use workflow_sqlkit::{
    RunRow, before, counts_of, limit, number, run_columns,
    search::{Among, BlockHead, BlockReader, HeadColumns},
};

use crate::{error::failed, signals::Signals};

pub(crate) const HEADS: &str = "SELECT block, first, last, runs, min_id, max_id, stale \
     FROM workflow_runner.run_block ORDER BY first";
pub(crate) const YOUNGEST: &str =
    "SELECT number FROM workflow_runner.run WHERE id < $1 ORDER BY id DESC LIMIT 1";
pub(crate) const ROWS: &str = "SELECT id, bytes FROM workflow_runner.run_token WHERE id = ANY ($1)";

/// A search for a text in lower case.
pub(crate) struct TextSearch<'a> {
    pool: &'a PgPool,
    query: &'a RunQuery,
    text: &'a str,
    before: String,
    signals: &'a Signals,
}

impl<'a> TextSearch<'a> {
    pub(crate) fn new(
        pool: &'a PgPool,
        query: &'a RunQuery,
        text: &'a str,
        signals: &'a Signals,
    ) -> Result<Self, StoreError> {
        let before = before(&query.page)?;
        Ok(Self {
            pool,
            query,
            text,
            before,
            signals,
        })
    }

    /// Adds the runs and the conditions. `OFFSET 0` is a fence: without it, Postgres may read all runs in the order of
    /// their ids instead.
    fn push_matching(&self, sql: &mut QueryBuilder<Postgres>, among: Among<'_>) {
        sql.push(" FROM (SELECT * FROM workflow_runner.run WHERE number ");
        match among {
            Among::Range((first, last)) => sql
                .push("BETWEEN ")
                .push_bind(first)
                .push(" AND ")
                .push_bind(last),
            Among::Numbers(numbers) => sql.push("= ANY (").push_bind(numbers.to_vec()).push(")"),
        };
        sql.push(" OFFSET 0) AS few WHERE true");
        if let Some(workflow) = self.query.workflow_id {
            sql.push(" AND workflow = ").push_bind(workflow.to_string());
        }
        // Bytes of UTF-8 are found only where the characters are.
        let text = self.text.as_bytes();
        sql.push(" AND (position(").push_bind(text.to_vec());
        sql.push(" IN name) > 0 OR position(")
            .push_bind(text.to_vec());
        sql.push(" IN excerpt) > 0 OR position(")
            .push_bind(text.to_vec());
        sql.push(" IN convert_to(id, 'UTF8')) > 0)");
    }

    /// The statement that reads matching runs.
    pub(crate) fn runs_query(&self, among: Among<'_>, most: usize) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new(concat!("SELECT ", run_columns!(), ", number"));
        self.push_matching(&mut sql, among);
        if let Some(wanted) = self.query.status {
            sql.push(" AND status = ").push_bind(wanted.as_str());
        }
        sql.push(" AND id < ").push_bind(self.before.clone());
        sql.push(" ORDER BY id DESC LIMIT ").push_bind(limit(most));
        sql
    }

    /// The statement that counts matching runs.
    pub(crate) fn counts_query(&self, among: Among<'_>) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new("SELECT status, count(*)");
        self.push_matching(&mut sql, among);
        sql.push(" GROUP BY status");
        sql
    }
}

impl BlockReader for TextSearch<'_> {
    async fn heads(&self) -> Result<Vec<BlockHead>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        heads(&mut connection).await.map_err(failed)
    }

    async fn youngest(&self) -> Result<Option<i64>, StoreError> {
        let youngest = query_scalar(YOUNGEST).bind(&self.before);
        youngest.fetch_optional(self.pool).await.map_err(failed)
    }

    async fn rows(&self, ids: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let rows = query_as(ROWS).bind(ids).fetch_all(self.pool);
        rows.await.map_err(failed)
    }

    async fn runs(&self, among: Among<'_>, most: usize) -> Result<Vec<(i64, RunRow)>, StoreError> {
        let rows = self
            .runs_query(among, most)
            .build()
            .fetch_all(self.pool)
            .await;
        let rows = rows.map_err(failed)?;
        let runs = rows
            .iter()
            .map(|row| Ok((number(row, 14)?, RunRow::from_row(row)?)));
        runs.collect::<sqlx::Result<_>>().map_err(failed)
    }

    fn report_damage(&self, block: i64) {
        self.signals.report_damage(block);
    }

    async fn counts(&self, among: Among<'_>) -> Result<RunCounts, StoreError> {
        counts(self.pool, self.counts_query(among)).await
    }
}

/// The blocks of the search index, by range.
pub(crate) async fn heads(connection: &mut PgConnection) -> sqlx::Result<Vec<BlockHead>> {
    let rows: Vec<HeadColumns> = query_as(HEADS).fetch_all(connection).await?;
    Ok(rows.into_iter().map(BlockHead::from).collect())
}

/// The counts by status that a statement returns.
pub(crate) async fn counts(
    pool: &PgPool,
    mut sql: QueryBuilder<Postgres>,
) -> Result<RunCounts, StoreError> {
    let rows: Vec<(String, i64)> = sql.build_query_as().fetch_all(pool).await.map_err(failed)?;
    Ok(counts_of(rows))
}
