//! Checks of loops: the names `index`, `previous` and `history` that they define in the body.

use std::{cell::RefCell, sync::Arc};

use super::{
    Body, BodyScope, Built, Check, Contents, Control, ControlCheck, GraphNode, Local, NodeKind,
    Shape,
};
use crate::{
    node::LoopNode,
    template::HISTORY,
    workflow::check::{enclosing::LocalValue, references::hides_history},
};

/// A loop with its body.
pub(crate) struct PlannedLoop {
    pub(crate) node: LoopNode,
    pub(crate) body: Arc<Body>,
    /// Whether `history` is read. Otherwise nothing is collected for it.
    pub(crate) reads_history: bool,
}

pub(super) struct LoopCheck;

impl ControlCheck for LoopCheck {
    /// `previous` is the result of the body itself, and `history` a list of them, so their shapes are not known yet:
    /// reads of them are collected and checked after the body.
    ///
    /// A `history` that is visible around the loop keeps its meaning, unless it is that of an outer loop.
    fn body_scope<'a>(&self, node: GraphNode<'a>, check: &mut Check) -> Option<BodyScope<'a>> {
        let mut locals = vec![
            Local::new("index", LocalValue::Known(Shape::Scalar)),
            Local::new("previous", LocalValue::Result(RefCell::default())),
        ];
        if node.reader().sees(HISTORY) {
            let what = "a node or an item around it";
            check.warnings.push(hides_history(what, &node.spec.at));
        } else {
            let results = LocalValue::Results(RefCell::default());
            locals.push(Local::new(HISTORY, results).giving_way());
        }
        Some(BodyScope {
            locals,
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
            kind: NodeKind::Loop(PlannedLoop {
                node,
                reads_history: body.reads_history,
                body,
            }),
        })
    }
}
