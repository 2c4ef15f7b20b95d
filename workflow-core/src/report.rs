//! A run told step by step: the fold of its log.

use std::{collections::HashMap, sync::Arc};

use serde::Serialize;
use serde_json::Value;

use crate::{
    error::Problem,
    event::{EventKind, NodeOutline, Report, StepEvent},
    id::{StepPath, StepRef},
    record::RunRecord,
    time::Timestamp,
};

/// Everything a run's log says, by step.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// The run as lists show it.
    #[serde(flatten)]
    pub record: RunRecord,
    /// What it was started with.
    pub input: Arc<Value>,
    /// What the caller wanted kept with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<Value>>,
    /// Its result, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// Its steps, in the order they are written.
    pub steps: Vec<StepReport>,
    #[serde(skip)]
    index: HashMap<StepPath, usize>,
}

/// How a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// It has not begun.
    Pending,
    /// It works, or waits for its next attempt.
    Running,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It is not taken.
    Skipped,
    /// It was stopped before it was done.
    Cancelled,
}

/// One step of a run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepReport {
    /// Which step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The type of its node.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// How it is doing.
    pub status: StepStatus,
    /// The latest attempt, counted from 1; 0 before the first.
    pub attempt: u32,
    /// When its latest attempt started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long its last attempt took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Its output, once it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// Why its last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// Tokens, model and finish reason, where it has them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
}

impl RunReport {
    /// The report of a run in which nothing has happened yet.
    pub(crate) fn new(record: RunRecord) -> Self {
        Self {
            record,
            input: Arc::default(),
            metadata: None,
            output: None,
            error: None,
            steps: Vec::new(),
            index: HashMap::new(),
        }
    }

    /// Takes in the next event.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::RunCreated(created) => {
                self.input = Arc::clone(&created.input);
                self.metadata.clone_from(&created.metadata);
                created.nodes.iter().for_each(|node| self.add_step(node));
            }
            EventKind::RunCompleted(completed) => self.output = Some(Arc::clone(&completed.output)),
            EventKind::RunFailed(failed) => self.error = Some(Arc::clone(&failed.error)),
            EventKind::RunStarted(_) | EventKind::RunCancelled(_) => {}
            _ => self.apply_to_step(event),
        }
    }

    fn add_step(&mut self, node: &NodeOutline) {
        let step = StepRef::top_level(node.id.clone());
        self.index.insert(step.path().clone(), self.steps.len());
        self.steps
            .push(StepReport::new(step, Arc::clone(&node.kind)));
    }

    fn apply_to_step(&mut self, event: &StepEvent) {
        let index = event.step().and_then(|step| self.index.get(step.path()));
        if let Some(step) = index.and_then(|index| self.steps.get_mut(*index)) {
            step.apply(event);
        }
    }
}

impl StepReport {
    fn new(step: StepRef, kind: Arc<str>) -> Self {
        Self {
            step,
            kind,
            status: StepStatus::Pending,
            attempt: 0,
            started_at: None,
            duration_ms: None,
            output: None,
            error: None,
            report: None,
        }
    }

    fn apply(&mut self, event: &StepEvent) {
        match &event.kind {
            EventKind::NodeStarted(started) => {
                self.status = StepStatus::Running;
                self.attempt = started.attempt;
                self.started_at = Some(event.time);
            }
            EventKind::NodeRetrying(retrying) => self.error = Some(Arc::clone(&retrying.error)),
            EventKind::NodeCompleted(completed) => {
                self.status = StepStatus::Completed;
                self.duration_ms = Some(completed.duration_ms);
                self.output = Some(Arc::clone(&completed.output));
                self.error = None;
                self.report.clone_from(&completed.report);
            }
            EventKind::NodeFailed(failed) => {
                self.status = StepStatus::Failed;
                self.duration_ms = Some(failed.duration_ms);
                self.error = Some(Arc::clone(&failed.error));
                self.output.clone_from(&failed.output);
            }
            EventKind::NodeSkipped(_) => self.status = StepStatus::Skipped,
            EventKind::NodeCancelled(_) => self.status = StepStatus::Cancelled,
            _ => {}
        }
    }
}
