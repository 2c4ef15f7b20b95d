//! Sample runs for stores, built from their JSON.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test binary uses a part of this, and may fail by panicking"
)]

use std::{error::Error, path::Path};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{RunHead, WorkflowRecord, WorkflowRef},
    store::{Append, RunLog, StoreError},
    value::Timestamp,
};
use workflow_sqlite::SqliteStore;

/// A run as its writer sees it.
pub struct SampleRun {
    pub id: RunId,
    pub head: RunHead,
}

impl SampleRun {
    /// Creates a run in the store.
    pub async fn stored(store: &SqliteStore) -> Self {
        let (record, first) = new_run();
        store
            .create_run(record.clone(), &[first], None)
            .await
            .unwrap();
        Self {
            id: record.id,
            head: record.head,
        }
    }

    /// Creates a run and ends it.
    pub async fn ended(store: &SqliteStore) -> Self {
        let mut run = Self::stored(store).await;
        run.append(
            store,
            &json!({"type": "run.cancelled", "reason": "user",
            "usage": {"input_tokens": 0, "output_tokens": 0}, "duration_ms": 1}),
        )
        .await
        .unwrap();
        run
    }

    /// Appends a completed step.
    pub async fn step(&mut self, store: &SqliteStore, output: &str) -> Result<(), StoreError> {
        self.append(
            store,
            &json!({"type": "node.completed", "node": "a", "path": "a", "attempt": 1,
            "output": output, "duration_ms": 1}),
        )
        .await
    }

    /// Appends several completed steps at once.
    pub async fn steps(&mut self, store: &SqliteStore, how_many: u64) {
        let after = self.head.last_seq;
        let mut head = self.head.clone();
        let events: Vec<_> = (after + 1..=after + how_many)
            .map(|seq| {
                let next = event(
                    self.id,
                    seq,
                    &json!({"type": "node.completed", "node": "a", "path": "a", "attempt": 1,
                    "output": seq, "duration_ms": 1}),
                );
                head.apply(&next);
                next
            })
            .collect();
        store
            .append(self.id, Append::new(after, &events, &head))
            .await
            .unwrap();
        self.head = head;
    }

    async fn append(&mut self, store: &SqliteStore, body: &Value) -> Result<(), StoreError> {
        let after = self.head.last_seq;
        let next = event(self.id, after + 1, body);
        let mut head = self.head.clone();
        head.apply(&next);
        store
            .append(self.id, Append::new(after, &[next], &head))
            .await?;
        self.head = head;
        Ok(())
    }
}

/// A run that is not stored, and its first event.
pub fn new_run() -> (RunRecord, StepEvent) {
    let workflow = WorkflowRecord::new(Some("sample".to_owned()), json!({"nodes": []}).into());
    let created = json!({"type": "run.created", "spec_hash": "4f2a", "input": "in", "nodes": []});
    let first = event(RunId::new(), 1, &created);
    let record = RunRecord::new(WorkflowRef::from(&workflow), &first);
    (record, first)
}

/// The complete log of a run.
pub async fn log(store: &SqliteStore, run: RunId) -> Vec<StepEvent> {
    let mut log: Vec<StepEvent> = Vec::new();
    loop {
        let after = log.last().map_or(0, |last| last.seq);
        let part = store.read(run, after, usize::MAX).await.unwrap();
        if part.is_empty() {
            return log;
        }
        log.extend(part);
    }
}

fn event(run: RunId, seq: u64, body: &Value) -> StepEvent {
    let mut event = body.clone();
    event["run_id"] = json!(run);
    event["seq"] = json!(seq);
    event["time"] = json!(Timestamp::now());
    serde_json::from_value(event).unwrap()
}

/// A connection to the file of a closed store.
pub async fn file(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// The messages of an error and of its sources.
pub fn messages(error: &(dyn Error + 'static)) -> String {
    let sources = std::iter::successors(Some(error), |error| (*error).source());
    sources
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
