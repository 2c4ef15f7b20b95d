//! The engine compared to a spawned task with a bounded channel.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::sync::Arc;

use futures::{StreamExt, future::join_all};
use serde_json::Value;
use tokio::runtime::Runtime;
use workflow_bench::{compare, floor, hosted::Hosted, node, runtimes};
use workflow_core::{Executor, LocalEngine, MemoryStore, Workflow};

/// As wide as the fan, so that the limit on concurrent steps does not affect the measurement.
const SLOTS: usize = 1_024;

fn main() {
    for (name, runtime) in runtimes() {
        println!("\n{name} runtime, per step");
        steps(&runtime);
        println!("\n{name} runtime, per run");
        runs(&runtime);
    }
}

fn steps(runtime: &Runtime) {
    for length in [10_u32, 100, 1_000] {
        let workflow = node::workflow(&node::chain(length as usize));
        let times = 1_000 / length;
        let ours = || {
            runtime.block_on(async {
                for _ in 0..times {
                    drain(&workflow).await;
                }
            });
        };
        compare(
            &format!("chain of {length}, without a store"),
            length * times,
            || {
                runtime.block_on(async {
                    for _ in 0..times {
                        floor::chain(length as usize).await;
                    }
                });
            },
            ours,
        );
        compare(
            "  the same, beside a stream without a task",
            length * times,
            || {
                runtime.block_on(async {
                    for _ in 0..times {
                        floor::inline_chain(length as usize).await;
                    }
                });
            },
            ours,
        );
    }
    let engine = runtime.block_on(async { hosted(node::chain(1_000), 16).await });
    let workflow = node::workflow(&node::chain(1_000));
    compare(
        "chain of 1000, engine and MemoryStore",
        1_000,
        || runtime.block_on(floor::chain(1_000)),
        || runtime.block_on(engine.run()),
    );
    compare(
        "  the same, beside ours without a store",
        1_000,
        || runtime.block_on(drain(&workflow)),
        || runtime.block_on(engine.run()),
    );
    let (without, with) = (
        node::bounded(1_000, None),
        node::bounded(1_000, Some(1_000)),
    );
    let (without, with) = (node::workflow(&without), node::workflow(&with));
    compare(
        "chain of 1000 with bounds, budget beside none",
        1_000,
        || runtime.block_on(drain(&without)),
        || runtime.block_on(drain(&with)),
    );
    let mut spec = node::chain(1_000);
    spec["budget"] = serde_json::json!({"calls": 1_000});
    let with = node::workflow(&spec);
    compare(
        "chain of 1000 without bounds, budget beside none",
        1_000,
        || runtime.block_on(drain(&workflow)),
        || runtime.block_on(drain(&with)),
    );
    // The widest workflow that is allowed: 1,000 nodes in total.
    let workflow = node::workflow(&node::fan(998));
    compare(
        "fan 1 -> 998 -> 1, without a store",
        1_000,
        || runtime.block_on(floor::fan(998)),
        || runtime.block_on(drain(&workflow)),
    );
}

fn runs(runtime: &Runtime) {
    const AGENTS: u32 = 200;
    let (fan, agent) = (
        node::workflow(&node::fan(3)),
        node::workflow(&node::agent()),
    );
    let times = |workflow: &Arc<Workflow>| {
        runtime.block_on(async {
            for _ in 0..AGENTS {
                drain(workflow).await;
            }
        });
    };
    compare(
        "agent with three calls, beside fan 1 -> 3 -> 1",
        AGENTS,
        || times(&fan),
        || times(&agent),
    );
    let workflow = node::workflow(&node::chain(10));
    compare(
        "1000 runs of 10 steps at once, without a store",
        1_000,
        || {
            runtime.block_on(async {
                join_all((0..1_000).map(|_| tokio::spawn(floor::chain(10)))).await;
            });
        },
        || {
            runtime.block_on(async {
                join_all((0..1_000).map(|_| {
                    let workflow = Arc::clone(&workflow);
                    tokio::spawn(async move { drain(&workflow).await })
                }))
                .await;
            });
        },
    );
    let engine = runtime.block_on(async { hosted(node::chain(10), 2_000).await });
    compare(
        "1000 runs of 10 steps at once, engine",
        1_000,
        || {
            runtime.block_on(async {
                join_all((0..1_000).map(|_| tokio::spawn(floor::chain(10)))).await;
            });
        },
        || {
            runtime.block_on(async {
                join_all((0..1_000).map(|_| engine.run())).await;
            });
        },
    );
}

async fn drain(workflow: &Arc<Workflow>) {
    let mut run = Executor::new()
        .with_concurrent_steps(SLOTS)
        .run(Arc::clone(workflow), Value::Null);
    while let Some(update) = run.next().await {
        std::hint::black_box(update);
    }
}

/// An engine with one workflow and a store that keeps this number of ended runs.
async fn hosted(spec: Value, kept: usize) -> Hosted {
    // The steady state of a store: it deletes an old run for each new one.
    let engine = LocalEngine::builder(node::registry())
        .with_executor(Executor::new().with_concurrent_steps(SLOTS))
        .with_store(Arc::new(MemoryStore::new().with_ended_runs(kept)));
    Hosted::new(engine.build(), spec).await
}
