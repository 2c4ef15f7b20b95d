//! Delays: a wait for a time.

use serde_json::Value;

use super::{Control, Next, View};
use crate::{
    error::NodeError,
    event::{EventKind, NodeWaiting, WaitKind},
    node::DelayNode,
    value::{LONGEST, StepKey, Timestamp, WrittenInstant},
};

impl Control for DelayNode {
    fn may_wait(&self, kind: Option<WaitKind>) -> bool {
        kind.is_none()
    }

    /// The duration or the time, and what passes through: a reused wait is not waited for again, and its output is its input.
    fn key(&self, step: &View<'_>) -> Option<StepKey> {
        let mut key = StepKey::builder("DelayNode", 1);
        if let Some(duration) = &self.duration {
            let (duration, _) = duration.render(step.scope()).ok()?;
            key = key.serialized("for", &duration.0);
        }
        if let Some(until) = &self.until {
            let (WrittenInstant(until), _) = until.render(step.scope()).ok()?;
            key = key.serialized("until", &until);
        }
        let input = step.scope().implicit_input(step.planned().input);
        let input = input.map_or(&Value::Null, |input| &**input);
        Some(key.json("input", input).build())
    }

    /// The time is computed once, live, and stored in the event: in replay and after a restart the wait ends at the
    /// same time, whatever the clock of the host is.
    fn next(&self, step: &View<'_>) -> Next {
        if let Some(answered) = step.answered() {
            return answered;
        }
        let ends = match self.ends(step) {
            Ok(ends) => ends,
            Err(error) => return Next::fail(error.into_problem()),
        };
        Next::Emit(EventKind::NodeWaiting(Box::new(NodeWaiting {
            step: step.step_ref(),
            wait_id: step.next_wait(),
            kind: None,
            request: None,
            budget_of: None,
            call: None,
            key: None,
            message: None,
            schema: None,
            expires_at: None,
            resumes_at: Some(ends),
        })))
    }
}

impl DelayNode {
    /// When the wait ends.
    ///
    /// # Errors
    /// `template_error` if a template fails, or gives a time that is too far ahead.
    fn ends(&self, step: &View<'_>) -> Result<Timestamp, NodeError> {
        if let Some(duration) = &self.duration {
            let (duration, _) = duration.render(step.scope())?;
            return Ok(step.now.after(duration.0));
        }
        let until = self.until.as_ref();
        let until = until.map(|until| until.render(step.scope())).transpose()?;
        // The check of the workflow refuses a delay with neither; without one it is over at once.
        let ends = until.map_or(step.now, |(WrittenInstant(until), _)| until.max(step.now));
        if ends.since(step.now) > LONGEST {
            let detail = format!("`until` is {ends}, more than 366 days ahead");
            return Err(NodeError::new("template_error", detail));
        }
        Ok(ends)
    }
}
