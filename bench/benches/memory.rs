//! What a run that waits holds in memory, under an allocator that counts. Apart from `engine`, since counting takes time.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail by panicking")]

use std::{alloc::System, sync::Arc};

use futures::{StreamExt, poll};
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::Builder;
use workflow_bench::{hosted::Hosted, node};
use workflow_core::{Executor, LocalEngine};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The runs that wait at the same time.
const RUNS: usize = 10_000;

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let workflow = node::workflow(&node::waiting());
    let per_run = |region: &Region<System>| {
        let change = region.change();
        (change.bytes_allocated - change.bytes_deallocated) / RUNS
    };
    runtime.block_on(async {
        let region = Region::new(ALLOCATOR);
        let mut runs = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let mut run = Executor::new().run(Arc::clone(&workflow), Value::Null);
            while poll!(run.next()).is_ready() {}
            runs.push(run);
        }
        println!(
            "a polled run that waits in a node: {} bytes",
            per_run(&region)
        );
    });
    runtime.block_on(async {
        let hosted = Hosted::new(
            LocalEngine::builder(node::registry())
                .with_max_running(RUNS)
                .with_max_queued(RUNS)
                .build(),
            node::waiting(),
        )
        .await;
        let region = Region::new(ALLOCATOR);
        for _ in 0..RUNS {
            hosted.start().await;
        }
        tokio::task::yield_now().await;
        println!(
            "a run of the engine that waits in a node, with its log: {} bytes",
            per_run(&region)
        );
    });
}
