//! What is handed to the writer: encoded by whoever asks, so that the writer only writes.

use workflow_core::{RunHead, RunId, RunKey, RunRecord, StepEvent, StoreError, WorkflowRecord};

use crate::{
    json::written,
    write::{Append, Head, NewRun, Version},
};

impl Version {
    pub(crate) fn of(record: &WorkflowRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id.to_string(),
            name: record.name.clone(),
            number: record.version,
            record: written(record)?,
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
        Ok(Self {
            id: record.id.to_string(),
            workflow: record.workflow.id.to_string(),
            name: name.to_lowercase(),
            excerpt: record.input_excerpt.to_lowercase(),
            record: written(record)?,
            head: Head::of(&record.head)?,
            first: event(first)?,
            key,
        })
    }
}

impl Append {
    pub(crate) fn of(
        run: RunId,
        expected: u64,
        events: &[StepEvent],
        head: &RunHead,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            run,
            expected,
            head: Head::of(head)?,
            events: events.iter().map(event).collect::<Result<_, _>>()?,
        })
    }
}

impl Head {
    fn of(head: &RunHead) -> Result<Self, StoreError> {
        let ended_at = head.ended_at.unwrap_or(head.updated_at);
        Ok(Self {
            status: head.status.as_str(),
            last_seq: row_seq(head.last_seq),
            ended_at: head.status.has_ended().then(|| ended_at.to_string()),
            json: written(head)?,
        })
    }
}

fn event(event: &StepEvent) -> Result<(i64, String), StoreError> {
    Ok((row_seq(event.seq), written(event)?))
}

/// A number of an event as SQLite counts: no log is longer than that.
pub(crate) fn row_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
