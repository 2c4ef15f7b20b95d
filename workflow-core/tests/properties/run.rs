//! Runs a workflow to its end, in virtual time and on a runtime of its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use workflow_core::{Executor, Run, StepEvent, Update, Workflow};

use crate::{flow::Flow, log::Log, scripted::World};

pub fn run(flow: &Flow, world: &World, slots: usize) -> Vec<StepEvent> {
    let workflow = workflow(flow, world);
    to_the_end(|| executor(slots).run(workflow, flow.input.clone()))
}

/// What comes after `prefix`.
pub fn resume(flow: &Flow, world: &World, slots: usize, prefix: &[StepEvent]) -> Vec<StepEvent> {
    let workflow = workflow(flow, world);
    to_the_end(|| {
        let resumed = executor(slots).resume(workflow, prefix);
        resumed.unwrap_or_else(|refused| {
            panic!(
                "a prefix of {} events is refused: {refused:?}",
                prefix.len()
            )
        })
    })
}

/// How often the steps of a log have failed and will be tried again: so the world has seen them.
pub fn failures_in(log: &Log) -> BTreeMap<String, u32> {
    log.count("node.retrying")
}

fn executor(slots: usize) -> Executor {
    Executor::new().concurrent_steps(slots)
}

pub fn workflow(flow: &Flow, world: &World) -> Arc<Workflow> {
    let workflow = Workflow::new(&flow.json(), &world.registry());
    Arc::new(workflow.unwrap_or_else(|invalid| panic!("generated workflows are valid: {invalid}")))
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
