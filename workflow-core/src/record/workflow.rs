//! Versions of workflows.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::{Timestamp, WorkflowId};

/// One version of a stored workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRecord {
    /// Its id, the same for every version.
    pub id: WorkflowId,
    /// The name its author gave it.
    pub name: Option<String>,
    /// Counted from 1.
    pub version: u32,
    /// When this version was stored.
    pub created_at: Timestamp,
    /// The specification, as it was given.
    pub spec: Arc<Value>,
}

impl WorkflowRecord {
    /// The version that comes after this one.
    #[must_use]
    pub fn next(&self, name: Option<String>, spec: Arc<Value>) -> Self {
        Self {
            id: self.id,
            version: self.version.saturating_add(1),
            ..Self::new(name, spec)
        }
    }

    /// The first version of a new workflow.
    pub fn new(name: Option<String>, spec: Arc<Value>) -> Self {
        Self {
            id: WorkflowId::new(),
            name,
            version: 1,
            created_at: Timestamp::now(),
            spec,
        }
    }
}

/// Which version of which workflow a run runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRef {
    /// The workflow.
    pub id: WorkflowId,
    /// Its name.
    pub name: Option<String>,
    /// The version that is pinned.
    pub version: u32,
}

impl From<&WorkflowRecord> for WorkflowRef {
    fn from(record: &WorkflowRecord) -> Self {
        Self {
            id: record.id,
            name: record.name.clone(),
            version: record.version,
        }
    }
}
