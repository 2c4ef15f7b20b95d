//! Checks the body of a map or loop.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Body,
    body::List,
    check::Check,
    data::StandIn,
    graph::Graph,
    marks::{Mark, Marked},
    outside::Outside,
    references::Reader,
};
use crate::{
    control::ControlKind,
    fault::{Fault, FaultCode},
    spec::{NodeSpec, is_reserved},
};

/// The body of a container, and what of its `data` reads it; none for a node that has none.
pub(super) fn body(
    kind: ControlKind,
    node: &NodeSpec,
    index: usize,
    graph: &Graph,
    marked: &[Marked],
    stand_in: &mut StandIn,
    check: &mut Check,
) -> Option<Arc<Body>> {
    let field = marked.iter().find(|field| field.mark == Mark::Nodes)?;
    let items: &[Value] = field.value.as_array()?;
    let locals = kind.locals(&node.data);
    if kind == ControlKind::Map {
        check_item_name(node, locals[0], graph, index, check);
    }
    let has_begin = kind == ControlKind::Map || graph.has_input(index);
    let outside = Outside::of_body(graph, index, &locals, has_begin);
    if !check.count(items.len(), &field.at) {
        return None;
    }
    check.within(&field.at, node.timeout, 0, |check| {
        let nodes = NodeSpec::read_all(items, &field.at, &mut check.faults);
        let list = List::new(&nodes, outside, check);
        let body = list.plan(check);
        for field in marked.iter().filter(|field| field.reads_body) {
            stand_in.check(field, &list.reader(), check);
        }
        if node.data.get("output").is_none() {
            list.use_sinks();
        }
        list.warn_of_unused(check);
        Arc::new(body)
    })
}

/// What a map calls its items must not hide another name. The usual name may: in nested maps it is
/// the inner map's item.
fn check_item_name(node: &NodeSpec, name: &str, graph: &Graph, index: usize, check: &mut Check) {
    let Some(written) = node.data.get("as").and_then(Value::as_str) else {
        return;
    };
    let at = node.at.field("data").field("as");
    let usual = name == "item";
    if is_reserved(name) && !usual {
        let detail = format!("`{written}` means something else in templates");
        check.fault(Fault::new(FaultCode::ReservedName, at, detail).hint("choose another name"));
    } else if !usual && Reader::node(graph, index).sees(name) {
        let detail = format!("`{written}` already has a meaning here");
        check.fault(Fault::new(FaultCode::ShadowedName, at, detail).hint("choose another name"));
    }
}
