//! Checks the body of a map or loop.

use std::{cell::RefCell, sync::Arc};

use serde_json::Value;

use super::{
    Body,
    body::List,
    check::Check,
    data::StandIn,
    graph::Graph,
    marks::{Mark, Marked},
    outputs::Shape,
    outside::{Local, LocalValue, Outside, Values},
    references::Reader,
};
use crate::{
    control::ControlKind,
    fault::{Fault, FaultCode},
    spec::{NodeSpec, is_reserved},
    template::Key,
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
    let names = kind.locals(&node.data);
    if kind == ControlKind::Map {
        check_item_name(node, names[0], graph, index, check);
    }
    let reader = Reader::node(graph, index);
    let (locals, begin) = if kind == ControlKind::Map {
        let item = item_shape(node, reader);
        (locals_of_map(&names, &item), item)
    } else {
        (locals_of_loop(&names), graph.input_shape(index))
    };
    let has_begin = kind == ControlKind::Map || graph.has_input(index);
    let values = Values {
        input: graph.outside().input().clone(),
        begin,
    };
    let outside = Outside::of_body(graph, index, &locals, has_begin, &values);
    if !check.count(items.len(), &field.at) {
        return None;
    }
    check.within(&field.at, node.timeout, 0, |check| {
        let nodes = NodeSpec::read_all(items, &field.at, &mut check.faults);
        let list = List::new(&nodes, outside, check);
        let mut body = list.plan(check);
        for field in marked.iter().filter(|field| field.reads_body) {
            stand_in.check(field, &list.reader(), check);
        }
        body.result = list.result_shape(node.data.get("output"));
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
        if node.data.get("output").is_none() {
            list.use_sinks();
        }
        list.warn_of_unused(check);
        Arc::new(body)
    })
}

/// What is known of the items of a map.
fn item_shape(node: &NodeSpec, reader: Reader) -> Shape {
    let over = node.data.get("over").and_then(Value::as_str);
    let list = over.map_or(Shape::Unknown, |over| reader.shape_of(over));
    let item = list.at(&Key::Index, reader.lookups());
    item.unwrap_or(Shape::Unknown)
}

fn locals_of_map<'a>(names: &[&'a str], item: &Shape) -> Vec<Local<'a>> {
    let shapes = [item.clone(), Shape::Scalar].into_iter();
    std::iter::zip(names, shapes)
        .map(|(name, shape)| Local {
            name,
            value: LocalValue::Known(shape),
        })
        .collect()
}

fn locals_of_loop<'a>(names: &[&'a str]) -> Vec<Local<'a>> {
    let values = [
        LocalValue::Known(Shape::Scalar),
        LocalValue::Result(RefCell::default()),
    ];
    std::iter::zip(names, values)
        .map(|(name, value)| Local { name, value })
        .collect()
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
