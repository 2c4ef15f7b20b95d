//! Derives what follows from the state: skips, starts, and the end of frames.
//!
//! The order within one pass is fixed: failures, limits, due steps, settled frames, and then free slots. So the
//! same inputs give the same log, which tests compare with stored ones.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Command, DeadlineOf, FrameId, Machine, Phase, StepId, Turn,
    budget::Reserved,
    control::{self, Control},
    early_end::EarlyEnd,
    held::Verdict,
    ids::LedgerId,
    lines::Ready,
    logged::Selected,
    step::StepState,
};
use crate::{
    error::Problem,
    event::{
        EventKind, NodeSkipped, NodeStarted, Report, ReusedStep, RunStarted, SkipReason,
        StartedPlan, TakenResult,
    },
    node::{Plan, agent::TurnOutput},
    value::{StepKey, Timestamp},
    workflow::{NodeKind, PlannedNode},
};

/// The most events that one turn decides. If there is more to decide, these are stored and shown first, and a cancellation
/// can arrive in between.
const MAX_BATCH: usize = 1_000;

/// How a step starts whose needs are settled, or why it does not.
enum Decision<'a> {
    /// It has an output without running: one that was set, or one of an earlier run.
    Complete(Arc<Value>, Box<Report>),
    /// It failed in the earlier run, and its `on_error` handled that.
    Failed(&'a Arc<Problem>),
    /// A leaf: it runs when a slot is free.
    Run,
    /// A control node: it begins at once, since only leaves hold slots.
    Open(Option<StepKey>),
    Skip(SkipReason),
    Fail(Problem),
}

impl Machine {
    /// An interruption comes before everything else: whatever is not decided yet is decided by the next host. An
    /// early end comes last, so that what completed in this turn is in the log.
    pub(super) fn settle(&mut self, turn: &mut Turn) {
        if self.logged.phase() == Phase::Created {
            self.begin(turn);
        }
        if matches!(self.logged.phase(), Phase::Started(_)) {
            if self.agenda.interrupted && self.agenda.early_end.is_none() {
                return self.interrupt(turn);
            }
            self.settle_frames(turn);
        }
        while self.logged.phase() != Phase::Ended
            && let Some(early_end) = self.agenda.early_end.take()
        {
            self.end_early(early_end, turn);
            // Then nodes of `on_failure` are due.
            if matches!(self.logged.phase(), Phase::Started(_)) {
                if self.agenda.interrupted {
                    return self.interrupt(turn);
                }
                self.settle_frames(turn);
            }
        }
    }

    /// A run can be suspended only after the ready steps were started: only then is it known that nothing runs. A ready step may
    /// end without an attempt, so there may be more to decide after that.
    fn settle_frames(&mut self, turn: &mut Turn) {
        loop {
            if self.agenda.has_ends() {
                self.settle_ends(turn);
            }
            self.enforce_limits();
            if self.agenda.early_end.is_some() || self.has_ended() {
                return;
            }
            if turn.decided().len() >= MAX_BATCH {
                turn.more = true;
                return;
            }
            if let Some(step) = self.agenda.due.pop_front() {
                self.decide_due(step, turn);
            } else if let Some(frame) = self.agenda.settled.pop_front() {
                self.frame_settled(frame, turn);
            } else {
                self.start_ready(turn);
                if !self.agenda.has_decisions() && turn.decided().len() < MAX_BATCH {
                    break;
                }
            }
        }
        self.enforce_limits();
        if self.agenda.early_end.is_none() {
            self.suspend_if_idle(turn);
        }
    }

    /// Starts the run, unless its input does not fit the schema of the workflow.
    ///
    /// The input is checked here although an engine checks it before: an `Executor` has no other place, and a
    /// called workflow has its own check.
    fn begin(&mut self, turn: &mut Turn) {
        if self.agenda.early_end.is_some() {
            return;
        }
        let input = self.frames().at(FrameId::ROOT).scope.input();
        if let Err(faults) = self.workflow.check_input(input) {
            let problem = Problem::new("invalid_input", "the input is not what the workflow takes");
            self.agenda.early_end = Some(EarlyEnd::failed(problem.with_errors(faults)));
            return;
        }
        let timeout = self.workflow.timeout();
        let deadline = timeout.map(|timeout| turn.now.after(timeout));
        if let Some(wait) = timeout {
            let of = DeadlineOf::Workflow;
            turn.commands.push(Command::Deadline { of, wait });
        }
        let started = EventKind::RunStarted(RunStarted { deadline });
        self.emit(None, started, turn);
    }

    /// A step is decided once. If its frame was cancelled since it became due, its state is another one.
    fn decide_due(&mut self, step: StepId, turn: &mut Turn) {
        let Some(StepState::Due { any_live }) = self.frames().state(step) else {
            return;
        };
        match self.decision(step, any_live, turn.now) {
            Decision::Complete(output, report) => self.complete(step, output, Some(report), turn),
            Decision::Failed(error) => {
                let error = Arc::clone(error);
                self.fail_with(step, error, None, turn);
            }
            Decision::Run => self.agenda.ready.push_back((step, None)),
            Decision::Open(key) => self.open(step, key, turn),
            Decision::Skip(reason) => {
                let name = self.step_ref(step);
                let skipped = EventKind::NodeSkipped(NodeSkipped { step: name, reason });
                self.emit(Some(step), skipped, turn);
            }
            Decision::Fail(problem) => self.fail(step, problem, turn),
        }
    }

    /// Decides how a step starts, or why it does not. The only place that does. The condition is evaluated before a
    /// reused output is taken, since a retry of a run decides its branches again.
    fn decision(&self, step: StepId, any_live: bool, now: Timestamp) -> Decision<'_> {
        let frame = self.frames().at(step.frame);
        let planned = &frame.body.steps[step.node()];
        let (given, path) = (self.logged.given(), frame.names.path(step.node()));
        match (given.selected(path), given.overridden(path)) {
            (None | Some(Selected::Runs), _) => {}
            (Some(_), Some(output)) => return set_to(planned, output),
            (Some(Selected::Taken(taken)), None) => return taken_over(taken),
            (Some(Selected::No), None) => return Decision::Skip(SkipReason::NotSelected),
        }
        if !any_live {
            return Decision::Skip(SkipReason::NeedsSkipped);
        }
        if let Some(case) = &planned.case
            && !case.is_chosen_by(frame.scope.output(case.switch).map(Arc::as_ref))
        {
            return Decision::Skip(SkipReason::CaseNotChosen);
        }
        match planned.when.as_ref().map(|when| when.is_true(&frame.scope)) {
            None | Some(Ok(true)) => {}
            Some(Ok(false)) => return Decision::Skip(SkipReason::WhenFalse),
            Some(Err(error)) => return Decision::Fail(error.into_problem()),
        }
        if let Some(output) = given.overridden(path) {
            return set_to(planned, output);
        }
        if let Some(reused) = self.reused(step) {
            let mut report = reused.report.clone().unwrap_or_default();
            report.reused = true;
            return Decision::Complete(Arc::clone(&reused.output), report);
        }
        match control::of(&planned.kind) {
            None => Decision::Run,
            Some(kind) => {
                let key = kind.key(&self.view(step, now));
                let known = key.filter(|_| given.may_find(path));
                match known.and_then(|key| given.find(key, path)) {
                    Some((output, report)) => Decision::Complete(output, report),
                    None => Decision::Open(key),
                }
            }
        }
    }

    /// The result of a top-level node in the earlier run, unless it is known to do something else now.
    fn reused(&self, step: StepId) -> Option<&ReusedStep> {
        if step.frame != FrameId::ROOT {
            return None;
        }
        let reused = self.logged.given().reused(step.node())?;
        let Some(key) = reused.key else {
            return Some(reused);
        };
        let plan = self.plan(step, &self.step_ref(step), false).ok()?;
        (plan.key() == Some(key)).then_some(reused)
    }

    /// Entries whose step has moved on are dropped. A step in state `Running` is started only if its attempt was
    /// lost.
    fn start_ready(&mut self, turn: &mut Turn) {
        while self.occupied_slots() < self.limits.slots
            && turn.decided().len() < MAX_BATCH
            && !self.is_full()
            && let Some(((step, reason), line)) = self.next_ready()
        {
            let may_start = match self.frames().state(step) {
                Some(StepState::Due { .. } | StepState::Backoff { .. }) => true,
                Some(StepState::Running { .. }) => self.agenda.is_lost(step),
                _ => false,
            };
            if may_start {
                self.start((step, reason), line, turn);
            }
        }
    }

    /// The next step that may start. Those that wait for a budget come first, since others pass them only where they have no bound.
    fn next_ready(&mut self) -> Option<(Ready, Option<LedgerId>)> {
        let version = self.logged.ledgers().version();
        if let Some((ledger, ready)) = self.agenda.lines.next(version) {
            return Some((ready, Some(ledger)));
        }
        Some((self.agenda.ready.pop_front()?, None))
    }

    /// How many attempts run on this host.
    pub(super) fn occupied_slots(&self) -> usize {
        self.logged.running() - self.agenda.lost.len()
    }

    /// Starts an attempt of a leaf.
    ///
    /// No command without an event: an attempt that is not in the log must not run.
    fn start(&mut self, ready: Ready, line: Option<LedgerId>, turn: &mut Turn) {
        let (step, reason) = ready;
        let name = self.step_ref(step);
        let plan = match self.plan(step, &name, self.predicts) {
            Ok(plan) => plan,
            Err(error) => return self.fail(step, error.into_problem(), turn),
        };
        if let Some((output, report)) = self.found(step, &plan) {
            return self.complete(step, output, Some(report), turn);
        }
        match self.verdict(step, &plan) {
            Verdict::Start => {}
            Verdict::Ask => return self.hold(step, turn),
            Verdict::Complete(output) => return self.complete_held(step, output, turn),
            Verdict::Stop => return self.refuse_held(step, turn),
        }
        let Some(Reserved(reserved)) = self.reserve(ready, line, &plan, turn) else {
            return;
        };
        let frame = self.frames().at(step.frame);
        let state = &frame.steps[step.node()];
        let attempt = state.attempt + 1;
        let logged = StartedPlan {
            key: plan.key(),
            reserved,
        };
        let started = NodeStarted {
            step: name,
            attempt,
            max_attempts: state.max_attempts(&frame.body.steps[step.node()].retry),
            reason,
            deadline: None,
            plan: (logged != StartedPlan::default()).then(|| Box::new(logged)),
        };
        if self.emit(Some(step), EventKind::NodeStarted(started), turn) {
            turn.commands.push(Command::Run {
                step,
                attempt,
                plan,
                reserved,
            });
        }
    }

    /// The result of a step of the earlier run that did what this one is about to do. Only the first attempt looks for it.
    fn found(&self, step: StepId, plan: &Plan) -> Option<(Arc<Value>, Box<Report>)> {
        let key = plan.key()?;
        let is_first = matches!(self.frames().state(step), Some(StepState::Due { .. }));
        let (given, path) = (self.logged.given(), self.frames().path(step));
        (is_first && given.may_find(path))
            .then(|| given.find(key, path))
            .flatten()
    }

    /// Begins a control node.
    ///
    /// A container that times out has one timer for both limits, its own `timeout` and that of a called workflow:
    /// the shorter one counts. Control nodes are not retried: retries belong to the leaves in them.
    fn open(&mut self, step: StepId, key: Option<StepKey>, turn: &mut Turn) {
        let planned = self.frames().planned(step);
        let of_kind = control::of(&planned.kind).and_then(Control::timeout);
        let timeout = [planned.timeout, of_kind].into_iter().flatten().min();
        let key = key.map(|key| StartedPlan {
            key: Some(key),
            reserved: None,
        });
        let started = NodeStarted {
            step: self.step_ref(step),
            attempt: 1,
            max_attempts: 1,
            reason: None,
            deadline: timeout.map(|timeout| turn.now.after(timeout)),
            plan: key.map(Box::new),
        };
        if self.emit(Some(step), EventKind::NodeStarted(started), turn) {
            let wait = timeout.map(|wait| Command::Wait { step, wait });
            turn.commands.extend(wait);
            self.advance(step, turn);
        }
    }
}

/// The decision about a step that a run of a single step takes over.
fn taken_over(taken: &TakenResult) -> Decision<'_> {
    match taken {
        TakenResult::Completed(taken) => {
            let mut report = taken.report.clone().unwrap_or_default();
            report.reused = true;
            Decision::Complete(Arc::clone(&taken.output), report)
        }
        TakenResult::Failed { error, .. } => Decision::Failed(error),
        TakenResult::Skipped { reason } => Decision::Skip(*reason),
    }
}

/// The decision about a step whose output was set.
fn set_to(planned: &PlannedNode, output: &Arc<Value>) -> Decision<'static> {
    // What was set was checked when the run was started.
    if matches!(planned.kind, NodeKind::Turn(_)) && TurnOutput::read(output).is_none() {
        let detail = "the output that was set is not that of a turn";
        return Decision::Fail(Problem::new("malformed_turn", detail));
    }
    let report = Report {
        overridden: true,
        ..Report::default()
    };
    Decision::Complete(Arc::clone(output), Box::new(report))
}
