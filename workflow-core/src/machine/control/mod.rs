//! The kinds of control nodes: one file each, with the same hooks.

mod call;
mod delay;
mod human;
mod map;
mod repeat;

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::{
    agenda::Agenda,
    container::{Container, State},
    frame::{Frame, Frames},
    ids::{FrameId, Place, StepId},
    limits::Limits,
    misfit::DoesNotFit,
    path::Segments,
};
use crate::{
    error::Problem,
    event::{EventKind, NodeProgress, Progress, Report},
    template::{Json, Scope},
    value::{StepRef, Timestamp, WaitId},
    workflow::{Body, Planned, Work},
};

/// The behaviour of one kind of control node.
///
/// A step of this kind holds frames, each with a [`Place`]. The kind decides how many there are, which bodies they have,
/// when they open and when they close.
pub(super) trait Control {
    // Transition: these hooks apply an event. They may change what the step holds, and nothing else.

    /// Applies `node.started`. What fails here is stored, for [`next`](Self::next) to fail the step with.
    fn begin(&self, _step: &mut Changes<'_>) {}

    /// Applies `node.progress`. An event that does not fit changes nothing.
    fn progress(&self, _step: &mut Changes<'_>, _progress: Progress) -> Result<(), DoesNotFit> {
        Err(DoesNotFit)
    }

    /// Opens the frame at a place, in replay, because the log has an event of a step in it.
    ///
    /// Only for frames that this host did not open because its limit of open frames is lower than that of
    /// the host before it.
    fn reopen(&self, _step: &mut Changes<'_>, _place: Place) -> Result<(), DoesNotFit> {
        Err(DoesNotFit)
    }

    /// Whether `node.waiting` may follow now.
    fn may_wait(&self) -> bool {
        false
    }

    /// The frame that a path continues in. Takes as many segments as the kind has written before the id of the node.
    fn descend(&self, _path: &mut Segments<'_>) -> Option<Place> {
        None
    }

    // Decisions: these hooks read, and return what comes next. The machine does it.

    /// How long the step may take, if the kind has a limit of its own.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// The `output` that the list of nodes at this place declares.
    fn output(&self, _place: Place) -> Option<&Json> {
        None
    }

    /// What comes next for an open step: after each event of its own, and after a restart.
    fn next(&self, step: &View<'_>) -> Next;

    /// Every step of a frame is settled. After a restart the machine may ask once more for a frame that
    /// is still there; a kind that keeps such frames answers [`Next::Rest`] for them.
    fn frame_settled(&self, _step: &View<'_>, _place: Place, _result: &Arc<Value>) -> Next {
        Next::Rest
    }

    /// A frame failed, and what was running in it was cancelled.
    fn frame_failed(&self, _step: &View<'_>, _place: Place, error: Arc<Problem>) -> Next {
        Next::Fail(error)
    }
}

/// What a kind decides.
pub(super) enum Next {
    /// Nothing, until an event or an input.
    Rest,
    /// Append this event. [`Control::next`] follows if the step is still open.
    Emit(EventKind),
    /// Complete the step.
    Complete(Arc<Value>, Option<Box<Report>>),
    /// Cancel what is running in the step, and fail it.
    Fail(Arc<Problem>),
}

impl Next {
    fn fail(problem: Problem) -> Self {
        Self::Fail(Arc::new(problem))
    }
}

/// The behaviour of a node, or `None` for a leaf. The one match over the kinds in this layer.
#[inline]
pub(super) fn of(work: &Work) -> Option<&dyn Control> {
    match work {
        Work::Leaf(_) => None,
        Work::Map(map) => Some(map),
        Work::Loop(repeat) => Some(repeat),
        Work::Call(call) => Some(call),
        Work::Human(human) => Some(human),
        Work::Delay(delay) => Some(delay),
    }
}

/// What a decision reads.
pub(super) struct View<'a> {
    pub(super) frames: &'a Frames,
    pub(super) step: StepId,
    pub(super) limits: &'a Limits,
    pub(super) now: Timestamp,
    /// The number of the next event.
    pub(super) next_seq: u64,
    /// How many events the log has if the run ends now.
    pub(super) events_at_end: u64,
}

impl<'a> View<'a> {
    #[inline]
    fn container(&self) -> Option<&'a Container> {
        self.frames.step(self.step).container.as_deref()
    }

    /// The frame at a place.
    #[inline]
    fn frame(&self, place: Place) -> Option<&'a Frame> {
        let frame = self.container()?.frames.get(&place)?;
        self.frames.get(*frame)
    }

    /// The values that the step itself sees.
    fn scope(&self) -> &'a Arc<Scope> {
        &self.frames.at(self.step.frame).scope
    }

    fn planned(&self) -> &'a Planned {
        self.frames.planned(self.step)
    }

    fn step_ref(&self) -> StepRef {
        self.frames.name(self.step).clone()
    }

    fn progress(&self, progress: Progress) -> Next {
        let step = self.step_ref();
        Next::Emit(EventKind::NodeProgress(NodeProgress { step, progress }))
    }

    /// The id of a wait that begins with the next event.
    fn next_wait(&self) -> WaitId {
        WaitId::of_event(self.next_seq)
    }

    /// Completes a step whose wait is over: with the answer, or with its implicit input.
    fn answered(&self) -> Option<Next> {
        let State::Answered(answer) = &self.container()?.state else {
            return None;
        };
        let implicit = || self.scope().implicit_input(self.planned().input).cloned();
        let output = answer.clone().or_else(implicit).unwrap_or_default();
        Some(Next::Complete(output, None))
    }
}

/// What the transition of one step may change: what the step holds, and the frames in it.
pub(super) struct Changes<'a> {
    frames: &'a mut Frames,
    agenda: &'a mut Agenda,
    step: StepId,
}

impl<'a> Changes<'a> {
    pub(super) fn new(frames: &'a mut Frames, agenda: &'a mut Agenda, step: StepId) -> Self {
        Self {
            frames,
            agenda,
            step,
        }
    }

    #[inline]
    fn container(&self) -> Option<&Container> {
        self.frames.step(self.step).container.as_deref()
    }

    #[inline]
    fn container_mut(&mut self) -> Option<&mut Container> {
        self.frames.step_mut(self.step).container.as_deref_mut()
    }

    /// The frame that the step itself is in.
    fn outer(&self) -> &Frame {
        self.frames.at(self.step.frame)
    }

    /// Lets the step hold this, without frames.
    fn hold(&mut self, state: State) {
        let container = Box::new(Container::new(state));
        self.frames.step_mut(self.step).container = Some(container);
    }

    /// Counts memory of what the step holds beside its frames.
    fn charge(&mut self, bytes: usize) {
        self.frames.charge(self.step.frame, bytes);
    }

    /// Counts memory that the step no longer holds.
    fn credit(&mut self, bytes: usize) {
        self.frames.credit(self.step.frame, bytes);
    }

    /// Opens a frame of the step. Its first nodes are due.
    fn open(
        &mut self,
        place: Place,
        body: &Arc<Body>,
        names: Arc<[StepRef]>,
        scope: Scope,
    ) -> FrameId {
        let frame = Frame::new(body, scope, names, Some((self.step, place)));
        let id = self.frames.add(frame);
        self.agenda.frame_opened(id, self.frames.at(id));
        if let Some(container) = self.container_mut() {
            container.frames.insert(place, id);
        }
        id
    }

    /// Closes a frame of the step; its values are gone.
    fn close(&mut self, place: Place) {
        let frame = self.container_mut().and_then(|it| it.frames.remove(&place));
        if let Some(frame) = frame {
            self.frames.remove(frame);
        }
    }
}
