//! Which runs a list is to show.

use super::{PageRequest, RunRecord, RunStatus};
use crate::value::WorkflowId;

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
