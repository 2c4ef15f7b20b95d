//! Checks the bodies of control nodes.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Check,
    control::{self, BodyScope},
    data::StandIn,
    graph_node::GraphNode,
    marks::{Mark, Marked},
    outputs::Shape,
    outside::{LocalValue, Outside, Values},
};
use crate::workflow::body::{Body, List};
use crate::{node::ControlKind, workflow::spec::NodeSpec};

/// A control node, and the marked fields of its `data`.
pub(in crate::workflow) struct Container<'a> {
    pub(in crate::workflow) kind: ControlKind,
    pub(in crate::workflow) node: GraphNode<'a>,
    pub(in crate::workflow) marked: &'a [Marked<'a>],
}

impl Container<'_> {
    /// Checks the bodies of the node, in the order of its `data`, and the fields that read them. Where one cannot be
    /// planned, there is a fault.
    pub(in crate::workflow) fn bodies(
        &self,
        stand_in: &mut StandIn,
        check: &mut Check,
    ) -> Option<Vec<Arc<Body>>> {
        let fields = self.marked.iter();
        let fields = fields.filter(|field| field.mark == Mark::Nodes);
        // All of them, so that a fault in one does not hide those in another.
        let bodies: Vec<_> = fields
            .map(|field| self.body(field, stand_in, check))
            .collect();
        bodies.into_iter().collect()
    }

    fn body(&self, field: &Marked, stand_in: &mut StandIn, check: &mut Check) -> Option<Arc<Body>> {
        let Self { kind, node, marked } = *self;
        let GraphNode { spec, index, graph } = node;
        let items: &[Value] = field.value.as_array()?;
        let BodyScope {
            locals,
            begin,
            has_begin,
        } = control::of(kind).body_scope(node, check)?;
        let values = Values {
            input: graph.outside().input().clone(),
            begin,
        };
        let outside = Outside::of_body(graph, index, &locals, has_begin, &values);
        if !check.count(items.len(), &field.at) {
            return None;
        }
        check.within(&field.at, spec.timeout, 0, |check| {
            let nodes = NodeSpec::read_all(items, &field.at, &mut check.faults);
            let list = List::new(&nodes, outside, check);
            let mut body = list.plan(check);
            for field in marked.iter().filter(|field| field.reads_body) {
                stand_in.check(field, &list.reader(), check);
            }
            body.result = list.result_shape(spec.data.get("output"));
            for local in &locals {
                if let LocalValue::Result(read) = &local.value {
                    // In the first round there is none.
                    let value = Shape::one_of(vec![Shape::Scalar, body.result.clone()]);
                    for (path, at) in read.take() {
                        let found = list.reader().check_keys(&path, 0, &value, &at);
                        check.faults.extend(found);
                    }
                }
            }
            if spec.data.get("output").is_none() {
                list.use_sinks();
            }
            list.warn_of_unused(check);
            Arc::new(body)
        })
    }
}
