//! Delays: a wait for a time.

use serde_json::Value;

use super::{Control, Next, View};
use crate::{
    event::{EventKind, NodeWaiting},
    node::DelayNode,
    value::StepKey,
};

impl Control for DelayNode {
    fn may_wait(&self) -> bool {
        true
    }

    /// The duration and what passes through: a reused wait is not waited for again, and its output is its input.
    fn key(&self, step: &View<'_>) -> Option<StepKey> {
        let input = step.scope().implicit_input(step.planned().input);
        let input = input.map_or(&Value::Null, |input| &**input);
        let key = StepKey::builder("DelayNode", 1).serialized("for", &self.duration.0);
        Some(key.json("input", input).build())
    }

    /// The time is computed once, live, and stored in the event: in replay and after a restart the wait ends at the
    /// same time, whatever the clock of the host is.
    fn next(&self, step: &View<'_>) -> Next {
        if let Some(answered) = step.answered() {
            return answered;
        }
        Next::Emit(EventKind::NodeWaiting(Box::new(NodeWaiting {
            step: step.step_ref(),
            wait_id: step.next_wait(),
            kind: None,
            request: None,
            key: None,
            message: None,
            schema: None,
            expires_at: None,
            resumes_at: Some(step.now.after(self.duration.0)),
        })))
    }
}
