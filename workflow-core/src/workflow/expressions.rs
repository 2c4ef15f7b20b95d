//! Checks the expressions outside of `data`: `when`, and the workflow's `output`.

use serde_json::Value;

use super::{graph::Graph, references::Reader};
use crate::{
    fault::Fault,
    pointer::Pointer,
    spec::NodeSpec,
    template::{Expr, Json},
};

/// The `when` of a node.
pub(super) fn condition(
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    faults: &mut Vec<Fault>,
) -> Option<Expr> {
    let source = node.when.as_ref()?;
    let at = node.at.field("when");
    match Expr::new(source) {
        Ok(expr) => {
            let reader = Reader::node(graph, index);
            faults.extend(reader.check(expr.references(), &at));
            Some(expr)
        }
        Err(error) => {
            faults.push(error.into_fault(&at));
            None
        }
    }
}

/// The result of the workflow, which may name every node.
pub(super) fn output(json: &Value, graph: &Graph, faults: &mut Vec<Fault>) -> Option<Json> {
    let at = Pointer::root().field("output");
    match Json::new(json, &at) {
        Ok(json) => {
            let reader = Reader::result(graph);
            faults.extend(reader.check_json(&json, &at));
            Some(json)
        }
        Err(found) => {
            faults.extend(found);
            None
        }
    }
}
