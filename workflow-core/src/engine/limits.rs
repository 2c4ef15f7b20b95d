//! The limits of an engine, as it was built, for clients that want to show them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    executor::Executor,
    template::MAX_TEMPLATE_BYTES,
    value::MAX_RESULT_BYTES,
    workflow::{MAX_NESTING, MAX_NODES},
};

/// The upper limits of an engine for everything that can grow. Bytes are bytes of JSON, except in names with `memory`,
/// which are estimated bytes of heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct EngineLimits {
    /// Runs that execute at the same time.
    pub concurrent_runs: usize,
    /// Runs that wait for admission.
    pub queued_runs: usize,
    /// Bytes of memory that all runs hold together while they are being stored or executed.
    pub memory_budget_bytes: usize,
    /// Steps of one run that execute at the same time.
    pub concurrent_steps: usize,
    /// Events of one run.
    pub events: u64,
    /// Items of one map.
    pub map_items: usize,
    /// Frames of one run that are open at the same time: its own nodes, items of maps, rounds of loops and called
    /// workflows.
    pub open_frames: usize,
    /// Bytes of memory that the values of one run hold.
    pub run_memory_bytes: usize,
    /// Nodes of one workflow, including those in maps and loops.
    pub nodes: usize,
    /// Levels of nested maps, loops and called workflows.
    pub nesting: usize,
    /// Bytes of the output of one step.
    pub output_bytes: usize,
    /// Bytes of the result of a run, a map or a loop.
    pub result_bytes: usize,
    /// Bytes of one template.
    pub template_bytes: usize,
}

impl EngineLimits {
    /// The limits of an engine that uses this executor.
    ///
    /// The limits across runs are set to `usize::MAX`. An engine that has such limits sets
    /// [`concurrent_runs`](Self::concurrent_runs), [`queued_runs`](Self::queued_runs) and
    /// [`memory_budget_bytes`](Self::memory_budget_bytes) itself.
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
