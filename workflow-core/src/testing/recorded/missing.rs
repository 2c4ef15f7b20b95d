//! A step that was not recorded.

use crate::value::StepPath;

/// A step that no recorded step answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotRecorded {
    /// Its path.
    pub path: StepPath,
    /// Why, in one sentence.
    pub detail: String,
    /// How the request of the recorded step differs, one line for each place.
    pub differences: Vec<String>,
}

impl NotRecorded {
    pub(super) fn new(path: &StepPath, detail: impl Into<String>) -> Self {
        Self {
            path: path.clone(),
            detail: detail.into(),
            differences: Vec::new(),
        }
    }

    pub(super) fn with_differences(mut self, differences: Vec<String>) -> Self {
        self.differences = differences;
        self
    }
}
