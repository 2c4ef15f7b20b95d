//! Human steps: the answer that they wait for.

use std::sync::Arc;

use super::{Body, Built, Check, Control, ControlCheck, GraphNode, Inside, Shape, Work};

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
        if let Some(expires) = human.expires {
            check.may_wait(expires.0, &node.data_at("expires"));
        }
        let schema = human.schema.as_deref();
        Some(Built {
            output: schema.map_or(Shape::Unknown, Shape::of_schema),
            work: Work::Human(human),
            inside: Inside::default(),
        })
    }
}
