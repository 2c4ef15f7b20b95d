//! What a run was started with besides its input.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    event::{Continued, EventKind, RunCreated, StepEvent},
    value::{NodeId, StepPath},
};

/// What a run was started with besides its input: what it continues, what was set, and to what it is limited. The run that it
/// continues is `retry_of` of its record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RunOrigin {
    /// The results that it can reuse by content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continued>,
    /// How many steps have taken over a result so far.
    pub reused: usize,
    /// The node from which the earlier run is repeated, or that runs again in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NodeId>,
    /// The only step that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<StepPath>,
    /// The steps whose outputs were set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<StepPath>,
    /// Those of them that have not been reached; of an ended run, never.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<StepPath>,
}

impl RunOrigin {
    /// `None` if the run was started with an input only.
    pub(crate) fn of(created: &RunCreated) -> Option<Self> {
        created.retry_of?;
        let overrides: Vec<StepPath> = created.overrides.keys().cloned().collect();
        Some(Self {
            continues: created.continues,
            reused: 0,
            from: created.from.clone(),
            only: created.only.clone(),
            unreached: overrides.clone(),
            overrides,
        })
    }

    /// Applies the next event of a step.
    pub(crate) fn apply(&mut self, event: &StepEvent) {
        let EventKind::NodeCompleted(completed) = &event.kind else {
            return;
        };
        let Some(report) = completed.report.as_deref() else {
            return;
        };
        self.reused += usize::from(report.reused);
        if report.overridden {
            self.unreached.retain(|path| path != completed.step.path());
        }
    }
}
