//! Frames: the lists of nodes that are running, which are the workflow's own and a body for each item, round or call.

use std::{cell::OnceCell, mem::size_of, ops::Deref, sync::Arc};

use serde_json::Value;

use super::{
    ids::{FrameId, Place, StepId},
    step::{Step, StepState},
};
use crate::{
    error::Problem,
    template::Scope,
    value::{StepNames, StepPath, StepRef, heap},
    workflow::{Body, PlannedNode},
};

/// One running list of nodes.
///
/// `body`, `names` and `steps` have the same order, so one index finds a node, its name in events and its state.
pub(super) struct Frame {
    pub(super) body: Arc<FrameBody>,
    pub(super) scope: Arc<Scope>,
    pub(super) names: Arc<StepNames>,
    pub(super) steps: Box<[Step]>,
    pub(super) unsettled: usize,
    /// An estimate of the memory of the frame and its values, in bytes.
    memory: usize,
    /// The step that holds the frame, and the frame's place there. `None` for the workflow's own nodes.
    pub(super) parent: Option<(StepId, Place)>,
    /// The step to which the run is limited.
    pub(super) only: Option<StepPath>,
    /// Whether a step with a `stop_when` completed in it, so that it may end although not every step is settled.
    pub(super) may_stop: bool,
    /// The first unhandled failure in it.
    pub(super) failure: Option<Failure>,
    /// Its result once every step is settled. Computed once: rendering it may be expensive.
    pub(super) result: OnceCell<Result<Arc<Value>, Arc<Problem>>>,
}

/// The nodes of a frame. All runs of a workflow share them, and each frame counts references to them itself: runs on several
/// threads would wait for each other's counts otherwise.
pub(crate) struct FrameBody(Arc<Body>);

impl Deref for FrameBody {
    type Target = Body;

    fn deref(&self) -> &Body {
        &self.0
    }
}

/// An unhandled failure: the step in which it began, and the error.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The number of its event.
    pub(super) seq: u64,
    pub(super) step: StepRef,
    pub(super) error: Arc<Problem>,
}

impl Frame {
    pub(super) fn new(
        body: &Arc<Body>,
        scope: Scope,
        names: StepNames,
        parent: Option<(StepId, Place)>,
    ) -> Self {
        let steps: Box<[Step]> = (body.steps.iter())
            .map(|planned| Step::new(planned.needs))
            .collect();
        Self {
            body: Arc::new(FrameBody(Arc::clone(body))),
            scope: Arc::new(scope),
            names: Arc::new(names),
            unsettled: steps.len(),
            memory: size_of::<Self>() + steps.len() * PER_STEP,
            steps,
            parent,
            only: None,
            may_stop: false,
            failure: None,
            result: OnceCell::new(),
        }
    }

    /// The node of this id.
    ///
    /// `variables` has names as templates write them, with `_` for `-`. Two ids with the same variable are refused
    /// by validation, so the comparison with the id itself only excludes a spelling that the workflow does not use.
    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        let variables = &self.body.variables;
        let index = if id.contains('-') {
            *variables.get(&id.replace('-', "_"))?
        } else {
            *variables.get(id)?
        };
        (self.body.steps[index].id.as_str() == id).then_some(index)
    }

    /// Whether a step in it has begun and is not settled.
    pub(super) fn is_busy(&self) -> bool {
        self.steps.iter().any(Step::is_open)
    }

    /// Whether nothing more can happen in it: every step is settled, or it failed and nothing is running in it.
    pub(super) fn is_finished(&self) -> bool {
        self.unsettled == 0 || (self.failure.is_some() && !self.is_busy())
    }
}

/// An estimate of the bytes of a step without its values: its state, the slot of its output, its name and its path.
const PER_STEP: usize = size_of::<Step>() + 256;

/// The open frames of a run.
///
/// A frame's id is its index in `list`. A closed frame leaves an empty slot, so no id is used twice and a late input for it
/// finds nothing.
///
/// `only` is the step to which the run is limited: then frames on the way to it have a result of their own.
///
/// `memory` is the sum over all open frames, kept up to date by `charge` and `credit`, since it is compared with
/// the limit several times per step. `limit` is that of this host: containers that the log opens beyond it are
/// opened all the same.
pub(super) struct Frames {
    list: Vec<Option<Box<Frame>>>,
    open: usize,
    /// The most open frames before a container must wait with its next one.
    limit: usize,
    memory: usize,
    only: Option<StepPath>,
}

impl Frames {
    pub(super) fn new(root: Frame, limit: usize) -> Self {
        Self {
            open: 1,
            limit,
            memory: root.memory,
            only: None,
            list: vec![Some(Box::new(root))],
        }
    }

    /// Limits the run to one step.
    pub(super) fn limit_to(&mut self, only: Option<StepPath>) {
        if let Some(root) = self.list.first_mut().and_then(Option::as_deref_mut) {
            root.only.clone_from(&only);
        }
        self.only = only;
    }

    pub(super) fn add(&mut self, mut frame: Frame) -> FrameId {
        frame.only.clone_from(&self.only);
        // As many as there are events at most.
        let id = FrameId::new(self.list.len());
        self.open += 1;
        self.memory += frame.memory;
        self.list.push(Some(Box::new(frame)));
        id
    }

    /// Closing a frame twice has no effect.
    pub(super) fn remove(&mut self, id: FrameId) {
        let Some(frame) = self.list.get_mut(id.index()).and_then(Option::take) else {
            return;
        };
        self.open -= 1;
        self.memory -= frame.memory;
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// Whether another frame may be opened.
    pub(super) fn may_open(&self) -> bool {
        self.open < self.limit
    }

    /// How much memory they and their values hold, about.
    pub(super) fn memory(&self) -> usize {
        self.memory
    }

    /// Adds memory to a frame.
    pub(super) fn charge(&mut self, id: FrameId, bytes: usize) {
        self.at_mut(id).memory += bytes;
        self.memory += bytes;
    }

    /// Adds the memory of a value to a frame: twice, since templates read a converted copy.
    pub(super) fn hold(&mut self, id: FrameId, value: &Arc<Value>) {
        self.charge(id, 2 * heap::of_shared(value));
    }

    /// Subtracts memory from a frame. Never more than was charged: an estimate that is off must not underflow.
    pub(super) fn credit(&mut self, id: FrameId, bytes: usize) {
        let frame = self.at_mut(id);
        let bytes = bytes.min(frame.memory);
        frame.memory -= bytes;
        self.memory -= bytes;
    }

    #[inline]
    pub(super) fn get(&self, id: FrameId) -> Option<&Frame> {
        self.list.get(id.index())?.as_deref()
    }

    /// A frame that exists. Only for ids of steps whose frame is open, or the process panics. `get` is for ids that
    /// come from outside of a turn.
    #[inline]
    pub(super) fn at(&self, id: FrameId) -> &Frame {
        self.get(id).expect("a step's frame outlives it")
    }

    #[inline]
    pub(super) fn at_mut(&mut self, id: FrameId) -> &mut Frame {
        let frame = self.list.get_mut(id.index());
        let frame = frame.and_then(Option::as_deref_mut);
        frame.expect("a step's frame outlives it")
    }

    #[inline]
    pub(super) fn step(&self, id: StepId) -> &Step {
        &self.at(id.frame).steps[id.node()]
    }

    #[inline]
    pub(super) fn step_mut(&mut self, id: StepId) -> &mut Step {
        &mut self.at_mut(id.frame).steps[id.node()]
    }

    /// The state of a step, unless its frame is closed. For ids that come from outside: timers and attempts may be late.
    #[inline]
    pub(super) fn state(&self, id: StepId) -> Option<StepState> {
        Some(self.get(id.frame)?.steps[id.node()].state)
    }

    #[inline]
    pub(super) fn planned(&self, id: StepId) -> &PlannedNode {
        &self.at(id.frame).body.steps[id.node()]
    }

    /// The name of a step in events.
    #[inline]
    pub(super) fn name(&self, id: StepId) -> StepRef {
        self.at(id.frame).names.step(id.node())
    }

    /// The path of a step.
    #[inline]
    pub(super) fn path(&self, id: StepId) -> &StepPath {
        self.at(id.frame).names.path(id.node())
    }

    /// The frames that a step holds, in the order of their places.
    pub(super) fn frames_in(&self, id: StepId) -> Vec<FrameId> {
        let container = self.step(id).container.as_deref();
        container.map_or_else(Vec::new, |it| it.frame_ids().collect())
    }

    /// Whether a step inside this step has begun and is not settled.
    #[inline]
    pub(super) fn is_busy_in(&self, step: &Step) -> bool {
        let mut frames = step.container.iter().flat_map(|it| it.frame_ids());
        frames.any(|frame| self.at(frame).is_busy())
    }

    /// The first failure in the frames of a step, if its error is this one.
    ///
    /// The failure of a container names the step in which it began, however deep that is: `run.failed` then points
    /// to the step that an author has to look at. A container that fails for a reason of its own, such as its time
    /// limit, has another error.
    pub(super) fn failure_in(&self, id: StepId, error: &Problem) -> Option<Failure> {
        let container = self.step(id).container.as_deref()?;
        let frames = container.frame_ids().map(|frame| self.at(frame));
        let failures = frames.filter_map(|frame| frame.failure.as_ref());
        let first = failures.min_by_key(|failure| failure.seq)?;
        (*first.error == *error).then(|| first.clone())
    }

    /// Marks the steps that have a running attempt while their host stops. Their recovery does not count against them.
    pub(super) fn interrupt(&mut self) {
        let frames = self.list.iter_mut().flatten();
        for step in frames.flat_map(|frame| &mut frame.steps) {
            step.interrupted = matches!(step.state, StepState::Running { .. });
        }
    }

    /// Every step that exists now, outer frames first.
    pub(super) fn steps(&self) -> impl Iterator<Item = (StepId, &Step)> {
        let frames = self.list.iter().enumerate();
        let frames = frames.filter_map(|(index, frame)| {
            let id = FrameId::new(index);
            Some((id, frame.as_deref()?))
        });
        frames.flat_map(|(id, frame)| {
            let steps = frame.steps.iter().enumerate();
            steps.map(move |(node, step)| (StepId::new(id, node), step))
        })
    }

    /// Whether an unhandled failure, in this frame or around it, is about to end it.
    ///
    /// After a restart, steps in such a frame are not continued: the failure is handled first, and cancels them.
    pub(super) fn is_failing(&self, id: FrameId) -> bool {
        let mut frame = self.get(id);
        while let Some(here) = frame {
            if here.failure.is_some() {
                return true;
            }
            frame = here.parent.and_then(|(step, _)| self.get(step.frame));
        }
        false
    }
}
