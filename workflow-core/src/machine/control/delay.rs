//! Delays: a wait for a time.

use super::{Control, Next, View};
use crate::{
    event::{EventKind, NodeWaiting},
    node::DelayNode,
};

impl Control for DelayNode {
    fn may_wait(&self) -> bool {
        true
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
