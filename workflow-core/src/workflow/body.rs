//! A checked list of nodes, ready to run: the nodes of a workflow, or the body of a map or loop.

use std::sync::Arc;

use serde_json::Value;

use super::spec::NodeSpec;
use super::{
    check::Check,
    plan::{self, PlannedNode},
};
use crate::workflow::check::{
    data::Contents,
    enclosing::EnclosingScope,
    fields::hidden_in,
    graph::Graph,
    outputs::Shape,
    references::{Reader, hides_history, hides_run},
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    event::NodeOutline,
    template::{HISTORY, Json, RUN, Variables},
    value::{NodeId, StepNames, StepPath},
};

/// A checked list of nodes. The machine opens a frame over it each time the list runs.
///
/// It is immutable and shared by all runs: what changes while a list runs is in its frame. The index of a node is
/// the same in `steps`, in `variables` and in the frame.
pub(crate) struct Body {
    pub(crate) steps: Box<[PlannedNode]>,
    pub(crate) variables: Arc<Variables>,
    /// The nodes that nothing depends on. Without an `output`, their outputs make the result of the list.
    pub(crate) sinks: Box<[usize]>,
    /// The nodes as `run.created` lists them.
    pub(crate) outline: Arc<[NodeOutline]>,
    /// What is known of the result.
    pub(super) result: Shape,
    /// Whether something in the body of a loop reads the results of its earlier rounds.
    pub(super) reads_history: bool,
    /// Whether running it a second time may change something a second time, and nothing in it says that it may or must not.
    pub(super) acts_unguarded: bool,
}

impl Body {
    /// A list of steps that need nothing and have no names in templates: a turn of an agent, or the calls of a turn.
    pub(crate) fn unnamed(steps: Vec<PlannedNode>) -> Self {
        let names = steps.iter().enumerate();
        let names = names.map(|(index, step)| (step.id.variable(), index));
        Self {
            // To find a step by its path. What templates read is in the scope.
            variables: Arc::new(names.collect()),
            // Nothing reads the result.
            sinks: Box::default(),
            steps: steps.into(),
            outline: Arc::default(),
            result: Shape::Unknown,
            reads_history: false,
            acts_unguarded: false,
        }
    }

    /// The steps of a workflow's own nodes.
    ///
    /// Made once per workflow and shared by all its runs, since the paths of top-level nodes are their ids.
    pub(super) fn top_level(&self) -> StepNames {
        StepNames::top_level(self.steps.iter().map(|step| step.id.clone()))
    }

    /// For each node, whether it is one of these or depends on one of them, directly or not.
    pub(crate) fn reached_from(&self, start: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut reached: Vec<bool> = (0..self.steps.len()).map(start).collect();
        let mut left: Vec<usize> = (0..reached.len()).filter(|node| reached[*node]).collect();
        while let Some(node) = left.pop() {
            for dependent in &self.steps[node].dependents {
                if !std::mem::replace(&mut reached[*dependent], true) {
                    left.push(*dependent);
                }
            }
        }
        reached
    }

    /// The steps of the nodes below a place in the run. They are made for each frame, since the place differs.
    pub(crate) fn steps_within(&self, place: &StepPath) -> StepNames {
        StepNames::within(place, self.steps.iter().map(|step| step.id.clone()))
    }
}

/// The outcome of planning one node, kept apart per node so that faults can be put in document order.
#[derive(Default)]
struct PlanResult {
    step: Option<(PlannedNode, Contents)>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// A list of nodes with its dependency graph, before and while the nodes are planned.
pub(super) struct List<'a> {
    pub(super) nodes: &'a [NodeSpec],
    pub(super) graph: Graph<'a>,
}

impl<'a> List<'a> {
    pub(super) fn new(
        nodes: &'a [NodeSpec],
        enclosing: EnclosingScope<'a>,
        check: &mut Check,
    ) -> Self {
        let graph = Graph::of(nodes, enclosing, check.registry, &mut check.faults);
        let in_loop = enclosing.local(HISTORY).is_some();
        let warnings = nodes.iter().filter_map(|node| {
            let at = node.at.field("id");
            match node.id.as_ref()?.variable().as_ref() {
                RUN => Some(hides_run("the node", &at)),
                HISTORY if in_loop => Some(hides_history("the node", &at)),
                _ => None,
            }
        });
        check.warnings.extend(warnings);
        Self { nodes, graph }
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::result(&self.graph)
    }

    /// Plans the nodes that can be built. Each of the others has a fault.
    ///
    /// A list with faults gives a body with fewer steps than nodes. It is only used to find further faults: the
    /// workflow is refused.
    pub(super) fn plan(&self, check: &mut Check) -> Body {
        let mut planned: Vec<PlanResult> = Vec::new();
        planned.resize_with(self.nodes.len(), PlanResult::default);
        // The shape of an output must be known before the templates that read it are checked, so nodes are
        // planned in topological order. The faults are still reported in document order.
        for index in self.graph.order() {
            let found = (check.faults.len(), check.warnings.len());
            planned[*index] = PlanResult {
                step: plan::plan(&self.nodes[*index], *index, &self.graph, check),
                faults: check.faults.split_off(found.0),
                warnings: check.warnings.split_off(found.1),
            };
        }
        let mut steps = Vec::with_capacity(self.nodes.len());
        let mut outline = Vec::with_capacity(self.nodes.len());
        for (index, (node, planned)) in self.nodes.iter().zip(planned).enumerate() {
            check.faults.extend(planned.faults);
            check.warnings.extend(planned.warnings);
            if let Some((step, contents)) = planned.step {
                outline.push(step.outline(node, self.needs(index), contents));
                steps.push(step);
            }
        }
        Body {
            acts_unguarded: steps.iter().any(PlannedNode::acts_unguarded),
            steps: steps.into(),
            variables: Arc::new(self.graph.variables().clone()),
            sinks: self.graph.sinks(),
            outline: outline.into(),
            result: self.graph.result_shape(),
            reads_history: false,
        }
    }

    /// What is known of the result, with the `output` of the list if it has one.
    ///
    /// An `output` with faults has been reported by then; here its shape is unknown, so that it causes no further
    /// fault.
    pub(super) fn result_shape(&self, output: Option<&Value>) -> Shape {
        let Some(output) = output else {
            return self.graph.result_shape();
        };
        match Json::new(output, &Pointer::root()) {
            Ok(json) => self.reader().shape_of_json(&json),
            Err(_) => Shape::Unknown,
        }
    }

    /// What is known of the result if a node may end the list early: then its output is the result.
    pub(super) fn with_stops(&self, result: Shape) -> Shape {
        let nodes = self.nodes.iter().enumerate();
        let stops = nodes.filter(|(_, node)| node.stop_when.is_some());
        let outputs = stops.map(|(index, _)| self.graph.shape(index));
        Shape::one_of(std::iter::once(result).chain(outputs).collect())
    }

    fn needs(&self, index: usize) -> Vec<NodeId> {
        let needs = self.graph.needs(index).iter();
        needs
            .filter_map(|need| self.nodes[*need].id.clone())
            .collect()
    }

    /// Marks the sinks as used: without an `output`, they are the result.
    pub(super) fn use_sinks(&self) {
        for sink in self.graph.sinks() {
            self.graph.uses(sink);
        }
    }

    /// Warns of nodes without side effects whose output nothing reads. Call it last, when every reader is known.
    pub(super) fn warn_of_unused(&self, check: &mut Check) {
        for (index, node) in self.nodes.iter().enumerate() {
            let kind = node
                .kind
                .as_deref()
                .and_then(|kind| check.registry.get(kind));
            // The calls of an agent may act, whatever its turns do.
            let is_pure = kind.is_some_and(|kind| kind.is_pure() && kind.control().is_none());
            if self.graph.is_used(index) || !is_pure {
                continue;
            }
            let id = self.graph.name(index);
            let detail = format!("nothing reads the output of `{id}`");
            let warning = Fault::new(FaultCode::UnusedNode, &node.at, detail);
            let hint = format!(
                "use `{}.output` where it is needed, or remove the node",
                id.replace('-', "_")
            );
            check.warnings.push(warning.with_hint(hint));
        }
    }

    /// Compiles the result of the list, which may read every node in it.
    pub(super) fn result(&self, written: &Value, at: &Pointer, check: &mut Check) -> Option<Json> {
        match Json::new(written, at) {
            Ok(json) => {
                check.faults.extend(self.reader().check_json(&json, at));
                check.warnings.extend(hidden_in(written, at));
                Some(json)
            }
            Err(found) => {
                check.faults.extend(found);
                None
            }
        }
    }
}
