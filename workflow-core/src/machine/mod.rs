//! The decisions of a run, and nothing else: no clock, no IO, no async.
//!
//! A [`Machine`] is told what happened and answers with events for the log and commands for its
//! driver. The same workflow and the same inputs in the same order give the same events. What a log
//! tells changes it by applying events, live as in replay; which steps are due or wait for a slot is
//! derived from that. So any prefix of a log is a valid state, and [`Input::Resume`] derives
//! whatever a cut log had not written yet.

mod apply;
mod inputs;
mod retry;
mod settle;
mod step;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::Value;

use self::step::{Step, StepState};
use crate::{
    error::{NodeError, Problem},
    event::{EventKind, Report, RunCreated, StepEvent},
    id::{RunId, StepRef},
    scope::Scope,
    time::Timestamp,
    usage::Usage,
    workflow::Workflow,
};

/// What a machine is told.
pub(crate) enum Input {
    /// Begin, or go on from the log that was applied.
    Resume,
    /// An attempt ended.
    Done {
        step: usize,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        draw: f64,
    },
    /// The wait before another attempt is over.
    TimerFired { step: usize },
    /// The time the workflow allows is over.
    DeadlineReached,
    /// Someone wants the run to end.
    Cancel { reason: Arc<str> },
}

/// What a driver is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Start this attempt.
    Run { step: usize, attempt: u32 },
    /// Say when this wait is over.
    Wait { step: usize, wait: Duration },
    /// Say when the run has had this long.
    Deadline { wait: Duration },
}

/// What one or more inputs led to. Reused from turn to turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) events: Vec<StepEvent>,
    pub(crate) commands: Vec<Command>,
}

/// How far a run as a whole has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Created,
    Started(Timestamp),
    Ended,
}

/// Why a run is to end before all its steps are done.
#[derive(Clone, Debug)]
enum Doom {
    Failed {
        step: Option<StepRef>,
        error: Arc<Problem>,
    },
    Cancelled {
        reason: Arc<str>,
    },
}

/// One run: what has happened, and what follows from it.
pub(crate) struct Machine {
    workflow: Arc<Workflow>,
    scope: Arc<Scope>,
    run_id: RunId,
    seq: u64,
    phase: Phase,
    doom: Option<Doom>,
    steps: Box<[Step]>,
    /// When the run fails, should it still work then.
    deadline: Option<Timestamp>,
    /// Steps whose needs are settled, before it is decided whether they are taken.
    due: VecDeque<usize>,
    /// Steps that wait for a slot.
    ready: VecDeque<usize>,
    unsettled: usize,
    /// How many steps work.
    working: usize,
    /// How many may work at once.
    slots: usize,
    usage: Usage,
}

/// An event that cannot follow what came before it.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} ({name}) does not fit the log before it")]
pub(crate) struct Misfit {
    seq: u64,
    name: &'static str,
}

impl Machine {
    /// A run that nothing has happened in. `slots` is how many steps may work at once.
    pub(crate) fn new(
        workflow: Arc<Workflow>,
        run_id: RunId,
        input: Arc<Value>,
        slots: usize,
    ) -> Self {
        let planned = workflow.steps();
        let steps: Box<[Step]> = planned
            .iter()
            .map(|planned| Step::new(planned.needs))
            .collect();
        let due = (0..steps.len())
            .filter(|step| planned[*step].needs == 0)
            .collect();
        let scope = Arc::new(Scope::new(
            Arc::clone(workflow.variables()),
            steps.len(),
            input,
        ));
        let unsettled = steps.len();
        Self {
            workflow,
            scope,
            run_id,
            seq: 0,
            phase: Phase::New,
            doom: None,
            steps,
            deadline: None,
            due,
            ready: VecDeque::new(),
            unsettled,
            working: 0,
            slots,
            usage: Usage::default(),
        }
    }

    /// The values of settled steps.
    pub(crate) fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    /// Whether the last event was written.
    pub(crate) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The first event of a new run.
    pub(crate) fn create(&mut self, created: RunCreated, now: Timestamp) -> StepEvent {
        self.next_event(None, EventKind::RunCreated(Box::new(created)), now)
    }

    /// Takes in what happened in one turn, and adds what follows from it. What was done counts as
    /// done, also when something else of the same turn ends the run.
    pub(crate) fn on(
        &mut self,
        inputs: impl IntoIterator<Item = Input>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        for input in inputs {
            match input {
                Input::Resume => self.resume(now, turn),
                Input::Done {
                    step,
                    result,
                    report,
                    draw,
                } => self.done(step, result, report, draw, now, turn),
                Input::TimerFired { step } => self.timer_fired(step),
                Input::DeadlineReached => self.deadline_reached(),
                Input::Cancel { reason } => _ = self.doom.get_or_insert(Doom::Cancelled { reason }),
            }
        }
        if !self.has_ended() {
            self.settle(now, turn);
        }
    }

    fn emit(&mut self, step: Option<usize>, kind: EventKind, now: Timestamp, turn: &mut Turn) {
        turn.events.push(self.next_event(step, kind, now));
    }

    /// Takes an event in, and numbers it.
    fn next_event(&mut self, step: Option<usize>, kind: EventKind, now: Timestamp) -> StepEvent {
        self.transition(step, &kind, now);
        self.seq += 1;
        StepEvent::new(self.seq, self.run_id, now, kind)
    }

    fn step_ref(&self, step: usize) -> StepRef {
        self.workflow.steps()[step].step.clone()
    }

    /// How many attempts the step can come to; one that was recovered has had more than its policy says.
    fn max_attempts(&self, step: usize) -> u32 {
        let state = &self.steps[step];
        let left = self.workflow.steps()[step]
            .retry
            .max_attempts
            .saturating_sub(state.failures);
        match state.state {
            StepState::Running { .. } => state.attempt.saturating_add(left.saturating_sub(1)),
            _ => state.attempt.saturating_add(left),
        }
    }
}
