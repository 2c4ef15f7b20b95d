//! Checks of delays: the wait must be shorter than the timeouts around it. The output is the implicit input.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind};

pub(super) struct DelayCheck;

impl ControlCheck for DelayCheck {
    fn plan(
        &self,
        data: Control,
        _bodies: Vec<Arc<Body>>,
        node: GraphNode<'_>,
        check: &mut Check,
    ) -> Option<Built> {
        let Control::Delay(delay) = data else {
            return None;
        };
        check.may_wait(delay.duration.0, &node.data_at("for"));
        Some(Built {
            output: node.input_shape(),
            kind: NodeKind::Delay(delay),
            contents: Contents::default(),
        })
    }
}
