//! The decisions of a run, and nothing else: no clock, no IO, no async.
//!
//! A [`Machine`] is told what happened and answers with events for the log and commands for its
//! driver. The same workflow and the same inputs in the same order give the same events. Its state
//! changes only by applying events, live as in replay, so any prefix of a log is a valid state, and
//! [`Input::Resume`] derives whatever a cut log had not written yet.

mod retry;
mod step;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Map, Value};

use self::step::{Step, StepState};
use crate::{
    error::{NodeError, Problem},
    event::{
        EventKind, NodeCancelled, NodeCompleted, NodeFailed, NodeStarted, Report, RunCancelled,
        RunCompleted, RunCreated, RunFailed, StartReason, StepEvent,
    },
    id::{RunId, StepRef},
    scope::Scope,
    time::{Timestamp, millis},
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
    /// Drop all attempts and waits.
    Stop,
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
    Failed { step: StepRef, error: Arc<Problem> },
    Cancelled { reason: Arc<str> },
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
    ready: VecDeque<usize>,
    unsettled: usize,
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
        let ready = (0..steps.len())
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
            ready,
            unsettled,
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

    /// Takes in an event of a log, in replay.
    pub(crate) fn apply(&mut self, event: &StepEvent) -> Result<(), Misfit> {
        let misfit = || Misfit {
            seq: event.seq,
            name: event.kind.name(),
        };
        if event.seq != self.seq + 1 || self.has_ended() {
            return Err(misfit());
        }
        let step = match event.step() {
            Some(step) => Some(self.index_of(step).ok_or_else(misfit)?),
            None => None,
        };
        self.transition(step, &event.kind, event.time);
        self.seq = event.seq;
        Ok(())
    }

    fn index_of(&self, step: &StepRef) -> Option<usize> {
        let index = self
            .workflow
            .variables()
            .get(&step.node().variable())
            .copied()?;
        (self.workflow.steps()[index].step == *step).then_some(index)
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
                Input::Resume => self.resume(turn, now),
                Input::Done {
                    step,
                    result,
                    report,
                    draw,
                } => self.done(step, result, report, draw, now, turn),
                Input::TimerFired { step } => self.timer_fired(step),
                Input::Cancel { reason } => _ = self.doom.get_or_insert(Doom::Cancelled { reason }),
            }
        }
        if !self.has_ended() {
            self.settle(now, turn);
        }
    }

    /// Steps that were in flight when the log was cut start again; waits go on.
    fn resume(&mut self, turn: &mut Turn, now: Timestamp) {
        for index in 0..self.steps.len() {
            match self.steps[index].state {
                StepState::Running { .. } => {
                    self.steps[index].state = StepState::Ready(Some(StartReason::Recovered));
                    self.slots += 1;
                    self.ready.push_back(index);
                }
                StepState::Backoff { until } => {
                    turn.commands.push(Command::Wait {
                        step: index,
                        wait: until.since(now),
                    });
                }
                StepState::Idle { .. } | StepState::Ready(_) | StepState::Settled => {}
            }
        }
    }

    fn timer_fired(&mut self, step: usize) {
        if matches!(self.steps[step].state, StepState::Backoff { .. }) {
            self.steps[step].state = StepState::Ready(None);
            self.ready.push_back(step);
        }
    }

    fn done(
        &mut self,
        step: usize,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        draw: f64,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let StepState::Running { since } = self.steps[step].state else {
            return;
        };
        let duration_ms = millis(now.since(since));
        let attempt = self.steps[step].attempt;
        let name = self.step_ref(step);
        let kind = match result {
            Ok(output) => EventKind::NodeCompleted(NodeCompleted {
                step: name,
                attempt,
                output: Arc::new(output),
                duration_ms,
                report,
            }),
            Err(error) => {
                let usage = report.map(|report| report.usage).unwrap_or_default();
                match retry::decide(
                    &self.workflow.steps()[step].retry,
                    self.steps[step].failures + 1,
                    error,
                    draw,
                ) {
                    retry::Verdict::Again { wait, error } => {
                        turn.commands.push(Command::Wait { step, wait });
                        retry::event(name, attempt, self.max_attempts(step), wait, error, usage)
                    }
                    retry::Verdict::Fail(error) => EventKind::NodeFailed(Box::new(NodeFailed {
                        step: name,
                        attempt,
                        error: Arc::new(error),
                        handled: false,
                        duration_ms,
                        usage,
                    })),
                }
            }
        };
        self.emit(Some(step), kind, now, turn);
    }

    /// Derives every consequence: starts, and the end.
    fn settle(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.phase == Phase::Created {
            self.emit(None, EventKind::RunStarted, now, turn);
        }
        if let Some(doom) = self.doom.clone() {
            self.end_early(&doom, now, turn);
        } else if self.unsettled == 0 {
            let (output, usage, duration_ms) = (self.result(), self.usage, self.duration_ms(now));
            self.emit(
                None,
                EventKind::RunCompleted(Box::new(RunCompleted {
                    output,
                    usage,
                    duration_ms,
                })),
                now,
                turn,
            );
        } else {
            self.start_ready(now, turn);
        }
    }

    fn start_ready(&mut self, now: Timestamp, turn: &mut Turn) {
        while self.slots > 0
            && let Some(index) = self.ready.pop_front()
        {
            let StepState::Ready(reason) = self.steps[index].state else {
                continue;
            };
            let attempt = self.steps[index].attempt + 1;
            let started = NodeStarted {
                step: self.step_ref(index),
                attempt,
                max_attempts: self.max_attempts(index),
                reason,
            };
            self.emit(Some(index), EventKind::NodeStarted(started), now, turn);
            turn.commands.push(Command::Run {
                step: index,
                attempt,
            });
        }
    }

    fn end_early(&mut self, doom: &Doom, now: Timestamp, turn: &mut Turn) {
        turn.commands.push(Command::Stop);
        let why: &'static str = match doom {
            Doom::Failed { .. } => "sibling_failed",
            Doom::Cancelled { .. } => "run_cancelled",
        };
        for index in 0..self.steps.len() {
            if self.steps[index].is_open() {
                let cancelled = NodeCancelled {
                    step: self.step_ref(index),
                    reason: why.into(),
                };
                self.emit(Some(index), EventKind::NodeCancelled(cancelled), now, turn);
            }
        }
        let (usage, duration_ms) = (self.usage, self.duration_ms(now));
        let last = match doom.clone() {
            Doom::Failed { step, error } => EventKind::RunFailed(Box::new(RunFailed {
                error,
                step: Some(step),
                usage,
                duration_ms,
            })),
            Doom::Cancelled { reason } => EventKind::RunCancelled(Box::new(RunCancelled {
                reason: reason.to_string().into(),
                usage,
                duration_ms,
            })),
        };
        self.emit(None, last, now, turn);
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

    /// What an event changes: the same live and in replay.
    fn transition(&mut self, step: Option<usize>, kind: &EventKind, time: Timestamp) {
        match (step, kind) {
            (None, EventKind::RunCreated(_)) => self.phase = Phase::Created,
            (None, EventKind::RunStarted) => self.phase = Phase::Started(time),
            (Some(step), EventKind::NodeStarted(started)) => {
                self.slots = self.slots.saturating_sub(1);
                self.steps[step].start(started.attempt, time);
            }
            (Some(step), EventKind::NodeRetrying(retrying)) => {
                self.release(step, retrying.usage);
                let until = time.after(Duration::from_millis(retrying.next_in_ms));
                self.steps[step].back_off(until);
            }
            (Some(step), EventKind::NodeCompleted(completed)) => {
                let usage = completed
                    .report
                    .as_ref()
                    .map(|report| report.usage)
                    .unwrap_or_default();
                self.release(step, usage);
                self.complete(step, &completed.output);
            }
            (Some(step), EventKind::NodeFailed(failed)) => {
                self.release(step, failed.usage);
                self.steps[step].state = StepState::Settled;
                let (step, error) = (failed.step.clone(), Arc::clone(&failed.error));
                self.doom.get_or_insert(Doom::Failed { step, error });
            }
            (Some(step), EventKind::NodeCancelled(_)) => {
                self.release(step, Usage::default());
                self.steps[step].state = StepState::Settled;
            }
            (
                _,
                EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_),
            ) => {
                self.phase = Phase::Ended;
            }
            (Some(_), EventKind::RunCreated(_) | EventKind::RunStarted) | (None, _) => {}
        }
    }

    /// Gives back the slot of a step that worked, and counts what it used.
    fn release(&mut self, step: usize, usage: Usage) {
        self.slots += usize::from(matches!(self.steps[step].state, StepState::Running { .. }));
        self.usage += usage;
    }

    fn complete(&mut self, step: usize, output: &Arc<Value>) {
        self.steps[step].state = StepState::Settled;
        self.unsettled -= 1;
        self.scope.complete(step, Arc::clone(output));
        let workflow = Arc::clone(&self.workflow);
        for dependent in &workflow.steps()[step].dependents {
            if self.steps[*dependent].need_settled() {
                self.ready.push_back(*dependent);
            }
        }
    }

    /// The workflow's result: the output of its only sink, or of each by its id.
    fn result(&self) -> Arc<Value> {
        let output = |sink: usize| self.scope.output(sink).cloned().unwrap_or_default();
        if let [only] = self.workflow.sinks() {
            return output(*only);
        }
        let named = self.workflow.sinks().iter().map(|sink| {
            let id = self.workflow.nodes()[*sink].id.to_string();
            (id, output(*sink).as_ref().clone())
        });
        Arc::new(Value::Object(named.collect::<Map<_, _>>()))
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
            StepState::Running { .. } => state.attempt + left.saturating_sub(1),
            _ => state.attempt + left,
        }
    }

    fn duration_ms(&self, now: Timestamp) -> u64 {
        match self.phase {
            Phase::Started(since) => millis(now.since(since)),
            Phase::New | Phase::Created | Phase::Ended => 0,
        }
    }
}
