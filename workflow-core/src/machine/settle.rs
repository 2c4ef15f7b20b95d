//! Derives every consequence of what has happened: skips, starts, and the end.

use std::sync::Arc;

use serde_json::Value;

use super::{Command, FrameId, Machine, Phase, StepId, Turn, end::EarlyEnd, step::StepState};
use crate::{
    error::Problem,
    event::{EventKind, NodeSkipped, NodeStarted, RunStarted, SkipReason, StartReason},
    workflow::Work,
};

/// How many events are decided at once. There may be more to decide; but the run stores and shows
/// these first, and hears whether it is cancelled.
const MAX_BATCH: usize = 1_000;

/// What is to become of a step whose needs are settled.
enum Decision {
    Take,
    Skip(SkipReason),
    Fail(Problem),
}

impl Machine {
    pub(super) fn settle(&mut self, turn: &mut Turn) {
        if self.phase == Phase::Created {
            self.begin(turn);
        }
        if matches!(self.phase, Phase::Started(_)) {
            if self.interrupted && self.early_end.is_none() {
                return self.interrupt(turn);
            }
            self.settle_frames(turn);
        }
        if self.phase != Phase::Ended
            && let Some(early_end) = self.early_end.take()
        {
            self.end_early(early_end, turn);
        }
    }

    fn settle_frames(&mut self, turn: &mut Turn) {
        loop {
            self.settle_failures(turn);
            self.bound();
            if self.early_end.is_some() || self.has_ended() {
                return;
            }
            if turn.events.len() >= MAX_BATCH {
                turn.more = true;
                return;
            }
            if let Some(step) = self.due.pop_front() {
                self.decide(step, turn);
            } else if let Some(frame) = self.settled.pop_front() {
                self.frame_settled(frame, turn);
            } else {
                break;
            }
        }
        self.start_ready(turn);
        self.bound();
        if self.early_end.is_some() {
            return;
        }
        self.suspend_if_idle(turn);
    }

    pub(super) fn settle_failures(&mut self, turn: &mut Turn) {
        while self.early_end.is_none()
            && !self.is_full()
            && let Some(frame) = self.failed.pop_front()
        {
            self.frame_failed(frame, turn);
        }
    }

    /// Lets the run work, unless its input is not what the workflow takes.
    fn begin(&mut self, turn: &mut Turn) {
        if self.early_end.is_some() {
            return;
        }
        if let Err(faults) = self.workflow.check_input(self.root_input()) {
            let problem = Problem::new("invalid_input", "the input is not what the workflow takes");
            self.early_end = Some(EarlyEnd::failed(problem.with_errors(faults)));
            return;
        }
        let timeout = self.workflow.timeout();
        let deadline = timeout.map(|timeout| turn.now.after(timeout));
        if let Some(wait) = timeout {
            turn.commands.push(Command::Deadline { wait });
        }
        let started = EventKind::RunStarted(RunStarted { deadline });
        self.emit(None, started, turn);
    }

    fn decide(&mut self, step: StepId, turn: &mut Turn) {
        let Some(StepState::Due { any_live }) = self.frames.state(step) else {
            return;
        };
        match self.decision(step, any_live) {
            Decision::Take if self.reused_output(step).is_some() => self.reuse(step, turn),
            Decision::Take if matches!(self.frames.planned(step).work, Work::Leaf(_)) => {
                self.frames.step_mut(step).state = StepState::Ready(None);
                self.ready.push_back(step);
            }
            Decision::Take => self.start_control(step, turn),
            Decision::Skip(reason) => {
                let name = self.step_ref(step);
                let skipped = EventKind::NodeSkipped(NodeSkipped { step: name, reason });
                self.emit(Some(step), skipped, turn);
            }
            Decision::Fail(problem) => self.fail(step, problem, turn),
        }
    }

    /// What the step does not do again.
    pub(super) fn reused_output(&self, step: StepId) -> Option<&Arc<Value>> {
        let is_root = step.frame == FrameId::ROOT;
        let reused = is_root.then(|| self.reused.get(&step.node())).flatten()?;
        Some(&reused.output)
    }

    fn reuse(&mut self, step: StepId, turn: &mut Turn) {
        let reused = self.reused.get(&step.node());
        let output = reused.map(|reused| Arc::clone(&reused.output));
        let report = reused.and_then(|reused| reused.report.clone());
        let mut report = report.unwrap_or_default();
        report.reused = true;
        self.complete(step, output.unwrap_or_default(), Some(report), turn);
    }

    fn decision(&self, step: StepId, any_live: bool) -> Decision {
        if !any_live {
            return Decision::Skip(SkipReason::NeedsSkipped);
        }
        let Some(when) = &self.frames.planned(step).when else {
            return Decision::Take;
        };
        match when.is_true(&self.frames.at(step.frame).scope) {
            Ok(true) => Decision::Take,
            Ok(false) => Decision::Skip(SkipReason::WhenFalse),
            Err(error) => Decision::Fail(error.into_problem()),
        }
    }

    fn start_ready(&mut self, turn: &mut Turn) {
        while self.working < self.limits.slots
            && !self.is_full()
            && let Some(step) = self.ready.pop_front()
        {
            if let Some(StepState::Ready(reason)) = self.frames.state(step) {
                self.start(step, reason, turn);
            }
        }
    }

    fn start(&mut self, step: StepId, reason: Option<StartReason>, turn: &mut Turn) {
        let attempt = self.frames.step(step).attempt + 1;
        let started = NodeStarted {
            step: self.step_ref(step),
            attempt,
            max_attempts: self.max_attempts(step),
            reason,
            deadline: None,
        };
        self.emit(Some(step), EventKind::NodeStarted(started), turn);
        turn.commands.push(Command::Run { step, attempt });
    }
}
