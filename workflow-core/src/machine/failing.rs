//! A run that has failed and has not ended.

use std::sync::Arc;

use super::ids::FrameId;
use crate::{error::Problem, value::StepRef};

/// A run that has failed and whose `on_failure` runs.
#[derive(Clone)]
pub(super) struct Failing {
    pub(super) frame: FrameId,
    pub(super) step: Option<StepRef>,
    pub(super) error: Arc<Problem>,
}

/// What a deadline bounds. The timer of the workflow still runs when its `on_failure` does, and must not end that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadlineOf {
    Workflow,
    OnFailure,
}
