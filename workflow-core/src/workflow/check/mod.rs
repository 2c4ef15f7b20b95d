//! What the check of a specification carries from node to node.

mod container;
pub(super) mod control;
pub(super) mod data;
mod fields;
pub(super) mod graph;
pub(super) mod graph_node;
mod marks;
pub(super) mod outputs;
pub(super) mod outside;
pub(super) mod references;
mod shape;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::spec::{Defaults, MAX_NODES, too_many_nodes};
use super::{Library, Workflow};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    node::Registry,
};

/// How deep maps, loops and called workflows may stand in each other.
pub const MAX_NESTING: usize = 16;

pub(super) struct Check<'a> {
    pub(super) registry: &'a Registry,
    pub(super) defaults: Defaults,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    library: &'a Library,
    /// The workflows that are called, by what they are called.
    calls: BTreeMap<Arc<str>, Arc<Workflow>>,
    nodes: usize,
    /// How deep the node that is looked at stands.
    depth: usize,
    /// The deepest there was.
    deepest: usize,
    /// The shortest time that is allowed around the node that is looked at.
    allowed: Option<Duration>,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        registry: &'a Registry,
        library: &'a Library,
        defaults: Defaults,
        timeout: Option<Duration>,
    ) -> Self {
        Self {
            registry,
            defaults,
            library,
            faults: Vec::new(),
            warnings: Vec::new(),
            calls: BTreeMap::new(),
            nodes: 0,
            depth: 0,
            deepest: 0,
            allowed: timeout,
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Counts the nodes of a further list. Says whether there may be so many.
    pub(super) fn count(&mut self, nodes: usize, at: &Pointer) -> bool {
        let before = self.nodes;
        self.nodes += nodes;
        if before <= MAX_NODES && self.nodes > MAX_NODES {
            self.faults.push(too_many_nodes(self.nodes, at));
        }
        self.nodes <= MAX_NODES
    }

    /// Looks at what stands in a container: a body, or a called workflow that is so deep itself. Not
    /// when it would be too deep.
    pub(super) fn within<T>(
        &mut self,
        at: &Pointer,
        timeout: Option<Duration>,
        own_depth: usize,
        look: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let depth = self.depth + 1 + own_depth;
        if depth > MAX_NESTING {
            let detail = format!("this is nested more than {MAX_NESTING} deep");
            self.faults
                .push(Fault::new(FaultCode::NestedTooDeep, at, detail));
            return None;
        }
        self.deepest = self.deepest.max(depth);
        let allowed = self.allowed;
        self.depth += 1;
        self.allowed = [allowed, timeout].into_iter().flatten().min();
        let seen = look(self);
        self.depth -= 1;
        self.allowed = allowed;
        Some(seen)
    }

    /// Warns of a wait that outlasts what is allowed around it.
    pub(super) fn may_wait(&mut self, wait: Duration, at: &Pointer) {
        if let Some(allowed) = self.allowed.filter(|allowed| wait >= *allowed) {
            let detail = format!("waiting {wait:?} outlasts the {allowed:?} that are allowed here");
            let hint = "shorten it, or lengthen the `timeout` of the workflow or of what is around";
            self.warnings
                .push(Fault::new(FaultCode::OutlastsTimeout, at, detail).with_hint(hint));
        }
    }

    /// The workflow that is called so.
    pub(super) fn call(&mut self, name: &Arc<str>, at: &Pointer) -> Option<Arc<Workflow>> {
        match self.library.get(name) {
            Some(Ok(workflow)) => {
                self.calls.insert(Arc::clone(name), Arc::clone(workflow));
                Some(Arc::clone(workflow))
            }
            Some(Err(refusal)) => {
                let mut fault = Fault::new(refusal.code, at, refusal.detail.clone());
                fault.hint.clone_from(&refusal.hint);
                self.faults.push(fault);
                None
            }
            None => {
                let detail = format!("there is no workflow `{}`", shown(name));
                let mut fault = Fault::new(FaultCode::UnknownWorkflow, at, detail);
                fault.hint = did_you_mean(name, self.library.candidates())
                    .or_else(|| Some("create it first, or name another".to_owned()));
                self.faults.push(fault);
                None
            }
        }
    }

    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    pub(super) fn into_calls(self) -> BTreeMap<Arc<str>, Arc<Workflow>> {
        self.calls
    }
}
