//! Delays: they return what they read.

use std::sync::Arc;

use super::{Body, Built, Check, Control, ControlCheck, Graph, Inside, NodeSpec, Work};

pub(super) struct DelayCheck;

impl ControlCheck for DelayCheck {
    fn plan(
        &self,
        data: Control,
        _bodies: Vec<Arc<Body>>,
        node: &NodeSpec,
        index: usize,
        graph: &Graph,
        check: &mut Check,
    ) -> Option<Built> {
        let Control::Delay(delay) = data else {
            return None;
        };
        check.may_wait(delay.duration.0, &node.at.field("data").field("for"));
        Some(Built {
            output: graph.input_shape(index),
            work: Work::Delay(delay),
            inside: Inside::default(),
        })
    }
}
