//! An engine with one stored workflow.

use std::hint::black_box;

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{LocalEngine, NewRun, RunId, Runs, Workflows};

/// An engine and the run that it starts.
#[derive(Debug)]
pub struct Hosted {
    engine: LocalEngine,
    new: NewRun,
}

impl Hosted {
    /// Stores the workflow.
    ///
    /// # Panics
    /// If the workflow is invalid or cannot be stored.
    pub async fn new(engine: LocalEngine, spec: Value) -> Self {
        let stored = engine
            .create_workflow(spec)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Self {
            engine,
            new: NewRun::new(stored.record.id, json!(null)),
        }
    }

    /// Starts a run.
    ///
    /// # Panics
    /// If the engine refuses it.
    pub async fn start(&self) -> RunId {
        let started = self.engine.start(self.new.clone()).await;
        started.unwrap_or_else(|error| panic!("{error}")).id
    }

    /// Starts a run and reads its events to the end.
    ///
    /// # Panics
    /// If the engine refuses it.
    pub async fn run(&self) {
        let run = self.start().await;
        let updates = self.engine.events(run, 0).await;
        let mut updates = updates.unwrap_or_else(|error| panic!("{error}"));
        while let Some(update) = updates.next().await {
            black_box(update);
        }
    }
}
