//! Which results of an earlier run a re-run reuses.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    event::{EventKind, NodeOutline, Report, ReusedStep, RunCreated, StepEvent},
    value::NodeId,
    workflow::Workflow,
};

/// The result of a node in the earlier run, if it allows the node not to be executed.
enum Outcome {
    Completed(Arc<Value>, Option<Box<Report>>),
    Skipped,
}

/// The outputs that a re-run from node `from` reuses: those of completed nodes for which `unchanged` is true, and that
/// depend, directly or not, on no node that is executed again.
pub(in crate::engine::local) fn reused(
    workflow: &Workflow,
    log: &[StepEvent],
    from: &NodeId,
    unchanged: impl Fn(&NodeId) -> bool,
) -> Vec<ReusedStep> {
    let steps = &workflow.body().steps;
    let mut outcomes = outcomes(log);
    let is_reusable = |id: &NodeId| id != from && outcomes.contains_key(id) && unchanged(id);
    let mut rerun: Vec<bool> = steps.iter().map(|step| !is_reusable(&step.id)).collect();
    // Nodes whose dependents are still to be marked.
    let mut marked: Vec<usize> = (0..steps.len()).filter(|node| rerun[*node]).collect();
    while let Some(node) = marked.pop() {
        for dependent in &steps[node].dependents {
            if !std::mem::replace(&mut rerun[*dependent], true) {
                marked.push(*dependent);
            }
        }
    }
    let reused = steps.iter().zip(rerun).filter(|(_, rerun)| !rerun);
    reused
        .filter_map(|(step, _)| match outcomes.remove(&step.id)? {
            Outcome::Completed(output, report) => {
                let id = step.id.clone();
                Some(ReusedStep::new(id, output, report.as_deref()))
            }
            // It is not recorded: the new run evaluates `when` with the same values and skips the node too.
            Outcome::Skipped => None,
        })
        .collect()
}

/// The results of the top-level nodes. Nodes within maps and loops are part of their container's output.
fn outcomes(log: &[StepEvent]) -> BTreeMap<NodeId, Outcome> {
    let results = log.iter().filter_map(|event| {
        let step = event.step().filter(|step| step.is_top_level())?;
        let outcome = match &event.kind {
            EventKind::NodeCompleted(it) => {
                Outcome::Completed(Arc::clone(&it.output), it.report.clone())
            }
            EventKind::NodeSkipped(_) => Outcome::Skipped,
            _ => return None,
        };
        Some((step.node().clone(), outcome))
    });
    results.collect()
}

/// A predicate for the nodes whose specification and dependencies are the same as when a run was created. The dependencies
/// are compared too, since some follow from references in other fields than `needs`.
pub(in crate::engine::local) fn unchanged<'a>(
    workflow: &'a Workflow,
    spec: &'a Value,
    created: &'a RunCreated,
    created_spec: &'a Value,
) -> impl Fn(&NodeId) -> bool + 'a {
    let (now, then) = (by_id(spec), by_id(created_spec));
    let needs = |nodes: &'a [NodeOutline]| -> HashMap<&'a NodeId, &'a [NodeId]> {
        nodes.iter().map(|node| (&node.id, &*node.needs)).collect()
    };
    let (needs_now, needs_then) = (needs(workflow.nodes()), needs(&created.nodes));
    move |id| {
        now.get(id.as_str()) == then.get(id.as_str()) && needs_now.get(id) == needs_then.get(id)
    }
}

/// The top-level nodes of a specification.
fn by_id(spec: &Value) -> HashMap<&str, &Value> {
    let nodes = spec["nodes"].as_array().into_iter().flatten();
    nodes
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect()
}
