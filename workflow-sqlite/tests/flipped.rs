//! Changed bytes: a read returns what was written, or an error that names the row.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, query, query_scalar};
use support::{SampleRun, file, log, messages, new_run};
use tempfile::TempDir;
use workflow_core::{
    RunId, RunRecord, StepEvent,
    record::{PageRequest, RunKey, RunQuery, WorkflowRecord},
    store::{Catalog, RunLog, StoreError},
};
use workflow_sqlite::SqliteStore;

/// The number of places at which the file is changed.
const PLACES: usize = 300;

/// A closed store and its contents.
struct Written {
    _directory: TempDir,
    path: PathBuf,
    workflow: WorkflowRecord,
    key: RunKey,
    runs: Vec<(RunRecord, Vec<StepEvent>)>,
}

async fn written() -> Written {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let spec = json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "x".repeat(300)}}]});
    let workflow = WorkflowRecord::new(Some("sample".into()), spec.into());
    store.create_workflow(workflow.clone()).await.unwrap();
    let key = RunKey::new("scope", "key", "request");
    let (record, first) = new_run();
    let keyed = record.id;
    store
        .create_run(record, &[first], Some(key.clone()))
        .await
        .unwrap();
    let mut ids = vec![keyed];
    for text in ["short", &"long ".repeat(1_000)] {
        let mut run = SampleRun::stored(&store).await;
        for _ in 0..4 {
            run.step(&store, text).await.unwrap();
        }
        ids.push(run.id);
    }
    let mut runs = Vec::new();
    for id in ids {
        let record = store.run(id).await.unwrap().unwrap();
        runs.push((record, log(&store, id).await));
    }
    store.close().await;
    Written {
        _directory: directory,
        path,
        workflow,
        key,
        runs,
    }
}

impl Written {
    /// Asserts that everything that can be read is as it was written. Returns the number of errors.
    async fn compare(&self, store: &SqliteStore, at: &str) -> usize {
        let mut lost = 0;
        for (record, log) in &self.runs {
            match store.run(record.id).await {
                Ok(Some(found)) => assert_eq!(found, *record, "{at}"),
                Ok(None) | Err(_) => lost += 1,
            }
            let mut after = 0;
            while after < log.len() {
                let Ok(events) = store.read(record.id, after as u64, 3).await else {
                    lost += 1;
                    after += 1;
                    continue;
                };
                assert!(!events.is_empty(), "{at}: the log of {} ends", record.id);
                assert_eq!(events, log[after..after + events.len()], "{at}");
                after += events.len();
            }
        }
        if let Ok(page) = store.runs(RunQuery::default()).await {
            let listed = page.items.iter();
            assert!(
                listed
                    .clone()
                    .all(|it| self.runs.iter().any(|(record, _)| record == it)),
                "{at}"
            );
        }
        if let Ok(Some(found)) = store.run_by_key(&self.key).await {
            assert_eq!(
                (found.record, found.request),
                (self.runs[0].0.clone(), self.key.request.clone()),
                "{at}"
            );
        }
        let page = store.workflows(PageRequest::default()).await;
        let newest = store.workflow(self.workflow.id, None).await;
        let found = page.map(|page| page.items).unwrap_or_default();
        for workflow in found.iter().chain(newest.ok().flatten().iter()) {
            assert_eq!(*workflow, self.workflow, "{at}");
        }
        lost
    }
}

/// One bit changes anywhere in the file: in a value, in a page, in an index, in the header.
#[tokio::test]
async fn a_changed_bit_is_never_returned() {
    let written = written().await;
    let whole = fs::read(&written.path).unwrap();
    let copy = written.path.with_extension("copy");
    let (mut opened, mut lossy) = (0, 0);
    for place in 0..PLACES {
        let at = whole.len() * place / PLACES + place % 7;
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (place % 8);
        fs::write(&copy, bytes).unwrap();
        let Ok(store) = SqliteStore::open(&copy).await else {
            continue;
        };
        opened += 1;
        let lost = written.compare(&store, &format!("byte {at}")).await;
        lossy += usize::from(lost > 0);
        store.close().await;
    }
    assert!(opened > PLACES / 2, "{opened} of {PLACES} were opened");
    assert!(
        lossy > PLACES / 20,
        "{lossy} of {PLACES} changed something that was read"
    );
}

/// Each column that is returned or decides about a result, and the condition of a row.
const COLUMNS: [(&str, &str, &str); 19] = [
    ("event", "body", "run = 2 AND seq = 3"),
    ("event", "checksum", "run = 2 AND seq = 3"),
    ("run", "id", "number = 2"),
    ("run", "workflow", "number = 2"),
    ("run", "status", "number = 2"),
    ("run", "last_seq", "number = 2"),
    ("run", "name", "number = 2"),
    ("run", "excerpt", "number = 2"),
    ("run", "key_scope", "number = 1"),
    ("run", "key", "number = 1"),
    ("run", "request", "number = 1"),
    ("run", "record", "number = 2"),
    ("run", "head", "number = 2"),
    ("run", "checksum", "number = 2"),
    ("version", "record", "TRUE"),
    ("version", "checksum", "TRUE"),
    ("workflow", "name", "TRUE"),
    ("workflow", "checksum", "TRUE"),
    ("workflow", "newest", "TRUE"),
];

async fn value(file: &mut SqliteConnection, (table, column, place): (&str, &str, &str)) -> Vec<u8> {
    let sql = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {place} LIMIT 1");
    query_scalar(AssertSqlSafe(sql))
        .fetch_one(file)
        .await
        .unwrap()
}

async fn set(path: &Path, (table, column, place): (&str, &str, &str), value: &[u8]) {
    let mut file = file(path).await;
    let kind = if matches!(column, "checksum" | "last_seq" | "newest") {
        "INTEGER"
    } else {
        "TEXT"
    };
    let sql =
        format!("UPDATE {table} SET {column} = CAST(CAST(? AS TEXT) AS {kind}) WHERE {place}");
    let changed = query(AssertSqlSafe(sql))
        .bind(value)
        .execute(&mut file)
        .await
        .unwrap();
    assert!(changed.rows_affected() > 0, "{table}.{column}");
    file.close().await.unwrap();
}

#[tokio::test]
async fn a_changed_byte_of_any_column_is_detected() {
    let written = written().await;
    for column in COLUMNS {
        let mut open = file(&written.path).await;
        let original = value(&mut open, column).await;
        open.close().await.unwrap();
        let step = original.len().div_ceil(12);
        for at in (0..original.len()).step_by(step) {
            let mut changed = original.clone();
            // A digit is replaced by another digit.
            changed[at] ^= 1;
            set(&written.path, column, &changed).await;
            let store = SqliteStore::open(&written.path).await.unwrap();
            let place = format!("{}.{}, byte {at}", column.0, column.1);
            written.compare(&store, &place).await;
            let report = store.check_report().await.unwrap();
            assert_eq!(report.damage, None, "{place}");
            assert!(report.changed > 0, "{place}");
            store.close().await;
        }
        set(&written.path, column, &original).await;
    }
    let store = SqliteStore::open(&written.path).await.unwrap();
    assert_eq!(written.compare(&store, "restored").await, 0);
    assert_eq!(store.check_report().await.unwrap().changed, 0);
}

#[tokio::test]
async fn a_changed_event_is_named() {
    let written = written().await;
    let (run, events) = &written.runs[1];
    let column = ("event", "body", "run = 2 AND seq = 3");
    let mut open = file(&written.path).await;
    let original = value(&mut open, column).await;
    open.close().await.unwrap();
    for at in 0..original.len() {
        let mut changed = original.clone();
        changed[at] ^= 1;
        set(&written.path, column, &changed).await;
        let store = SqliteStore::open(&written.path).await.unwrap();
        let before = store.read(run.id, 0, 9).await.unwrap();
        assert_eq!(before, events[..2], "byte {at}");
        let error = store.read(run.id, 2, 9).await.unwrap_err();
        let is_named =
            matches!(&error, StoreError::Damaged { run: of, seq: 3, .. } if *of == run.id);
        assert!(is_named, "byte {at}: {error:?}");
        assert!(
            messages(&error).contains("checksum"),
            "{}",
            messages(&error)
        );
        assert_eq!(
            store.read(run.id, 3, 9).await.unwrap(),
            events[3..],
            "byte {at}"
        );
        store.close().await;
    }
}

/// Also the last event: the record of the run has the length of the log.
#[tokio::test]
async fn a_missing_event_is_named_at_any_position() {
    let written = written().await;
    let (run, events) = &written.runs[1];
    for gone in 1..=events.len() {
        let copy = written.path.with_extension("copy");
        fs::copy(&written.path, &copy).unwrap();
        let mut open = file(&copy).await;
        let sql = "DELETE FROM event WHERE run = 2 AND seq >= ?";
        query(sql)
            .bind(i64::try_from(gone).unwrap())
            .execute(&mut open)
            .await
            .unwrap();
        open.close().await.unwrap();
        let store = SqliteStore::open(&copy).await.unwrap();
        let error = store.read(run.id, gone as u64 - 1, 9).await.unwrap_err();
        let is_named = matches!(&error, StoreError::Damaged { seq, .. } if *seq == gone as u64);
        assert!(is_named, "{gone}: {error:?}");
        store.close().await;
    }
}

/// A row with a valid checksum, as only an attacker writes it, that overflows the stack of a recursive reader.
#[tokio::test]
async fn a_deeply_nested_row_is_an_error() {
    for depth in [100, 159, 161, 1_000, 100_000, 1_000_000] {
        let written = written().await;
        let (run, events) = &written.runs[1];
        let value = "[".repeat(depth) + &"]".repeat(depth);
        for template in [
            r#"{"seq":3,"run_id":"RUN","time":"2026-11-28T00:00:00Z","type":"node.completed","node":"a","path":"a","attempt":1,"output":VALUE,"duration_ms":1}"#,
            // An unknown member, which is skipped.
            r#"{"seq":3,"run_id":"RUN","time":"2026-11-28T00:00:00Z","type":"node.started","unknown":VALUE,"node":"a","path":"a","attempt":1,"max_attempts":1}"#,
        ] {
            let body = template
                .replace("RUN", &run.id.to_string())
                .replace("VALUE", &value);
            let mut open = file(&written.path).await;
            query("UPDATE event SET body = ?, checksum = ? WHERE run = 2 AND seq = 3")
                .bind(&body)
                .bind(checksum(3, body.as_bytes()))
                .execute(&mut open)
                .await
                .unwrap();
            open.close().await.unwrap();
            let store = SqliteStore::open(&written.path).await.unwrap();
            let read = store.read(run.id, 2, 1).await;
            if depth < 160 {
                assert_eq!(read.unwrap()[0].run_id, run.id);
            } else {
                let error = read.unwrap_err();
                assert!(
                    messages(&error).contains("nested more than 160 deep"),
                    "{}",
                    messages(&error)
                );
            }
            assert_eq!(store.read(run.id, 3, 9).await.unwrap(), events[3..]);
            store.close().await;
        }
    }
}

/// The checksum of an event, as the store computes it.
fn checksum(seq: i64, body: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.to_le_bytes());
    hasher.update(&(body.len() as u64).to_le_bytes());
    hasher.update(body);
    hasher.finalize().into()
}

/// An intact event in the place of another one.
#[tokio::test]
async fn an_event_in_the_place_of_another_is_detected() {
    let written = written().await;
    let (run, _) = &written.runs[1];
    for (from, to) in [
        ("run = 2 AND seq = 4", "run = 2 AND seq = 3"),
        ("run = 3 AND seq = 3", "run = 2 AND seq = 3"),
    ] {
        let copy = written.path.with_extension("copy");
        fs::copy(&written.path, &copy).unwrap();
        let mut open = file(&copy).await;
        let sql = format!(
            "UPDATE event SET (body, checksum) = (SELECT body, checksum FROM event WHERE {from}) WHERE {to}"
        );
        query(AssertSqlSafe(sql)).execute(&mut open).await.unwrap();
        open.close().await.unwrap();
        let store = SqliteStore::open(&copy).await.unwrap();
        let error = store.read(run.id, 2, 9).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { seq: 3, .. }),
            "{error:?}"
        );
        store.close().await;
    }
}

#[tokio::test]
async fn a_key_whose_request_changed_is_an_error() {
    let written = written().await;
    set(&written.path, ("run", "request", "number = 1"), b"another").await;
    let store = SqliteStore::open(&written.path).await.unwrap();
    let error = store.run_by_key(&written.key).await.unwrap_err();
    let keyed: RunId = written.runs[0].0.id;
    assert!(
        matches!(error, StoreError::DamagedRun { run, .. } if run == keyed),
        "{error:?}"
    );
}
