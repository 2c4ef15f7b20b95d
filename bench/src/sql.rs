//! Appends to logs in Postgres: through the store, and by its SQL statement alone.

use serde_json::{Value, json};
use sqlx::{PgPool, query_scalar};
use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{RunHead, WorkflowRecord, WorkflowRef},
    store::{Append, RunLog},
    value::Timestamp,
};
use workflow_postgres::PostgresStore;

/// The statement of an append, as in `workflow-postgres/src/write.rs`.
const APPEND: &str = "WITH moved AS ( \
         UPDATE workflow_runner.run SET status = $3, last_seq = $4, ended_at = $5, head = $6, head_checksum = $7 \
         WHERE id = $1 AND last_seq = $2 RETURNING number \
     ), written AS ( \
         INSERT INTO workflow_runner.event (run, seq, body, checksum) \
         SELECT number, seq, body, checksum \
         FROM moved, unnest($8::bigint[], $9::text[], $10::bigint[]) AS new (seq, body, checksum) \
     ) SELECT number FROM moved";

/// A run that is only appended to.
#[derive(Debug)]
pub struct Log {
    id: RunId,
    head: RunHead,
    /// The event that is appended, with another number each time.
    next: StepEvent,
}

impl Log {
    /// Creates a run.
    ///
    /// # Panics
    /// If the store refuses it.
    pub async fn create(store: &PostgresStore) -> Self {
        let workflow = WorkflowRecord::new(None, json!({"nodes": []}).into());
        let id = RunId::new();
        let first = event(
            id,
            &json!({"type": "run.created", "spec_hash": "4f2a", "input": null, "nodes": []}),
        );
        let record = RunRecord::new(WorkflowRef::from(&workflow), &first);
        let head = record.head.clone();
        let created = store.create_run(record, &[first], None).await;
        created.unwrap_or_else(|error| panic!("{error}"));
        let next = event(
            id,
            &json!({"type": "node.completed", "node": "a", "path": "a", "attempt": 1,
                "output": "x".repeat(100), "duration_ms": 1}),
        );
        Self { id, head, next }
    }

    /// Appends so many events through the store, one after the other.
    ///
    /// # Panics
    /// If the store refuses one.
    pub async fn append(mut self, store: PostgresStore, events: usize) -> Self {
        for _ in 0..events {
            let after = self.head.last_seq;
            self.advance();
            let event = std::slice::from_ref(&self.next);
            let append = Append::new(after, event, &self.head);
            let appended = store.append(self.id, append).await;
            appended.unwrap_or_else(|error| panic!("{error}"));
        }
        self
    }

    /// Does the same by the statement alone: what it writes is encoded once.
    ///
    /// # Panics
    /// If nothing is written.
    pub async fn execute(mut self, pool: PgPool, events: usize) -> Self {
        let id = self.id.to_string();
        let encoded = |value: serde_json::Result<String>| value.expect("it is JSON");
        let head = encoded(serde_json::to_string(&self.head));
        let body = encoded(serde_json::to_string(&self.next));
        for _ in 0..events {
            let after = number(self.head.last_seq);
            self.advance();
            let seq = number(self.head.last_seq);
            let written: Option<i64> = query_scalar(APPEND)
                .bind(&id)
                .bind(after)
                .bind("queued")
                .bind(seq)
                .bind(None::<&str>)
                .bind(&head)
                .bind(0_i64)
                .bind(vec![seq])
                .bind(vec![body.as_str()])
                .bind(vec![0_i64])
                .fetch_optional(&pool)
                .await
                .unwrap_or_else(|error| panic!("{error}"));
            assert!(written.is_some(), "the log is at another event");
        }
        self
    }

    fn advance(&mut self) {
        self.next.seq = self.head.last_seq + 1;
        self.head.apply(&self.next);
    }
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn event(run: RunId, kind: &Value) -> StepEvent {
    let mut event = json!({"seq": 1, "run_id": run, "time": Timestamp::now()});
    if let (Some(event), Some(kind)) = (event.as_object_mut(), kind.as_object()) {
        event.extend(kind.clone());
    }
    serde_json::from_value(event).unwrap_or_else(|error| panic!("{error}"))
}
