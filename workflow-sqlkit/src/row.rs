//! Rows as they are read, and the records and events that they hold.
//!
//! A row is compared with its checksum before any part of it is used. Texts are read as bytes and without a check of
//! their type: a damaged file may hold anything.

use sqlx::{ColumnIndex, Decode, FromRow, Row};
use workflow_core::{
    RunId, RunRecord, RunStatus, StepEvent,
    record::{RunCounts, WorkflowRecord},
    store::StoreError,
};

use crate::{
    checksum::{self, Checksum},
    json::{Cause, read},
};

/// The numbers of runs by status, from rows with both. Statuses that this version does not know are left out.
pub fn counts_of<Word: AsRef<[u8]>>(rows: impl IntoIterator<Item = (Word, i64)>) -> RunCounts {
    let mut counts = RunCounts::default();
    for (word, runs) in rows {
        let mut known = RunStatus::ALL.into_iter();
        if let Some(status) = known.find(|status| status.as_str().as_bytes() == word.as_ref()) {
            counts.add(status, u64::try_from(runs).unwrap_or(0));
        }
    }
    counts
}

/// A row of the table `run`, in the order of [`run_columns!`](crate::run_columns).
#[derive(Debug)]
pub struct RunRow {
    /// The id of the run.
    pub id: Vec<u8>,
    workflow: Vec<u8>,
    status: Vec<u8>,
    last_seq: i64,
    ended_at: Option<Vec<u8>>,
    name: Vec<u8>,
    excerpt: Vec<u8>,
    key_scope: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    /// What was requested with the idempotency key: a content hash.
    pub request: Option<Vec<u8>>,
    record: Vec<u8>,
    head: Vec<u8>,
    checksum: i64,
    head_checksum: i64,
}

/// The columns of a [`RunRow`], for statements that read one.
#[macro_export]
macro_rules! run_columns {
    () => {
        "id, workflow, status, last_seq, ended_at, name, excerpt, key_scope, key, request, record, head, \
         checksum, head_checksum"
    };
}
impl<'r, R> FromRow<'r, R> for RunRow
where
    R: Row,
    usize: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database>,
    i64: Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
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
    ///
    /// # Errors
    /// If a column was changed.
    pub fn verify(&self) -> Result<(), Cause> {
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
    ///
    /// # Errors
    /// If the row was changed, or holds the record of another row.
    pub fn record(&self) -> Result<RunRecord, Cause> {
        self.verify()?;
        let mut run: RunRecord = read(&self.record)?;
        run.head = read(&self.head)?;
        let is_this = run.id.to_string().as_bytes() == self.id;
        is_this.then_some(run).ok_or_else(another)
    }
}

/// A row of the table `version`: workflow, version, record and checksum. Where a statement selects the newest version, the
/// columns name, newest, deleted and checksum of the table `workflow` follow.
#[derive(Debug)]
pub struct VersionRow {
    /// The id of the workflow.
    pub workflow: Vec<u8>,
    /// The number of the version.
    pub version: i64,
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

impl<'r, R> FromRow<'r, R> for VersionRow
where
    R: Row,
    usize: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database>,
    i64: Decode<'r, R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
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
    ///
    /// # Errors
    /// If a column was changed.
    pub fn verify(&self) -> Result<(), Cause> {
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
    ///
    /// # Errors
    /// If the row was changed, or holds the record of another row.
    pub fn record(&self) -> Result<WorkflowRecord, Cause> {
        self.verify()?;
        let record: WorkflowRecord = read(&self.record)?;
        let is_this = record.id.to_string().as_bytes() == self.workflow
            && i64::from(record.version) == self.version;
        is_this.then_some(record).ok_or_else(another)
    }
}

/// A row of the table `event`.
#[derive(Debug)]
pub struct EventRow {
    /// The number of the event.
    pub seq: i64,
    /// The event as JSON.
    pub body: Vec<u8>,
    checksum: i64,
}

impl EventRow {
    /// The row whose columns begin at `at`; none where an outer join found none.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn at<'r, R>(row: &'r R, at: usize) -> sqlx::Result<Option<Self>>
    where
        R: Row,
        usize: ColumnIndex<R>,
        Vec<u8>: Decode<'r, R::Database>,
        i64: Decode<'r, R::Database>,
    {
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
    ///
    /// # Errors
    /// If a column was changed.
    pub fn verify(&self) -> Result<(), Cause> {
        let is_same = checksum::of_event(self.seq, &self.body) == self.checksum;
        is_same.then_some(()).ok_or_else(changed)
    }

    /// The event, which is number `seq` of `run`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the row was changed, or holds another event.
    pub fn event(&self, run: RunId, seq: u64) -> Result<StepEvent, StoreError> {
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

/// The bytes of a text. A damaged SQLite file may have another type in its place: SQLite converts it, or there is nothing.
fn bytes<'r, R>(row: &'r R, at: usize) -> sqlx::Result<Vec<u8>>
where
    R: Row,
    usize: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database>,
{
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(at)?;
    Ok(bytes.unwrap_or_default())
}

/// A whole number, or -1 where a damaged row has none.
///
/// # Errors
/// If there is no such column.
pub fn number<'r, R>(row: &'r R, at: usize) -> sqlx::Result<i64>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database>,
{
    let number: Option<i64> = row.try_get_unchecked(at)?;
    Ok(number.unwrap_or(-1))
}

fn changed() -> Cause {
    "it was changed since it was written: its checksum is another".into()
}

fn another() -> Cause {
    "another record is in its place".into()
}
