//! The results of whole nodes that a re-run from a node takes over.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::Value;

use super::Earlier;
use crate::{
    error::{Fault, FaultCode, did_you_mean},
    event::{EventKind, NodeOutline, PinnedWorkflow, Report, ReusedStep, RunCreated, StepEvent},
    value::{MAX_RESULT_BYTES, NodeId, StepKey, size},
    workflow::Workflow,
};

/// The result of a node in the earlier run, if it allows the node not to be executed.
enum Outcome {
    Completed {
        output: Arc<Value>,
        key: Option<StepKey>,
        report: Option<Box<Report>>,
    },
    Skipped,
}

/// The results that a re-run from node `from` takes over: those of completed nodes that do not depend on it.
///
/// A node with a key is executed all the same if it turns out to do something else. A node without one must be written as
/// before, and depend on no node that is not taken over.
pub(super) fn reused(
    workflow: &Workflow,
    spec: &Value,
    earlier: &Earlier<'_>,
    from: &NodeId,
) -> Result<Vec<ReusedStep>, Vec<Fault>> {
    let steps = &workflow.body().steps;
    let mut outcomes = outcomes(earlier.log);
    let unchanged = unchanged(workflow, spec, earlier.created, earlier.spec);
    let has_key = |id: &NodeId| {
        matches!(
            outcomes.get(id),
            Some(Outcome::Completed { key: Some(_), .. })
        )
    };
    let is_reusable =
        |id: &NodeId| id != from && outcomes.contains_key(id) && (has_key(id) || unchanged(id));
    let changed: Vec<bool> = steps.iter().map(|step| !is_reusable(&step.id)).collect();
    let body = workflow.body();
    let after_from = body.reached_from(|node| steps[node].id == *from);
    let after_changed = body.reached_from(|node| changed[node]);
    let is_taken = |node: usize| {
        let has_key = has_key(&steps[node].id);
        !changed[node] && !after_from[node] && (has_key || !after_changed[node])
    };
    let taken: Vec<usize> = (0..steps.len()).filter(|node| is_taken(*node)).collect();
    let taken = taken.into_iter().filter_map(|node| {
        let id = steps[node].id.clone();
        match outcomes.remove(&id)? {
            Outcome::Completed {
                output,
                key,
                report,
            } => Some(ReusedStep::new(id, output, key, report.as_deref())),
            // It is not recorded: the new run evaluates `when` with the same values and skips the node too.
            Outcome::Skipped => None,
        }
    });
    let reused: Vec<ReusedStep> = taken.collect();
    check_size(from, &reused)?;
    Ok(reused)
}

/// The results of the top-level nodes. Nodes within maps and loops are part of their container's output.
fn outcomes(log: &[StepEvent]) -> BTreeMap<NodeId, Outcome> {
    let mut keys: HashMap<NodeId, StepKey> = HashMap::new();
    let mut outcomes = BTreeMap::new();
    for event in log {
        let Some(step) = event.step().filter(|step| step.is_top_level()) else {
            continue;
        };
        let id = step.node().clone();
        let outcome = match &event.kind {
            EventKind::NodeStarted(it) => {
                let key = it.plan.as_ref().and_then(|plan| plan.key);
                keys.extend(key.map(|key| (id, key)));
                continue;
            }
            EventKind::NodeCompleted(it) => Outcome::Completed {
                output: Arc::clone(&it.output),
                key: key_of_result(it.report.as_deref(), keys.get(&id)),
                report: it.report.clone(),
            },
            EventKind::NodeSkipped(_) => Outcome::Skipped,
            _ => continue,
        };
        outcomes.insert(id, outcome);
    }
    outcomes
}

/// The key of a result that the run itself had reused is that of the result.
fn key_of_result(report: Option<&Report>, started: Option<&StepKey>) -> Option<StepKey> {
    let from = report.and_then(|report| report.reused_from.as_deref());
    from.map(|from| from.key).or(started.copied())
}

/// A predicate for the nodes that are the same as when a run was created: in their specification, in what they need, and in the
/// workflows that they call. Needs are compared too, since some follow from references in other fields than `needs`.
fn unchanged<'a>(
    workflow: &'a Workflow,
    spec: &'a Value,
    created: &'a RunCreated,
    created_spec: &'a Value,
) -> impl Fn(&NodeId) -> bool + 'a {
    let (now, then) = (by_id(spec), by_id(created_spec));
    let (outline_now, outline_then) = (outlines(workflow.nodes()), outlines(&created.nodes));
    move |id| {
        let (Some(node_now), Some(node_then)) = (outline_now.get(id), outline_then.get(id)) else {
            return false;
        };
        now.get(id.as_str()) == then.get(id.as_str())
            && node_now.needs == node_then.needs
            && called(node_now, workflow.pins()) == called(node_then, &created.workflows)
    }
}

fn outlines(nodes: &[NodeOutline]) -> HashMap<&NodeId, &NodeOutline> {
    nodes.iter().map(|node| (&node.id, node)).collect()
}

/// The top-level nodes of a specification.
fn by_id(spec: &Value) -> HashMap<&str, &Value> {
    let nodes = spec["nodes"].as_array().into_iter().flatten();
    nodes
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect()
}

/// The workflows that a node calls, directly or not, by name and content.
fn called<'a>(node: &'a NodeOutline, pins: &'a [PinnedWorkflow]) -> BTreeSet<(&'a str, &'a str)> {
    let mut called = BTreeSet::new();
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        nodes.extend(&node.nodes);
        let Some(name) = &node.workflow else {
            continue;
        };
        for pin in pins.iter().filter(|pin| pin.workflow == *name) {
            if called.insert((&*pin.workflow, &*pin.spec_hash)) {
                nodes.extend(&*pin.nodes);
            }
        }
    }
    called
}

/// Rejects reused results that are too large together: they are stored in one event, `run.created`.
fn check_size(from: &NodeId, reused: &[ReusedStep]) -> Result<(), Vec<Fault>> {
    let bytes: usize = reused.iter().map(size::bytes).sum();
    if bytes <= MAX_RESULT_BYTES {
        return Ok(());
    }
    let detail = format!(
        "the results before `{from}` have {bytes} bytes, and at most {MAX_RESULT_BYTES} can be reused"
    );
    let fault = Fault::new(FaultCode::InvalidValue, "#/from", detail);
    Err(vec![fault.with_hint(
        "leave out `from` to re-run all nodes, or set `reuse`",
    )])
}

pub(super) fn check_node(workflow: &Workflow, node: &NodeId) -> Result<(), Vec<Fault>> {
    let mut ids = workflow.nodes().iter().map(|node| node.id.as_str());
    if ids.clone().any(|id| id == node.as_str()) {
        return Ok(());
    }
    let detail = format!("`{node}` is not a top-level node of this workflow");
    let mut fault = Fault::new(FaultCode::UnknownReference, "#/from", detail);
    fault.hint = did_you_mean(node.as_str(), &mut ids);
    Err(vec![fault])
}
