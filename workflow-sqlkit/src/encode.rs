//! Records and events as the columns that are written. The caller of a store encodes, so that a writer only writes.

use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{RunHead, RunKey, WorkflowRecord},
    store::{Append, StoreError},
};

use crate::{
    checksum::{self, Checksum},
    json::written,
};

/// A version of a workflow as columns.
#[derive(Debug)]
pub struct EncodedVersion {
    /// The id of the workflow.
    pub id: String,
    /// The name in this version.
    pub name: Option<String>,
    /// The number of the version.
    pub number: u32,
    /// The record as JSON.
    pub record: String,
    /// Over id, number and record.
    pub checksum: i64,
    /// The checksum of the workflow's own row once this is its newest version.
    pub shared_checksum: i64,
}

/// A new run and its first events as columns.
#[derive(Debug)]
pub struct EncodedRun {
    /// The id of the run.
    pub id: String,
    /// The id of its workflow.
    pub workflow: String,
    /// The name of its workflow in lower case, for searches.
    pub name: String,
    /// The excerpt of its input in lower case, for searches.
    pub excerpt: String,
    /// The record as JSON.
    pub record: String,
    /// The part of the record that events change.
    pub head: EncodedHead,
    /// The events, from number 1 on.
    pub events: Vec<EncodedEvent>,
    /// The idempotency key of the request.
    pub key: Option<RunKey>,
    /// Over id, workflow, name, excerpt, key and record.
    pub checksum: i64,
}

/// An append as columns.
#[derive(Debug)]
pub struct EncodedAppend {
    /// The run whose log grows.
    pub run: RunId,
    /// The number of the last event that the log must have.
    pub expected: u64,
    /// The head after the events.
    pub head: EncodedHead,
    /// The events, in order.
    pub events: Vec<EncodedEvent>,
}

/// An event as columns.
#[derive(Debug)]
pub struct EncodedEvent {
    /// The number of the event.
    pub seq: i64,
    /// The event as JSON.
    pub body: String,
    /// Over number and body.
    pub checksum: i64,
}

/// The head of a run as columns.
#[derive(Debug)]
pub struct EncodedHead {
    /// The status, as it is written in JSON.
    pub status: &'static str,
    /// The number of the last event.
    pub last_seq: i64,
    /// When the run ended: RFC 3339, UTC, with microseconds, so that texts compare as times do.
    pub ended_at: Option<String>,
    /// The head as JSON.
    pub json: String,
    /// Over the run's id and these columns.
    pub checksum: i64,
}

impl EncodedVersion {
    /// Encodes a version.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the record cannot be written as JSON.
    pub fn of(record: &WorkflowRecord) -> Result<Self, StoreError> {
        let id = record.id.to_string();
        let name = record.name.clone();
        let number = record.version;
        let json = written(record)?;
        let name_bytes = name.as_deref().map(str::as_bytes);
        Ok(Self {
            shared_checksum: checksum::of_workflow(id.as_bytes(), name_bytes, number.into(), false),
            checksum: checksum::of_version(id.as_bytes(), number.into(), json.as_bytes()),
            id,
            name,
            number,
            record: json,
        })
    }
}

impl EncodedRun {
    /// Encodes a new run.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the record or an event cannot be written as JSON.
    pub fn of(
        record: &RunRecord,
        events: &[StepEvent],
        key: Option<RunKey>,
    ) -> Result<Self, StoreError> {
        let name = record.workflow.name.as_deref().unwrap_or_default();
        let mut run = Self {
            id: record.id.to_string(),
            workflow: record.workflow.id.to_string(),
            name: name.to_lowercase(),
            excerpt: record.input_excerpt.to_lowercase(),
            record: written(record)?,
            head: EncodedHead::of(record.id, &record.head)?,
            events: EncodedEvent::all(events)?,
            key,
            checksum: 0,
        };
        run.checksum = run.checksum();
        Ok(run)
    }

    fn checksum(&self) -> i64 {
        let key = self.key.as_ref();
        let columns = Checksum::new()
            .with(&self.id)
            .with(&self.workflow)
            .with(&self.name)
            .with(&self.excerpt)
            .with_optional(key.map(|key| &key.scope))
            .with_optional(key.map(|key| &key.key))
            .with_optional(key.map(|key| &key.request));
        columns.with(&self.record).value()
    }
}

impl EncodedAppend {
    /// Encodes an append.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the head or an event cannot be written as JSON.
    pub fn of(run: RunId, append: Append<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            run,
            expected: append.expected_seq,
            head: EncodedHead::of(run, append.head)?,
            events: EncodedEvent::all(append.events)?,
        })
    }
}

impl EncodedHead {
    fn of(run: RunId, head: &RunHead) -> Result<Self, StoreError> {
        let ended_at = head.ended_at.unwrap_or(head.updated_at);
        let status = head.status.as_str();
        let last_seq = row_seq(head.last_seq);
        let ended_at = head.status.has_ended().then(|| ended_at.to_string());
        let json = written(head)?;
        let columns = Checksum::new()
            .with(run.to_string())
            .with(status)
            .with_number(last_seq)
            .with_optional(ended_at.as_ref());
        Ok(Self {
            checksum: columns.with(&json).value(),
            status,
            last_seq,
            ended_at,
            json,
        })
    }
}

impl EncodedEvent {
    fn all(events: &[StepEvent]) -> Result<Vec<Self>, StoreError> {
        events.iter().map(Self::of).collect()
    }

    fn of(event: &StepEvent) -> Result<Self, StoreError> {
        let (seq, body) = (row_seq(event.seq), written(event)?);
        Ok(Self {
            checksum: checksum::of_event(seq, body.as_bytes()),
            seq,
            body,
        })
    }
}

/// The number of an event as SQL integers count: no log is longer than that.
pub fn row_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
