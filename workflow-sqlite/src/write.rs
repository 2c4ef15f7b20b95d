//! The changes that the writer makes, and their statements.

use sqlx::{SqliteConnection, query, query_as, query_scalar};
use workflow_core::{RunId, WorkflowId, store::StoreError};
use workflow_sqlkit::{EncodedAppend, EncodedRun, EncodedVersion, of_workflow};

use crate::{
    block::{self, NewBlock},
    bulk::Bulk,
    retention,
};

/// A change. Its caller has encoded it, so that the writer only executes statements.
#[derive(Debug)]
pub(crate) enum Write {
    CreateWorkflow(EncodedVersion),
    UpdateWorkflow(EncodedVersion),
    /// Deletes a workflow; if a version is given, only if it is the newest one.
    DeleteWorkflow(WorkflowId, Option<u32>),
    CreateRun(Box<EncodedRun>),
    Append(EncodedAppend),
    DeleteRun(RunId),
    Block(Box<NewBlock>),
    /// Counts all runs again.
    CountRuns,
    Probe,
}

/// The result of a change: whether there was something to change, or why it was refused.
pub(crate) type WriteResult = Result<bool, StoreError>;

impl Write {
    /// Whether the change deletes a run, so that its events have to be deleted afterwards.
    pub(crate) fn deletes_a_run(&self) -> bool {
        matches!(self, Self::DeleteRun(_))
    }

    /// Whether the change creates a run.
    pub(crate) fn creates_a_run(&self) -> bool {
        matches!(self, Self::CreateRun(_))
    }

    /// Whether the change makes another version of a workflow the newest, or none.
    pub(crate) fn changes_a_workflow(&self) -> bool {
        matches!(self, Self::UpdateWorkflow(_) | Self::DeleteWorkflow(..))
    }

    /// Whether the change ends a run.
    pub(crate) fn ends_a_run(&self) -> bool {
        match self {
            Self::CreateRun(run) => run.head.ended_at.is_some(),
            Self::Append(append) => append.head.ended_at.is_some(),
            _ => false,
        }
    }
}

/// Makes the changes of a batch within a transaction. Returns one result per change, in their order.
///
/// The order of the changes within a batch is free, because none of them was acknowledged yet. So the
/// frequent ones are made in bulk first.
///
/// # Errors
/// If a statement fails. The transaction has to be rolled back then.
pub(crate) async fn apply(
    file: &mut SqliteConnection,
    writes: &[Write],
) -> sqlx::Result<Vec<WriteResult>> {
    let mut bulk = Bulk::new(writes);
    bulk.apply(&mut *file).await?;
    let mut answers = Vec::with_capacity(writes.len());
    for (at, write) in writes.iter().enumerate() {
        answers.push(match write {
            Write::CreateWorkflow(version) => create_workflow(file, version).await?,
            Write::UpdateWorkflow(version) => update_workflow(file, version).await?,
            Write::DeleteWorkflow(id, newest) => delete_workflow(file, *id, *newest).await?,
            Write::CreateRun(_) | Write::Append(_) => bulk.answer(at),
            Write::DeleteRun(run) => delete_run(file, *run).await?,
            Write::Block(block) => Ok(block::replace(file, block).await?),
            Write::CountRuns => count_runs(file).await?,
            Write::Probe => probe(file).await?,
        });
    }
    Ok(answers)
}

async fn create_workflow(
    file: &mut SqliteConnection,
    new: &EncodedVersion,
) -> sqlx::Result<WriteResult> {
    query("INSERT INTO workflow (id, name, newest, checksum) VALUES (?, ?, ?, ?)")
        .bind(&new.id)
        .bind(&new.name)
        .bind(new.number)
        .bind(new.shared_checksum)
        .execute(&mut *file)
        .await?;
    insert_version(file, new).await
}

/// Adds a version if its number is the next one, so that of two concurrent updates one fails.
async fn update_workflow(
    file: &mut SqliteConnection,
    next: &EncodedVersion,
) -> sqlx::Result<WriteResult> {
    let updated = query(
        "UPDATE workflow SET name = ?2, newest = ?3, checksum = ?4 \
         WHERE id = ?1 AND newest = ?3 - 1 AND NOT deleted",
    )
    .bind(&next.id)
    .bind(&next.name)
    .bind(next.number)
    .bind(next.shared_checksum)
    .execute(&mut *file)
    .await?;
    if updated.rows_affected() == 0 {
        return Ok(Ok(false));
    }
    insert_version(file, next).await
}

async fn insert_version(
    file: &mut SqliteConnection,
    version: &EncodedVersion,
) -> sqlx::Result<WriteResult> {
    query("INSERT INTO version (workflow, version, record, checksum) VALUES (?, ?, ?, ?)")
        .bind(&version.id)
        .bind(version.number)
        .bind(&version.record)
        .bind(version.checksum)
        .execute(file)
        .await?;
    Ok(Ok(true))
}

/// Marks a workflow as deleted. Its versions stay, because runs refer to them.
async fn delete_workflow(
    file: &mut SqliteConnection,
    id: WorkflowId,
    newest: Option<u32>,
) -> sqlx::Result<WriteResult> {
    let id = id.to_string();
    let found: Option<(Option<String>, i64)> = query_as(
        "SELECT name, newest FROM workflow \
         WHERE id = ?1 AND newest = coalesce(?2, newest) AND NOT deleted",
    )
    .bind(&id)
    .bind(newest)
    .fetch_optional(&mut *file)
    .await?;
    let Some((name, newest)) = found else {
        return Ok(Ok(false));
    };
    let name = name.as_deref().map(str::as_bytes);
    query("UPDATE workflow SET deleted = TRUE, checksum = ? WHERE id = ?")
        .bind(of_workflow(id.as_bytes(), name, newest, true))
        .bind(&id)
        .execute(file)
        .await?;
    Ok(Ok(true))
}

/// Deletes the run and marks its events for deletion.
async fn delete_run(file: &mut SqliteConnection, run: RunId) -> sqlx::Result<WriteResult> {
    let deleted: Option<i64> = query_scalar("DELETE FROM run WHERE id = ? RETURNING number")
        .bind(run.to_string())
        .fetch_optional(&mut *file)
        .await?;
    let Some(number) = deleted else {
        return Ok(Ok(false));
    };
    retention::mark_events_deleted(file, number).await?;
    Ok(Ok(true))
}

/// Replaces the numbers of runs that are kept.
async fn count_runs(file: &mut SqliteConnection) -> sqlx::Result<WriteResult> {
    query("DELETE FROM run_count").execute(&mut *file).await?;
    query(
        "INSERT INTO run_count (workflow, status, runs) \
         SELECT workflow, status, count(*) FROM run GROUP BY workflow, status",
    )
    .execute(file)
    .await?;
    Ok(Ok(true))
}

/// Updates a row in a table that has no other purpose.
async fn probe(file: &mut SqliteConnection) -> sqlx::Result<WriteResult> {
    query(
        "INSERT INTO probe (id, times) VALUES (1, 1) ON CONFLICT DO UPDATE SET times = times + 1",
    )
    .execute(file)
    .await?;
    Ok(Ok(true))
}
