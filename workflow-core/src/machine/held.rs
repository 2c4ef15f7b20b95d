//! Holds a step before an attempt, until a person has decided about it.
//!
//! In a run with outputs that were set ("what if"), attempts that may act outside of the run are held. The step waits without a slot
//! and without a time limit. The answer is about what was shown: if the attempt would do something else when it starts, the
//! person is asked again.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Machine, StepId, Turn};
use crate::{
    error::Problem,
    event::{EventKind, NodeWaiting, Report, WaitKind},
    node::{Effects, Plan},
    value::{WaitId, shortened},
};

/// What the answer of a person means for the attempt that is about to start.
pub(super) enum Verdict {
    /// It starts.
    Start,
    /// A person has to be asked first.
    Ask,
    /// A person has completed the step instead.
    Complete(Arc<Value>),
    /// A person has refused.
    Stop,
}

impl Machine {
    /// What is decided about an attempt that is about to start.
    pub(super) fn verdict(&self, step: StepId, plan: &Plan) -> Verdict {
        if !self.logged.given().holds_effects() {
            return Verdict::Start;
        }
        if matches!(self.effects(step, plan), Effects::None | Effects::Reads) {
            return Verdict::Start;
        }
        let state = self.frames().step(step);
        let held = state
            .held
            .as_deref()
            .filter(|held| held.kind == WaitKind::Effect);
        let Some(held) = held else {
            return Verdict::Ask;
        };
        match held.action() {
            Some("do") if held.key == plan.key() => Verdict::Start,
            Some("complete") => {
                Verdict::Complete(Arc::new(held.output().cloned().unwrap_or_default()))
            }
            Some("stop") => Verdict::Stop,
            _ => Verdict::Ask,
        }
    }

    /// Holds a step, and shows what it would do.
    pub(super) fn hold(&mut self, step: StepId, turn: &mut Turn) {
        let plan = match self.plan(step, &self.step_ref(step), true) {
            Ok(plan) => plan,
            Err(error) => return self.fail(step, error.into_problem(), turn),
        };
        let name = self.step_ref(step);
        let request = plan.request().cloned().map(shortened);
        let what = if request.is_some() {
            "the request below"
        } else {
            "its work, which its type does not describe"
        };
        let message = format!(
            "This run asks what would happen if. `{}` may act outside of it: do {what}, complete the step with an output, or stop?",
            name.path()
        );
        let output = self.frames().planned(step).output_schema().cloned();
        let output = output.unwrap_or(json!(true));
        let waiting = NodeWaiting {
            step: name,
            wait_id: WaitId::of_event(self.logged.seq() + 1),
            kind: Some(WaitKind::Effect),
            request: request.map(Arc::new),
            budget_of: None,
            call: None,
            key: plan.key(),
            message: Some(message.into()),
            schema: Some(Arc::new(answer_schema(&output))),
            expires_at: None,
            resumes_at: None,
        };
        self.emit(Some(step), EventKind::NodeWaiting(Box::new(waiting)), turn);
    }

    /// Ends a held step as a person has decided.
    pub(super) fn complete_held(&mut self, step: StepId, output: Arc<Value>, turn: &mut Turn) {
        let report = Report {
            overridden: true,
            ..Report::default()
        };
        self.complete(step, output, Some(Box::new(report)), turn);
    }

    pub(super) fn refuse_held(&mut self, step: StepId, turn: &mut Turn) {
        let problem = Problem::new("effect_refused", "a person refused what the step would do");
        self.fail(step, problem, turn);
    }
}

/// The JSON Schema of an answer about an attempt that may act.
fn answer_schema(output: &Value) -> Value {
    let action = |name: &str, title: &str| json!({"const": name, "title": title});
    json!({
        "type": "object",
        "required": ["action"],
        "oneOf": [
            {
                "title": "Do it",
                "properties": {"action": action("do", "Do it")},
                "additionalProperties": false,
            },
            {
                "title": "Complete the step with an output",
                "properties": {"action": action("complete", "Complete"), "output": output},
                "required": ["output"],
                "additionalProperties": false,
            },
            {
                "title": "Stop",
                "properties": {"action": action("stop", "Stop")},
                "additionalProperties": false,
            },
        ],
    })
}
