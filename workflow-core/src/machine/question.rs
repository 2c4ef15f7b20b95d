//! What a person was asked about the next attempt of a leaf, and what the answer says.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    event::{NodeWaiting, WaitKind},
    value::StepKey,
};

/// What a person was asked about the next attempt of a leaf.
pub(super) struct Held {
    pub(super) kind: WaitKind,
    /// The key of what was shown.
    pub(super) key: Option<StepKey>,
    pub(super) answer: Option<Arc<Value>>,
}

impl Held {
    pub(super) fn new(waiting: &NodeWaiting) -> Self {
        Self {
            kind: waiting.kind.unwrap_or(WaitKind::Effect),
            key: waiting.key,
            answer: None,
        }
    }

    pub(super) fn action(&self) -> Option<&str> {
        self.answer.as_ref()?["action"].as_str()
    }

    /// The output that a person has set for the step.
    pub(super) fn output(&self) -> Option<&Value> {
        let answer = self.answer.as_deref()?;
        (self.action()? == "complete")
            .then(|| answer.get("output"))
            .flatten()
    }
}
