//! Checks of delays: the wait must be shorter than the timeouts around it. The output is the implicit input.

use std::sync::Arc;

use super::{Body, Built, Check, Contents, Control, ControlCheck, GraphNode, NodeKind};
use crate::{
    error::{Fault, FaultCode},
    template::Templated,
};

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
        match (&delay.duration, &delay.until) {
            (Some(_), Some(_)) => {
                let detail = "a delay has `for` or `until`, not both";
                check.fault(Fault::new(
                    FaultCode::NotApplicable,
                    node.data_at("until"),
                    detail,
                ));
                return None;
            }
            (None, None) => {
                let fault = Fault::new(
                    FaultCode::MissingField,
                    node.spec.at.field("data"),
                    "`for` is missing",
                );
                check.fault(fault.with_hint("set `for`, a duration, or `until`, a time"));
                return None;
            }
            _ => {}
        }
        if let Some(duration) = delay.duration.as_ref().and_then(Templated::written) {
            check.may_wait(duration.0, &node.data_at("for"));
        }
        Some(Built {
            output: node.input_shape(),
            kind: NodeKind::Delay(delay),
            contents: Contents::default(),
        })
    }
}
