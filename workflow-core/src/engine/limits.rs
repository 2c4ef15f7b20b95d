//! The limits of an engine, as it was built.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    executor::Executor,
    template::MAX_TEMPLATE_BYTES,
    value::MAX_RESULT_BYTES,
    workflow::{MAX_NESTING, MAX_NODES},
};

/// The most that an engine allows of everything that can grow. Bytes are bytes of JSON, except where
/// the name says memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct EngineLimits {
    /// Runs that work at the same time.
    pub concurrent_runs: usize,
    /// Runs that wait until they may work.
    pub queued_runs: usize,
    /// Bytes of memory that runs hold together while they are stored or work.
    pub memory_budget_bytes: usize,
    /// Steps of one run that work at the same time.
    pub concurrent_steps: usize,
    /// Events of one run.
    pub events: u64,
    /// Items of one map.
    pub map_items: usize,
    /// Lists of nodes of one run that are open at the same time: its own, items of maps, rounds of loops and
    /// called workflows.
    pub open_frames: usize,
    /// Bytes of memory that the values of one run hold.
    pub run_memory_bytes: usize,
    /// Nodes of one workflow, those in maps and loops included.
    pub nodes: usize,
    /// How deep maps, loops and called workflows may be nested.
    pub nesting: usize,
    /// Bytes of the output of one step.
    pub output_bytes: usize,
    /// Bytes of the result of a run, a map or a loop.
    pub result_bytes: usize,
    /// Bytes of one template.
    pub template_bytes: usize,
}

impl EngineLimits {
    /// The limits of an engine whose runs are executed by this executor. How many runs work or queue at
    /// the same time, and what they hold together, is not limited: set [`concurrent_runs`](Self::concurrent_runs),
    /// [`queued_runs`](Self::queued_runs) and [`memory_budget_bytes`](Self::memory_budget_bytes) for an engine
    /// that limits them.
    pub fn of(executor: &Executor) -> Self {
        let limits = executor.limits();
        Self {
            concurrent_runs: usize::MAX,
            queued_runs: usize::MAX,
            memory_budget_bytes: usize::MAX,
            concurrent_steps: limits.slots,
            events: limits.events,
            map_items: limits.map_items,
            open_frames: limits.frames,
            run_memory_bytes: limits.memory,
            nodes: MAX_NODES,
            nesting: MAX_NESTING,
            output_bytes: limits.output_bytes,
            result_bytes: MAX_RESULT_BYTES,
            template_bytes: MAX_TEMPLATE_BYTES,
        }
    }
}
