//! Which events there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    NodeAdmitted, NodeCancelled, NodeCompleted, NodeFailed, NodeProgress, NodeQueued, NodeResumed,
    NodeRetrying, NodeSkipped, NodeStarted, NodeWaiting, Report, RunCancelled, RunCompleted,
    RunCreated, RunFailed, RunResumed, RunStarted, RunSuspended,
};

macro_rules! event_kinds {
    ($($(#[$doc:meta])+ $name:ident($body:ty) = $tag:literal,)+) => {
        /// What happened. The bodies of rare events are boxed, so that the frequent ones are small.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])+ #[serde(rename = $tag)] $name($body),)+
        }

        impl EventKind {
            /// The name of the event, `node.started`: the JSON's `type`.
            pub fn name(&self) -> &'static str {
                match self { $(EventKind::$name(_) => $tag,)+ }
            }
        }
    };
}

event_kinds! {
    /// The run exists. Always the first event.
    RunCreated(Box<RunCreated>) = "run.created",
    /// The run has begun to work.
    RunStarted(RunStarted) = "run.started",
    /// An attempt at a step starts now.
    NodeStarted(NodeStarted) = "node.started",
    /// An attempt waits for admission at a shared limit, or has come further in line.
    NodeQueued(NodeQueued) = "node.queued",
    /// An attempt is admitted, and works.
    NodeAdmitted(NodeAdmitted) = "node.admitted",
    /// A map or loop has come further.
    NodeProgress(NodeProgress) = "node.progress",
    /// An attempt failed, and another one follows.
    NodeRetrying(Box<NodeRetrying>) = "node.retrying",
    /// A step waits for a person or a time.
    NodeWaiting(Box<NodeWaiting>) = "node.waiting",
    /// A step's wait is over.
    NodeResumed(NodeResumed) = "node.resumed",
    /// A step is done.
    NodeCompleted(NodeCompleted) = "node.completed",
    /// A step failed for good.
    NodeFailed(Box<NodeFailed>) = "node.failed",
    /// A step is not taken.
    NodeSkipped(NodeSkipped) = "node.skipped",
    /// A step was stopped before it was done.
    NodeCancelled(NodeCancelled) = "node.cancelled",
    /// Nothing works: the run waits for a person or a time, or its host stopped. It costs nothing meanwhile.
    RunSuspended(RunSuspended) = "run.suspended",
    /// The run works again.
    RunResumed(RunResumed) = "run.resumed",
    /// The run is done. The last event.
    RunCompleted(Box<RunCompleted>) = "run.completed",
    /// The run failed. The last event.
    RunFailed(Box<RunFailed>) = "run.failed",
    /// The run was cancelled. The last event.
    RunCancelled(Box<RunCancelled>) = "run.cancelled",
}

impl EventKind {
    /// What the node said about the attempt that ends here.
    pub(super) fn report(&self) -> Option<&Report> {
        match self {
            Self::NodeCompleted(it) => it.report.as_deref(),
            Self::NodeRetrying(it) => it.report.as_deref(),
            Self::NodeFailed(it) => it.report.as_deref(),
            _ => None,
        }
    }

    /// Drops what only the log keeps.
    pub(super) fn hide_what_is_log_only(&mut self) {
        let report = match self {
            Self::RunCreated(it) => return it.reused.clear(),
            Self::NodeCompleted(it) => it.report.as_deref_mut(),
            Self::NodeRetrying(it) => it.report.as_deref_mut(),
            Self::NodeFailed(it) => it.report.as_deref_mut(),
            _ => None,
        };
        if let Some(report) = report {
            report.debug = None;
        }
    }
}
