//! The report of a run: its state and that of its steps.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wait::{WaitLog, WaitReport};
use super::{
    budget::{BudgetLog, BudgetReport},
    origin::RunOrigin,
    outage::{Outage, OutageLog},
    outline::RunOutline,
};
use crate::{
    error::Problem,
    event::{EventKind, Progress, Report, StepEvent},
    record::RunRecord,
    value::{StepPath, StepRef, Timestamp, size},
};

/// The state of a run and of its steps, folded from its log.
///
/// Its size is bounded by [`MAX_INNER_STEPS`](Self::MAX_INNER_STEPS), [`MAX_WAITS`](Self::MAX_WAITS) and
/// [`MAX_OUTPUT_BYTES`](Self::MAX_OUTPUT_BYTES). Fields named `…_omitted` say what was left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RunReport {
    /// The record of the run.
    #[serde(flatten)]
    pub record: RunRecord,
    /// The input of the run.
    pub input: Arc<Value>,
    /// Data of the caller, stored with the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Arc<Value>>,
    /// What it was started with besides its input; absent for most runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<RunOrigin>,
    /// The result, if it completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// Why it failed. It is there already while its `on_failure` runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// Why its `on_failure` did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure_error: Option<Arc<Problem>>,
    /// The budget of the run; absent if neither it nor its workflow has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetReport>,
    /// Why the engine cannot continue it, for example because its log is damaged or a node type is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Arc<Problem>>,
    /// The open waits for persons, at most [`MAX_WAITS`](Self::MAX_WAITS), with truncated messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitReport>,
    /// Whether `waits` is incomplete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub waits_omitted: bool,
    /// When its host was down before it ended; the first 100 outages. An attempt that was running then is started again
    /// with `reason: "recovered"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<Outage>,
    /// The top-level steps in the order of the specification, then those within maps, loops and called workflows in the
    /// order they started, and those of `on_failure` once the run has failed, at most [`MAX_INNER_STEPS`](Self::MAX_INNER_STEPS).
    pub steps: Vec<StepReport>,
    /// Whether `steps` is incomplete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub steps_omitted: bool,
    #[serde(skip)]
    outline: RunOutline,
    /// Number of top-level steps.
    #[serde(skip)]
    top_level: usize,
    /// What is left of [`MAX_OUTPUT_BYTES`](Self::MAX_OUTPUT_BYTES).
    #[serde(skip)]
    bytes_left: usize,
    #[serde(skip)]
    wait_log: WaitLog,
    #[serde(skip)]
    outage_log: OutageLog,
    #[serde(skip)]
    budget_log: Option<BudgetLog>,
    /// From the path of a step to its position in `steps`.
    #[serde(skip)]
    index: HashMap<StepPath, usize>,
}

/// The status of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepStatus {
    /// It has not started; if the run has ended, it never will.
    Pending,
    /// It is executed, or waits for its next attempt.
    Running,
    /// Its attempt waits for admission at a shared limit.
    Queued,
    /// It waits for a person or a time.
    Waiting,
    /// It completed.
    Completed,
    /// It failed.
    Failed,
    /// It was skipped.
    Skipped,
    /// It was cancelled before it completed.
    Cancelled,
}

impl StepStatus {
    pub(super) fn has_ended(self) -> bool {
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
    /// The step.
    #[serde(flatten)]
    pub step: StepRef,
    /// The type of its node.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// The status.
    pub status: StepStatus,
    /// The latest attempt, counted from 1; 0 before the first.
    pub attempt: u32,
    /// When the latest attempt started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// How long the last attempt took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The output, if it completed; the substitute of `on_error`, if it failed and has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// Whether output, report and error detail are left out, because the report of the run has reached
    /// [`RunReport::MAX_OUTPUT_BYTES`]. The history of the step has them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub output_omitted: bool,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<Problem>>,
    /// The position of its attempt in a queue, while its status is `queued`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<QueueReport>,
    /// The progress of a map or loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Tokens, model and finish reason, if the node reported them.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<Report>>,
}

/// The position of an attempt that waits for admission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct QueueReport {
    /// The name of the limit, for example that of a model.
    pub queue: Cow<'static, str>,
    /// The last reported position; 1 is next.
    pub position: usize,
    /// When the wait started.
    pub since: Timestamp,
}

impl RunReport {
    /// The most steps within maps, loops and called workflows in a report.
    pub const MAX_INNER_STEPS: usize = 1_000;

    /// The most waits in a report.
    pub const MAX_WAITS: usize = 1_000;

    /// The most bytes of outputs, node reports, errors and waits in a report, together and as JSON: 16 MiB.
    pub const MAX_OUTPUT_BYTES: usize = 16 * 1024 * 1024;

    /// The report of a run before its events are applied.
    pub(crate) fn new(record: RunRecord) -> Self {
        Self {
            record,
            input: Arc::default(),
            metadata: None,
            origin: None,
            output: None,
            error: None,
            on_failure_error: None,
            budget: None,
            blocked: None,
            waits: Vec::new(),
            waits_omitted: false,
            outages: Vec::new(),
            steps: Vec::new(),
            steps_omitted: false,
            outline: RunOutline::default(),
            top_level: 0,
            bytes_left: Self::MAX_OUTPUT_BYTES,
            wait_log: WaitLog::default(),
            outage_log: OutageLog::default(),
            budget_log: None,
            index: HashMap::new(),
        }
    }

    /// Applies the next event. The caller must call [`finish`](Self::finish) after the last one.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        let index = event.step().and_then(|step| self.index.get(step.path()));
        let step = index.and_then(|index| self.steps.get(*index));
        self.outage_log
            .apply(event, step.and_then(|step| step.started_at));
        match &event.kind {
            EventKind::RunCreated(created) => {
                self.input = Arc::clone(&created.input);
                self.metadata.clone_from(&created.metadata);
                self.origin = RunOrigin::of(created);
                self.outline = RunOutline::of(created);
                self.budget_log = BudgetLog::of(created);
                for node in &*created.nodes {
                    self.add_step(StepRef::top_level(node.id.clone()), &node.kind);
                }
                self.top_level = self.steps.len();
            }
            EventKind::RunCompleted(completed) => self.output = Some(Arc::clone(&completed.output)),
            EventKind::RunFailing(failing) => {
                self.error = Some(Arc::clone(&failing.error));
                let steps: Vec<_> = (self.outline.on_failure())
                    .map(|(step, kind)| (step, Arc::clone(kind)))
                    .collect();
                self.top_level += steps.len();
                for (step, kind) in steps {
                    self.add_step(step, &kind);
                }
            }
            EventKind::RunFailed(failed) => {
                self.error = Some(Arc::clone(&failed.error));
                self.on_failure_error.clone_from(&failed.on_failure_error);
            }
            EventKind::RunStarted(_)
            | EventKind::RunSuspended(_)
            | EventKind::RunResumed(_)
            | EventKind::RunCancelled(_) => {}
            _ => self.apply_to_step(event),
        }
    }

    /// Fills the fields that depend on all events: waits and outages.
    pub(crate) fn finish(mut self) -> Self {
        for wait in self.wait_log.open() {
            let left = self.bytes_left.checked_sub(size::bytes(wait));
            let Some(left) = left.filter(|_| self.waits.len() < Self::MAX_WAITS) else {
                self.waits_omitted = true;
                continue;
            };
            self.bytes_left = left;
            self.waits.push(wait.clone());
        }
        self.budget = self.budget_log.as_ref().map(BudgetLog::report);
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
        if let Some(budget) = &mut self.budget_log {
            budget.apply(event);
        }
        if let Some(origin) = &mut self.origin {
            origin.apply(event);
        }
        let index = event.step().and_then(|step| self.index_of(step));
        if let Some(step) = index.and_then(|index| self.steps.get_mut(index)) {
            step.apply(event);
            if step.status.has_ended() {
                step.fit_into(&mut self.bytes_left);
            }
        }
    }

    /// The position of a step in `steps`. A step within a container is added on its first event; `None` if the limit is
    /// reached.
    ///
    /// Top-level steps are added by `run.created`, so each has a place whether or not it starts. The steps of a map
    /// with many items are cut off at the limit, in the order in which they started.
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

    /// Subtracts the size of the step from `bytes_left`, or removes output, report and error detail if they do not fit.
    ///
    /// The code of an error is kept, since pages show it; its detail may be long.
    fn fit_into(&mut self, bytes_left: &mut usize) {
        let output = self.output.as_deref().map_or(0, size::bytes);
        let report = self.report.as_deref().map_or(0, size::bytes);
        let error = self.error.as_deref().map_or(0, size::bytes);
        if let Some(left) = bytes_left.checked_sub(output + report + error) {
            *bytes_left = left;
        } else {
            (self.output, self.report) = (None, None);
            self.error = self.error.take().map(|error| {
                let detail = "the detail is left out here: see the history of the step";
                Arc::new(Problem::new(error.code.clone(), detail))
            });
            self.output_omitted = true;
        }
    }

    /// Applies the next event of the step.
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

/// The report of the attempt, without what is in the log only.
fn shown(event: &StepEvent) -> Option<Box<Report>> {
    let report = event.report().map(Report::without_log_only_fields);
    report
        .filter(|report| *report != Report::default())
        .map(Box::new)
}
