//! What is kept of workflows and runs, beside the log: enough to list them and page through them.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    event::{EventKind, StepEvent},
    id::{RunId, WorkflowId},
    spans::{self, Span, SpanState},
    time::{Timestamp, millis},
    usage::Usage,
};

/// One version of a stored workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRecord {
    /// Its id, the same for every version.
    pub id: WorkflowId,
    /// The name its author gave it.
    pub name: Option<String>,
    /// Counted from 1.
    pub version: u32,
    /// When this version was stored.
    pub created_at: Timestamp,
    /// The specification, as it was given.
    pub spec: Arc<Value>,
}

impl WorkflowRecord {
    /// The version that comes after this one.
    #[must_use]
    pub fn next(&self, name: Option<String>, spec: Arc<Value>) -> Self {
        Self {
            id: self.id,
            version: self.version.saturating_add(1),
            ..Self::new(name, spec)
        }
    }

    /// The first version of a new workflow.
    pub fn new(name: Option<String>, spec: Arc<Value>) -> Self {
        Self {
            id: WorkflowId::new(),
            name,
            version: 1,
            created_at: Timestamp::now(),
            spec,
        }
    }
}

/// How a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It waits for its turn.
    Queued,
    /// It works.
    Running,
    /// It waits for a person or a timer.
    Waiting,
    /// It is done.
    Completed,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The part of a run's record that its events change. Written together with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunHead {
    /// How the run is doing.
    pub status: RunStatus,
    /// The number of the last event.
    pub last_seq: u64,
    /// When it began to work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// From start to end, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it goes on by itself, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_at: Option<Timestamp>,
    /// The time of the last event.
    pub updated_at: Timestamp,
    /// Tokens used so far.
    pub usage: Usage,
    /// What it was at; at most 20 spans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

impl RunHead {
    /// The head of a run that was just created.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            status: RunStatus::Queued,
            last_seq: 0,
            started_at: None,
            ended_at: None,
            duration_ms: None,
            wake_at: None,
            updated_at: created_at,
            usage: Usage::default(),
            spans: Vec::new(),
        }
    }

    /// Whether a run that waits goes on by itself now. What was due when it was written stays due, also
    /// when the clock was set back.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let now = now.max(self.updated_at);
        self.wake_at.is_some_and(|wake_at| wake_at <= now)
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &StepEvent) {
        self.last_seq = event.seq;
        self.tell_span(event);
        self.updated_at = event.time;
        match &event.kind {
            EventKind::RunStarted(_) => {
                self.status = RunStatus::Running;
                self.started_at = Some(event.time);
            }
            EventKind::NodeCompleted(_) | EventKind::NodeRetrying(_) | EventKind::NodeFailed(_) => {
                self.usage += event.kind.usage();
            }
            EventKind::RunCompleted(_) => self.end(RunStatus::Completed, event.time),
            EventKind::RunFailed(_) => self.end(RunStatus::Failed, event.time),
            EventKind::RunCancelled(_) => self.end(RunStatus::Cancelled, event.time),
            EventKind::RunSuspended(suspended) => {
                self.status = RunStatus::Waiting;
                self.wake_at = suspended.wake_at;
            }
            EventKind::RunResumed(_) => {
                self.status = RunStatus::Running;
                self.wake_at = None;
            }
            EventKind::RunCreated(_)
            | EventKind::NodeStarted(_)
            | EventKind::NodeProgress(_)
            | EventKind::NodeWaiting(_)
            | EventKind::NodeResumed(_)
            | EventKind::NodeSkipped(_)
            | EventKind::NodeCancelled(_) => {}
        }
    }

    fn tell_span(&mut self, event: &StepEvent) {
        let at_ms = match (self.started_at, self.spans.first()) {
            (Some(started), Some(queued)) => queued.to_ms + millis(event.time.since(started)),
            _ => millis(event.time.since(self.updated_at)),
        };
        let retries = self
            .spans
            .last()
            .is_some_and(|last| last.state == SpanState::Retrying);
        let state = match &event.kind {
            EventKind::RunCreated(_) => Some(SpanState::Queued),
            EventKind::RunStarted(_) | EventKind::RunResumed(_) => Some(SpanState::Running),
            EventKind::RunSuspended(_) => Some(SpanState::Waiting),
            EventKind::NodeRetrying(_) => Some(SpanState::Retrying),
            EventKind::NodeStarted(it) if retries && it.attempt > 1 => Some(SpanState::Running),
            _ => None,
        };
        spans::go_on(&mut self.spans, at_ms, state);
    }

    fn end(&mut self, status: RunStatus, time: Timestamp) {
        self.status = status;
        self.wake_at = None;
        self.ended_at = Some(time);
        self.duration_ms = self.started_at.map(|started| millis(time.since(started)));
    }
}

/// Which version of which workflow a run runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRef {
    /// The workflow.
    pub id: WorkflowId,
    /// Its name.
    pub name: Option<String>,
    /// The version that is pinned.
    pub version: u32,
}

impl From<&WorkflowRecord> for WorkflowRef {
    fn from(record: &WorkflowRecord) -> Self {
        Self {
            id: record.id,
            name: record.name.clone(),
            version: record.version,
        }
    }
}

/// A run as lists show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// What it runs.
    pub workflow: WorkflowRef,
    /// When it was created.
    pub created_at: Timestamp,
    /// The beginning of its input.
    pub input_excerpt: String,
    /// The run that this one does again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// What its events change.
    #[serde(flatten)]
    pub head: RunHead,
}

impl RunRecord {
    /// The record of a run whose first event is this `run.created`.
    pub fn new(workflow: WorkflowRef, created: &StepEvent) -> Self {
        let (input_excerpt, retry_of) = match &created.kind {
            EventKind::RunCreated(body) => (excerpt(&body.input), body.retry_of),
            _ => (String::new(), None),
        };
        let mut head = RunHead::new(created.time);
        head.apply(created);
        Self {
            id: created.run_id,
            workflow,
            created_at: created.time,
            input_excerpt,
            retry_of,
            head,
        }
    }
}

/// The most characters of an excerpt.
const EXCERPT_CHARS: usize = 120;

fn excerpt(input: &Value) -> String {
    match input {
        Value::String(text) => text.chars().take(EXCERPT_CHARS).collect(),
        other => other.to_string().chars().take(EXCERPT_CHARS).collect(),
    }
}

/// Some of a long list, newest first, and where it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
#[non_exhaustive]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// What to ask for next; none at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page; `next_cursor` is none at the end of the list.
    pub fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// How many at most, 1 to 200; 50 by default.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl PageRequest {
    /// The most records of a page.
    pub const MAX_LIMIT: usize = 200;

    /// A request for a page.
    pub fn new(limit: usize, cursor: Option<String>) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX_LIMIT),
            cursor,
        }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(50, None)
    }
}

/// Which runs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunQuery {
    /// Only those of this workflow.
    pub workflow_id: Option<WorkflowId>,
    /// Only those that are doing so.
    pub status: Option<RunStatus>,
    /// Only those whose id, workflow's name or excerpt of the input has this text in it, in upper or lower case.
    pub text: Option<String>,
    /// Which part of the list.
    pub page: PageRequest,
}

impl RunQuery {
    /// Whether it wants this run.
    pub fn wants(&self, record: &RunRecord) -> bool {
        self.status
            .is_none_or(|status| record.head.status == status)
            && self.workflow_id.is_none_or(|id| record.workflow.id == id)
            && self.text.as_ref().is_none_or(|text| record.has(text))
    }
}

impl RunRecord {
    fn has(&self, text: &str) -> bool {
        let wanted = text.to_lowercase();
        let id = self.id.to_string();
        let name = self.workflow.name.as_deref().unwrap_or_default();
        [&*id, name, &*self.input_excerpt]
            .iter()
            .any(|told| told.to_lowercase().contains(&wanted))
    }
}

/// How many runs are doing what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCounts {
    /// They wait for their turn.
    pub queued: u64,
    /// They work.
    pub running: u64,
    /// They wait for a person or a timer.
    pub waiting: u64,
    /// They are done.
    pub completed: u64,
    /// They failed.
    pub failed: u64,
    /// They were cancelled.
    pub cancelled: u64,
}

impl RunCounts {
    /// Counts so many more runs of a status.
    pub fn add(&mut self, status: RunStatus, runs: u64) {
        *match status {
            RunStatus::Queued => &mut self.queued,
            RunStatus::Running => &mut self.running,
            RunStatus::Waiting => &mut self.waiting,
            RunStatus::Completed => &mut self.completed,
            RunStatus::Failed => &mut self.failed,
            RunStatus::Cancelled => &mut self.cancelled,
        } += runs;
    }
}

/// What a run was asked for by: asking again by the same key, within its scope, gives the same run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunKey {
    /// Within what the key is one's own: a workflow, or a run that is done again.
    pub scope: String,
    /// The key, as the caller chose it.
    pub key: String,
    /// What was asked for: a content hash. The same key for something else is refused.
    pub request: String,
}

impl RunKey {
    /// A key within a scope, for what is asked.
    pub fn new(
        scope: impl Into<String>,
        key: impl Into<String>,
        request: impl Into<String>,
    ) -> Self {
        Self {
            scope: scope.into(),
            key: key.into(),
            request: request.into(),
        }
    }
}

/// A run that was asked for by a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyedRun {
    /// The run.
    pub record: RunRecord,
    /// What was asked for then.
    pub request: String,
}

impl KeyedRun {
    /// A run, and what was asked for.
    pub fn new(record: RunRecord, request: String) -> Self {
        Self { record, request }
    }
}
