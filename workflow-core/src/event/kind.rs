//! The kinds of events, and their names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed, NodeProgress, NodeQueued, NodeResumed,
    NodeRetrying, NodeSkipped, NodeStarted, NodeWaiting, Report, RunCancelled, RunCompleted,
    RunCreated, RunFailed, RunFailing, RunResumed, RunStarted, RunSuspended,
};

/// The name of a kind is written once, for `serde` and for [`EventKind::name`]. It is stored: a renamed kind makes
/// old logs unreadable.
macro_rules! event_kinds {
    ($($(#[$doc:meta])+ $name:ident($body:ty) = $tag:literal,)+) => {
        /// What happened. Bodies of rare events are boxed, to keep the enum small for the frequent ones.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])+ #[serde(rename = $tag)] $name($body),)+
        }

        impl EventKind {
            /// The name of the event, such as `node.started`: `type` in JSON.
            pub fn name(&self) -> &'static str {
                match self { $(EventKind::$name(_) => $tag,)+ }
            }
        }
    };
}

event_kinds! {
    /// The run was created. Always the first event, and the only one while the run is queued.
    RunCreated(Box<RunCreated>) = "run.created",
    /// The run was admitted and starts.
    RunStarted(RunStarted) = "run.started",
    /// An attempt of a step starts.
    NodeStarted(NodeStarted) = "node.started",
    /// An attempt waits for admission at a shared limit, or its position in the queue has changed.
    NodeQueued(NodeQueued) = "node.queued",
    /// An attempt is admitted and continues.
    NodeAdmitted(NodeAdmitted) = "node.admitted",
    /// A map finished an item, or a loop starts a round.
    NodeProgress(NodeProgress) = "node.progress",
    /// An attempt failed and will be retried.
    NodeRetrying(Box<NodeRetrying>) = "node.retrying",
    /// A step waits for a person or a time.
    NodeWaiting(Box<NodeWaiting>) = "node.waiting",
    /// The wait of a step is over.
    NodeResumed(NodeResumed) = "node.resumed",
    /// A step completed.
    NodeCompleted(NodeCompleted) = "node.completed",
    /// A step failed and is not retried.
    NodeFailed(Box<NodeFailed>) = "node.failed",
    /// A step is skipped.
    NodeSkipped(NodeSkipped) = "node.skipped",
    /// A step was cancelled before it completed.
    NodeCancelled(NodeCancelled) = "node.cancelled",
    /// The run is suspended: all its steps wait for a person or a time, or its host stops. It uses no resources meanwhile.
    RunSuspended(RunSuspended) = "run.suspended",
    /// A suspended run is resumed.
    RunResumed(RunResumed) = "run.resumed",
    /// The run completed. The last event.
    RunCompleted(Box<RunCompleted>) = "run.completed",
    /// The run has failed, and its `on_failure` runs. `run.failed` follows.
    RunFailing(Box<RunFailing>) = "run.failing",
    /// The run failed. The last event.
    RunFailed(Box<RunFailed>) = "run.failed",
    /// The run was cancelled. The last event.
    RunCancelled(Box<RunCancelled>) = "run.cancelled",
}

impl EventKind {
    /// The report of the attempt that this event ends. The `match` of
    /// [`remove_log_only_fields`](Self::remove_log_only_fields) must name the same kinds.
    pub(super) fn report(&self) -> Option<&Report> {
        match self {
            Self::NodeCompleted(it) => it.report.as_deref(),
            Self::NodeRetrying(it) => it.report.as_deref(),
            Self::NodeFailed(it) => it.report.as_deref(),
            _ => None,
        }
    }

    /// Removes the fields that are in the log only. See [`StepEvent::shown`](super::StepEvent::shown).
    pub(super) fn remove_log_only_fields(&mut self) {
        let report = match self {
            Self::RunCreated(it) => {
                return it.remove_results();
            }
            Self::NodeCompleted(it) => it.report.as_deref_mut(),
            Self::NodeRetrying(it) => it.report.as_deref_mut(),
            Self::NodeFailed(it) => it.report.as_deref_mut(),
            _ => None,
        };
        if let Some(report) = report {
            report.remove_log_only_fields();
        }
    }
}
