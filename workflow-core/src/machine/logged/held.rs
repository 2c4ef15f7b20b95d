//! The transition of a leaf that is held for a person before an attempt.

use serde_json::Value;

use super::{Agenda, LedgerId, Logged, StepId, Wait};
use crate::{
    event::{NodeResumed, NodeWaiting, WaitKind},
    machine::{control, step::StepState},
    value::{Timestamp, WaitId},
};

impl Logged {
    /// Whether a leaf can be held for a person by this event.
    pub(super) fn may_be_held(&self, id: StepId, waiting: &NodeWaiting) -> bool {
        let may_ask = match waiting.kind {
            Some(WaitKind::Budget) => self
                .asked_ledger(id, waiting)
                .is_some_and(|ledger| !self.ledgers.is_asked(ledger)),
            Some(WaitKind::Effect) => true,
            Some(WaitKind::Approval) | None => false,
        };
        may_ask && waiting.wait_id == WaitId::of_event(self.seq + 1) && self.is_leaf(id)
    }

    pub(super) fn is_leaf(&self, id: StepId) -> bool {
        control::of(&self.frames.planned(id).kind).is_none()
    }

    /// The ledger whose budget a person is asked to raise.
    fn asked_ledger(&self, id: StepId, waiting: &NodeWaiting) -> Option<LedgerId> {
        if waiting.kind != Some(WaitKind::Budget) {
            return None;
        }
        let of = waiting.budget_of.as_ref();
        self.ledgers.named(&self.frames, id, of)
    }

    /// Holds a leaf. An attempt that was lost ends.
    pub(super) fn hold(
        &mut self,
        id: StepId,
        waiting: &NodeWaiting,
        at: Timestamp,
        agenda: &mut Agenda,
    ) {
        let step = self.frames.step(id);
        let is_lost = matches!(step.state, StepState::Running { .. });
        self.open += usize::from(!step.is_open());
        if is_lost {
            self.release(id, None, agenda);
        }
        if let Some(ledger) = self.asked_ledger(id, waiting) {
            self.ledgers.ask(ledger, id);
        }
        self.frames.step_mut(id).hold(waiting, at);
        let wait = Wait::new(id, waiting, at);
        self.waits.insert(waiting.wait_id, wait);
    }

    /// Ends the wait of a held leaf. Its next attempt is decided with the answer.
    pub(super) fn answer_held(&mut self, id: StepId, resumed: &NodeResumed, at: Timestamp) {
        let wait = self.waits.remove(&resumed.wait_id);
        let step = self.frames.step_mut(id);
        if wait.is_some_and(|wait| wait.of_budget) {
            let answer = resumed.payload.as_deref().unwrap_or(&Value::Null);
            self.ledgers.end_question(id, Some(answer));
        } else if let Some(held) = &mut step.held {
            held.answer.clone_from(&resumed.payload);
        }
        step.state = StepState::Backoff { until: at };
    }
}
