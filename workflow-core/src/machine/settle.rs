//! Derives every consequence of what has happened: skips, starts, and the end.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Command, Doom, Machine, Phase, Turn, step::StepState};
use crate::{
    error::Problem,
    event::{
        EventKind, NodeCancelled, NodeSkipped, NodeStarted, RunCancelled, RunCompleted, RunFailed,
        RunStarted, SkipReason, StartReason,
    },
    size::{self, MAX_RESULT_BYTES},
    time::{Timestamp, millis},
};

/// What is to become of a step whose needs are settled.
enum Decision {
    Take,
    Skip(SkipReason),
    Fail(Problem),
}

impl Machine {
    pub(super) fn settle(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.phase == Phase::Created {
            self.begin(now, turn);
        }
        while self.doom.is_none()
            && let Some(index) = self.due.pop_front()
        {
            self.decide(index, now, turn);
        }
        if self.doom.is_none() && self.unsettled == 0 {
            self.complete_run(now, turn);
        } else if self.doom.is_none() {
            self.start_ready(now, turn);
        }
        if let Some(doom) = self.doom.take() {
            self.end_early(doom, now, turn);
        }
    }

    /// Lets the run work, unless its input is not what the workflow takes.
    fn begin(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.doom.is_some() {
            return;
        }
        if let Err(faults) = self.workflow.check_input(self.scope.input()) {
            let problem = Problem::new("invalid_input", "the input is not what the workflow takes");
            let error = Arc::new(problem.with_errors(faults));
            self.doom = Some(Doom::Failed { step: None, error });
            return;
        }
        let timeout = self.workflow.timeout();
        let deadline = timeout.map(|timeout| now.after(timeout));
        if let Some(wait) = timeout {
            turn.commands.push(Command::Deadline { wait });
        }
        let started = EventKind::RunStarted(RunStarted { deadline });
        self.emit(None, started, now, turn);
    }

    fn decide(&mut self, index: usize, now: Timestamp, turn: &mut Turn) {
        let StepState::Due { any_live } = self.steps[index].state else {
            return;
        };
        match self.decision(index, any_live) {
            Decision::Take => {
                self.steps[index].state = StepState::Ready(None);
                self.ready.push_back(index);
            }
            Decision::Skip(reason) => {
                let step = self.step_ref(index);
                let skipped = EventKind::NodeSkipped(NodeSkipped { step, reason });
                self.emit(Some(index), skipped, now, turn);
            }
            Decision::Fail(problem) => self.fail(index, problem, now, turn),
        }
    }

    fn decision(&self, index: usize, any_live: bool) -> Decision {
        if !any_live {
            return Decision::Skip(SkipReason::NeedsSkipped);
        }
        let Some(when) = &self.workflow.steps()[index].when else {
            return Decision::Take;
        };
        match when.is_true(&self.scope) {
            Ok(true) => Decision::Take,
            Ok(false) => Decision::Skip(SkipReason::WhenFalse),
            Err(error) => Decision::Fail(error.into_problem()),
        }
    }

    fn start_ready(&mut self, now: Timestamp, turn: &mut Turn) {
        while self.working < self.slots
            && let Some(index) = self.ready.pop_front()
        {
            if let StepState::Ready(reason) = self.steps[index].state {
                self.start(index, reason, now, turn);
            }
        }
    }

    fn start(
        &mut self,
        index: usize,
        reason: Option<StartReason>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let attempt = self.steps[index].attempt + 1;
        let started = NodeStarted {
            step: self.step_ref(index),
            attempt,
            max_attempts: self.max_attempts(index),
            reason,
        };
        self.emit(Some(index), EventKind::NodeStarted(started), now, turn);
        let step = index;
        turn.commands.push(Command::Run { step, attempt });
    }

    fn complete_run(&mut self, now: Timestamp, turn: &mut Turn) {
        let output = match self.result() {
            Ok(output) => output,
            Err(error) => {
                self.doom = Some(Doom::Failed { step: None, error });
                return;
            }
        };
        let completed = RunCompleted {
            output,
            usage: self.usage,
            duration_ms: self.duration_ms(now),
        };
        let last = EventKind::RunCompleted(Box::new(completed));
        self.emit(None, last, now, turn);
    }

    fn end_early(&mut self, doom: Doom, now: Timestamp, turn: &mut Turn) {
        let why = match doom {
            Doom::Failed { step: Some(_), .. } => "sibling_failed",
            Doom::Failed { step: None, .. } => "run_failed",
            Doom::Cancelled { .. } => "run_cancelled",
        };
        for index in 0..self.steps.len() {
            if self.steps[index].is_open() {
                let step = self.step_ref(index);
                let reason = why.into();
                let cancelled = EventKind::NodeCancelled(NodeCancelled { step, reason });
                self.emit(Some(index), cancelled, now, turn);
            }
        }
        let last = self.last_event(doom, now);
        self.emit(None, last, now, turn);
    }

    fn last_event(&self, doom: Doom, now: Timestamp) -> EventKind {
        let (usage, duration_ms) = (self.usage, self.duration_ms(now));
        match doom {
            Doom::Failed { step, error } => EventKind::RunFailed(Box::new(RunFailed {
                error,
                step,
                usage,
                duration_ms,
            })),
            Doom::Cancelled { reason } => EventKind::RunCancelled(Box::new(RunCancelled {
                reason: reason.to_string().into(),
                usage,
                duration_ms,
            })),
        }
    }

    /// The workflow's result: its `output`, or the output of its only sink, or of each sink that
    /// has one by its id.
    fn result(&self) -> Result<Arc<Value>, Arc<Problem>> {
        if let Some(output) = self.workflow.output() {
            let rendered = output.render(&self.scope).and_then(|output| {
                size::check(&output, MAX_RESULT_BYTES).map(|()| Arc::new(output))
            });
            return rendered
                .map_err(|error| Arc::new(Problem::new("output_error", error.to_string())));
        }
        if let [only] = self.workflow.sinks() {
            return Ok(self.scope.output(*only).cloned().unwrap_or_default());
        }
        let mut named = Map::new();
        let mut left = MAX_RESULT_BYTES;
        for sink in self.workflow.sinks() {
            let Some(output) = self.scope.output(*sink) else {
                continue;
            };
            let bytes = output.to_string().len();
            left = left.checked_sub(bytes).ok_or_else(|| {
                let detail = format!("the result has more than {MAX_RESULT_BYTES} bytes");
                Arc::new(Problem::new("output_too_large", detail))
            })?;
            let id = self.workflow.nodes()[*sink].id.to_string();
            named.insert(id, output.as_ref().clone());
        }
        Ok(Arc::new(Value::Object(named)))
    }

    fn duration_ms(&self, now: Timestamp) -> u64 {
        match self.phase {
            Phase::Started(since) => millis(now.since(since)),
            Phase::New | Phase::Created | Phase::Ended => 0,
        }
    }
}
