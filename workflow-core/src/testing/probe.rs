//! A record of what nodes did.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    error::NodeError,
    node::{Node, NodeContext, OutputShape},
    value::{StepPath, lock},
};

/// Records the attempts of the nodes it watches, in the order in which they began. Clones share the record.
///
/// ```
/// use serde_json::json;
/// use workflow_core::{
///     EngineError, Registry,
///     node::PromptNode,
///     testing::{AttemptEnd, Probe, TestEngine, run_in_virtual_time},
/// };
///
/// let probe = Probe::new();
/// let watching = probe.clone();
/// let engine = TestEngine::new(move || {
///     let mut registry = Registry::new();
///     let probe = watching.clone();
///     registry.register_with("PromptNode", move |node: PromptNode| probe.watch(node));
///     registry
/// });
/// run_in_virtual_time(async {
///     let spec = json!({"nodes": [{"id": "greet", "type": "PromptNode", "data": {"template": "{{ input }}!"}}]});
///     engine.run(&spec, json!(null)).await
/// })?;
/// let attempts = probe.attempts();
/// assert_eq!(attempts.len(), 1);
/// assert_eq!(attempts[0].step.as_str(), "greet");
/// assert_eq!(attempts[0].end, AttemptEnd::Completed);
/// # Ok::<(), EngineError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Probe {
    attempts: Arc<Mutex<Vec<ProbedAttempt>>>,
}

/// One attempt that a [`Probe`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbedAttempt {
    /// The step, by its path in the run.
    pub step: StepPath,
    /// Which attempt at the step, counted from 1.
    pub attempt: u32,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptEnd {
    /// Not yet.
    Running,
    /// With an output.
    Completed,
    /// With an error.
    Failed,
    /// Its future was dropped: by a cancellation, a time-out, a panic or a crash.
    Dropped,
}

impl Probe {
    /// A probe that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The node, with its attempts recorded by this probe.
    pub fn watch<N: Node>(&self, node: N) -> Probed<N> {
        Probed {
            node,
            probe: self.clone(),
        }
    }

    /// All attempts so far.
    pub fn attempts(&self) -> Vec<ProbedAttempt> {
        lock(&self.attempts).clone()
    }

    /// How many attempts at a step ended like this.
    pub fn count(&self, step: &str, end: AttemptEnd) -> usize {
        let attempts = lock(&self.attempts);
        let counted = attempts
            .iter()
            .filter(|it| it.step.as_str() == step && it.end == end);
        counted.count()
    }

    fn begin(&self, cx: &NodeContext) -> Record<'_> {
        let mut attempts = lock(&self.attempts);
        attempts.push(ProbedAttempt {
            step: cx.step().path().clone(),
            attempt: cx.attempt(),
            end: AttemptEnd::Running,
        });
        Record {
            probe: self,
            index: attempts.len() - 1,
            end: AttemptEnd::Dropped,
        }
    }
}

/// Writes how an attempt ended when it is dropped, so that a dropped future is recorded as well.
struct Record<'a> {
    probe: &'a Probe,
    index: usize,
    end: AttemptEnd,
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        if let Some(attempt) = lock(&self.probe.attempts).get_mut(self.index) {
            attempt.end = self.end;
        }
    }
}

/// A node watched by a [`Probe`]; made by [`Probe::watch`].
#[derive(Debug)]
pub struct Probed<N> {
    node: N,
    probe: Probe,
}

#[async_trait]
impl<N: Node> Node for Probed<N> {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        let mut record = self.probe.begin(cx);
        let result = self.node.run(cx).await;
        record.end = if result.is_ok() {
            AttemptEnd::Completed
        } else {
            AttemptEnd::Failed
        };
        result
    }

    fn reads_input(&self) -> bool {
        self.node.reads_input()
    }

    fn output_shape(&self) -> OutputShape<'_> {
        self.node.output_shape()
    }
}
