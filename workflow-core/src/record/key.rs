//! Idempotency keys of runs.

use serde::{Deserialize, Serialize};

use super::RunRecord;

/// An idempotency key: a second request with the same key and scope returns the run of the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunKey {
    /// Where the key is unique: the id of a workflow, or of the run that is re-run.
    pub scope: String,
    /// The key, chosen by the caller.
    pub key: String,
    /// A hash of the request. The same key with another request is an error.
    pub request: String,
}

impl RunKey {
    /// A key within a scope, with the hash of its request.
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

/// A run that was found by its key. If `request` differs from the hash of the new request, the key was reused by
/// mistake.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct KeyedRun {
    /// The run.
    pub record: RunRecord,
    /// The hash of the request that started it.
    pub request: String,
}

impl KeyedRun {
    /// A run with the hash of its request.
    pub fn new(record: RunRecord, request: String) -> Self {
        Self { record, request }
    }
}
