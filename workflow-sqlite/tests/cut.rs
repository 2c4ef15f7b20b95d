//! A write-ahead log that is truncated anywhere, as by a crash.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{fs, path::Path};

use support::{SampleRun, log};
use workflow_core::{StepEvent, store::RunLog};
use workflow_sqlite::SqliteStore;

/// The number of lengths that are tested.
const CUTS: usize = 300;

/// A run and its acknowledged events: their number for each length of the write-ahead log.
struct Acknowledged {
    run: SampleRun,
    events: Vec<(u64, usize)>,
    log: Vec<StepEvent>,
}

impl Acknowledged {
    async fn step(&mut self, store: &SqliteStore, output: &str, wal: &Path) {
        self.run.step(store, output).await.unwrap();
        let length = fs::metadata(wal).unwrap().len();
        let events = self.run.head.last_seq.try_into().unwrap();
        self.events.push((length, events));
    }

    /// The least number of events in a write-ahead log of this length.
    fn by(&self, length: u64) -> usize {
        let acknowledged = self.events.iter().rev();
        let mut by_then = acknowledged.filter(|(then, _)| *then <= length);
        by_then.next().unwrap().1
    }

    async fn assert_prefix(&self, store: &SqliteStore, cut: u64) {
        let log = log(store, self.run.id).await;
        assert!(self.log.starts_with(&log), "cut at {cut}");
        assert!(log.len() >= self.by(cut), "cut at {cut}: {}", log.len());
        let record = store.run(self.run.id).await.unwrap().unwrap();
        assert_eq!(Some(record.head.last_seq), log.last().map(|last| last.seq));
    }
}

#[tokio::test]
async fn acknowledged_events_survive_a_truncated_write_ahead_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("runs.db");
    let wal = directory.path().join("runs.db-wal");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut runs = Vec::new();
    for steps in 0..4 {
        let mut run = SampleRun::stored(&store).await;
        for _ in 0..steps {
            run.step(&store, "checkpointed").await.unwrap();
        }
        runs.push(Acknowledged {
            events: vec![(0, steps + 1)],
            log: Vec::new(),
            run,
        });
    }
    store.close().await;

    let store = SqliteStore::open(&path).await.unwrap();
    for step in 0..20 {
        for run in &mut runs {
            run.step(&store, &"x".repeat(step * 300), &wal).await;
        }
    }
    for run in &mut runs {
        run.log = log(&store, run.run.id).await;
    }
    let (file, wal) = (fs::read(&path).unwrap(), fs::read(&wal).unwrap());
    store.close().await;

    let copy = directory.path().join("copy.db");
    for cut in (0..=CUTS).map(|part| wal.len() * part / CUTS) {
        fs::write(&copy, &file).unwrap();
        fs::write(directory.path().join("copy.db-wal"), &wal[..cut]).unwrap();
        let store = SqliteStore::open(&copy).await.unwrap();
        for run in &runs {
            run.assert_prefix(&store, cut.try_into().unwrap()).await;
        }
        store.close().await;
    }
}
