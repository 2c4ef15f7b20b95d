//! What a run that is done again takes over from the one before.

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

/// How a node came out, if that can be taken over.
enum Outcome {
    Completed(Arc<Value>, Option<Box<Report>>),
    Skipped,
}

/// The outputs that a run from node `from` on takes over: those of nodes that were completed, are in
/// `unchanged`, and follow from nothing that is done again.
pub(in crate::engine::local) fn reused(
    workflow: &Workflow,
    log: &[StepEvent],
    from: &NodeId,
    unchanged: impl Fn(&NodeId) -> bool,
) -> Vec<ReusedStep> {
    let steps = &workflow.body().steps;
    let mut outcomes = outcomes(log);
    let is_over = |id: &NodeId| id != from && outcomes.contains_key(id) && unchanged(id);
    let mut again: Vec<bool> = steps.iter().map(|step| !is_over(&step.id)).collect();
    let mut spreading: Vec<usize> = (0..steps.len()).filter(|node| again[*node]).collect();
    while let Some(node) = spreading.pop() {
        for dependent in &steps[node].dependents {
            if !std::mem::replace(&mut again[*dependent], true) {
                spreading.push(*dependent);
            }
        }
    }
    let kept = steps.iter().zip(again).filter(|(_, again)| !again);
    kept.filter_map(|(step, _)| match outcomes.remove(&step.id)? {
        Outcome::Completed(output, report) => {
            let id = step.id.clone();
            Some(ReusedStep::new(id, output, report.as_deref()))
        }
        // Whether it is taken is decided again, from the same values.
        Outcome::Skipped => None,
    })
    .collect()
}

/// How the nodes at the top came out.
fn outcomes(log: &[StepEvent]) -> BTreeMap<NodeId, Outcome> {
    let at_the_top = log.iter().filter_map(|event| {
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
    at_the_top.collect()
}

/// Tells which nodes of a workflow are as they were when a run was created.
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

/// The nodes at the top as they are written.
fn by_id(spec: &Value) -> HashMap<&str, &Value> {
    let nodes = spec["nodes"].as_array().into_iter().flatten();
    nodes
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect()
}
