//! Searches in blocks of few runs, compared with a filter of all records.

use std::sync::Arc;

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query, query_scalar};
use workflow_core::{
    RunId, RunRecord, RunStatus, StepEvent,
    record::{PageRequest, RunCounts, RunQuery, WorkflowRecord, WorkflowRef},
    store::{Append, Catalog, RunLog},
    value::Timestamp,
};

use crate::{
    SqliteStore,
    index::{Built, Indexer},
};

/// Parts of inputs: some are in many runs, some in few, and some texts are in none although their parts are.
const WORDS: [&str; 12] = [
    "the",
    "then",
    "hen",
    "100%",
    "snake_case",
    "it's",
    "\"so\"",
    "Żółć",
    "水",
    "🦀🦀",
    "a\0b",
    "ΟΔΟΣ",
];

const TEXTS: [&str; 34] = [
    "t",
    "th",
    "the",
    "then",
    "the then",
    "then the",
    "thethe",
    "hen the the",
    "%",
    "_",
    "0%",
    "'",
    "\"",
    "\\",
    "\0",
    "a\0b",
    "\0b t",
    "ż",
    "Ż",
    "ółć",
    "水",
    "水水",
    "🦀",
    "🦀🦀🦀",
    "☃",
    "ς",
    "σ",
    "ΟΔΟΣ",
    " ",
    "name 1",
    "0",
    "-7",
    "absent",
    "",
];

fn records(rng: &mut fastrand::Rng, runs: usize) -> Vec<RunRecord> {
    let mut workflows = Vec::new();
    for name in [Some("Name 1"), Some("The crab 🦀"), None] {
        let spec = json!({"nodes": []}).into();
        workflows.push(WorkflowRef::from(&WorkflowRecord::new(
            name.map(str::to_owned),
            spec,
        )));
    }
    let mut records = Vec::new();
    for _ in 0..runs {
        let words: Vec<&str> = (0..rng.usize(0..6))
            .map(|_| WORDS[rng.usize(0..WORDS.len())])
            .collect();
        let first: StepEvent = serde_json::from_value(json!({
            "seq": 1, "run_id": RunId::new(), "time": Timestamp::now(), "type": "run.created", "spec_hash": "4f2a",
            "input": words.join(" "), "nodes": [],
        }))
        .unwrap();
        records.push(RunRecord::new(
            workflows[rng.usize(0..workflows.len())].clone(),
            &first,
        ));
    }
    records
}

struct World {
    path: std::path::PathBuf,
    store: SqliteStore,
    records: Vec<RunRecord>,
    _directory: tempfile::TempDir,
}

impl World {
    /// Runs that were created almost in the order of their ids. Some have ended.
    async fn new(rng: &mut fastrand::Rng, runs: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("runs.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let mut records = records(rng, runs);
        for at in 0..runs {
            records.swap(at, (at + rng.usize(0..8)).min(runs - 1));
        }
        let mut world = Self {
            path,
            store,
            records: Vec::new(),
            _directory: directory,
        };
        for record in records {
            let first: StepEvent = serde_json::from_value(json!({
                "seq": 1, "run_id": record.id, "time": record.created_at, "type": "run.created", "spec_hash": "4f2a",
                "input": record.input_excerpt, "nodes": [],
            }))
            .unwrap();
            world
                .store
                .create_run(record.clone(), first, None)
                .await
                .unwrap();
            world.records.push(record);
            if rng.bool() {
                world.end(world.records.len() - 1).await;
            }
        }
        world
    }

    async fn end(&mut self, at: usize) {
        let record = &mut self.records[at];
        let event: StepEvent = serde_json::from_value(json!({
            "seq": record.head.last_seq + 1, "run_id": record.id, "time": Timestamp::now(), "type": "run.cancelled",
            "reason": "user", "usage": {"input_tokens": 0, "output_tokens": 0}, "duration_ms": 1,
        }))
        .unwrap();
        let expected = record.head.last_seq;
        record.head.apply(&event);
        let append = Append::new(expected, std::slice::from_ref(&event), &record.head);
        self.store.append(record.id, append).await.unwrap();
    }

    async fn delete(&mut self, at: usize) {
        let gone = self.records.remove(at);
        assert!(self.store.delete_run(gone.id).await.unwrap());
    }

    /// Builds all blocks that can be built.
    async fn index(&self, block_runs: usize) {
        let indexer = Indexer {
            readers: self.store.readers().unwrap().clone(),
            queue: self.store.queue().unwrap().downgrade(),
            signal: Arc::default(),
            block_runs,
        };
        while matches!(indexer.build_next(true).await.unwrap(), Built::Block { .. }) {}
    }

    async fn change(&self, sql: &str) -> u64 {
        let mut file = SqliteConnection::connect(self.path.to_str().unwrap())
            .await
            .unwrap();
        let changed = query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut file)
            .await
            .unwrap();
        changed.rows_affected()
    }

    async fn value(&self, sql: &'static str) -> i64 {
        query_scalar(sql)
            .fetch_one(self.store.readers().unwrap())
            .await
            .unwrap()
    }

    /// Compares pages and counts of all texts with a filter.
    async fn compare(&self) {
        let mut newest_first: Vec<&RunRecord> = self.records.iter().collect();
        newest_first.sort_by_key(|record| std::cmp::Reverse(record.id));
        let id = newest_first
            .first()
            .map(|record| record.id.to_string())
            .unwrap_or_default();
        let of_id = [&*id, &id[9..].to_uppercase(), &id[..14]].map(str::to_owned);
        for text in TEXTS.map(str::to_owned).into_iter().chain(of_id) {
            for workflow_id in [None, newest_first.first().map(|record| record.workflow.id)] {
                for status in [None, Some(RunStatus::Queued), Some(RunStatus::Cancelled)] {
                    let mut query = RunQuery::default();
                    (query.workflow_id, query.status) = (workflow_id, status);
                    query.text = Some(text.clone());
                    self.compare_one(&newest_first, query).await;
                }
            }
        }
    }

    async fn compare_one(&self, newest_first: &[&RunRecord], mut query: RunQuery) {
        let expected: Vec<RunId> = newest_first
            .iter()
            .filter(|record| query.wants(record))
            .map(|record| record.id)
            .collect();
        let mut found: Vec<RunId> = Vec::new();
        query.page = PageRequest::new(7, None);
        loop {
            let page = self.store.runs(query.clone()).await.unwrap();
            found.extend(page.items.iter().map(|record| record.id));
            query.page.cursor = page.next_cursor;
            if query.page.cursor.is_none() {
                break;
            }
            assert_eq!(page.items.len(), 7, "{query:?}");
        }
        assert_eq!(found, expected, "{query:?}");
        let counts = self.store.count_runs(&query).await.unwrap();
        query.status = None;
        let mut expected = RunCounts::default();
        for record in newest_first.iter().filter(|record| query.wants(record)) {
            expected.add(record.head.status, 1);
        }
        assert_eq!(counts, expected, "{query:?}");
    }
}

#[tokio::test]
async fn an_index_finds_what_a_filter_finds() {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut world = World::new(&mut rng, 300).await;
    world.compare().await;
    world.index(16).await;
    assert_eq!(world.value("SELECT count(*) FROM run_block").await, 18);
    world.compare().await;
    // Runs that end or are deleted after they were indexed.
    for _ in 0..60 {
        let at = rng.usize(0..world.records.len());
        if rng.bool() {
            world.delete(at).await;
        } else if !world.records[at].head.status.has_ended() {
            world.end(at).await;
        }
    }
    world.compare().await;
    world.index(16).await;
    world.compare().await;
}

#[tokio::test]
async fn a_deleted_run_leaves_no_token() {
    let mut world = World::new(&mut fastrand::Rng::with_seed(8), 64).await;
    world.index(16).await;
    let rows = world.value("SELECT count(*) FROM run_token").await;
    for _ in 0..60 {
        world.delete(0).await;
    }
    world.index(16).await;
    assert_eq!(
        world
            .value("SELECT count(*) FROM run_block WHERE stale")
            .await,
        0
    );
    assert_eq!(world.value("SELECT sum(runs) FROM run_block").await, 4);
    // What is left is joined.
    assert!(world.value("SELECT count(*) FROM run_token").await < rows);
    world.compare().await;
}

#[tokio::test]
async fn damage_of_the_index_hides_no_run() {
    for (sql, rows) in [
        (
            "UPDATE run_token SET bytes = zeroblob(length(bytes)) WHERE id % 3 = 0",
            true,
        ),
        (
            "UPDATE run_token SET bytes = (SELECT bytes FROM run_token WHERE id % 2048 = 7 LIMIT 1)",
            true,
        ),
        ("DELETE FROM run_token WHERE id % 5 = 0", true),
        ("DELETE FROM run_token", true),
        ("DELETE FROM run_block WHERE block = 2", true),
        ("DELETE FROM run_block", true),
    ] {
        let world = World::new(&mut fastrand::Rng::with_seed(9), 50).await;
        world.index(16).await;
        assert_eq!(world.change(sql).await > 0, rows, "{sql}");
        world.compare().await;
    }
}

#[tokio::test]
async fn runs_of_an_older_file_are_counted_and_indexed() {
    let world = World::new(&mut fastrand::Rng::with_seed(10), 40).await;
    let path = world.path.clone();
    world.store.close().await;
    // As version 2 left it.
    for sql in [
        "DROP TRIGGER run_created",
        "DROP TRIGGER run_moved",
        "DROP TRIGGER run_deleted",
        "DROP TRIGGER indexed_run_deleted",
        "DROP TABLE run_count",
        "DROP TABLE run_block",
        "DROP TABLE run_token",
        "DELETE FROM _sqlx_migrations WHERE version = 3",
    ] {
        world.change(sql).await;
    }
    let world = World {
        store: SqliteStore::open(&path).await.unwrap(),
        ..world
    };
    world.compare().await;
    world.index(16).await;
    assert_eq!(world.value("SELECT sum(runs) FROM run_block").await, 32);
    world.compare().await;
}
