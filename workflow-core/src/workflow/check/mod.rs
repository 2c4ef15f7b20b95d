//! The check of a specification: the state that is passed from node to node, and the checks, one module each.

mod branch;
mod container;
pub(super) mod control;
pub(super) mod data;
pub(super) mod enclosing;
pub(super) mod fields;
pub(super) mod graph;
pub(super) mod graph_node;
mod marks;
mod needs;
pub(super) mod outputs;
pub(super) mod references;
mod shape;

pub(in crate::workflow) use self::branch::Case;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::spec::{Defaults, MAX_NODES, too_many_nodes};
use super::{Library, Workflow};
use crate::{
    error::{Fault, FaultCode, Pointer, did_you_mean, shown},
    node::Registry,
};

/// The deepest nesting of maps, loops and called workflows: 16.
pub const MAX_NESTING: usize = 16;

/// The state of one check.
///
/// Faults are collected in document order. A check never returns at the first one; `None` from a check means that
/// there is a fault for it.
pub(super) struct Check<'a> {
    pub(super) registry: &'a Registry,
    pub(super) defaults: Defaults,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    library: &'a Library,
    /// The called workflows, by the name in the call.
    calls: BTreeMap<Arc<str>, Arc<Workflow>>,
    nodes: usize,
    /// The nesting of the node that is being checked.
    depth: usize,
    /// The deepest nesting so far.
    deepest: usize,
    /// The shortest timeout around the node that is being checked.
    allowed: Option<Duration>,
    /// Whether the node that is being checked is within a tool of an agent.
    in_tool: bool,
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
            in_tool: false,
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Counts the nodes of a further list. Returns whether the total is within the limit.
    ///
    /// The fault is added once, when the limit is crossed. Later lists are then not read.
    pub(super) fn count(&mut self, nodes: usize, at: &Pointer) -> bool {
        let before = self.nodes;
        self.nodes += nodes;
        if before <= MAX_NODES && self.nodes > MAX_NODES {
            self.faults.push(too_many_nodes(self.nodes, at));
        }
        self.nodes <= MAX_NODES
    }

    /// Runs a check inside a container: of a body, or of a called workflow with its own nesting. Returns `None` and adds a fault if it
    /// would be nested too deep.
    ///
    /// The nesting is limited because this check recurses over it. `own_depth` is the nesting inside a called
    /// workflow.
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
        self.depth += 1;
        let seen = self.bounded(timeout, look);
        self.depth -= 1;
        Some(seen)
    }

    /// Runs a check of what this timeout bounds, besides those around it.
    pub(super) fn bounded<T>(
        &mut self,
        timeout: Option<Duration>,
        look: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let allowed = self.allowed;
        self.allowed = [allowed, timeout].into_iter().flatten().min();
        let seen = look(self);
        self.allowed = allowed;
        seen
    }

    /// Runs a check of the nodes of a tool.
    fn within_tool<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.in_tool, true);
        let seen = look(self);
        self.in_tool = outer;
        seen
    }

    /// Runs a check of nodes that this timeout bounds, instead of that of the workflow.
    pub(super) fn with_timeout<T>(
        &mut self,
        timeout: Duration,
        look: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let allowed = self.allowed.replace(timeout);
        let seen = look(self);
        self.allowed = allowed;
        seen
    }

    /// Warns if a wait is as long as the shortest timeout around it, or longer.
    ///
    /// A warning and not a fault: a person may answer earlier.
    pub(super) fn may_wait(&mut self, wait: Duration, at: &Pointer) {
        if let Some(allowed) = self.allowed.filter(|allowed| wait >= *allowed) {
            let detail =
                format!("a wait of {wait:?} outlasts the timeout of {allowed:?} around it");
            let hint =
                "shorten it, or raise the `timeout` of the workflow or of the enclosing node";
            self.warnings
                .push(Fault::new(FaultCode::OutlastsTimeout, at, detail).with_hint(hint));
        }
    }

    /// The workflow of this name; a fault if it cannot be called.
    ///
    /// The workflow is recorded as called even if the rest of the node has faults; then it is not used.
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
                    .or_else(|| Some("create it first, or use another name".to_owned()));
                self.faults.push(fault);
                None
            }
        }
    }

    /// The workflow of this name, if it can be called. It is not recorded as called.
    fn called(&self, name: &str) -> Option<&Arc<Workflow>> {
        self.library.get(name)?.as_ref().ok()
    }

    pub(super) fn deepest(&self) -> usize {
        self.deepest
    }

    pub(super) fn into_calls(self) -> BTreeMap<Arc<str>, Arc<Workflow>> {
        self.calls
    }
}
