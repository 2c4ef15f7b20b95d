//! Checks the bodies of control nodes: a list of nodes inside a node, with a scope of its own.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Check,
    control::{self, BodyScope},
    data::PatchedData,
    enclosing::{EnclosingScope, LocalValue, Values},
    graph_node::GraphNode,
    marks::{Mark, Marked, Reads},
    outputs::Shape,
};
use crate::workflow::body::{Body, List};
use crate::{node::ControlKind, template::HISTORY, workflow::spec::NodeSpec};

/// A control node, and the marked fields of its `data`.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct Container<'a> {
    pub(in crate::workflow) kind: ControlKind,
    pub(in crate::workflow) node: GraphNode<'a>,
    pub(in crate::workflow) marked: &'a [Marked<'a>],
}

impl Container<'_> {
    /// Checks the bodies of the node in the order of its `data`, and the fields that read them. `None` if a body cannot be
    /// planned; then it has a fault.
    pub(in crate::workflow) fn bodies(
        &self,
        patched: &mut PatchedData,
        check: &mut Check,
    ) -> Option<Vec<Arc<Body>>> {
        let fields = self.marked.iter();
        let fields = fields.filter(|field| field.mark == Mark::Nodes);
        // Collected first, so that a fault in one body does not hide those in another.
        let bodies: Vec<_> = fields
            .map(|field| self.body(field, patched, check))
            .collect();
        bodies.into_iter().collect()
    }

    /// The order of the steps matters:
    ///
    /// 1. the names that the node defines, since the nodes of the body read them;
    /// 2. the number of nodes, before they are read, so that a large document costs little;
    /// 3. the body itself, one level deeper;
    /// 4. the fields that are evaluated after the body (`until`, `output`);
    /// 5. reads of `previous` and `history`, whose shapes follow from the result of the body and are known only now.
    fn body(
        &self,
        field: &Marked,
        patched: &mut PatchedData,
        check: &mut Check,
    ) -> Option<Arc<Body>> {
        let Self { kind, node, marked } = *self;
        let GraphNode { spec, index, graph } = node;
        let items: &[Value] = field.value.as_array()?;
        let BodyScope {
            locals,
            begin,
            has_begin,
        } = control::of(kind).body_scope(node, check)?;
        let values = Values {
            input: graph.enclosing().input().clone(),
            begin,
        };
        let enclosing = EnclosingScope::of_body(graph, index, &locals, has_begin, &values);
        if !check.count(items.len(), &field.at) {
            return None;
        }
        check.within(&field.at, spec.timeout, 0, |check| {
            let nodes = NodeSpec::read_all(items, &field.at, &mut check.faults);
            let list = List::new(&nodes, enclosing, check);
            let mut body = list.plan(check);
            for field in marked.iter().filter(|field| field.reads == Reads::Body) {
                patched.check(field, &list.reader(), check);
            }
            body.result = list.result_shape(spec.data.get("output"));
            for local in &locals {
                let (read, value) = match &local.value {
                    LocalValue::Known(_) => continue,
                    // In the first round, `previous` is `null`.
                    LocalValue::Result(read) => {
                        let value = Shape::one_of(vec![Shape::Scalar, body.result.clone()]);
                        (read, value)
                    }
                    LocalValue::Results(read) => (read, Shape::List(Arc::new(body.result.clone()))),
                };
                for (path, at) in read.take() {
                    let found = list.reader().check_keys(&path, 0, &value, &at);
                    check.faults.extend(found);
                }
            }
            body.reads_history = (locals.iter()).any(|it| it.name == HISTORY && it.is_read());
            // Without an `output`, the last nodes make the result, so their outputs are read.
            if spec.data.get("output").is_none() {
                list.use_sinks();
            }
            list.warn_of_unused(check);
            Arc::new(body)
        })
    }
}
