//! The decisions of a run, and nothing else: no clock, no IO, no async.
//!
//! A [`Machine`] is told what happened and answers with events for the log and commands for its
//! driver. The same workflow and the same inputs in the same order give the same events. What a log
//! tells changes it by applying events, live as in replay; which steps are due, wait for a slot or
//! make the next item of a map is derived from that. So any prefix of a log is a valid state, and
//! [`Input::Resume`] derives whatever a cut log had not written yet.
//!
//! A list of nodes that is being run is a frame: the workflow's own nodes, and one for each item of a
//! map, round of a loop and call of a workflow that is under way.

mod apply;
mod bounds;
mod call;
mod cancel;
mod container;
mod control;
mod end;
mod follow;
mod frame;
mod inputs;
mod locate;
mod map;
mod repeat;
mod resume;
mod retry;
mod settle;
mod step;
mod suspend;
mod wait;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use self::{
    end::EarlyEnd,
    frame::{Frame, Frames},
    wait::Wait,
};
pub(crate) use self::{
    frame::{FrameId, StepId},
    suspend::SHUTDOWN,
};
use crate::{
    error::NodeError,
    event::{EventKind, Report, ReusedStep, RunCreated, StepEvent},
    id::{RunId, StepRef, WaitId},
    queued::Notice,
    scope::{ImplicitInput, Scope},
    time::Timestamp,
    usage::Usage,
    workflow::{Body, Workflow},
};

/// What a machine is told.
pub(crate) enum Input {
    /// Begin, or go on from the log that was applied.
    Resume,
    /// An attempt ended.
    Done {
        step: StepId,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        jitter_sample: f64,
    },
    /// An attempt waits for admission, or does not any more.
    Noticed(Notice),
    /// A time that the step waited for has come.
    TimerFired { step: StepId },
    /// The time the workflow allows is over.
    DeadlineReached,
    /// A person answers.
    Signal { wait: WaitId, payload: Arc<Value> },
    /// Someone wants the run to end.
    Cancel { reason: Arc<str> },
    /// Its host stops: it is to rest where it is.
    Interrupt,
    /// The runs of its host hold more memory than they may, and this one more than its share.
    OutOfMemory { budget: usize },
}

/// What a driver is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Start this attempt.
    Run { step: StepId, attempt: u32 },
    /// Stop what is under way for this step.
    Stop { step: StepId },
    /// Say when this wait is over.
    Wait { step: StepId, wait: Duration },
    /// Say when the run has had this long.
    Deadline { wait: Duration },
}

/// What one or more inputs led to. Reused from turn to turn.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The time of this turn, and of its events.
    now: Timestamp,
    pub(crate) events: Vec<StepEvent>,
    pub(crate) commands: Vec<Command>,
    /// Whether there is more to decide, without anything else having to happen.
    pub(crate) more: bool,
}

impl Turn {
    /// A first turn. `events` were decided before it and are not stored yet.
    pub(crate) fn new(events: Vec<StepEvent>, now: Timestamp) -> Self {
        Self {
            now,
            events,
            commands: Vec::new(),
            more: false,
        }
    }

    /// Begins the next turn. Events and commands that were not taken stay.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.now = now;
        self.more = false;
    }
}

/// How far a run as a whole has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Created,
    Started(Timestamp),
    /// Nothing works; since when it was started.
    Suspended(Timestamp),
    /// Its host stopped; since when it was started.
    Interrupted(Timestamp),
    Ended,
}

/// How much of what a run may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many steps may work at once.
    pub(crate) slots: usize,
    /// How many events there may be.
    pub(crate) events: u64,
    /// How many items a map may have.
    pub(crate) map_items: usize,
    /// How many lists of nodes may be open.
    pub(crate) frames: usize,
    /// How much memory its values may hold.
    pub(crate) memory: usize,
    /// How many bytes the output of a step may have.
    pub(crate) output_bytes: usize,
}

/// One run: what has happened, and what follows from it.
pub(crate) struct Machine {
    workflow: Arc<Workflow>,
    frames: Frames,
    run_id: RunId,
    seq: u64,
    phase: Phase,
    early_end: Option<EarlyEnd>,
    /// Whether its host stops.
    interrupted: bool,
    /// What the nodes of the workflow do not do again.
    reused: BTreeMap<usize, ReusedStep>,
    /// When the run fails, should it still work then.
    deadline: Option<Timestamp>,
    /// Steps whose needs are settled, before it is decided whether they are taken.
    due: VecDeque<StepId>,
    /// Steps that wait for a slot.
    ready: VecDeque<StepId>,
    /// Frames in which a failure was not handled.
    failed: VecDeque<FrameId>,
    /// Frames in which everything is settled.
    settled: VecDeque<FrameId>,
    /// Who waits for a person or a time.
    waits: BTreeMap<WaitId, Wait>,
    /// How many steps work.
    working: usize,
    /// How many steps have begun and are not settled.
    open: usize,
    limits: Limits,
    usage: Usage,
}

/// What a driver needs to make an attempt.
pub(crate) struct Assignment {
    pub(crate) body: Arc<Body>,
    pub(crate) node: usize,
    pub(crate) step: StepRef,
    pub(crate) scope: Arc<Scope>,
    pub(crate) input: ImplicitInput,
    /// How many attempts failed before.
    pub(crate) failures: u32,
}

/// An event that cannot follow what came before it.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} ({name}) does not fit the log before it")]
pub(crate) struct Misfit {
    seq: u64,
    name: &'static str,
}

impl Machine {
    /// A run that nothing has happened in.
    pub(crate) fn new(
        workflow: Arc<Workflow>,
        run_id: RunId,
        input: Arc<Value>,
        limits: Limits,
    ) -> Self {
        let (body, held) = (workflow.body(), Arc::clone(&input));
        let scope = Scope::of_workflow(&body.variables, body.steps.len(), input);
        let names = Arc::clone(workflow.step_names());
        let mut machine = Self {
            frames: Frames::new(Frame::new(body, scope, names, None)),
            workflow,
            run_id,
            seq: 0,
            phase: Phase::New,
            early_end: None,
            interrupted: false,
            reused: BTreeMap::new(),
            deadline: None,
            due: VecDeque::new(),
            ready: VecDeque::new(),
            failed: VecDeque::new(),
            settled: VecDeque::new(),
            waits: BTreeMap::new(),
            working: 0,
            open: 0,
            limits,
            usage: Usage::default(),
        };
        machine.hold(FrameId::ROOT, &held);
        machine.begin_frame(FrameId::ROOT);
        machine
    }

    /// Lets the first nodes of a frame be decided.
    fn begin_frame(&mut self, id: FrameId) {
        let body = &self.frames.at(id).body;
        let first = (0..body.steps.len()).filter(|node| body.steps[*node].needs == 0);
        self.due.extend(first.map(|node| StepId::new(id, node)));
    }

    /// Opens a body of a container.
    fn open_frame(&mut self, frame: Frame) -> FrameId {
        let id = self.frames.add(frame);
        self.begin_frame(id);
        id
    }

    pub(crate) fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether the last event was written.
    pub(crate) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether nothing works, and nothing will until somebody or some time makes it.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(
            self.phase,
            Phase::Suspended(_) | Phase::Interrupted(_) | Phase::Ended
        )
    }

    /// The first event of a new run.
    pub(crate) fn create(&mut self, created: RunCreated, now: Timestamp) -> StepEvent {
        self.next_event(None, EventKind::RunCreated(Box::new(created)), now)
    }

    /// Takes in what happened in one turn, and adds what follows from it. What was done counts as
    /// done, also when something else of the same turn ends the run.
    pub(crate) fn on(&mut self, inputs: impl IntoIterator<Item = Input>, turn: &mut Turn) {
        if self.has_ended() {
            return;
        }
        for input in inputs {
            match input {
                // There is no room for the events that would follow.
                Input::TimerFired { .. } | Input::Signal { .. } if self.is_full() => {}
                Input::Resume => self.resume(turn),
                Input::Done {
                    step,
                    result,
                    report,
                    jitter_sample,
                } => self.done(step, result, report, jitter_sample, turn),
                Input::Noticed(notice) => self.noticed(notice, turn),
                Input::TimerFired { step } => self.timer_fired(step, turn),
                Input::DeadlineReached => self.deadline_reached(),
                Input::Signal { wait, payload } => self.signal(wait, payload, turn),
                Input::Cancel { reason } => {
                    _ = self.early_end.get_or_insert(EarlyEnd::Cancelled { reason })
                }
                Input::Interrupt => self.interrupted = true,
                Input::OutOfMemory { budget } => self.out_of_memory(budget),
            }
        }
        if !self.has_ended() {
            self.settle(turn);
        }
    }

    /// What is to be done for a step, unless its frame is gone.
    pub(crate) fn assignment(&self, step: StepId) -> Option<Assignment> {
        let frame = self.frames.get(step.frame)?;
        Some(Assignment {
            body: Arc::clone(&frame.body),
            node: step.node(),
            step: frame.names[step.node()].clone(),
            scope: Arc::clone(&frame.scope),
            input: frame.body.steps[step.node()].input,
            failures: frame.steps[step.node()].failures,
        })
    }

    fn emit(&mut self, step: Option<StepId>, kind: EventKind, turn: &mut Turn) {
        turn.events.push(self.next_event(step, kind, turn.now));
    }

    /// Takes an event in, and numbers it.
    fn next_event(&mut self, step: Option<StepId>, kind: EventKind, now: Timestamp) -> StepEvent {
        self.transition(step, &kind, now);
        self.seq += 1;
        StepEvent::new(self.seq, self.run_id, now, kind)
    }

    fn step_ref(&self, step: StepId) -> StepRef {
        self.frames.at(step.frame).names[step.node()].clone()
    }
}
