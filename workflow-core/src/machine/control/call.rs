//! Calls: another workflow as a part of the run.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{Changes, Control, Next, Segments, State, View};
use crate::{
    error::NodeError,
    machine::{ids::Place, step::StepState},
    template::{ImplicitInput, Json, Scope},
    value::Budget,
    workflow::PlannedCall,
};

/// The place of the only frame of a call.
const CALLED: Place = 0;

/// The input of a called workflow.
struct Input {
    value: Arc<Value>,
    /// Whether the value was made for the call. Otherwise another step holds it, and its memory is counted there.
    is_new: bool,
}

impl Control for PlannedCall {
    /// Renders the input, in replay too: the event that begins a call does not contain it. Rendering depends on
    /// values of the log only, so the result is the same.
    fn begin(&self, step: &mut Changes<'_>) {
        let (outer, node) = (step.outer(), step.step.node());
        let input = match self.input(&outer.scope, outer.body.steps[node].input) {
            Ok(input) => input,
            Err(error) => {
                let problem = Arc::new(error.into_problem());
                return step.hold(State::Refused(problem));
            }
        };
        // A called workflow sees nothing of its caller but its input and the run: its scope has no
        // outer scope.
        let body = self.workflow.body();
        let (input_value, run) = (Arc::clone(&input.value), outer.scope.run());
        let scope = Scope::of_workflow(&body.variables, body.steps.len(), input_value, run);
        let names = body.steps_within(outer.names.path(node));
        step.hold(State::Frames);
        let frame = step.open(CALLED, body, names, scope);
        if input.is_new {
            step.frames.hold(frame, &input.value);
        }
    }

    /// The id of the inner node follows directly: a call adds no segment.
    fn descend(&self, _path: &mut Segments<'_>) -> Option<Place> {
        Some(CALLED)
    }

    fn timeout(&self) -> Option<Duration> {
        self.workflow.timeout()
    }

    fn budget(&self) -> Option<&Budget> {
        self.workflow.budget()
    }

    fn output(&self, _place: Place) -> Option<&Json> {
        self.workflow.output()
    }

    fn next(&self, step: &View<'_>) -> Next {
        let Some(container) = step.container() else {
            return Next::Rest;
        };
        if let State::Refused(problem) = &container.state {
            return Next::Fail(Arc::clone(problem));
        }
        // The event that begins a call opens its frame, whatever the limit is. If something has begun in
        // it, the host that began it allowed it.
        let others = step.frames.open() - 1;
        match step.limits.check_frames(others) {
            Err(error) if is_untouched(step, CALLED) => Next::fail(error.into_problem()),
            _ => Next::Rest,
        }
    }

    /// The result of the called workflow is the output of the step. Its size is not checked again: results have a
    /// limit of their own, which is larger than that of outputs.
    fn frame_settled(&self, _step: &View<'_>, _place: Place, result: &Arc<Value>) -> Next {
        Next::Complete(Arc::clone(result), None)
    }
}

impl PlannedCall {
    /// The checked input: what the node's `input` renders to, or the implicit input.
    ///
    /// # Errors
    /// `invalid_input` with the faults, `no_implicit_input`, or the error of rendering.
    fn input(&self, scope: &Arc<Scope>, implicit: ImplicitInput) -> Result<Input, NodeError> {
        let input = if let Some(written) = &self.node.input {
            let value = Arc::new(written.render(scope)?.0);
            let is_new = true;
            Input { value, is_new }
        } else {
            let value = scope.implicit_input(implicit).cloned();
            let value = value.ok_or_else(|| {
                NodeError::new("no_implicit_input", "the call has no input")
                    .with_hint("set its `input`")
            })?;
            let is_new = false;
            Input { value, is_new }
        };
        match self.workflow.check_input(&input.value) {
            Ok(()) => Ok(input),
            Err(faults) => {
                let detail = "the input is not what the called workflow takes";
                Err(NodeError::new("invalid_input", detail).with_errors(faults))
            }
        }
    }
}

/// Whether no step of the frame at a place has begun.
pub(super) fn is_untouched(step: &View<'_>, place: Place) -> bool {
    let untouched = |state| matches!(state, StepState::Idle { .. } | StepState::Due { .. });
    let frame = step.frame(place);
    frame.is_some_and(|frame| frame.steps.iter().all(|step| untouched(step.state)))
}
