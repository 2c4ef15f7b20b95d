//! The transition to a run that has failed and whose `on_failure` runs.

use std::sync::Arc;

use serde_json::json;

use super::{Agenda, DoesNotFit, Failing, Frame, FrameId, Logged, Scope};
use crate::{
    event::RunFailing,
    machine::{failing::DeadlineOf, path::Segments},
    workflow::ON_FAILURE,
};

impl Logged {
    /// Why the run has failed, while its `on_failure` runs.
    #[inline]
    pub(in crate::machine) fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// What [`deadline`](Self::deadline) bounds.
    pub(in crate::machine) fn deadline_of(&self) -> DeadlineOf {
        match self.failing {
            None => DeadlineOf::Workflow,
            Some(_) => DeadlineOf::OnFailure,
        }
    }

    /// Opens the frame of `on_failure`. Whatever was to be done in the workflow is dropped: nothing in it is open.
    pub(super) fn begin_on_failure(
        &mut self,
        failing: &RunFailing,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        let root = self.frames.at(FrameId::ROOT);
        let Some(on_failure) =
            (self.on_failure.as_deref()).filter(|_| self.failing.is_none() && !root.is_busy())
        else {
            return Err(DoesNotFit);
        };
        let step = failing.step.as_ref().map(|step| step.path().as_str());
        let error = Arc::new(json!({
            "code": failing.error.code,
            "detail": failing.error.detail,
            "step": step,
        }));
        root.scope.run().set_error(Arc::clone(&error));
        let body = &on_failure.body;
        let scope = Scope::of_failure(&root.scope, &body.variables, body.steps.len());
        let frame = Frame::new(body, scope, on_failure.names.clone(), None);
        let id = self.frames.add(frame);
        self.frames.hold(id, &error);
        // A notification of the failure of an earlier run does not notify of this one.
        if let Some(given) = &mut self.given {
            given.forget_results();
        }
        agenda.clear();
        agenda.frame_opened(id, self.frames.at(id));
        self.deadline = Some(failing.deadline);
        self.failing = Some(Failing {
            frame: id,
            step: failing.step.clone(),
            error: Arc::clone(&failing.error),
        });
        Ok(())
    }

    /// The frame in which a path begins: that of `on_failure`, whose segment is then taken, or that of the workflow. A
    /// workflow with `on_failure` has no node of this name.
    pub(super) fn first_frame(&self, path: &mut Segments<'_>) -> FrameId {
        match &self.failing {
            Some(failing) if path.peek() == Some(ON_FAILURE) => {
                path.next();
                failing.frame
            }
            _ => FrameId::ROOT,
        }
    }
}
