//! What an event changes: the same live and in replay.

use std::{sync::Arc, time::Duration};

use super::{Doom, Machine, Misfit, Phase, step::StepState};
use crate::{
    event::{EventKind, NodeFailed, StepEvent},
    id::StepRef,
    time::Timestamp,
    usage::Usage,
};

impl Machine {
    /// Takes in an event of a log, in replay.
    pub(crate) fn apply(&mut self, event: &StepEvent) -> Result<(), Misfit> {
        let misfit = || Misfit {
            seq: event.seq,
            name: event.kind.name(),
        };
        if event.seq != self.seq + 1 || event.run_id != self.run_id || self.has_ended() {
            return Err(misfit());
        }
        let step = match event.step() {
            Some(step) => Some(self.index_of(step).ok_or_else(misfit)?),
            None => None,
        };
        if !self.may_follow(step, &event.kind) {
            return Err(misfit());
        }
        self.transition(step, &event.kind, event.time);
        self.seq = event.seq;
        Ok(())
    }

    /// Whether an event can come next, for all that is known of its step and its run.
    fn may_follow(&self, step: Option<usize>, kind: &EventKind) -> bool {
        let state = step.map(|step| &self.steps[step].state);
        match (kind, state) {
            (EventKind::RunCreated(_), None) => self.phase == Phase::New,
            (EventKind::RunStarted(_), None) => self.phase == Phase::Created,
            (EventKind::RunCompleted(_), None) => self.unsettled == 0,
            (EventKind::RunFailed(_) | EventKind::RunCancelled(_), None) => {
                self.phase != Phase::New
            }
            (EventKind::NodeStarted(_), Some(state)) => {
                !matches!(state, StepState::Idle { .. } | StepState::Settled)
            }
            (EventKind::NodeSkipped(_), Some(state)) => matches!(state, StepState::Due { .. }),
            (EventKind::NodeFailed(_), Some(state)) => {
                matches!(state, StepState::Due { .. } | StepState::Running { .. })
            }
            (EventKind::NodeCompleted(_) | EventKind::NodeRetrying(_), Some(state)) => {
                matches!(state, StepState::Running { .. })
            }
            (EventKind::NodeCancelled(_), Some(state)) => {
                matches!(state, StepState::Running { .. } | StepState::Backoff { .. })
            }
            _ => false,
        }
    }

    pub(super) fn index_of(&self, step: &StepRef) -> Option<usize> {
        let index = self
            .workflow
            .variables()
            .get(&step.node().variable())
            .copied()?;
        (self.workflow.steps()[index].step == *step).then_some(index)
    }

    /// What an event changes: the same live and in replay.
    pub(super) fn transition(&mut self, step: Option<usize>, kind: &EventKind, time: Timestamp) {
        match (step, kind) {
            (None, EventKind::RunCreated(_)) => self.phase = Phase::Created,
            (None, EventKind::RunStarted(started)) => {
                self.phase = Phase::Started(time);
                self.deadline = started.deadline;
            }
            (Some(step), EventKind::NodeStarted(started)) => {
                let works = matches!(self.steps[step].state, StepState::Running { .. });
                self.working += usize::from(!works);
                self.steps[step].start(started, time);
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
                self.scope.complete(step, Arc::clone(&completed.output));
                self.settled(step, true);
            }
            (Some(step), EventKind::NodeFailed(failed)) => {
                self.release(step, failed.usage);
                self.failed(step, failed);
            }
            (Some(step), EventKind::NodeSkipped(_)) => {
                self.scope.skip(step);
                self.settled(step, false);
            }
            (Some(step), EventKind::NodeCancelled(_)) => {
                self.release(step, Usage::default());
                self.steps[step].state = StepState::Settled;
                let reason = "cancelled".into();
                self.doom.get_or_insert(Doom::Cancelled { reason });
            }
            (
                _,
                EventKind::RunCompleted(_) | EventKind::RunFailed(_) | EventKind::RunCancelled(_),
            ) => {
                self.phase = Phase::Ended;
            }
            (Some(_), EventKind::RunCreated(_) | EventKind::RunStarted(_)) | (None, _) => {}
        }
    }

    /// Gives back the slot of a step that worked, and counts what it used.
    pub(super) fn release(&mut self, step: usize, usage: Usage) {
        self.working -= usize::from(matches!(self.steps[step].state, StepState::Running { .. }));
        self.usage += usage;
    }

    fn failed(&mut self, step: usize, failed: &NodeFailed) {
        let error = Arc::clone(&failed.error);
        if failed.handled {
            self.scope.fail(step, error, failed.output.clone());
            self.settled(step, true);
        } else {
            self.steps[step].state = StepState::Settled;
            let step = Some(failed.step.clone());
            self.doom.get_or_insert(Doom::Failed { step, error });
        }
    }

    /// A step is through; `live` unless it was skipped.
    fn settled(&mut self, step: usize, live: bool) {
        self.steps[step].state = StepState::Settled;
        self.unsettled -= 1;
        let workflow = Arc::clone(&self.workflow);
        for dependent in &workflow.steps()[step].dependents {
            if self.steps[*dependent].need_settled(live) {
                self.due.push_back(*dependent);
            }
        }
    }
}
