//! Checks of maps: the names `as` and `index` that they define in the body.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Body, BodyScope, Built, Check, Contents, Control, ControlCheck, GraphNode, Local, NodeKind,
    Shape,
};
use crate::{
    error::{Fault, FaultCode},
    node::{ITEM, MapNode, OnItemError},
    template::{Key, RUN},
    workflow::{
        check::{enclosing::LocalValue, references::hides_run},
        spec::is_reserved,
    },
};

/// A map with its body.
pub(crate) struct PlannedMap {
    pub(crate) node: MapNode,
    pub(crate) body: Arc<Body>,
}

pub(super) struct MapCheck;

impl ControlCheck for MapCheck {
    /// `item` is also the implicit input of the first nodes of the body. The name is read from the raw `data`,
    /// since the body is checked before the `data` is deserialized.
    fn body_scope<'a>(&self, node: GraphNode<'a>, check: &mut Check) -> Option<BodyScope<'a>> {
        let name = node.spec.data["as"].as_str().unwrap_or(ITEM);
        check_item_name(node, name, check);
        let item = item_shape(node);
        let locals = [(name, item.clone()), ("index", Shape::Scalar)];
        let locals = locals.map(|(name, shape)| Local::new(name, LocalValue::Known(shape)));
        Some(BodyScope {
            locals: locals.into(),
            begin: item,
            has_begin: true,
        })
    }

    fn plan(
        &self,
        data: Control,
        bodies: Vec<Arc<Body>>,
        _node: GraphNode<'_>,
        _check: &mut Check,
    ) -> Option<Built> {
        let (Control::Map(node), Some(body)) = (data, bodies.into_iter().next()) else {
            return None;
        };
        let mut items = vec![body.result.clone()];
        if node.on_item_error == OnItemError::Null {
            // A failed item is `null`.
            items.push(Shape::Scalar);
        }
        Some(Built {
            contents: Contents::of_body(&body),
            output: Shape::List(Arc::new(Shape::one_of(items))),
            kind: NodeKind::Map(PlannedMap { node, body }),
        })
    }
}

/// What is known of the items of a map.
///
/// It is known only if `over` is a path; of a filtered list, for example, nothing is known.
fn item_shape(node: GraphNode<'_>) -> Shape {
    let reader = node.reader();
    let over = node.spec.data.get("over").and_then(Value::as_str);
    let list = over.map_or(Shape::Unknown, |over| reader.shape_of(over));
    let item = list.at(&Key::Index, reader.lookups());
    item.unwrap_or(Shape::Unknown)
}

/// The name of an item must not hide another one. The default name may: in nested maps, it means the item of the
/// inner map.
fn check_item_name(node: GraphNode<'_>, name: &str, check: &mut Check) {
    let Some(written) = node.spec.data.get("as").and_then(Value::as_str) else {
        return;
    };
    let at = node.data_at("as");
    let is_default = name == ITEM;
    if is_reserved(name) && !is_default {
        let detail = format!("`{written}` has another meaning in templates");
        check.fault(
            Fault::new(FaultCode::ReservedName, at, detail).with_hint("choose another name"),
        );
    } else if !is_default && node.reader().sees(name) {
        let detail = format!("`{written}` is already defined here");
        check.fault(
            Fault::new(FaultCode::ShadowedName, at, detail).with_hint("choose another name"),
        );
    } else if name == RUN {
        check.warnings.push(hides_run("the item", &at));
    }
}
