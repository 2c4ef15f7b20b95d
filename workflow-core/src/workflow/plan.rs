//! Every node, checked and ready to run.

use std::{sync::Arc, time::Duration};

use super::{data, expressions, graph::Graph};
use crate::{
    event::NodeOutline,
    fault::Fault,
    id::StepRef,
    node::Node,
    registry::{NodeType, Registry},
    retry::RetryPolicy,
    scope::ImplicitInput,
    spec::{NodeSpec, OnAmbiguous, OnError, Spec},
    template::Expr,
};

/// One node, ready to run.
pub(crate) struct Planned {
    pub(crate) step: StepRef,
    pub(crate) node: Box<dyn Node>,
    pub(crate) needs: usize,
    pub(crate) dependents: Box<[usize]>,
    pub(crate) when: Option<Expr>,
    pub(crate) retry: RetryPolicy,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_error: OnError,
    pub(crate) on_ambiguous: OnAmbiguous,
    pub(crate) input: ImplicitInput,
}

/// Plans the nodes that can be built; for each of the others there is a fault.
pub(super) fn plan(
    spec: &Spec,
    graph: &Graph,
    registry: &Registry,
    faults: &mut Vec<Fault>,
) -> Box<[Planned]> {
    let nodes = spec.nodes.iter().enumerate();
    nodes
        .filter_map(|(index, node)| {
            let when = expressions::condition(node, index, graph, faults);
            let built = data::build(node, index, graph, registry, faults)?;
            let kind = registry.get(node.kind.as_deref()?)?;
            let retry = node.retry.or(spec.defaults.retry);
            Some(Planned {
                step: StepRef::top_level(node.id.clone()?),
                node: built,
                needs: graph.needs(index).len(),
                dependents: graph.dependents(index).into(),
                when,
                retry: retry.unwrap_or_else(|| NodeType::default_retry(kind)),
                timeout: node.timeout.or(spec.defaults.timeout),
                on_error: node.on_error.clone(),
                on_ambiguous: node.on_ambiguous,
                input: graph.implicit_input(index),
            })
        })
        .collect()
}

/// The nodes as events tell them.
pub(super) fn outline(nodes: &[NodeSpec], graph: &Graph) -> Arc<[NodeOutline]> {
    let outlined = nodes.iter().enumerate().filter_map(|(index, node)| {
        let needs = graph.needs(index).iter();
        Some(NodeOutline {
            id: node.id.clone()?,
            kind: Arc::clone(node.kind.as_ref()?),
            name: node.name.clone(),
            needs: needs.filter_map(|need| nodes[*need].id.clone()).collect(),
        })
    });
    outlined.collect()
}
