//! How a run begins: what it works on.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Report, report_if_any};
use crate::value::{NodeId, RunId, WorkflowId, some_even_if_null};

/// The body of `run.created`: what the run works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCreated {
    /// The stored workflow; none when a program runs a workflow of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of the specification, its keys sorted.
    pub spec_hash: Arc<str>,
    /// What the run was started with.
    pub input: Arc<Value>,
    /// What the caller wanted kept with the run.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Arc<Value>>,
    /// The nodes, in the order they are written.
    pub nodes: Arc<[NodeOutline]>,
    /// The run that this one does again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// What that run had done, and this one does not do again. Kept in the log only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<ReusedStep>,
    /// The format of the log; [`LOG_FORMAT`] unless another version of this crate wrote it. 1 if absent.
    #[serde(default = "first_format")]
    pub log_format: u32,
    /// The workflows that are called, as they are while this run goes on.
    #[serde(default, skip_serializing_if = "no_pins")]
    pub workflows: Arc<[PinnedWorkflow]>,
}

fn no_pins(pins: &Arc<[PinnedWorkflow]>) -> bool {
    pins.is_empty()
}

/// The format of the logs that this version writes, and the only one that it can resume.
///
/// Format 1 was written by development versions only and is refused. A format changes when an older version
/// would misread it; a new event or an optional field does not change it.
pub const LOG_FORMAT: u32 = 2;

/// Logs did not name their format before there was a second one.
fn first_format() -> u32 {
    1
}

/// A log in a format that this version cannot resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnknownFormat {
    #[error(
        "its log has format {0}, written by a development version of this program, which cannot be read: \
         delete the run, and start its workflow anew"
    )]
    Development(u32),
    #[error(
        "its log has format {0}, and the newest that this version can read is {LOG_FORMAT}: \
         start the version that wrote it, or a newer one"
    )]
    Newer(u32),
}

/// A node's output, taken over from the run that is done again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReusedStep {
    /// The node.
    pub node: NodeId,
    /// Its output then.
    pub output: Arc<Value>,
    /// What its node said then that templates read: the finish reason, whether the answer was cut off,
    /// and metadata.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

impl ReusedStep {
    /// A step with this output. Of the report, only what templates read is taken over.
    pub(crate) fn new(node: NodeId, output: Arc<Value>, report: Option<&Report>) -> Self {
        Self {
            node,
            output,
            report: report.and_then(Report::readable),
        }
    }
}

/// A called workflow, pinned for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PinnedWorkflow {
    /// What it is called by: its name or id, as the calling node has it.
    pub workflow: Arc<str>,
    /// The stored workflow; none when a program brought it along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of its specification, its keys sorted.
    pub spec_hash: Arc<str>,
    /// Its nodes.
    pub nodes: Arc<[NodeOutline]>,
}

impl RunCreated {
    /// Whether this version can resume the log.
    pub(crate) fn check_format(&self) -> Result<(), UnknownFormat> {
        match self.log_format {
            LOG_FORMAT => Ok(()),
            older if older < LOG_FORMAT => Err(UnknownFormat::Development(older)),
            newer => Err(UnknownFormat::Newer(newer)),
        }
    }
}

/// A node as `run.created` and graphs tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct NodeOutline {
    /// Its id.
    pub id: NodeId,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// Its display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// What must be settled before it starts.
    pub needs: Vec<NodeId>,
    /// The workflow it calls, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<str>>,
    /// The body of a map or loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeOutline>,
}
