//! The state machine of a run: all decisions, and nothing else. No clock, no IO, no async.
//!
//! A [`Machine`] takes inputs and returns events for the log and commands for its driver. The same workflow and the
//! same inputs in the same order give the same events.
//!
//! Its state has two parts. [`Logged`] is what the log says. Only an event changes it, live as in replay, and an event that
//! does not fit is neither applied nor written. [`Agenda`] is derived from it: which steps are due, wait for a slot, or were lost
//! with their host. So each prefix of a log is a valid state, and [`Input::Resume`] derives whatever a cut log does not
//! contain yet.
//!
//! A running list of nodes is a frame: the workflow's own nodes, and one for each item of a map, round of a loop and call
//! of a workflow. The behaviour of each kind of control node is in [`control`].
//!
//! Called by the driver in `executor`, one turn at a time, and by the engine for replay.
//!
//! The cycle of one turn: inputs become events ([`Machine::on`]), each event is applied at once
//! ([`Machine::emit`]), and what follows from the new state is decided until nothing follows ([`Machine::settle`]).
//! The driver stores the events of the turn and then executes its commands. If the host stops in between, the
//! commands are lost; [`Input::Resume`] derives them from the stored events.

mod agenda;
mod bounds;
mod budget;
mod cancel;
mod container;
mod control;
mod early_end;
mod end;
mod failing;
mod frame;
mod held;
mod ids;
mod inputs;
mod items;
mod limits;
mod lines;
mod logged;
mod misfit;
mod on_failure;
mod path;
mod planning;
mod question;
mod result;
mod resume;
mod retry;
mod settle;
mod step;
mod stop;
mod suspend;
mod turns;
mod wait;
mod waits;

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use self::{
    agenda::Agenda,
    control::{Control, Next, View},
    early_end::EarlyEnd,
    frame::Frames,
    logged::{Logged, Phase, Selected},
    misfit::DoesNotFit,
    step::StepState,
};
pub(crate) use self::{
    failing::DeadlineOf,
    frame::FrameBody,
    ids::{FrameId, StepId},
    limits::Limits,
    logged::SHUTDOWN,
    misfit::Misfit,
};
use crate::{
    error::{NodeError, Problem},
    event::{EventKind, Report, RunCreated, StepEvent},
    node::{Notice, Plan, agent::TurnRequest},
    template::{ImplicitInput, Scope},
    value::{Amount, RunId, StepRef, Timestamp, WaitId},
    workflow::{NodeKind, Workflow},
};

/// An input of the machine.
pub(crate) enum Input {
    /// Starts the run, or continues it from the log that was applied.
    Resume,
    /// An attempt ended.
    Done {
        step: StepId,
        result: Result<Value, NodeError>,
        report: Option<Box<Report>>,
        // Random numbers are an input, like the time: the machine itself has no source of either.
        jitter_sample: f64,
    },
    /// An attempt waits for admission, has advanced in line, or no longer waits.
    Noticed(Notice),
    /// The timer of a step fired: of a back-off, a wait or a container.
    TimerFired { step: StepId },
    /// The timeout of the workflow, or of its `on_failure`, expired.
    DeadlineReached { of: DeadlineOf },
    /// A person answers.
    Signal { wait: WaitId, payload: Arc<Value> },
    /// The run is to be cancelled.
    Cancel { reason: Arc<str> },
    /// The host stops: the run is suspended where it is.
    Interrupt,
    /// The runs of the host hold too much memory, and this run more than its share.
    OutOfMemory { budget: usize },
}

/// A command to the driver.
#[derive(Debug)]
pub(crate) enum Command {
    /// Start this attempt, with what its node planned for it.
    Run {
        step: StepId,
        attempt: u32,
        plan: Plan,
        /// What is reserved for it in the budgets around its step.
        reserved: Option<Amount>,
    },
    /// Stop the attempt or the timer of this step.
    Stop { step: StepId },
    /// Report `TimerFired` for this step after `wait`.
    Wait { step: StepId, wait: Duration },
    /// Report `DeadlineReached` after `wait`.
    Deadline { of: DeadlineOf, wait: Duration },
}

/// The result of one or more inputs. Reused from turn to turn.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The time of this turn, and of its events.
    now: Timestamp,
    /// Those of the turn, after those of earlier turns that the driver has not taken yet.
    pub(crate) events: Vec<StepEvent>,
    /// How many events are of earlier turns.
    earlier: usize,
    pub(crate) commands: Vec<Command>,
    /// Whether there is more to decide without a further input. The driver stores the events of the turn first.
    pub(crate) more: bool,
}

impl Turn {
    /// A first turn, without events.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            events: Vec::new(),
            earlier: 0,
            commands: Vec::new(),
            more: false,
        }
    }

    /// Begins the next turn. Events and commands that the driver has not taken are kept.
    pub(crate) fn begin(&mut self, now: Timestamp) {
        self.now = now;
        self.earlier = self.events.len();
        self.more = false;
    }

    /// The events of this turn.
    pub(crate) fn decided(&self) -> &[StepEvent] {
        self.events.get(self.earlier..).unwrap_or_default()
    }
}

/// One run: its state, and the decisions.
pub(crate) struct Machine {
    workflow: Arc<Workflow>,
    limits: Limits,
    logged: Logged,
    agenda: Agenda,
    /// Whether it predicts a run: it never rests, and plans are asked for their requests.
    predicts: bool,
}

/// What a driver needs to make an attempt.
pub(crate) struct Assignment {
    pub(crate) body: Arc<FrameBody>,
    pub(crate) node: usize,
    pub(crate) step: StepRef,
    pub(crate) scope: Arc<Scope>,
    pub(crate) input: ImplicitInput,
    /// How many earlier attempts failed.
    pub(crate) failures: u32,
    /// What the turn is given, if it is a turn of an agent.
    pub(crate) turn: Option<Box<TurnRequest>>,
}

impl Machine {
    /// A run without events.
    pub(crate) fn new(
        workflow: Arc<Workflow>,
        run_id: RunId,
        input: Arc<Value>,
        limits: Limits,
    ) -> Self {
        let mut agenda = Agenda::default();
        let logged = Logged::new(&workflow, run_id, input, &limits, &mut agenda);
        Self {
            workflow,
            limits,
            logged,
            agenda,
            predicts: false,
        }
    }

    /// A machine that predicts a run: it never rests, since nothing would wake it, and plans are asked for their requests.
    pub(crate) fn predicting(mut self) -> Self {
        self.predicts = true;
        self
    }

    /// The step of this name, if the list of nodes that it is in is open.
    pub(crate) fn find(&self, name: &StepRef) -> Option<StepId> {
        self.logged.open_step(name)
    }

    /// Whether the run is limited to another step than this one.
    pub(crate) fn is_excluded(&self, name: &StepRef) -> bool {
        let given = self.logged.given();
        matches!(given.selected(name.path()), Some(Selected::No))
            && given.overridden(name.path()).is_none()
    }

    /// The name of a step in events. `None` if its frame is closed.
    pub(crate) fn name(&self, step: StepId) -> Option<StepRef> {
        let frame = self.frames().get(step.frame)?;
        Some(frame.names.step(step.node()))
    }

    /// Whether an input is nothing but a result of a step that only computes.
    pub(crate) fn is_computed(&self, input: &Input) -> bool {
        matches!(input, Input::Done { step, .. } if self.is_instant(*step))
    }

    /// Whether the run was being executed when its log ended: its host was lost, unless it is executed now.
    pub(crate) fn is_executing(&self) -> bool {
        matches!(self.logged.phase(), Phase::Started(_))
    }

    /// Whether the node of a step only computes.
    pub(crate) fn is_instant(&self, step: StepId) -> bool {
        let frame = self.frames().get(step.frame);
        frame.is_some_and(|frame| frame.body.steps[step.node()].instant)
    }

    /// Whether a step of an open list of nodes costs nothing, whatever it does: it only computes or waits.
    pub(crate) fn is_free(&self, name: &StepRef) -> bool {
        self.find(name).is_some_and(|step| {
            let kind = &self.frames().planned(step).kind;
            self.is_instant(step) || matches!(kind, NodeKind::Human(_) | NodeKind::Delay(_))
        })
    }

    /// The steps of open lists of nodes about which nothing is decided.
    pub(crate) fn undecided(&self) -> Vec<StepRef> {
        let undecided = |state| matches!(state, StepState::Idle { .. } | StepState::Due { .. });
        let steps = self.frames().steps();
        steps
            .filter(|(_, step)| undecided(step.state))
            .map(|(id, _)| self.step_ref(id))
            .collect()
    }

    pub(crate) fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// An estimate of the memory of the run, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.logged.frames().memory()
    }

    /// Whether the run may continue after its own steps were cancelled, so that their attempts must be aborted.
    pub(crate) fn has_on_failure(&self) -> bool {
        self.workflow.on_failure().is_some()
    }

    /// Whether the last event of the run is written.
    pub(crate) fn has_ended(&self) -> bool {
        self.logged.has_ended()
    }

    /// Whether nothing runs, and nothing will before an answer, a timer or a new host.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(
            self.logged.phase(),
            Phase::Suspended(_) | Phase::Interrupted(_) | Phase::Ended
        )
    }

    /// The first event of a new run.
    ///
    /// The event is applied and returned, not written into a turn: an engine stores it together with the record of
    /// the run, before there is a driver or with its first turns.
    pub(crate) fn create(&mut self, mut created: RunCreated, now: Timestamp) -> StepEvent {
        created.log_format = created.needed_format();
        let kind = EventKind::RunCreated(Box::new(created));
        _ = self.logged.apply(None, &kind, now, &mut self.agenda);
        self.last_event(kind, now)
    }

    /// Applies an event of a stored log.
    pub(crate) fn apply(&mut self, event: &StepEvent) -> Result<(), Misfit> {
        self.logged.replay(event, &mut self.agenda)
    }

    /// Takes the inputs of one turn, and decides what follows from them.
    ///
    /// An attempt that completed counts as completed, even if another input of the same turn ends the run.
    ///
    /// Inputs are applied in the given order; the driver sorts them. Once the run has ended, inputs have no effect:
    /// they are late.
    pub(crate) fn on(&mut self, inputs: impl IntoIterator<Item = Input>, turn: &mut Turn) {
        if self.has_ended() {
            return;
        }
        for input in inputs {
            match input {
                // What would follow needs more events than the run may have.
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
                Input::DeadlineReached { of } => self.deadline_reached(of),
                Input::Signal { wait, payload } => self.signal(wait, payload, turn),
                Input::Cancel { reason } => self.agenda.end_early(EarlyEnd::Cancelled { reason }),
                Input::Interrupt => self.agenda.interrupted = true,
                Input::OutOfMemory { budget } => self.out_of_memory(budget),
            }
        }
        if !self.has_ended() {
            self.settle(turn);
        }
    }

    /// What a driver needs to make an attempt. `None` if the frame of the step is closed.
    pub(crate) fn assignment(&self, step: StepId) -> Option<Assignment> {
        let frame = self.logged.frames().get(step.frame)?;
        Some(Assignment {
            body: Arc::clone(&frame.body),
            node: step.node(),
            step: frame.names.step(step.node()),
            scope: Arc::clone(&frame.scope),
            input: frame.body.steps[step.node()].input,
            failures: frame.steps[step.node()].failures,
            turn: match frame.body.steps[step.node()].kind {
                NodeKind::Turn(_) => Some(Box::new(self.turn_request(step)?)),
                _ => None,
            },
        })
    }

    /// The values that a step of the log can read. `None` if the log before has no such step. Called before the next event of
    /// the step is applied.
    pub(crate) fn scope_of(&mut self, step: &StepRef) -> Option<Arc<Scope>> {
        let step = self.logged.find(step, &mut self.agenda)?;
        Some(Arc::clone(&self.frames().get(step.frame)?.scope))
    }

    /// Appends an event, and returns whether it was appended.
    ///
    /// An event that does not fit the log before it could not be replayed. It is not written; the
    /// run fails with `internal` instead.
    fn emit(&mut self, step: Option<StepId>, kind: EventKind, turn: &mut Turn) -> bool {
        let applied = self.logged.apply(step, &kind, turn.now, &mut self.agenda);
        if let Err(DoesNotFit) = applied {
            self.does_not_fit(&kind);
            return false;
        }
        let event = self.last_event(kind, turn.now);
        turn.events.push(event);
        true
    }

    /// A defect of the machine. In debug builds it panics, so that tests find it; in release builds only this run
    /// fails.
    #[cold]
    fn does_not_fit(&mut self, kind: &EventKind) {
        let detail = format!(
            "the engine decided on {}, which does not fit the log before it",
            kind.name()
        );
        let problem = Problem::new("internal", detail);
        self.agenda.end_early(EarlyEnd::unable(problem));
        debug_assert!(false, "{} does not fit the log before it", kind.name());
    }

    /// The event that was applied last.
    #[inline]
    fn last_event(&self, kind: EventKind, at: Timestamp) -> StepEvent {
        StepEvent::new(self.logged.seq(), self.logged.run_id(), at, kind)
    }

    #[inline]
    fn frames(&self) -> &Frames {
        self.logged.frames()
    }

    fn step_ref(&self, step: StepId) -> StepRef {
        self.frames().name(step)
    }

    /// Continues an open step.
    fn advance(&mut self, step: StepId, turn: &mut Turn) {
        let next = self.decide(step, turn, |kind, view| kind.next(view));
        self.follow(step, next, turn);
    }

    /// Calls a decision hook of the kind of a step.
    fn decide(
        &self,
        step: StepId,
        turn: &Turn,
        decision: impl FnOnce(&dyn Control, &View<'_>) -> Next,
    ) -> Next {
        let view = self.view(step, turn.now);
        let kind = control::of(&self.frames().planned(step).kind);
        kind.map_or(Next::Rest, |kind| decision(kind, &view))
    }

    /// What a kind of control node can read of a step.
    fn view(&self, step: StepId, now: Timestamp) -> View<'_> {
        View {
            frames: self.logged.frames(),
            step,
            limits: &self.limits,
            now,
            run: self.logged.run_id(),
            next_seq: self.logged.seq() + 1,
            events_at_end: self.logged.events_at_end(),
        }
    }

    /// Carries out a decision, and those that follow it.
    ///
    /// `NodeWaiting` is apart, since it also sets a timer.
    fn follow(&mut self, step: StepId, mut next: Next, turn: &mut Turn) {
        loop {
            match next {
                Next::Rest => return,
                Next::Emit(EventKind::NodeWaiting(waiting)) => {
                    return self.wait(step, waiting, turn);
                }
                Next::Emit(kind) => {
                    if !self.emit(Some(step), kind, turn) {
                        return;
                    }
                }
                Next::Complete(output, report) => {
                    self.stop_timer(step, turn);
                    return self.complete(step, output, report, turn);
                }
                Next::Fail(error) => {
                    self.cancel_inside(step, "sibling_failed", turn);
                    return self.fail_with(step, error, None, turn);
                }
            }
            next = self.decide(step, turn, |kind, view| kind.next(view));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use serde_json::json;

    use super::*;
    use crate::{event::NodeAdmitted, executor::Executor, node::Registry};

    /// A run of one step, before its first turn, with a turn.
    fn new_run() -> (Machine, Turn) {
        let spec = json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "hi {{ input }}"}}]});
        let workflow = Arc::new(Workflow::from_spec(&spec, &Registry::default()).unwrap());
        let (input, limits) = (Arc::new(Value::Null), Executor::new().limits());
        let mut machine = Machine::new(
            Arc::clone(&workflow),
            RunId::new(),
            Arc::clone(&input),
            limits,
        );
        let first = machine.create(RunCreated::of(&workflow, input), Timestamp::now());
        let mut turn = Turn::new(Timestamp::now());
        turn.events.push(first);
        (machine, turn)
    }

    #[test]
    fn an_event_that_does_not_fit_is_not_written_and_the_run_ends() {
        let (mut machine, mut turn) = new_run();
        machine.on([Input::Resume], &mut turn);
        let written = turn.events.len();
        let step = StepId::new(FrameId::ROOT, 0);
        let admitted = EventKind::NodeAdmitted(NodeAdmitted {
            step: machine.step_ref(step),
            attempt: 1,
            queued_ms: 0,
        });
        let emitted = catch_unwind(AssertUnwindSafe(|| {
            machine.emit(Some(step), admitted, &mut turn)
        }));
        if cfg!(debug_assertions) {
            assert!(emitted.is_err(), "tests notice it at once");
        } else {
            assert!(!emitted.unwrap());
        }
        assert_eq!(turn.events.len(), written);
        machine.on([], &mut turn);
        let Some(EventKind::RunFailed(failed)) = turn.events.last().map(|event| &event.kind) else {
            panic!("{:?}", turn.events);
        };
        assert_eq!(failed.error.code, "internal");
        assert!(machine.has_ended());
    }
}
