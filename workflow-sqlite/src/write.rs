//! One file's changes, one by one.

use sqlx::{SqliteConnection, query, query_scalar};
use workflow_core::{RunId, RunKey, StoreError, WorkflowId};

use crate::encode::row_seq;

/// A change that is asked for, encoded.
#[derive(Debug)]
pub(crate) enum Write {
    CreateWorkflow(Version),
    UpdateWorkflow(Version),
    DeleteWorkflow(WorkflowId),
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
    pub(crate) status: String,
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

    /// Makes the change, or refuses it before anything is changed. Fails where the file does.
    pub(crate) async fn apply(&self, file: &mut SqliteConnection) -> sqlx::Result<Answer> {
        match self {
            Self::CreateWorkflow(version) => create_workflow(file, version).await,
            Self::UpdateWorkflow(version) => update_workflow(file, version).await,
            Self::DeleteWorkflow(id) => delete_workflow(file, *id).await,
            Self::CreateRun(run) => create_run(file, run).await,
            Self::Append(append) => append_events(file, append).await,
            Self::DeleteRun(run) => delete_run(file, *run).await,
            Self::Probe => probe(file).await,
        }
    }
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

async fn delete_workflow(file: &mut SqliteConnection, id: WorkflowId) -> sqlx::Result<Answer> {
    let deleted = query("UPDATE workflow SET deleted = TRUE WHERE id = ? AND NOT deleted")
        .bind(id.to_string())
        .execute(file)
        .await?;
    Ok(Ok(deleted.rows_affected() > 0))
}

async fn create_run(file: &mut SqliteConnection, run: &NewRun) -> sqlx::Result<Answer> {
    let key = run.key.as_ref();
    let created = query(
        "INSERT INTO run (id, workflow, status, last_seq, ended_at, name, excerpt, \
                          key_scope, key, request, record, head) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (key_scope, key) WHERE key IS NOT NULL DO NOTHING",
    )
    .bind(&run.id)
    .bind(&run.workflow)
    .bind(&run.head.status)
    .bind(run.head.last_seq)
    .bind(&run.head.ended_at)
    .bind(&run.name)
    .bind(&run.excerpt)
    .bind(key.map(|key| &key.scope))
    .bind(key.map(|key| &key.key))
    .bind(key.map(|key| &key.request))
    .bind(&run.record)
    .bind(&run.head.json)
    .execute(&mut *file)
    .await?;
    if created.rows_affected() == 0 {
        return Ok(Err(StoreError::KeyTaken));
    }
    insert_event(file, created.last_insert_rowid(), &run.first).await?;
    Ok(Ok(true))
}

async fn append_events(file: &mut SqliteConnection, append: &Append) -> sqlx::Result<Answer> {
    let head = &append.head;
    let number: Option<i64> = query_scalar(
        "UPDATE run SET status = ?, last_seq = ?, ended_at = ?, head = ? \
         WHERE id = ? AND last_seq = ? RETURNING number",
    )
    .bind(&head.status)
    .bind(head.last_seq)
    .bind(&head.ended_at)
    .bind(&head.json)
    .bind(append.run.to_string())
    .bind(row_seq(append.expected))
    .fetch_optional(&mut *file)
    .await?;
    let Some(number) = number else {
        return Ok(Err(refusal(file, append).await?));
    };
    for event in &append.events {
        insert_event(file, number, event).await?;
    }
    Ok(Ok(true))
}

/// Why no run of this id ended at the expected event.
async fn refusal(file: &mut SqliteConnection, append: &Append) -> sqlx::Result<StoreError> {
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

async fn insert_event(
    file: &mut SqliteConnection,
    run: i64,
    (seq, body): &(i64, String),
) -> sqlx::Result<()> {
    query("INSERT INTO event (run, seq, body) VALUES (?, ?, ?)")
        .bind(run)
        .bind(seq)
        .bind(body)
        .execute(file)
        .await?;
    Ok(())
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
