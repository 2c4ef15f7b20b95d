//! The body of `run.created`, and the version of the log format.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    node::SkipReason,
    report::{Report, report_if_any},
};
use crate::error::Problem;
use crate::value::{Budget, NodeId, RunId, StepKey, StepPath, WorkflowId, some_even_if_null};

/// The body of `run.created`: everything that is fixed for the whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RunCreated {
    /// The stored workflow; absent if a program runs a workflow that is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of the specification with sorted keys, in hex. A log can be replayed only with this specification.
    pub spec_hash: Arc<str>,
    /// The input of the run.
    pub input: Arc<Value>,
    /// Data of the caller, stored with the run.
    #[serde(
        default,
        deserialize_with = "some_even_if_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub metadata: Option<Arc<Value>>,
    /// The address of the run on the page of its host, which templates read as `run.url`; absent if the host has no public
    /// address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Arc<str>>,
    /// The nodes, in the order of the specification.
    pub nodes: Arc<[NodeOutline]>,
    /// The nodes that run if the run fails.
    #[serde(default, skip_serializing_if = "no_nodes")]
    pub on_failure: Arc<[NodeOutline]>,
    /// The earlier run that this one re-runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<RunId>,
    /// The results of the earlier run that this one reuses. In the log only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reused: Vec<ReusedStep>,
    /// What this run reuses of the run in `retry_of` by content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<Continued>,
    /// The results that are available for reuse, as `continues` counts them. In the log only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub table: Vec<TableEntry>,
    /// The node from which the earlier run is repeated. With a table, the node that runs again although the table may have its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NodeId>,
    /// Outputs that were set for this run, by the path of the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<StepPath, Arc<Value>>,
    /// The only step that this run executes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<StepPath>,
    /// The results of the earlier run that this step needs. In the log only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken: Vec<TakenStep>,
    /// The budget that was set for this run. The one of its workflow holds, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// The budget of the workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_budget: Option<Budget>,
    /// The format of the log: [`LOG_FORMAT`], unless another version of this crate wrote it. 1 if absent.
    #[serde(default = "first_format")]
    pub log_format: u32,
    /// The called workflows, pinned for the whole run.
    #[serde(default, skip_serializing_if = "no_pins")]
    pub workflows: Arc<[PinnedWorkflow]>,
}

fn no_nodes(nodes: &Arc<[NodeOutline]>) -> bool {
    nodes.is_empty()
}

fn no_pins(pins: &Arc<[PinnedWorkflow]>) -> bool {
    pins.is_empty()
}

/// The newest format of logs that this version writes. It can replay 2, 3 and 4.
///
/// Format 1 was written by development versions only and is refused. Format 3 is written for runs with what an older version
/// would ignore, and then act wrongly: a table of results to reuse, overrides, a single step to run, a budget. It is also that of
/// runs whose events an older version cannot read: of workflows with `on_failure`, of nodes with `case` or `stop_when`. Format 4 is that
/// of runs with an agent anywhere. All other runs have format 2, which older versions can continue. An optional field that an older
/// version may ignore does not change the format. An engine leaves a run with another format unchanged and reports it.
pub const LOG_FORMAT: u32 = 4;

/// The format of runs with what versions for format 2 do not know.
const EXTENDED_LOG_FORMAT: u32 = 3;

/// The format of runs that an older version can continue.
const PLAIN_LOG_FORMAT: u32 = 2;

/// Logs of format 1 do not have the field.
fn first_format() -> u32 {
    1
}

/// A log in a format that this version cannot replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnknownFormat {
    #[error(
        "the log has format {0} of a development version, which this version cannot read: \
         delete the run and start it again"
    )]
    Development(u32),
    #[error(
        "the log has format {0}, and this version can read only {PLAIN_LOG_FORMAT} to {LOG_FORMAT}: \
         use the version that wrote it, or a newer one"
    )]
    Newer(u32),
}

/// How many results of an earlier run a run can reuse by content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Continued {
    /// How many results are available.
    pub results: usize,
    /// How many were left out because all together would have been too large.
    #[serde(default, skip_serializing_if = "is_none_left_out")]
    pub left_out: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_none_left_out(count: &usize) -> bool {
    *count == 0
}

/// A result of an earlier run that can stand for a step with the same key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TableEntry {
    /// The key of what the step did.
    pub key: StepKey,
    /// The run in which it did.
    pub run: RunId,
    /// Its path in the run that this one continues.
    pub path: StepPath,
    /// Its path in `run`, if that was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<StepPath>,
    /// Its output.
    pub output: Arc<Value>,
    /// The part of its report that is shown again: model, finish reason, truncation and metadata. And its usage and cost, as what is
    /// saved.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// The output of a node, reused from an earlier run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ReusedStep {
    /// The node.
    pub node: NodeId,
    /// Its output in the earlier run.
    pub output: Arc<Value>,
    /// The key of what it did. If it would do something else now, it is executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<StepKey>,
    /// The part of its report that templates can read: finish reason, truncation and metadata.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

impl ReusedStep {
    /// A step with this output. Of the report, it keeps only what templates can read.
    pub(crate) fn new(
        node: NodeId,
        output: Arc<Value>,
        key: Option<StepKey>,
        report: Option<&Report>,
    ) -> Self {
        Self {
            node,
            output,
            key,
            report: report.and_then(Report::readable),
        }
    }
}

/// The result of a step of an earlier run, for a run that is limited to one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TakenStep {
    /// Its path in both runs.
    pub path: StepPath,
    /// Its result.
    #[serde(flatten)]
    pub result: TakenResult,
}

/// How a step ended in an earlier run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TakenResult {
    /// It completed.
    Completed(TakenOutput),
    /// It failed, and its `on_error` handled the failure.
    Failed {
        /// The error.
        error: Arc<Problem>,
        /// The substitute output.
        #[serde(
            default,
            deserialize_with = "some_even_if_null",
            skip_serializing_if = "Option::is_none"
        )]
        output: Option<Arc<Value>>,
    },
    /// It was skipped.
    Skipped {
        /// Why.
        reason: SkipReason,
    },
}

/// The output of a step of an earlier run, with what templates can read of its report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TakenOutput {
    /// The output.
    pub output: Arc<Value>,
    /// Finish reason, truncation and metadata.
    #[serde(
        flatten,
        deserialize_with = "report_if_any",
        skip_serializing_if = "Option::is_none"
    )]
    pub report: Option<Box<Report>>,
}

/// A called workflow, pinned for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct PinnedWorkflow {
    /// The name or id by which it is called, as written in the calling node.
    pub workflow: Arc<str>,
    /// The stored workflow; absent if a program passed it in a library.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The version of the stored workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// SHA-256 of its specification with sorted keys, in hex.
    pub spec_hash: Arc<str>,
    /// Its nodes.
    pub nodes: Arc<[NodeOutline]>,
    /// Its budget, for each call of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

impl RunCreated {
    /// Checks that this version can replay the log.
    pub(crate) fn check_format(&self) -> Result<(), UnknownFormat> {
        match self.log_format {
            PLAIN_LOG_FORMAT..=LOG_FORMAT => Ok(()),
            older if older < PLAIN_LOG_FORMAT => Err(UnknownFormat::Development(older)),
            newer => Err(UnknownFormat::Newer(newer)),
        }
    }

    /// Whether it has results of an earlier run, which are in the log only.
    pub(crate) fn carries_results(&self) -> bool {
        !self.reused.is_empty() || !self.table.is_empty() || !self.taken.is_empty()
    }

    pub(super) fn remove_results(&mut self) {
        self.reused = Vec::new();
        self.table = Vec::new();
        self.taken = Vec::new();
    }

    /// The budget of the run: the one that was set for it within that of its workflow.
    pub(crate) fn effective_budget(&self) -> Option<Budget> {
        match (self.budget, self.workflow_budget) {
            (Some(own), Some(outer)) => Some(own.within(outer)),
            (own, outer) => own.or(outer),
        }
    }

    /// The oldest format whose readers understand this run.
    pub(crate) fn needed_format(&self) -> u32 {
        let is_plain = self.table.is_empty()
            && self.overrides.is_empty()
            && self.only.is_none()
            && self.effective_budget().is_none()
            && self.workflows.iter().all(|pin| pin.budget.is_none())
            && self.on_failure.is_empty()
            && !self.all_nodes().any(NodeOutline::needs_newer_format);
        if self.all_nodes().any(NodeOutline::has_agent) {
            LOG_FORMAT
        } else if is_plain {
            PLAIN_LOG_FORMAT
        } else {
            EXTENDED_LOG_FORMAT
        }
    }

    /// The nodes of the workflow, of its `on_failure`, and of the workflows that it calls, without those in bodies.
    fn all_nodes(&self) -> impl Iterator<Item = &NodeOutline> {
        let called = self.workflows.iter().flat_map(|pin| pin.nodes.iter());
        self.nodes.iter().chain(&*self.on_failure).chain(called)
    }
}

/// A node as shown in `run.created` and in graphs.
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
    /// The nodes that must be settled (completed, failed or skipped) before it starts.
    pub needs: Vec<NodeId>,
    /// The switch and its case that it needs, such as `route.refund`: it is skipped unless that case is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<Arc<str>>,
    /// Whether it can end the workflow, by its `stop_when`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stops: bool,
    /// The workflow that it calls, by name or id. Its nodes are in [`RunCreated::workflows`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<str>>,
    /// The nodes of the body of a map, a loop or a tool. Of an agent: its turn (`turn`, of the type `AgentTurn`), its tools (`ToolCall`), and
    /// `unknown` (`ToolCall`), for calls of tools that it does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeOutline>,
}

/// The type of the one node of a turn, in the outline of an agent.
pub(crate) const AGENT_TURN: &str = "AgentTurn";

/// The type of a tool in the outline of an agent, and of its calls.
pub const TOOL_CALL: &str = "ToolCall";

impl NodeOutline {
    /// A node that an agent has besides those of its tools.
    pub(crate) fn of_agent(id: NodeId, kind: &'static str) -> Self {
        Self {
            id,
            kind: kind.into(),
            name: None,
            needs: Vec::new(),
            case: None,
            stops: false,
            workflow: None,
            nodes: Vec::new(),
        }
    }

    /// Whether it is an agent. Its type does not say it, since programs name the types of agents.
    pub(crate) fn is_agent(&self) -> bool {
        let turn = self.nodes.first();
        let unknown = self.nodes.last();
        turn.is_some_and(|it| &*it.kind == AGENT_TURN)
            && unknown.is_some_and(|it| &*it.kind == TOOL_CALL)
    }

    /// Whether it or a node in it is an agent.
    fn has_agent(&self) -> bool {
        self.is_agent() || self.nodes.iter().any(Self::has_agent)
    }

    /// Whether events of the node, or of one in it, are unknown to versions that write plain logs only.
    fn needs_newer_format(&self) -> bool {
        self.case.is_some() || self.stops || self.nodes.iter().any(Self::needs_newer_format)
    }
}
