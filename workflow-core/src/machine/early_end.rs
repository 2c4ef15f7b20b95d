//! Why a run ends before all its steps are settled.

use std::sync::Arc;

use crate::{error::Problem, value::StepRef};

/// The reason of `node.cancelled` when the run is cancelled. In replay, it shows that a cancellation was decided.
///
/// A host may stop after the first `node.cancelled` of a cancellation is stored and before `run.cancelled` is. The
/// next host then completes the cancellation and does not continue the run.
pub(super) const RUN_CANCELLED: &str = "run_cancelled";

/// Why a run ends before all its steps are settled. The first reason counts.
#[derive(Clone, Debug)]
pub(super) enum EarlyEnd {
    Failed {
        step: Option<StepRef>,
        error: Arc<Problem>,
    },
    Cancelled {
        reason: Arc<str>,
    },
    /// The run fails, and nothing more can run in it, not even its `on_failure`: a limit of the host is reached, or the
    /// log is damaged.
    Unable {
        error: Arc<Problem>,
    },
}

impl EarlyEnd {
    /// The run fails as a whole, not because of a step.
    pub(super) fn failed(problem: Problem) -> Self {
        let error = Arc::new(problem);
        Self::Failed { step: None, error }
    }

    /// The run fails, and nothing more can run in it.
    pub(super) fn unable(problem: Problem) -> Self {
        let error = Arc::new(problem);
        Self::Unable { error }
    }
}
