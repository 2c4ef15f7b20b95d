//! Pins: the called workflows with the versions that a run uses. `run.created` logs them, so that a resumed run
//! uses the same versions.

use std::{collections::BTreeMap, sync::Arc};

use super::Workflow;
use crate::event::PinnedWorkflow;

/// Each called workflow once, sorted by name. A called workflow may call others: their pins are included. The key
/// has the hash, too: two callers may use a name for different workflows of different libraries.
pub(super) fn of(calls: &BTreeMap<Arc<str>, Arc<Workflow>>) -> Arc<[PinnedWorkflow]> {
    let mut pins = BTreeMap::new();
    for (name, workflow) in calls {
        let inner = workflow.pins.iter().cloned();
        for pin in inner.chain([pin(name, workflow)]) {
            let key = (Arc::clone(&pin.workflow), Arc::clone(&pin.spec_hash));
            pins.entry(key).or_insert(pin);
        }
    }
    pins.into_values().collect()
}

fn pin(name: &Arc<str>, workflow: &Workflow) -> PinnedWorkflow {
    let (workflow_id, version) = workflow.origin.unzip();
    PinnedWorkflow {
        workflow: Arc::clone(name),
        workflow_id,
        version,
        spec_hash: Arc::clone(&workflow.hash),
        nodes: Arc::clone(workflow.nodes()),
        budget: workflow.budget,
    }
}
