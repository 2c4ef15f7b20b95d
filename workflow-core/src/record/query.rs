//! Filters for lists of runs.

use super::{PageRequest, RunRecord, RunStatus};
use crate::value::WorkflowId;

/// A filter for runs, with a page of the matching ones. Conditions are combined with *and*; the default matches all runs.
///
/// ```
/// use workflow_core::record::{RunQuery, RunStatus};
///
/// let mut failed = RunQuery::default();
/// failed.status = Some(RunStatus::Failed);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunQuery {
    /// Matches runs of this workflow.
    pub workflow_id: Option<WorkflowId>,
    /// Matches runs of this status.
    pub status: Option<RunStatus>,
    /// Matches runs whose id, workflow name or input excerpt contains this text, ignoring case.
    pub text: Option<String>,
    /// The page to return.
    pub page: PageRequest,
}

impl RunQuery {
    /// Whether the query matches a run.
    pub fn wants(&self, record: &RunRecord) -> bool {
        self.status
            .is_none_or(|status| record.head.status == status)
            && self.workflow_id.is_none_or(|id| record.workflow.id == id)
            && self.text.as_ref().is_none_or(|text| record.contains(text))
    }
}

impl RunRecord {
    fn contains(&self, text: &str) -> bool {
        let wanted = text.to_lowercase();
        let id = self.id.to_string();
        let name = self.workflow.name.as_deref().unwrap_or_default();
        [&*id, name, &*self.input_excerpt]
            .iter()
            .any(|field| field.to_lowercase().contains(&wanted))
    }
}
