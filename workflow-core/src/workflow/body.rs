//! A list of nodes, checked and ready to run: a workflow's own, or the body of a map or loop.

use std::sync::Arc;

use serde_json::Value;

use super::spec::NodeSpec;
use super::{
    check::Check,
    plan::{self, Planned},
};
use crate::workflow::check::{
    data::Inside, graph::Graph, outputs::Shape, outside::Outside, references::Reader,
};
use crate::{
    error::{Fault, FaultCode, Pointer},
    event::NodeOutline,
    node::NodeType,
    template::{Json, Variables},
    value::{NodeId, StepPath, StepRef},
};

pub(crate) struct Body {
    pub(crate) steps: Box<[Planned]>,
    pub(crate) variables: Arc<Variables>,
    /// The nodes nothing depends on: they make the result, unless it is said.
    pub(crate) sinks: Box<[usize]>,
    /// The nodes as events tell them.
    pub(crate) outline: Arc<[NodeOutline]>,
    /// What is known of its result.
    pub(super) result: Shape,
}

impl Body {
    /// The steps of a workflow's own nodes.
    pub(super) fn top_level(&self) -> Arc<[StepRef]> {
        let steps = self.steps.iter();
        steps
            .map(|step| StepRef::top_level(step.id.clone()))
            .collect()
    }

    /// The steps of its nodes at a place in the run.
    pub(crate) fn steps_within(&self, place: &StepPath) -> Arc<[StepRef]> {
        let steps = self.steps.iter();
        steps
            .map(|step| StepRef::within(place, step.id.clone()))
            .collect()
    }
}

/// What became of a node.
#[derive(Default)]
struct Planning {
    step: Option<(Planned, Inside)>,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
}

/// A list of nodes whose graph is known.
pub(super) struct List<'a> {
    pub(super) nodes: &'a [NodeSpec],
    pub(super) graph: Graph<'a>,
}

impl<'a> List<'a> {
    pub(super) fn new(nodes: &'a [NodeSpec], outside: Outside<'a>, check: &mut Check) -> Self {
        let graph = Graph::of(nodes, outside, &mut check.faults);
        Self { nodes, graph }
    }

    pub(super) fn reader(&self) -> Reader<'_> {
        Reader::result(&self.graph)
    }

    /// Plans the nodes that can be built; for each of the others there is a fault.
    pub(super) fn plan(&self, check: &mut Check) -> Body {
        let mut planned: Vec<Planning> = Vec::new();
        planned.resize_with(self.nodes.len(), Planning::default);
        // What is known of an output must be known before the templates that read it are checked. The
        // faults come in the order the nodes are written, all the same.
        for index in self.graph.order() {
            let found = (check.faults.len(), check.warnings.len());
            planned[*index] = Planning {
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
            if let Some((step, inside)) = planned.step {
                outline.push(step.outline(node, self.needs(index), inside));
                steps.push(step);
            }
        }
        Body {
            steps: steps.into(),
            variables: Arc::new(self.graph.variables().clone()),
            sinks: self.graph.sinks(),
            outline: outline.into(),
            result: self.graph.result_shape(),
        }
    }

    /// What is known of the result, which may be said with templates.
    pub(super) fn result_shape(&self, output: Option<&Value>) -> Shape {
        let Some(output) = output else {
            return self.graph.result_shape();
        };
        match Json::new(output, &Pointer::root()) {
            Ok(json) => self.reader().shape_of_json(&json),
            Err(_) => Shape::Unknown,
        }
    }

    fn needs(&self, index: usize) -> Vec<NodeId> {
        let needs = self.graph.needs(index).iter();
        needs
            .filter_map(|need| self.nodes[*need].id.clone())
            .collect()
    }

    /// Without an `output`, the sinks are what is read.
    pub(super) fn use_sinks(&self) {
        for sink in self.graph.sinks() {
            self.graph.uses(sink);
        }
    }

    /// Warns of nodes that do nothing anybody could notice. Comes last, when all is read.
    pub(super) fn warn_of_unused(&self, check: &mut Check) {
        for (index, node) in self.nodes.iter().enumerate() {
            let kind = node
                .kind
                .as_deref()
                .and_then(|kind| check.registry.get(kind));
            if self.graph.is_used(index) || !kind.is_some_and(NodeType::is_pure) {
                continue;
            }
            let id = self.graph.name(index);
            let detail = format!("nothing reads what `{id}` gives");
            let warning = Fault::new(FaultCode::UnusedNode, &node.at, detail);
            let hint = format!(
                "name `{}.output` where it is wanted, or take the node out",
                id.replace('-', "_")
            );
            check.warnings.push(warning.with_hint(hint));
        }
    }

    /// The result of a list, which may name every node of it.
    pub(super) fn result(&self, json: &Value, at: &Pointer, check: &mut Check) -> Option<Json> {
        match Json::new(json, at) {
            Ok(json) => {
                check.faults.extend(self.reader().check_json(&json, at));
                Some(json)
            }
            Err(found) => {
                check.faults.extend(found);
                None
            }
        }
    }
}
