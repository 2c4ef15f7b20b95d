//! Runs a workflow to its end, in virtual time and on a runtime of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::Value;
use workflow_core::{Executor, Run, StepEvent, Update, Workflow};

use crate::{flow::Flow, log::Log, scripted::World};

/// A workflow that is built once, and the world in which it runs, again and again.
pub struct Host {
    workflow: Arc<Workflow>,
    executor: Executor,
    input: Value,
    pub world: World,
}

impl Host {
    /// `slots`: leaf steps at once.
    pub fn new(flow: &Flow, slots: usize) -> Self {
        let world = World::default();
        let workflow = Workflow::from_spec(&flow.json(), &world.registry());
        let workflow = workflow.unwrap_or_else(|invalid| panic!("{invalid}\n{flow:?}"));
        Self {
            workflow: Arc::new(workflow),
            executor: Executor::new().with_concurrent_steps(slots),
            input: flow.input.clone(),
            world,
        }
    }

    /// Every event of a new run.
    pub fn run(&self) -> Vec<StepEvent> {
        self.world.begin_anew(BTreeMap::new());
        let workflow = Arc::clone(&self.workflow);
        to_the_end(|| self.executor.run(workflow, self.input.clone()))
    }

    /// What comes after `prefix`, in the world as it was then: what failed and is tried again has
    /// failed, and what was in flight is as if it had not begun.
    pub fn resume(&self, prefix: &[StepEvent]) -> Vec<StepEvent> {
        self.world
            .begin_anew(Log::of(prefix).count("node.retrying"));
        to_the_end(|| {
            let resumed = self.executor.resume(Arc::clone(&self.workflow), prefix);
            resumed.unwrap_or_else(|refused| {
                panic!(
                    "a prefix of {} events is refused: {refused:?}",
                    prefix.len()
                )
            })
        })
    }
}

/// Much longer than any run takes. In virtual time, a run that stands still gets there at once.
const STANDS_STILL: Duration = Duration::from_secs(30_000_000);

fn to_the_end(run: impl FnOnce() -> Run) -> Vec<StepEvent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without IO needs nothing of the system");
    let mut events = Vec::new();
    let ended = runtime.block_on(async {
        let mut run = run();
        tokio::time::timeout(STANDS_STILL, async {
            while let Some(update) = run.next().await {
                if let Update::Event(event) = update {
                    events.push(event);
                }
            }
        })
        .await
    });
    assert!(
        ended.is_ok(),
        "the run stands still:\n{:?}",
        Log::of(&events)
    );
    events
}
