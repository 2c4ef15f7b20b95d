//! Rows as they are in the file, and what they were written as.
//!
//! A row is compared with its checksum before anything of it is used.

use sqlx::{FromRow, Row, sqlite::SqliteRow};
use workflow_core::{RunId, RunRecord, StepEvent, StoreError, WorkflowRecord};

use crate::{
    checksum::{self, Checksum},
    json::{Cause, read},
};

/// A row of `run`.
#[derive(Debug)]
pub(crate) struct RunRow {
    pub(crate) id: Vec<u8>,
    workflow: Vec<u8>,
    status: Vec<u8>,
    last_seq: i64,
    ended_at: Option<Vec<u8>>,
    name: Vec<u8>,
    excerpt: Vec<u8>,
    key_scope: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    pub(crate) request: Option<Vec<u8>>,
    record: Vec<u8>,
    head: Vec<u8>,
    checksum: i64,
    head_checksum: i64,
}

/// The columns of a [`RunRow`], for statements that read one.
macro_rules! run_columns {
    () => {
        "id, workflow, status, last_seq, ended_at, name, excerpt, key_scope, key, request, record, head, \
         checksum, head_checksum"
    };
}
pub(crate) use run_columns;

impl FromRow<'_, SqliteRow> for RunRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: bytes(row, 0)?,
            workflow: bytes(row, 1)?,
            status: bytes(row, 2)?,
            last_seq: number(row, 3)?,
            ended_at: row.try_get_unchecked(4)?,
            name: bytes(row, 5)?,
            excerpt: bytes(row, 6)?,
            key_scope: row.try_get_unchecked(7)?,
            key: row.try_get_unchecked(8)?,
            request: row.try_get_unchecked(9)?,
            record: bytes(row, 10)?,
            head: bytes(row, 11)?,
            checksum: number(row, 12)?,
            head_checksum: number(row, 13)?,
        })
    }
}

impl RunRow {
    /// Fails unless the row is as it was written.
    pub(crate) fn verify(&self) -> Result<(), Cause> {
        let created = Checksum::new()
            .with(&self.id)
            .with(&self.workflow)
            .with(&self.name)
            .with(&self.excerpt)
            .with_optional(self.key_scope.as_ref())
            .with_optional(self.key.as_ref())
            .with_optional(self.request.as_ref())
            .with(&self.record);
        let head = Checksum::new()
            .with(&self.id)
            .with(&self.status)
            .with_number(self.last_seq)
            .with_optional(self.ended_at.as_ref())
            .with(&self.head);
        let is_same = created.value() == self.checksum && head.value() == self.head_checksum;
        is_same.then_some(()).ok_or_else(changed)
    }

    /// The record of the run.
    pub(crate) fn record(&self) -> Result<RunRecord, Cause> {
        self.verify()?;
        let mut run: RunRecord = read(&self.record)?;
        run.head = read(&self.head)?;
        let is_this = run.id.to_string().as_bytes() == self.id;
        is_this.then_some(run).ok_or_else(another)
    }
}

/// A row of `version`, with that of its workflow where a statement asks for the newest.
#[derive(Debug)]
pub(crate) struct VersionRow {
    pub(crate) workflow: Vec<u8>,
    pub(crate) version: i64,
    record: Vec<u8>,
    checksum: i64,
    shared: Option<SharedRow>,
}

/// A row of `workflow`.
#[derive(Debug)]
struct SharedRow {
    name: Option<Vec<u8>>,
    newest: i64,
    deleted: i64,
    checksum: i64,
}

impl FromRow<'_, SqliteRow> for VersionRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let shared = if row.len() > 4 {
            Some(SharedRow {
                name: row.try_get_unchecked(4)?,
                newest: number(row, 5)?,
                deleted: number(row, 6)?,
                checksum: number(row, 7)?,
            })
        } else {
            None
        };
        Ok(Self {
            workflow: bytes(row, 0)?,
            version: number(row, 1)?,
            record: bytes(row, 2)?,
            checksum: number(row, 3)?,
            shared,
        })
    }
}

impl VersionRow {
    /// Fails unless the rows are as they were written.
    pub(crate) fn verify(&self) -> Result<(), Cause> {
        let own = checksum::of_version(&self.workflow, self.version, &self.record);
        let shared = self.shared.as_ref().is_none_or(|shared| {
            let name = shared.name.as_deref();
            let deleted = shared.deleted != 0;
            checksum::of_workflow(&self.workflow, name, shared.newest, deleted) == shared.checksum
        });
        (own == self.checksum && shared)
            .then_some(())
            .ok_or_else(changed)
    }

    /// The record of the version.
    pub(crate) fn record(&self) -> Result<WorkflowRecord, Cause> {
        self.verify()?;
        let record: WorkflowRecord = read(&self.record)?;
        let is_this = record.id.to_string().as_bytes() == self.workflow
            && i64::from(record.version) == self.version;
        is_this.then_some(record).ok_or_else(another)
    }
}

/// A row of `event`.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) body: Vec<u8>,
    checksum: i64,
}

impl EventRow {
    /// The row whose columns begin at `at`; none where an outer join found none.
    pub(crate) fn at(row: &SqliteRow, at: usize) -> sqlx::Result<Option<Self>> {
        let seq: Option<i64> = row.try_get_unchecked(at)?;
        let Some(seq) = seq else {
            return Ok(None);
        };
        Ok(Some(Self {
            seq,
            body: bytes(row, at + 1)?,
            checksum: number(row, at + 2)?,
        }))
    }

    /// Fails unless the row is as it was written.
    pub(crate) fn verify(&self) -> Result<(), Cause> {
        let is_same = checksum::of_event(self.seq, &self.body) == self.checksum;
        is_same.then_some(()).ok_or_else(changed)
    }

    /// The event, which is number `seq` of `run`.
    pub(crate) fn event(&self, run: RunId, seq: u64) -> Result<StepEvent, StoreError> {
        let event = self
            .verify()
            .and_then(|()| Ok(read::<StepEvent>(&self.body)?));
        let source = match event {
            Ok(event) if event.seq == seq && event.run_id == run => return Ok(event),
            Ok(_) => another(),
            Err(source) => source,
        };
        Err(StoreError::Damaged { run, seq, source })
    }
}

/// A text. A damaged file may have another type in its place: SQLite converts it, or there is nothing.
fn bytes(row: &SqliteRow, at: usize) -> sqlx::Result<Vec<u8>> {
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(at)?;
    Ok(bytes.unwrap_or_default())
}

/// A whole number, likewise.
pub(crate) fn number(row: &SqliteRow, at: usize) -> sqlx::Result<i64> {
    let number: Option<i64> = row.try_get_unchecked(at)?;
    Ok(number.unwrap_or(-1))
}

fn changed() -> Cause {
    "it was changed since it was written: its checksum is another".into()
}

fn another() -> Cause {
    "another record is in its place".into()
}
