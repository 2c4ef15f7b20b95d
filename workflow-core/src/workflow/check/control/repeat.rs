//! Checks of loops: the names `index` and `previous` that they define in the body.

use std::{cell::RefCell, sync::Arc};

use super::{
    Body, BodyScope, Built, Check, Contents, Control, ControlCheck, GraphNode, Local, NodeKind,
    Shape,
};
use crate::{node::LoopNode, workflow::check::enclosing::LocalValue};

/// A loop with its body.
pub(crate) struct PlannedLoop {
    pub(crate) node: LoopNode,
    pub(crate) body: Arc<Body>,
}

pub(super) struct LoopCheck;

impl ControlCheck for LoopCheck {
    /// `previous` is the result of the body itself, so its shape is not known yet: reads of it are collected and
    /// checked after the body.
    fn body_scope<'a>(&self, node: GraphNode<'a>, _check: &mut Check) -> Option<BodyScope<'a>> {
        let locals = [
            ("index", LocalValue::Known(Shape::Scalar)),
            ("previous", LocalValue::Result(RefCell::default())),
        ];
        let locals = locals.map(|(name, value)| Local { name, value });
        Some(BodyScope {
            locals: locals.into(),
            begin: node.input_shape(),
            has_begin: node.has_input(),
        })
    }

    fn plan(
        &self,
        data: Control,
        bodies: Vec<Arc<Body>>,
        _node: GraphNode<'_>,
        _check: &mut Check,
    ) -> Option<Built> {
        let (Control::Loop(node), Some(body)) = (data, bodies.into_iter().next()) else {
            return None;
        };
        Some(Built {
            contents: Contents::of_body(&body),
            output: body.result.clone(),
            kind: NodeKind::Loop(PlannedLoop { node, body }),
        })
    }
}
