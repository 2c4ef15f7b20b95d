//! Continues a run from its log: lost attempts start again, timers are set again.

use std::iter::successors;

use super::{
    Command, Machine, Phase, StepId, Turn,
    control::{self, Control},
    step::StepState,
};
use crate::{
    error::Problem,
    event::StartReason,
    node::Effects,
    value::Timestamp,
    workflow::{NodeKind, OnAmbiguous},
};

/// How often a step may be lost with its host without progress before it fails. It may be the step that crashes the
/// host. A shutdown of the host does not count, and a failed attempt resets the count: only crashes in a row do.
const MAX_RECOVERIES: u32 = 5;

impl Machine {
    /// Continues a run, unless it is suspended and its time has not come. A run that was suspended because its host stopped always
    /// continues.
    ///
    /// An interrupted run resumes at once: only the stop of its host kept it from running. A suspended one resumes
    /// before its time only by an answer; a cancellation ends it without resuming it.
    pub(super) fn resume(&mut self, turn: &mut Turn) {
        match self.logged.phase() {
            // No step has begun.
            Phase::New | Phase::Created | Phase::Ended => {}
            Phase::Interrupted(_) => self.wake("restart", turn),
            Phase::Suspended(_) => {
                if self.wake_at().is_some_and(|wake_at| wake_at <= turn.now) {
                    self.wake("timer", turn);
                }
            }
            Phase::Started(_) => self.continue_steps(turn),
        }
    }

    /// Does for each step what the log does not contain yet.
    ///
    /// Deadlines come first, then failures, then steps: a run that has timed out meanwhile starts nothing. Each
    /// step is looked up by its id, since an earlier one in the list may have closed its frame.
    pub(super) fn continue_steps(&mut self, turn: &mut Turn) {
        if self.agenda.early_end.is_some() {
            return;
        }
        match self.logged.deadline() {
            Some(deadline) if deadline <= turn.now => {
                return self.deadline_reached(self.logged.deadline_of());
            }
            Some(deadline) => {
                let wait = deadline.since(turn.now);
                let of = self.logged.deadline_of();
                turn.commands.push(Command::Deadline { of, wait });
            }
            None => {}
        }
        self.settle_ends(turn);
        if self.agenda.early_end.is_some() || self.has_ended() {
            return;
        }
        let steps: Vec<StepId> = self.frames().steps().map(|(id, _)| id).collect();
        for step in steps {
            if self.is_full() {
                return;
            }
            if !self.frames().is_failing(step.frame) {
                self.continue_step(step, turn);
            }
        }
    }

    /// `Due` and `Idle` need nothing: the replay has put the due ones on the agenda.
    fn continue_step(&mut self, step: StepId, turn: &mut Turn) {
        match self.frames().state(step) {
            Some(StepState::Running { .. }) => self.recover(step, turn),
            Some(StepState::Backoff { until }) => self.set_timer_again(step, until, turn),
            Some(StepState::Waiting { wait, .. }) => {
                let until = self.logged.waits().get(&wait).and_then(|wait| wait.until);
                if let Some(until) = until {
                    self.set_timer_again(step, until, turn);
                }
            }
            Some(StepState::Open { deadline, .. }) => self.continue_open(step, deadline, turn),
            _ => {}
        }
    }

    /// Sets the timer of a step again. A time that has passed meanwhile is handled at once.
    fn set_timer_again(&mut self, step: StepId, until: Timestamp, turn: &mut Turn) {
        if until <= turn.now {
            self.timer_fired(step, turn);
        } else {
            let wait = until.since(turn.now);
            turn.commands.push(Command::Wait { step, wait });
        }
    }

    /// The time limit may have passed while the host was stopped; then the container has failed, and there is
    /// nothing to advance.
    fn continue_open(&mut self, step: StepId, deadline: Option<Timestamp>, turn: &mut Turn) {
        if let Some(deadline) = deadline {
            self.set_timer_again(step, deadline, turn);
            if !matches!(self.frames().state(step), Some(StepState::Open { .. })) {
                return;
            }
        }
        self.advance(step, turn);
    }

    /// Starts a lost attempt again, or fails the step if it must not run twice or was lost too often.
    ///
    /// The attempt may have had effects before its host stopped. By default a step runs again (at least once);
    /// `on_ambiguous: fail` gives at most once.
    fn recover(&mut self, step: StepId, turn: &mut Turn) {
        let planned = self.frames().planned(step);
        if planned.on_ambiguous == OnAmbiguous::Fail || self.is_ambiguous_in_call(step) {
            let detail =
                "the step was in flight when its host stopped: its effects may have happened";
            return self.fail(step, Problem::new("ambiguous", detail), turn);
        }
        let state = self.frames().step(step);
        if state.recoveries >= MAX_RECOVERIES && !state.interrupted {
            let detail = format!(
                "the step was lost with its host more than {MAX_RECOVERIES} times without any progress"
            );
            return self.fail(step, Problem::new("recovery_exhausted", detail), turn);
        }
        if self.agenda.lost.insert(step) {
            let recovered = Some(StartReason::Recovered);
            self.agenda.ready.push_back((step, recovered));
        }
    }

    /// Whether a step may have acted within a call of a tool that must not be repeated. Turns of agents and types without effects
    /// only repeat what they cost.
    fn is_ambiguous_in_call(&self, step: StepId) -> bool {
        let planned = self.frames().planned(step);
        if matches!(planned.kind, NodeKind::Turn(_)) || planned.effects == Effects::None {
            return false;
        }
        let holder = |step: StepId| Some(self.frames().get(step.frame)?.parent?.0);
        successors(holder(step), |step| holder(*step)).any(|step| {
            let kind = control::of(&self.frames().planned(step).kind);
            kind.is_some_and(Control::fails_if_ambiguous)
        })
    }
}
