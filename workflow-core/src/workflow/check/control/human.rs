//! Checks of human steps. The shape of the output is the schema of the answer.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind, Shape};
use crate::template::Templated;

pub(super) struct HumanCheck;

impl ControlCheck for HumanCheck {
    fn plan(
        &self,
        data: Control,
        _bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built> {
        let Control::Human(human) = data else {
            return None;
        };
        if let Some(expires) = human.expires.as_ref().and_then(Templated::written) {
            check.may_wait(expires.0, &node.data_at("expires"));
        }
        let schema = human.schema.as_deref();
        Some(Built {
            output: schema.map_or(Shape::Unknown, Shape::of_schema),
            kind: NodeKind::Human(human),
            contents: Contents::default(),
        })
    }
}
