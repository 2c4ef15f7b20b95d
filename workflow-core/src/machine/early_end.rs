//! Why a run ends before all its steps are settled.

use std::sync::Arc;

use crate::{error::Problem, value::StepRef};

/// Why steps are cancelled when a person or a program cancels the run.
pub(super) const RUN_CANCELLED: &str = "run_cancelled";

/// Why a run is to end before all its steps are done.
#[derive(Clone, Debug)]
pub(super) enum EarlyEnd {
    Failed {
        step: Option<StepRef>,
        error: Arc<Problem>,
    },
    Cancelled {
        reason: Arc<str>,
    },
}

impl EarlyEnd {
    /// The run as a whole fails.
    pub(super) fn failed(problem: Problem) -> Self {
        let error = Arc::new(problem);
        Self::Failed { step: None, error }
    }
}
