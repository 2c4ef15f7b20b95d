//! Keys that make starting a run idempotent.

use serde::{Deserialize, Serialize};

use super::RunRecord;

/// What a run was asked for by: asking again by the same key, within its scope, gives the same run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunKey {
    /// Within what the key is one's own: a workflow, or a run that is done again.
    pub scope: String,
    /// The key, as the caller chose it.
    pub key: String,
    /// What was asked for: a content hash. The same key for something else is refused.
    pub request: String,
}

impl RunKey {
    /// A key within a scope, for what is asked.
    pub fn new(
        scope: impl Into<String>,
        key: impl Into<String>,
        request: impl Into<String>,
    ) -> Self {
        Self {
            scope: scope.into(),
            key: key.into(),
            request: request.into(),
        }
    }
}

/// A run that was asked for by a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyedRun {
    /// The run.
    pub record: RunRecord,
    /// What was asked for then.
    pub request: String,
}

impl KeyedRun {
    /// A run, and what was asked for.
    pub fn new(record: RunRecord, request: String) -> Self {
        Self { record, request }
    }
}
