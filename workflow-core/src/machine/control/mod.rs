//! The behaviour of control nodes: one file per kind, with the same hooks.
//!
//! The machine calls [`Control::next`] after each event of a step, and carries out the decision, until it is
//! [`Next::Rest`]. It calls the same hook after a restart, so a kind needs no code for recovery: what a kind must
//! remember has to follow from its events.

mod agent;
mod call;
mod delay;
mod human;
mod map;
mod repeat;
mod tool;

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
    step::StepState,
};
use crate::{
    error::Problem,
    event::{EventKind, NodeProgress, Progress, Report, WaitKind},
    template::{Json, Scope},
    value::{Budget, RunId, StepKey, StepNames, StepRef, Timestamp, WaitId},
    workflow::{Body, NodeKind, PlannedNode},
};

/// The behaviour of one kind of control node.
///
/// A step of this kind holds frames, each with a [`Place`]. The kind decides how many there are, which bodies they run,
/// when they open and when they close.
///
/// There are two groups of hooks. Transition hooks apply an event and run in replay, too: they may change what the step holds, and
/// nothing else. Decision hooks read the state and return what comes next; the machine does it.
pub(super) trait Control {
    // Transition: these hooks apply an event. They may change what the step holds, and nothing else.

    /// Applies `node.started`. An error is stored, and [`next`](Self::next) fails the step with it.
    fn begin(&self, _step: &mut Changes<'_>) {}

    /// Applies `node.progress`. An event that does not fit changes nothing.
    fn progress(&self, _step: &mut Changes<'_>, _progress: Progress) -> Result<(), DoesNotFit> {
        Err(DoesNotFit)
    }

    /// Whether [`step_settled`](Self::step_settled) is called.
    fn follows_steps(&self) -> bool {
        false
    }

    /// Applies the event that settled a step in one of the frames. Only for kinds that
    /// [follow their steps](Self::follows_steps).
    fn step_settled(&self, _step: &mut Changes<'_>, _settled: &SettledStep<'_>) {}

    /// Applies `node.resumed`, after the answer was put into the container. `None` if time ended the wait.
    fn answered(&self, _step: &mut Changes<'_>, _answer: Option<&Arc<Value>>) {}

    /// Opens the frame at a place in replay, because the log has an event of a step in it.
    ///
    /// Needed for frames that this host did not open because its limit of open frames is lower than that of the host
    /// before it, or because this version would not have begun them.
    fn reopen(&self, _step: &mut Changes<'_>, _place: Place) -> Result<(), DoesNotFit> {
        Err(DoesNotFit)
    }

    /// Whether `node.waiting` of this kind may follow.
    fn may_wait(&self, _kind: Option<WaitKind>) -> bool {
        false
    }

    /// The longest time of the step from the end of its wait, for a kind that works after it.
    fn timeout_after_answer(&self) -> Option<Duration> {
        None
    }

    /// The budget of everything in the step.
    fn budget(&self) -> Option<&Budget> {
        None
    }

    /// The frame in which a path continues. Takes as many segments as the kind writes before the id of the node.
    fn descend(&self, _path: &mut Segments<'_>) -> Option<Place> {
        None
    }

    // Decisions: these hooks read, and return what comes next. The machine does it.

    /// The key of what the step does, for the reuse of its result in another run. `None` if its result depends on more than the step
    /// itself. Called before the step begins.
    fn key(&self, _step: &View<'_>) -> Option<StepKey> {
        None
    }

    /// The longest time of the step, if the kind has a limit of its own.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Whether the `on_error` of the step may handle this error. Otherwise the step fails its list.
    fn may_handle(&self, _error: &Problem) -> bool {
        true
    }

    /// Whether an attempt in the step that was lost with its host, and that may have acted, fails.
    fn fails_if_ambiguous(&self) -> bool {
        false
    }

    /// The `output` that the list of nodes at this place declares.
    fn output(&self, _place: Place) -> Option<&Json> {
        None
    }

    /// What comes next for an open step. Called after each of its own events and after a restart. It must depend on
    /// the state and the time only, so that it decides the same after a restart.
    fn next(&self, step: &View<'_>) -> Next;

    /// Every step of a frame is settled. After a restart the machine may call this once more for a frame that
    /// is still open; a kind that keeps such frames returns [`Next::Rest`] for them.
    fn frame_settled(&self, _step: &View<'_>, _place: Place, _result: &Arc<Value>) -> Next {
        Next::Rest
    }

    /// A frame failed, and what ran in it was cancelled.
    fn frame_failed(&self, _step: &View<'_>, _place: Place, error: Arc<Problem>) -> Next {
        Next::Fail(error)
    }
}

/// The decision of a kind.
pub(super) enum Next {
    /// Nothing, until the next event or input.
    Rest,
    /// Append this event. [`Control::next`] follows if the step is still open.
    Emit(EventKind),
    /// Complete the step.
    Complete(Arc<Value>, Option<Box<Report>>),
    /// Cancel what runs in the step, and fail it.
    Fail(Arc<Problem>),
}

impl Next {
    fn fail(problem: Problem) -> Self {
        Self::Fail(Arc::new(problem))
    }
}

/// The behaviour of a node; `None` for a leaf. This is the only match over the kinds in this layer.
#[inline]
pub(super) fn of(kind: &NodeKind) -> Option<&dyn Control> {
    match kind {
        NodeKind::Leaf(_) | NodeKind::Turn(_) => None,
        NodeKind::Map(map) => Some(map),
        NodeKind::Loop(repeat) => Some(repeat),
        NodeKind::Call(call) => Some(call),
        NodeKind::Human(human) => Some(human),
        NodeKind::Delay(delay) => Some(delay),
        NodeKind::Agent(agent) => Some(&**agent),
        NodeKind::ToolCall(call) => Some(call),
    }
}

/// A step that has just settled in a frame.
pub(super) struct SettledStep<'a> {
    /// The place of the frame.
    pub(super) place: Place,
    pub(super) report: Option<&'a Report>,
}

/// What a decision can read.
pub(super) struct View<'a> {
    pub(super) frames: &'a Frames,
    pub(super) step: StepId,
    pub(super) limits: &'a Limits,
    pub(super) now: Timestamp,
    pub(super) run: RunId,
    /// The number of the next event.
    pub(super) next_seq: u64,
    /// The number of events in the log if the run ends now.
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

    /// The values that the step itself can read.
    ///
    /// Not those of its frames: `over`, `when` and the message of a wait belong to the step.
    fn scope(&self) -> &'a Arc<Scope> {
        &self.frames.at(self.step.frame).scope
    }

    fn planned(&self) -> &'a PlannedNode {
        self.frames.planned(self.step)
    }

    fn step_ref(&self) -> StepRef {
        self.frames.name(self.step)
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
    ///
    /// A delay passes its implicit input on, so that it can be inserted between two nodes. `null` if there is none.
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
///
/// It has no access to the waits, the counters and the phase of the run: those change by the transition itself
/// only.
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

    /// The frame at a place.
    fn frame(&self, place: Place) -> Option<&Frame> {
        let frame = self.container()?.frames.get(&place)?;
        self.frames.get(*frame)
    }

    /// Lets the first step of a frame that waits for another one begin.
    fn begin_next(&mut self, place: Place) {
        let Some(id) = self
            .container()
            .and_then(|it| it.frames.get(&place))
            .copied()
        else {
            return;
        };
        let mut steps = self.frames.at_mut(id).steps.iter_mut().enumerate();
        let next = steps.find(|(_, step)| matches!(step.state, StepState::Idle { .. }));
        if let Some((node, step)) = next
            && step.need_settled(true)
        {
            self.agenda.due.push_back(StepId::new(id, node));
        }
    }

    /// Records the arguments that a person put in the place of those of the model, with the agent that asked for this call.
    fn change_args(&mut self, args: &Arc<Value>) {
        let (call, parent) = (self.step.node(), self.outer().parent);
        let agent = parent.and_then(|(agent, _)| {
            let agent = self.frames.step_mut(agent);
            Some(&mut agent.container.as_deref_mut()?.state)
        });
        if let Some(State::Agent(turns)) = agent
            && let Some(said) = &mut turns.said
        {
            said.changed.insert(call, Arc::clone(args));
        }
    }

    /// The frame that contains the step itself.
    fn outer(&self) -> &Frame {
        self.frames.at(self.step.frame)
    }

    /// Gives the step a container with this state, without frames.
    fn hold(&mut self, state: State) {
        let container = Box::new(Container::new(state));
        self.frames.step_mut(self.step).container = Some(container);
    }

    /// Replaces the state of the container.
    fn set_state(&mut self, state: State) {
        match self.container_mut() {
            Some(container) => container.state = state,
            None => self.hold(state),
        }
    }

    /// Adds memory of what the step holds besides its frames. It counts for the frame that contains the step, so it
    /// ends with that frame at the latest.
    fn charge(&mut self, bytes: usize) {
        self.frames.charge(self.step.frame, bytes);
    }

    /// Subtracts memory of what the step held besides its frames.
    fn credit(&mut self, bytes: usize) {
        self.frames.credit(self.step.frame, bytes);
    }

    /// Opens a frame of the step. Its first nodes become due.
    fn open(&mut self, place: Place, body: &Arc<Body>, names: StepNames, scope: Scope) -> FrameId {
        let frame = Frame::new(body, scope, names, Some((self.step, place)));
        let id = self.frames.add(frame);
        self.agenda.frame_opened(id, self.frames.at(id));
        if let Some(container) = self.container_mut() {
            container.frames.insert(place, id);
        }
        id
    }

    /// Closes a frame of the step and drops its values.
    fn close(&mut self, place: Place) {
        let frame = self.container_mut().and_then(|it| it.frames.remove(&place));
        if let Some(frame) = frame {
            self.frames.remove(frame);
        }
    }
}
