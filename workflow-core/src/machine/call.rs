//! Calls: another workflow as a part of the run.

use std::sync::Arc;

use serde_json::Value;

use super::{FrameId, Machine, StepId, Turn, container::Container, frame::Frame};
use crate::{error::NodeError, scope::Scope, workflow::Work};

impl Machine {
    pub(super) fn open_call(&mut self, step: StepId, turn: &mut Turn) {
        let begun = self.check_frames().and_then(|()| self.begin_call(step));
        if let Err(error) = begun {
            self.fail(step, error.into_problem(), turn);
        }
    }

    /// Begins the called workflow. Nothing in the log says so: its input is derived.
    pub(super) fn begin_call(&mut self, step: StepId) -> Result<FrameId, NodeError> {
        let planned = self.frames.planned(step);
        let Work::Call(_, workflow) = &planned.work else {
            return Err(NodeError::new("internal", "this step calls no workflow"));
        };
        let workflow = Arc::clone(workflow);
        let (input, is_new) = self.call_input(step)?;
        if let Err(faults) = workflow.check_input(&input) {
            let detail = "the input is not what the called workflow takes";
            return Err(NodeError::new("invalid_input", detail).with_errors(faults));
        }
        let body = workflow.body();
        let scope = Scope::of_workflow(&body.variables, body.steps.len(), Arc::clone(&input));
        let names = body.steps_within(self.frames.at(step.frame).names[step.node()].path());
        let frame = Frame::new(body, scope, names, Some((step, 0)));
        let frame = self.open_frame(frame);
        if is_new {
            self.hold(frame, &input);
        }
        self.frames.step_mut(step).container = Some(Box::new(Container::Call(frame)));
        Ok(frame)
    }

    /// What a called workflow is given, and whether that is a value of its own.
    fn call_input(&self, step: StepId) -> Result<(Arc<Value>, bool), NodeError> {
        let planned = self.frames.planned(step);
        let scope = &self.frames.at(step.frame).scope;
        let written = match &planned.work {
            Work::Call(call, _) => call.input.as_ref(),
            _ => None,
        };
        if let Some(written) = written {
            return Ok((Arc::new(written.render(scope)?.0), true));
        }
        let implicit = scope.implicit_input(planned.input).cloned();
        let implicit = implicit.ok_or_else(|| {
            NodeError::new("no_implicit_input", "there is nothing to call it with")
                .hint("say its `input`")
        })?;
        Ok((implicit, false))
    }

    /// The frame of a call, which is begun if it was not yet.
    pub(super) fn call_frame(&mut self, step: StepId) -> Option<FrameId> {
        match self.frames.step(step).container.as_deref() {
            Some(Container::Call(frame)) => Some(*frame),
            None => self.begin_call(step).ok(),
            Some(_) => None,
        }
    }
}
