//! Calls of tools: perhaps the approval of a person, then the body.
//!
//! The log of a call: `node.started`, perhaps `node.waiting` and `node.resumed`, the events of the body, and `node.completed` or
//! `node.failed`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Changes, Control, DoesNotFit, Next, Segments, State, View, call::is_untouched};
use crate::{
    error::{NodeError, Problem},
    event::{EventKind, NodeWaiting, WaitKind, WaitingCall},
    machine::ids::{Place, StepId},
    node::Approve,
    template::{Json, Scope},
    value::{Budget, Timestamp, WrittenDuration, beginning_of},
    workflow::{PlannedTool, PlannedToolCall, ToolWork, with_integers},
};

/// The place of the only frame of a call.
const BODY: Place = 0;

/// The most bytes of the reason of a refusal: 2 KiB, as much of an error as is sent to a model.
const MAX_REASON_BYTES: usize = 2 * 1024;

impl Control for PlannedToolCall {
    fn begin(&self, step: &mut Changes<'_>) {
        if let Some(refusal) = &self.refusal {
            return step.hold(State::Refused(Arc::clone(refusal)));
        }
        if self.approve().is_none() {
            step.hold(State::Frames);
            self.open_body(step, &self.args);
        }
    }

    /// The body begins with the answer of a person, with the arguments that it has in place of those of the model.
    fn answered(&self, step: &mut Changes<'_>, answer: Option<&Arc<Value>>) {
        let Some(answer) = answer.filter(|answer| is_approval(answer)) else {
            return;
        };
        let changed = answer.get("args").map(|args| Arc::new(with_integers(args)));
        if let Some(args) = &changed {
            step.change_args(args);
        }
        self.open_body(step, changed.as_ref().unwrap_or(&self.args));
    }

    /// The call was made although this version would have refused its arguments.
    fn reopen(&self, step: &mut Changes<'_>, _place: Place) -> Result<(), DoesNotFit> {
        let Some(State::Refused(_)) = step.container().map(|it| &it.state) else {
            return Err(DoesNotFit);
        };
        if self.approve().is_some() || self.tool.is_none() {
            return Err(DoesNotFit);
        }
        step.hold(State::Frames);
        self.open_body(step, &self.args);
        Ok(())
    }

    fn may_wait(&self, kind: Option<WaitKind>) -> bool {
        kind == Some(WaitKind::Approval) && self.approve().is_some()
    }

    /// The id of the inner node follows directly, as in a call of a workflow.
    fn descend(&self, _path: &mut Segments<'_>) -> Option<Place> {
        Some(BODY)
    }

    fn timeout(&self) -> Option<Duration> {
        self.limit().filter(|_| self.approve().is_none())
    }

    fn timeout_after_answer(&self) -> Option<Duration> {
        self.limit()
    }

    fn budget(&self) -> Option<&Budget> {
        match &self.tool.as_ref()?.work {
            ToolWork::Workflow(workflow) => workflow.budget(),
            ToolWork::Nodes(_) => None,
        }
    }

    fn output(&self, _place: Place) -> Option<&Json> {
        match &self.tool.as_ref()?.work {
            ToolWork::Workflow(workflow) => workflow.output(),
            ToolWork::Nodes(_) => None,
        }
    }

    /// A model that gets the error would call again, under another path and with another idempotency key.
    fn may_handle(&self, error: &Problem) -> bool {
        !matches!(&*error.code, "ambiguous" | "recovery_exhausted")
    }

    fn fails_if_ambiguous(&self) -> bool {
        let tool = self.tool.as_ref();
        tool.is_some_and(|tool| tool.fails_if_ambiguous)
    }

    fn next(&self, step: &View<'_>) -> Next {
        let Some(container) = step.container() else {
            return self.ask(step);
        };
        match &container.state {
            State::Refused(problem) => return Next::Fail(Arc::clone(problem)),
            State::Answered(answer) if !answer.as_deref().is_some_and(is_approval) => {
                return Next::fail(refused(answer.as_deref()));
            }
            _ => {}
        }
        // As a call of a workflow: the event that begins the body opens its frame, whatever the limit is.
        match step.limits.check_frames(step.frames.open() - 1) {
            Err(error) if is_untouched(step, BODY) => Next::fail(error.into_problem()),
            _ => Next::Rest,
        }
    }

    fn frame_settled(&self, _step: &View<'_>, _place: Place, result: &Arc<Value>) -> Next {
        Next::Complete(Arc::clone(result), None)
    }
}

impl PlannedToolCall {
    /// The question to a person, if there is one before the call.
    fn approve(&self) -> Option<&Approve> {
        self.tool.as_ref()?.approve.as_ref()
    }

    /// The longest time of the body.
    fn limit(&self) -> Option<Duration> {
        let tool = self.tool.as_ref()?;
        let of_workflow = match &tool.work {
            ToolWork::Workflow(workflow) => workflow.timeout(),
            ToolWork::Nodes(_) => None,
        };
        [tool.timeout, of_workflow].into_iter().flatten().min()
    }

    /// Opens the body. A workflow checks its input: the tool may describe another one to the model.
    fn open_body(&self, step: &mut Changes<'_>, args: &Arc<Value>) {
        let Some(tool) = &self.tool else {
            return;
        };
        let (body, scope) = match &tool.work {
            ToolWork::Nodes(body) => {
                let Some(agent) = agent_scope(step.frames, step.step) else {
                    return;
                };
                let steps = body.steps.len();
                (
                    body,
                    Scope::of_args(agent, &body.variables, steps, Arc::clone(args)),
                )
            }
            ToolWork::Workflow(workflow) => {
                if let Err(faults) = workflow.check_input(args) {
                    let detail = "the arguments are not what the workflow of the tool takes";
                    let problem = Problem::new("invalid_arguments", detail).with_errors(faults);
                    return step.set_state(State::Refused(Arc::new(problem)));
                }
                let (body, run) = (workflow.body(), step.outer().scope.run());
                let steps = body.steps.len();
                (
                    body,
                    Scope::of_workflow(&body.variables, steps, Arc::clone(args), run),
                )
            }
        };
        let outer = step.outer();
        let names = body.steps_within(outer.names.path(step.step.node()));
        let frame = step.open(BODY, body, names, scope);
        step.frames.hold(frame, args);
    }

    /// Asks a person. The message reads the arguments, and what the agent reads.
    fn ask(&self, step: &View<'_>) -> Next {
        let (Some(tool), Some(approve)) = (&self.tool, self.approve()) else {
            return Next::Rest;
        };
        match self.waiting(tool, approve, step) {
            Ok(waiting) => Next::Emit(EventKind::NodeWaiting(Box::new(waiting))),
            Err(error) => Next::fail(error.into_problem()),
        }
    }

    fn waiting(
        &self,
        tool: &PlannedTool,
        approve: &Approve,
        step: &View<'_>,
    ) -> Result<NodeWaiting, NodeError> {
        let agent = agent_scope(step.frames, step.step)
            .ok_or_else(|| NodeError::new("internal", "the call belongs to no agent"))?;
        let scope = Scope::of_args(agent, &Arc::default(), 0, Arc::clone(&self.args));
        let scope = Arc::new(scope);
        let message = approve.message.render(&scope)?;
        let expires = approve.expires.as_ref();
        let expires = expires.map(|expires| expires.render(&scope)).transpose()?;
        let after = |(expires, _): (WrittenDuration, _)| -> Timestamp { step.now.after(expires.0) };
        Ok(NodeWaiting {
            step: step.step_ref(),
            wait_id: step.next_wait(),
            kind: Some(WaitKind::Approval),
            request: None,
            budget_of: None,
            call: Some(Box::new(WaitingCall {
                tool: Arc::clone(&tool.name),
                args: Arc::clone(&self.args),
                input: Arc::clone(&tool.schema),
            })),
            key: None,
            message: Some(message.into()),
            schema: Some(Arc::new(answer_schema())),
            expires_at: expires.map(after),
            resumes_at: None,
        })
    }
}

/// What the agent around a call can read.
fn agent_scope(frames: &super::Frames, call: StepId) -> Option<&Arc<Scope>> {
    let (agent, _) = frames.get(call.frame)?.parent?;
    Some(&frames.get(agent.frame)?.scope)
}

fn is_approval(answer: &Value) -> bool {
    answer["action"] == "approve"
}

fn refused(answer: Option<&Value>) -> Problem {
    let reason = answer.and_then(|answer| answer["reason"].as_str());
    let reason = reason.filter(|reason| !reason.is_empty());
    let detail = match reason {
        Some(reason) => {
            let reason = beginning_of(reason, MAX_REASON_BYTES);
            format!("a person refused the call: {reason}")
        }
        None => "a person refused the call".to_owned(),
    };
    Problem::new("refused", detail)
}

/// The JSON Schema of an answer to the question whether a call is made. Arguments are checked by themselves, against `call.input`.
fn answer_schema() -> Value {
    let action = |name: &str, title: &str| json!({"const": name, "title": title});
    json!({
        "type": "object",
        "required": ["action"],
        "oneOf": [
            {
                "title": "Approve",
                "properties": {
                    "action": action("approve", "Approve"),
                    "args": {"type": "object", "title": "Other arguments"},
                },
                "additionalProperties": false,
            },
            {
                "title": "Refuse",
                "properties": {
                    "action": action("refuse", "Refuse"),
                    "reason": {"type": "string", "title": "Reason"},
                },
                "additionalProperties": false,
            },
        ],
    })
}
