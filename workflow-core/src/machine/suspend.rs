//! Resting while there is nothing to do but wait.

use super::{
    Machine, SHUTDOWN, Turn,
    early_end::EarlyEnd,
    step::{Step, StepState},
};
use crate::{
    error::Problem,
    event::{EventKind, RunResumed, RunSuspended},
    time::Timestamp,
};

impl Machine {
    /// Lets the run rest where it is, because its host stops. What works is dropped, and begins anew
    /// when the run goes on.
    pub(super) fn interrupt(&mut self, turn: &mut Turn) {
        let suspended = RunSuspended {
            reason: SHUTDOWN.into(),
            wake_at: Some(turn.now),
            awaiting_answers: self.awaiting_answers(),
        };
        self.emit(None, EventKind::RunSuspended(suspended), turn);
        turn.commands.clear();
    }

    /// Lets the run rest when nothing works and what it waits for may take long. Only a damaged log can
    /// leave it with nothing to wait for; then it ends.
    pub(super) fn suspend_if_idle(&mut self, turn: &mut Turn) {
        if self.occupied_slots() > 0 || self.has_ended() || self.stays_awake() {
            return;
        }
        if self.logged.waits().is_empty() {
            let detail =
                "nothing is left to be done, and the run is not through: its log is damaged";
            return self.end_early(EarlyEnd::failed(Problem::new("stalled", detail)), turn);
        }
        let suspended = RunSuspended {
            reason: "waiting".into(),
            wake_at: self.wake_at(),
            awaiting_answers: self.awaiting_answers(),
        };
        self.emit(None, EventKind::RunSuspended(suspended), turn);
        // Whoever wakes it sets its timers anew.
        turn.commands.clear();
    }

    fn stays_awake(&self) -> bool {
        let backs_off = |(_, step): (_, &Step)| matches!(step.state, StepState::Backoff { .. });
        !self.agenda.ready.is_empty()
            || self.logged.waits().values().any(|wait| wait.short)
            || self.frames().steps().any(backs_off)
    }

    /// How many people it waits for.
    fn awaiting_answers(&self) -> u64 {
        let of_people = self.logged.waits().values().filter(|wait| wait.of_person);
        of_people.count() as u64
    }

    /// When it has something to do of its own accord.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        let waits = self.logged.waits().values().filter_map(|wait| wait.until);
        let deadlines = self
            .frames()
            .steps()
            .filter_map(|(_, step)| match step.state {
                StepState::Open { deadline, .. } => deadline,
                _ => None,
            });
        waits.chain(deadlines).chain(self.logged.deadline()).min()
    }

    /// Lets it work again.
    pub(super) fn wake(&mut self, reason: &'static str, turn: &mut Turn) {
        let reason = reason.into();
        let resumed = EventKind::RunResumed(RunResumed { reason });
        self.emit(None, resumed, turn);
        self.go_on(turn);
    }
}
