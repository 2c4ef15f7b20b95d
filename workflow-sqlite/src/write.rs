//! Changes of the file.

use sqlx::{SqliteConnection, query};
use workflow_core::{RunId, RunKey, StoreError, WorkflowId};

use crate::bulk::Bulk;

/// A change that is asked for, encoded.
#[derive(Debug)]
pub(crate) enum Write {
    CreateWorkflow(Version),
    UpdateWorkflow(Version),
    /// With a version, only if that is the newest.
    DeleteWorkflow(WorkflowId, Option<u32>),
    CreateRun(Box<NewRun>),
    Append(Append),
    DeleteRun(RunId),
    Probe,
}

/// A version of a workflow.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) number: u32,
    pub(crate) record: String,
}

/// A run with its first event.
#[derive(Debug)]
pub(crate) struct NewRun {
    pub(crate) id: String,
    pub(crate) workflow: String,
    /// In lower case.
    pub(crate) name: String,
    /// In lower case.
    pub(crate) excerpt: String,
    pub(crate) record: String,
    pub(crate) head: Head,
    pub(crate) first: (i64, String),
    pub(crate) key: Option<RunKey>,
}

/// Events, and what they make of their run.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) run: RunId,
    pub(crate) expected: u64,
    pub(crate) head: Head,
    pub(crate) events: Vec<(i64, String)>,
}

/// The part of a run that its events change.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: &'static str,
    pub(crate) last_seq: i64,
    pub(crate) ended_at: Option<String>,
    pub(crate) json: String,
}

/// What a change came to: whether there was something to change, or why it was refused.
pub(crate) type Answer = Result<bool, StoreError>;

impl Write {
    /// Whether a run ends with this.
    pub(crate) fn ends_a_run(&self) -> bool {
        matches!(self, Self::Append(append) if append.head.ended_at.is_some())
    }
}

/// Makes changes, or refuses each before anything is changed. Fails where the file does.
///
/// Nobody was told yet of any of them, so that their order is free: what is frequent is done in bulk.
pub(crate) async fn apply(
    file: &mut SqliteConnection,
    writes: &[Write],
) -> sqlx::Result<Vec<Answer>> {
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
            Write::Probe => probe(file).await?,
        });
    }
    Ok(answers)
}

async fn create_workflow(file: &mut SqliteConnection, new: &Version) -> sqlx::Result<Answer> {
    query("INSERT INTO workflow (id, name, newest) VALUES (?, ?, ?)")
        .bind(&new.id)
        .bind(&new.name)
        .bind(new.number)
        .execute(&mut *file)
        .await?;
    insert_version(file, new).await
}

async fn update_workflow(file: &mut SqliteConnection, next: &Version) -> sqlx::Result<Answer> {
    let updated = query(
        "UPDATE workflow SET name = ?2, newest = ?3 \
         WHERE id = ?1 AND newest = ?3 - 1 AND NOT deleted",
    )
    .bind(&next.id)
    .bind(&next.name)
    .bind(next.number)
    .execute(&mut *file)
    .await?;
    if updated.rows_affected() == 0 {
        return Ok(Ok(false));
    }
    insert_version(file, next).await
}

async fn insert_version(file: &mut SqliteConnection, version: &Version) -> sqlx::Result<Answer> {
    query("INSERT INTO version (workflow, version, record) VALUES (?, ?, ?)")
        .bind(&version.id)
        .bind(version.number)
        .bind(&version.record)
        .execute(file)
        .await?;
    Ok(Ok(true))
}

async fn delete_workflow(
    file: &mut SqliteConnection,
    id: WorkflowId,
    newest: Option<u32>,
) -> sqlx::Result<Answer> {
    let deleted = query(
        "UPDATE workflow SET deleted = TRUE \
         WHERE id = ?1 AND newest = coalesce(?2, newest) AND NOT deleted",
    )
    .bind(id.to_string())
    .bind(newest)
    .execute(file)
    .await?;
    Ok(Ok(deleted.rows_affected() > 0))
}

async fn delete_run(file: &mut SqliteConnection, run: RunId) -> sqlx::Result<Answer> {
    let deleted = query("DELETE FROM run WHERE id = ?")
        .bind(run.to_string())
        .execute(file)
        .await?;
    Ok(Ok(deleted.rows_affected() > 0))
}

async fn probe(file: &mut SqliteConnection) -> sqlx::Result<Answer> {
    query(
        "INSERT INTO probe (id, times) VALUES (1, 1) ON CONFLICT DO UPDATE SET times = times + 1",
    )
    .execute(file)
    .await?;
    Ok(Ok(true))
}
