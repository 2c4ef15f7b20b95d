//! Several engines on one store: any of them drives a run, any of them shows it, any of them may die.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod drive;
mod follow;
mod moves;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, registry};
use workflow_core::{
    EventKind, LocalEngine, MemoryStore, NewRun, RunId, Runs, StepEvent, Store, Update, Workflows,
    fleet::{DriveEnd, DriveError},
    testing::{ManualDispatcher, MemoryCoordinator},
    value::WaitId,
};

/// A store, what connects its engines, and a record of what their nodes did.
#[derive(Clone)]
struct Fleet {
    store: Arc<dyn Store>,
    coordinator: MemoryCoordinator,
    dispatcher: ManualDispatcher,
    probe: Probe,
}

impl Fleet {
    fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        Self {
            coordinator: MemoryCoordinator::new(Arc::clone(&store)),
            dispatcher: ManualDispatcher::new(),
            probe: Probe::default(),
            store,
        }
    }

    /// A fleet of two engines.
    async fn pair() -> (Self, Arc<LocalEngine>, Arc<LocalEngine>) {
        let fleet = Self::new();
        let (first, second) = (fleet.engine().await, fleet.engine().await);
        (fleet, first, second)
    }

    /// A new engine. The test drives its runs.
    async fn engine(&self) -> Arc<LocalEngine> {
        self.engine_on(Arc::clone(&self.store)).await
    }

    /// A new engine that reaches the store through another one.
    async fn engine_on(&self, store: Arc<dyn Store>) -> Arc<LocalEngine> {
        let engine = LocalEngine::builder(registry(&self.probe))
            .with_store(store)
            .with_fleet(
                Arc::new(self.coordinator.clone()),
                Arc::new(self.dispatcher.clone()),
            )
            .build();
        engine.recover().await.unwrap();
        // It has subscribed to the notifications of the others then.
        pass(1).await;
        Arc::new(engine)
    }

    async fn start(&self, engine: &LocalEngine, nodes: Value) -> RunId {
        let workflow = engine.create_workflow(json!({ "nodes": nodes })).await;
        let new = NewRun::new(workflow.unwrap().record.id, json!("in"));
        engine.start(new).await.unwrap().id
    }

    async fn log(&self, run: RunId) -> Vec<StepEvent> {
        self.store.read(run, 0, 10_000).await.unwrap()
    }
}

/// Drives a run on an engine, as a dispatcher does, in a task.
fn drive(
    engine: &Arc<LocalEngine>,
    run: RunId,
) -> tokio::task::JoinHandle<Result<DriveEnd, DriveError>> {
    let engine = Arc::clone(engine);
    tokio::spawn(async move { engine.drive(run).await })
}

/// All updates of a run until its end, read in a task.
async fn reader(engine: &LocalEngine, run: RunId) -> tokio::task::JoinHandle<Vec<Update>> {
    let updates = engine.events(run, 0).await.unwrap();
    tokio::spawn(updates.collect())
}

fn events(updates: &[Update]) -> Vec<StepEvent> {
    let event = |update: &Update| match update {
        Update::Event(event) => Some(event.clone()),
        _ => None,
    };
    updates.iter().filter_map(event).collect()
}

/// The text that the deltas of a step show, and whether each is at the place that it names.
fn text_of(updates: &[Update], path: &str) -> String {
    let mut text = String::new();
    for update in updates {
        if let Update::Delta(delta) = update
            && delta.step.path().as_str() == path
        {
            assert_eq!(
                delta.offset,
                text.encode_utf16().count() as u64,
                "{delta:?}"
            );
            text.push_str(&delta.text);
        }
    }
    text
}

fn open_wait(log: &[StepEvent]) -> WaitId {
    let waiting = log.iter().rev().find_map(|event| match &event.kind {
        EventKind::NodeWaiting(waiting) => Some(waiting.wait_id),
        _ => None,
    });
    waiting.unwrap()
}

/// Lets tasks and short timers proceed.
async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
