//! Suspends a run while it only waits, and resumes it.

use super::{
    Machine, SHUTDOWN, Turn,
    early_end::EarlyEnd,
    step::{Step, StepState},
};
use crate::{
    error::Problem,
    event::{EventKind, RunResumed, RunSuspended},
    value::Timestamp,
};

impl Machine {
    /// Suspends the run where it is because its host stops. Running attempts are dropped, and start again when the run is
    /// resumed.
    ///
    /// `wake_at` is now, so that whichever host reads the record next resumes the run. Commands are dropped:
    /// nothing of this turn is started any more.
    pub(super) fn interrupt(&mut self, turn: &mut Turn) {
        let suspended = RunSuspended {
            reason: SHUTDOWN.into(),
            wake_at: Some(turn.now),
            awaiting_answers: self.awaiting_answers(),
        };
        self.emit(None, EventKind::RunSuspended(suspended), turn);
        turn.commands.clear();
    }

    /// Suspends the run if no attempt runs and its waits may take long. Only a damaged log can leave a run with nothing to
    /// wait for; then the run fails.
    pub(super) fn suspend_if_idle(&mut self, turn: &mut Turn) {
        if self.predicts || self.occupied_slots() > 0 || self.has_ended() || self.stays_awake() {
            return;
        }
        if self.logged.waits().is_empty() {
            let detail = "nothing is left to do, but the run has not ended: its log is damaged";
            return self.end_early(EarlyEnd::unable(Problem::new("stalled", detail)), turn);
        }
        let suspended = RunSuspended {
            reason: "waiting".into(),
            wake_at: self.wake_at(),
            awaiting_answers: self.awaiting_answers(),
        };
        self.emit(None, EventKind::RunSuspended(suspended), turn);
        // Its timers are set again when it is resumed.
        turn.commands.clear();
    }

    /// Whether the run continues soon by itself, so that suspending it would cost more than it saves.
    ///
    /// A run with a step in back-off stays in memory, however long the wait is.
    fn stays_awake(&self) -> bool {
        // A step that waits until it fits into a budget waits for others, and not for its time.
        let backs_off = |(id, step): (_, &Step)| {
            matches!(step.state, StepState::Backoff { .. }) && !self.agenda.lines.contains(id)
        };
        !self.agenda.ready.is_empty()
            || self.logged.waits().values().any(|wait| wait.short)
            || self.frames().steps().any(backs_off)
    }

    /// How many waits need the answer of a person.
    fn awaiting_answers(&self) -> u64 {
        let of_people = self.logged.waits().values().filter(|wait| wait.of_person);
        of_people.count() as u64
    }

    /// The first time at which it has something to do without an answer.
    ///
    /// Deadlines of containers and of the run count, too: a run that waits for a person must fail in time.
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

    /// Resumes the run.
    ///
    /// The event comes first, since steps have no events in a suspended run.
    pub(super) fn wake(&mut self, reason: &'static str, turn: &mut Turn) {
        let reason = reason.into();
        let resumed = EventKind::RunResumed(RunResumed { reason });
        self.emit(None, resumed, turn);
        self.continue_steps(turn);
    }
}
