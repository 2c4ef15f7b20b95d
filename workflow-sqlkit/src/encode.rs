//! What is handed to the writer: encoded by whoever asks, so that the writer only writes.

use workflow_core::{
    Append, RunHead, RunId, RunKey, RunRecord, StepEvent, StoreError, WorkflowRecord,
};

use crate::{
    checksum::{self, Checksum},
    json::written,
    write::{EncodedAppend, Event, Head, NewRun, Version},
};

impl Version {
    pub(crate) fn of(record: &WorkflowRecord) -> Result<Self, StoreError> {
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

impl NewRun {
    pub(crate) fn of(
        record: &RunRecord,
        first: &StepEvent,
        key: Option<RunKey>,
    ) -> Result<Self, StoreError> {
        let name = record.workflow.name.as_deref().unwrap_or_default();
        let mut run = Self {
            id: record.id.to_string(),
            workflow: record.workflow.id.to_string(),
            name: name.to_lowercase(),
            excerpt: record.input_excerpt.to_lowercase(),
            record: written(record)?,
            head: Head::of(record.id, &record.head)?,
            first: Event::of(first)?,
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
    pub(crate) fn of(run: RunId, append: Append<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            run,
            expected: append.expected_seq,
            head: Head::of(run, append.head)?,
            events: append
                .events
                .iter()
                .map(Event::of)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Head {
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

impl Event {
    fn of(event: &StepEvent) -> Result<Self, StoreError> {
        let (seq, body) = (row_seq(event.seq), written(event)?);
        Ok(Self {
            checksum: checksum::of_event(seq, body.as_bytes()),
            seq,
            body,
        })
    }
}

/// A number of an event as SQLite counts: no log is longer than that.
pub(crate) fn row_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
