//! Delays: they return what they read.

use std::sync::Arc;

use super::{Body, Built, Check, Control, ControlCheck, GraphNode, Inside, Work};

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
            work: Work::Delay(delay),
            inside: Inside::default(),
        })
    }
}
