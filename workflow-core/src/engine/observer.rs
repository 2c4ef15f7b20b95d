//! A hook for metrics and audits.

use crate::event::StepEvent;

/// Receives each event of each run of an engine, after it is stored, in order within a run.
///
/// Set it with [`LocalEngineBuilder::with_observer`](super::LocalEngineBuilder::with_observer). A run waits until
/// [`stored`](Self::stored) returns, so it must be quick and must not block. Events that another engine has stored, for
/// example before a restart, are not passed to it.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use workflow_core::{EventKind, StepEvent, engine::Observer};
///
/// #[derive(Default)]
/// struct FailedSteps(AtomicU64);
///
/// impl Observer for FailedSteps {
///     fn stored(&self, event: &StepEvent, _node_type: Option<&str>) {
///         if let EventKind::NodeFailed(_) = event.kind {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Called after an event is stored. `node_type` is the type of its node, such as `LLMNode`; `None` for events
    /// of the run as a whole. It is the type that `run.created` names, so it is known even if it is not registered
    /// any more.
    fn stored(&self, event: &StepEvent, node_type: Option<&str>);
}

const _: fn(&dyn Observer) = |_| {};
