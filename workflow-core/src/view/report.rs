//! A run told step by step: the fold of its log.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::wait::{WaitLog, WaitReport};
use super::{
    outage::{Outage, OutageLog},
    outline::RunOutline,
};
use crate::{
    error::Problem,
    event::{EventKind, Progress, Report, StepEvent},
    record::RunRecord,
    value::{StepPath, StepRef, Timestamp, size},
};

/// Everything a run's log says, by step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// Why the engine cannot continue it, for example because its log is damaged or a node type is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Arc<Problem>>,
    /// The people it waits for, as many as [`MAX_WAITS`](Self::MAX_WAITS), each with the beginning of its message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitReport>,
    /// Whether there are more, or one that does not fit into [`MAX_OUTPUT_BYTES`](Self::MAX_OUTPUT_BYTES).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub waits_omitted: bool,
    /// When its host was down while it worked; the first 100 times. A step that was at work then starts again
    /// with `reason: "recovered"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
    /// Its steps, in the order they are written; then those within maps, loops and called workflows,
    /// in the order they began, as many as [`MAX_INNER_STEPS`](Self::MAX_INNER_STEPS).
    pub steps: Vec<StepReport>,
    /// Whether there are more within.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub steps_omitted: bool,
    #[serde(skip)]
    outline: RunOutline,
    #[serde(skip)]
    top_level: usize,
    /// How many bytes of outputs there is room for.
    #[serde(skip)]
    room: usize,
    #[serde(skip)]
    wait_log: WaitLog,
    #[serde(skip)]
    outage_log: OutageLog,
    #[serde(skip)]
    index: HashMap<StepPath, usize>,
}

/// How a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// It has not begun; once the run has ended, it never will.
    Pending,
    /// It works, or waits for its next attempt.
    Running,
    /// Its attempt waits for admission at a shared limit.
    Queued,
    /// It waits for a person or a time.
    Waiting,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It is not taken.
    Skipped,
    /// It was stopped before it was done.
    Cancelled,
}

impl StepStatus {
    fn has_ended(self) -> bool {
        !matches!(
            self,
            Self::Pending | Self::Running | Self::Queued | Self::Waiting
        )
    }
}

/// One step of a run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// Whether its output, and what its node said, are left out, since those that came before have
    /// [`RunReport::MAX_OUTPUT_BYTES`] already. The step itself still tells.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub output_omitted: bool,
    /// Why its last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// Where its attempt stands in line, while its status is `queued`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<QueueReport>,
    /// How far a map or loop is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Tokens, model and finish reason, where it has them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
}

/// The place of an attempt that waits for admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct QueueReport {
    /// The limit that it waits at, for example the name of a model.
    pub queue: Cow<'static, str>,
    /// Its place in line when it was last reported; 1 is next.
    pub position: usize,
    /// Since when it waits.
    pub since: Timestamp,
}

impl RunReport {
    /// How many steps within maps, loops and called workflows are told.
    pub const MAX_INNER_STEPS: usize = 1_000;

    /// How many waits are told.
    pub const MAX_WAITS: usize = 1_000;

    /// How many bytes of outputs, errors and waits, as JSON, are told in all.
    pub const MAX_OUTPUT_BYTES: usize = 16 * 1024 * 1024;

    /// The report of a run in which nothing has happened yet.
    pub(crate) fn new(record: RunRecord) -> Self {
        Self {
            record,
            input: Arc::default(),
            metadata: None,
            output: None,
            error: None,
            blocked: None,
            waits: Vec::new(),
            waits_omitted: false,
            outages: Vec::new(),
            steps: Vec::new(),
            steps_omitted: false,
            outline: RunOutline::default(),
            top_level: 0,
            room: Self::MAX_OUTPUT_BYTES,
            wait_log: WaitLog::default(),
            outage_log: OutageLog::default(),
            index: HashMap::new(),
        }
    }

    /// Takes in the next event.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        let index = event.step().and_then(|step| self.index.get(step.path()));
        let step = index.and_then(|index| self.steps.get(*index));
        self.outage_log
            .apply(event, step.and_then(|step| step.started_at));
        match &event.kind {
            EventKind::RunCreated(created) => {
                self.input = Arc::clone(&created.input);
                self.metadata.clone_from(&created.metadata);
                self.outline = RunOutline::of(created);
                for node in &*created.nodes {
                    self.add_step(StepRef::top_level(node.id.clone()), &node.kind);
                }
                self.top_level = self.steps.len();
            }
            EventKind::RunCompleted(completed) => self.output = Some(Arc::clone(&completed.output)),
            EventKind::RunFailed(failed) => self.error = Some(Arc::clone(&failed.error)),
            EventKind::RunStarted(_)
            | EventKind::RunSuspended(_)
            | EventKind::RunResumed(_)
            | EventKind::RunCancelled(_) => {}
            _ => self.apply_to_step(event),
        }
    }

    /// Tells what is derived from all that was taken in.
    pub(crate) fn finish(mut self) -> Self {
        for wait in self.wait_log.open() {
            let left = self.room.checked_sub(size::bytes(wait));
            let Some(left) = left.filter(|_| self.waits.len() < Self::MAX_WAITS) else {
                self.waits_omitted = true;
                continue;
            };
            self.room = left;
            self.waits.push(wait.clone());
        }
        self.outages = std::mem::take(&mut self.outage_log).into_outages();
        self
    }

    fn add_step(&mut self, step: StepRef, kind: &Arc<str>) -> usize {
        let index = self.steps.len();
        self.index.insert(step.path().clone(), index);
        self.steps.push(StepReport::new(step, Arc::clone(kind)));
        index
    }

    fn apply_to_step(&mut self, event: &StepEvent) {
        self.wait_log.apply(event);
        let index = event.step().and_then(|step| self.index_of(step));
        if let Some(step) = index.and_then(|index| self.steps.get_mut(index)) {
            step.apply(event);
            if step.status.has_ended() {
                step.fit_into(&mut self.room);
            }
        }
    }

    /// The place of a step; that of one within is made when it is first told of.
    fn index_of(&mut self, step: &StepRef) -> Option<usize> {
        if let Some(index) = self.index.get(step.path()) {
            return Some(*index);
        }
        if self.steps.len() - self.top_level >= Self::MAX_INNER_STEPS {
            self.steps_omitted = true;
            return None;
        }
        let kind = Arc::clone(self.outline.kind_of(step.path())?);
        Some(self.add_step(step.clone(), &kind))
    }
}

impl StepReport {
    pub(crate) fn new(step: StepRef, kind: Arc<str>) -> Self {
        Self {
            step,
            kind,
            status: StepStatus::Pending,
            attempt: 0,
            started_at: None,
            duration_ms: None,
            output: None,
            output_omitted: false,
            error: None,
            queued: None,
            progress: None,
            report: None,
        }
    }

    /// Leaves out what there is no room for.
    fn fit_into(&mut self, room: &mut usize) {
        let output = self.output.as_deref().map_or(0, size::bytes);
        let report = self.report.as_deref().map_or(0, size::bytes);
        let error = self.error.as_deref().map_or(0, size::bytes);
        if let Some(left) = room.checked_sub(output + report + error) {
            *room = left;
        } else {
            (self.output, self.report) = (None, None);
            self.error = self.error.take().map(|error| {
                let detail = "its detail is left out; the step itself has it";
                Arc::new(Problem::new(error.code.clone(), detail))
            });
            self.output_omitted = true;
        }
    }

    /// Takes in the next event of the step.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        let queued = self.queued.take();
        match &event.kind {
            EventKind::NodeStarted(started) => {
                self.status = StepStatus::Running;
                self.attempt = started.attempt;
                self.started_at = Some(event.time);
            }
            EventKind::NodeQueued(it) => {
                self.status = StepStatus::Queued;
                self.queued = Some(QueueReport {
                    queue: it.queue.clone(),
                    position: it.position,
                    since: queued.map_or(event.time, |before| before.since),
                });
            }
            EventKind::NodeProgress(it) => self.progress = Some(it.progress),
            EventKind::NodeWaiting(_) => self.status = StepStatus::Waiting,
            EventKind::NodeAdmitted(_) | EventKind::NodeResumed(_) => {
                self.status = StepStatus::Running;
            }
            EventKind::NodeRetrying(retrying) => {
                self.status = StepStatus::Running;
                self.error = Some(Arc::clone(&retrying.error));
            }
            EventKind::NodeCompleted(completed) => {
                self.status = StepStatus::Completed;
                self.duration_ms = Some(completed.duration_ms);
                self.output = Some(Arc::clone(&completed.output));
                self.error = None;
                self.report = shown(event);
            }
            EventKind::NodeFailed(failed) => {
                self.status = StepStatus::Failed;
                self.duration_ms = Some(failed.duration_ms);
                self.error = Some(Arc::clone(&failed.error));
                self.output.clone_from(&failed.output);
                self.report = shown(event);
            }
            EventKind::NodeSkipped(_) => self.status = StepStatus::Skipped,
            EventKind::NodeCancelled(_) => self.status = StepStatus::Cancelled,
            _ => {}
        }
    }
}

/// What the node said about the attempt, without what only the log keeps.
fn shown(event: &StepEvent) -> Option<Box<Report>> {
    event.shown().report().cloned().map(Box::new)
}
