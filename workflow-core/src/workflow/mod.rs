//! A checked workflow: whoever holds one holds a valid one.

mod data;
mod graph;
mod hash;
mod marks;
mod references;

use std::{fmt, sync::Arc, time::Duration};

use serde_json::Value;

use self::graph::Graph;
use crate::{
    event::NodeOutline,
    fault::{Fault, FaultCode, InvalidWorkflow},
    id::StepRef,
    node::Node,
    registry::Registry,
    retry::RetryPolicy,
    scope::{ImplicitInput, Variables},
    spec::{NodeSpec, Spec},
};

/// A workflow that was checked whole: acyclic, every reference resolvable, every node built.
///
/// ```
/// use workflow_core::{Registry, Workflow};
///
/// let spec = serde_json::json!({"nodes": [
///     {"id": "greet", "type": "PromptNode", "data": {"template": "Hello {{ inptu }}"}},
/// ]});
/// let refused = Workflow::new(&spec, &Registry::default()).unwrap_err();
/// assert_eq!(refused.faults()[0].pointer, "#/nodes/0/data/template");
/// assert_eq!(refused.faults()[0].hint.as_deref(), Some("did you mean `input`?"));
/// ```
pub struct Workflow {
    name: Option<String>,
    hash: Arc<str>,
    outline: Arc<[NodeOutline]>,
    variables: Arc<Variables>,
    steps: Box<[Planned]>,
    sinks: Box<[usize]>,
}

/// One node, ready to run.
pub(crate) struct Planned {
    pub(crate) step: StepRef,
    pub(crate) node: Box<dyn Node>,
    pub(crate) needs: usize,
    pub(crate) dependents: Box<[usize]>,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Option<Duration>,
    pub(crate) input: ImplicitInput,
}

impl Workflow {
    /// Checks a specification and builds its nodes.
    ///
    /// # Errors
    /// Every fault there is, each with its place; nothing is built.
    pub fn new(spec: &Value, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        let mut faults = Vec::new();
        let read = Spec::read(spec, &mut faults);
        let graph = Graph::of(&read.nodes, &mut faults);
        let nodes = build_nodes(&read.nodes, &graph, registry, &mut faults);
        match nodes {
            Some(nodes) if faults.is_empty() => {
                Ok(Self::assemble(spec, read, &graph, nodes, registry))
            }
            _ => Err(InvalidWorkflow::new(faults)),
        }
    }

    /// Checks a specification in JSON text.
    ///
    /// # Errors
    /// As [`new`](Self::new); text that is not JSON is one fault, with its line and column.
    pub fn from_json(text: &str, registry: &Registry) -> Result<Self, InvalidWorkflow> {
        match serde_json::from_str(text) {
            Ok(spec) => Self::new(&spec, registry),
            Err(error) => {
                let fault = Fault::new(FaultCode::InvalidValue, "#", format!("not JSON: {error}"));
                Err(InvalidWorkflow::new(vec![fault]))
            }
        }
    }

    fn assemble(
        spec: &Value,
        read: Spec,
        graph: &Graph,
        nodes: Vec<Box<dyn Node>>,
        registry: &Registry,
    ) -> Self {
        let outline: Arc<[NodeOutline]> = read
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(index, node)| outline(node, graph.needs(index), &read.nodes))
            .collect();
        let planned = nodes
            .into_iter()
            .zip(&read.nodes)
            .zip(outline.iter())
            .enumerate();
        let steps = planned.map(|(index, ((node, spec), outline))| Planned {
            step: StepRef::top_level(outline.id.clone()),
            node,
            needs: graph.needs(index).len(),
            dependents: graph.dependents(index).into(),
            retry: spec
                .retry
                .unwrap_or_else(|| default_retry(registry, &outline.kind)),
            timeout: spec.timeout,
            input: graph.implicit_input(index),
        });
        Self {
            name: read.name,
            hash: hash::content_hash(spec).into(),
            steps: steps.collect(),
            variables: Arc::new(graph.variables().clone()),
            sinks: graph.sinks(),
            outline,
        }
    }

    /// The name its author gave it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// SHA-256 of the specification with its keys sorted, in hexadecimal.
    pub fn hash(&self) -> &Arc<str> {
        &self.hash
    }

    /// Its nodes in the order they are written, each with what it needs.
    pub fn nodes(&self) -> &Arc<[NodeOutline]> {
        &self.outline
    }

    pub(crate) fn variables(&self) -> &Arc<Variables> {
        &self.variables
    }

    pub(crate) fn steps(&self) -> &[Planned] {
        &self.steps
    }

    /// The nodes nothing depends on: they make the result.
    pub(crate) fn sinks(&self) -> &[usize] {
        &self.sinks
    }
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow")
            .field("name", &self.name)
            .field("nodes", &self.outline.len())
            .finish_non_exhaustive()
    }
}

/// Builds each node from its `data`; `None` when one could not be built.
fn build_nodes(
    nodes: &[NodeSpec],
    graph: &Graph,
    registry: &Registry,
    faults: &mut Vec<Fault>,
) -> Option<Vec<Box<dyn Node>>> {
    let mut built = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        built.extend(data::build(node, index, graph, registry, faults));
    }
    (built.len() == nodes.len()).then_some(built)
}

fn outline(node: &NodeSpec, needs: &[usize], nodes: &[NodeSpec]) -> Option<NodeOutline> {
    Some(NodeOutline {
        id: node.id.clone()?,
        kind: Arc::clone(node.kind.as_ref()?),
        name: node.name.clone(),
        needs: needs
            .iter()
            .filter_map(|need| nodes[*need].id.clone())
            .collect(),
    })
}

fn default_retry(registry: &Registry, kind: &str) -> RetryPolicy {
    registry
        .get(kind)
        .map_or(RetryPolicy::ONCE, crate::registry::NodeType::default_retry)
}
