//! An engine with one workflow in it.

use std::hint::black_box;

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{LocalEngine, NewRun, RunId, Runs, Workflows};

/// An engine, and what it is to run.
#[derive(Debug)]
pub struct Hosted {
    engine: LocalEngine,
    new: NewRun,
}

impl Hosted {
    /// Stores the workflow.
    ///
    /// # Panics
    /// When it cannot, which a benchmark's own can.
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
    /// When it cannot.
    pub async fn start(&self) -> RunId {
        let started = self.engine.start(self.new.clone()).await;
        started.unwrap_or_else(|error| panic!("{error}")).id
    }

    /// Starts a run, and reads it to its end.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn run(&self) {
        let run = self.start().await;
        let updates = self.engine.events(run, 0).await;
        let mut updates = updates.unwrap_or_else(|error| panic!("{error}"));
        while let Some(update) = updates.next().await {
            black_box(update);
        }
    }
}
