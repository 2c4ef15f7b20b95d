//! Human steps: a wait for the answer of a person.

use serde_json::Value;

use super::{Control, Next, View};
use crate::{
    event::{EventKind, NodeWaiting, WaitKind},
    node::HumanNode,
    value::StepKey,
};

impl Control for HumanNode {
    fn may_wait(&self, kind: Option<WaitKind>) -> bool {
        kind.is_none()
    }

    /// The question and the form of the answer. This run's id in the question is replaced: a link to the run is no other question.
    fn key(&self, step: &View<'_>) -> Option<StepKey> {
        let message = self.message.render(step.scope()).ok()?;
        let message = message.replace(&step.run.to_string(), "run");
        let key = StepKey::builder("HumanNode", 1).text("message", &message);
        let schema = self.schema.as_deref().unwrap_or(&Value::Null);
        Some(key.json("schema", schema).build())
    }

    /// The message is rendered before the event, which stores it. A message that cannot be rendered fails the step
    /// before a person sees it.
    fn next(&self, step: &View<'_>) -> Next {
        if let Some(answered) = step.answered() {
            return answered;
        }
        let message = match self.message.render(step.scope()) {
            Ok(message) => message.into(),
            Err(error) => return Next::fail(error.into_problem()),
        };
        let expires = self.expires.as_ref();
        let expires = match expires
            .map(|expires| expires.render(step.scope()))
            .transpose()
        {
            Ok(expires) => expires,
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
            message: Some(message),
            schema: self.schema.clone(),
            expires_at: expires.map(|(expires, _)| step.now.after(expires.0)),
            resumes_at: None,
        })))
    }
}
