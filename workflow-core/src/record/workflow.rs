//! The records of workflows.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::value::{Timestamp, WorkflowId};

/// One version of a stored workflow. Versions are immutable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRecord {
    /// The id of the workflow, the same for all versions.
    pub id: WorkflowId,
    /// The `name` of the specification.
    pub name: Option<String>,
    /// The version, counted from 1.
    pub version: u32,
    /// When this version was stored.
    pub created_at: Timestamp,
    /// The specification, as submitted.
    pub spec: Arc<Value>,
}

impl WorkflowRecord {
    /// The next version of this workflow.
    #[must_use]
    pub fn next(&self, name: Option<String>, spec: Arc<Value>) -> Self {
        Self {
            id: self.id,
            version: self.version.saturating_add(1),
            ..Self::new(name, spec)
        }
    }

    /// The first version of a new workflow, with a new id.
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

/// The workflow of a run, with its pinned version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct WorkflowRef {
    /// The workflow.
    pub id: WorkflowId,
    /// The name of the workflow in that version.
    pub name: Option<String>,
    /// The pinned version.
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
