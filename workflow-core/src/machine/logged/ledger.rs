//! The ledgers of a run: one for its own budget, and one for each open agent or call of a workflow that has a budget.
//!
//! Every ledger around a step limits its attempts at once, and none sets anything aside for a call: so no step holds a part of one
//! budget while it waits for another. The ledgers change by events only. An attempt reserves its bound with `node.started`, and its
//! end books what it used. The end of an attempt that reports nothing books the whole reservation, and so does the start of the
//! attempt that follows a lost one.

use std::{collections::BTreeMap, iter::successors, sync::Arc};

use serde_json::Value;

use crate::{
    error::Problem,
    event::Report,
    machine::{
        frame::Frames,
        ids::{FrameId, LedgerId, StepId},
    },
    value::{Amount, Budget, Fit, Ledger, StepPath},
};

/// The ledgers of a run, and what its attempts have reserved in them. Most runs have none.
#[derive(Default)]
pub(in crate::machine) struct Ledgers {
    list: BTreeMap<LedgerId, OpenLedger>,
    /// The reservation of each running attempt that has a bound, lost ones included.
    reserved: BTreeMap<StepId, Amount>,
    /// Why the last attempt of a step failed, while it backs off.
    failures: BTreeMap<StepId, Arc<Problem>>,
    /// Counts the changes that may let more fit.
    version: u64,
}

struct OpenLedger {
    ledger: Ledger,
    /// The step that waits for a person to raise the budget.
    asked: Option<StepId>,
    /// Whether a person has refused to raise it.
    is_refused: bool,
}

impl Ledgers {
    pub(in crate::machine) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Changes whenever more may fit than before.
    pub(in crate::machine) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn open(&mut self, id: LedgerId, budget: Budget) {
        let ledger = OpenLedger {
            ledger: Ledger::new(budget),
            asked: None,
            is_refused: false,
        };
        self.list.insert(id, ledger);
    }

    /// The ledgers around a step, the innermost first.
    pub(in crate::machine) fn around(&self, frames: &Frames, step: StepId) -> Vec<LedgerId> {
        if self.list.is_empty() {
            return Vec::new();
        }
        let holder = |frame: FrameId| Some(frames.get(frame)?.parent?.0);
        let holders = successors(holder(step.frame), |step| holder(step.frame));
        let ids = holders.map(LedgerId::Call).chain([LedgerId::Run]);
        ids.filter(|id| self.list.contains_key(id)).collect()
    }

    /// Whether a bound fits into a ledger, if the attempts of the steps in `lost` never come back.
    pub(in crate::machine) fn fit(
        &self,
        id: LedgerId,
        bound: Amount,
        frames: &Frames,
        lost: impl Iterator<Item = StepId>,
    ) -> Fit {
        let lost = lost.filter_map(|step| {
            let reserved = self.reserved.get(&step)?;
            self.around(frames, step).contains(&id).then_some(*reserved)
        });
        let lost: Vec<Amount> = lost.collect();
        let open = self.list.get(&id);
        open.map_or(Fit::Yes, |it| it.ledger.fit(bound, &lost))
    }

    pub(in crate::machine) fn limit(&self, id: LedgerId) -> Budget {
        let open = self.list.get(&id);
        open.map(|it| *it.ledger.limit()).unwrap_or_default()
    }

    /// Whether a person is to be asked when something does not fit, and has not refused before.
    pub(in crate::machine) fn may_ask(&self, id: LedgerId) -> bool {
        let open = self.list.get(&id);
        open.is_some_and(|it| it.ledger.limit().asks() && !it.is_refused)
    }

    /// Whether a person is being asked.
    pub(in crate::machine) fn is_asked(&self, id: LedgerId) -> bool {
        self.list.get(&id).is_some_and(|it| it.asked.is_some())
    }

    /// What is reserved for the attempt of a step that runs.
    pub(in crate::machine) fn reserved(&self, step: StepId) -> Option<Amount> {
        self.reserved.get(&step).copied()
    }

    /// Why the last attempt of a step failed, while it backs off.
    pub(in crate::machine) fn failure(&self, step: StepId) -> Option<&Arc<Problem>> {
        self.failures.get(&step)
    }

    /// The ledger of which a question names the calling step, or no step.
    pub(super) fn named(
        &self,
        frames: &Frames,
        step: StepId,
        of: Option<&StepPath>,
    ) -> Option<LedgerId> {
        let mut around = self.around(frames, step).into_iter();
        around.find(|id| match (id, of) {
            (LedgerId::Run, None) => true,
            (LedgerId::Call(call), Some(of)) => frames.path(*call) == of,
            _ => false,
        })
    }

    pub(super) fn ask(&mut self, id: LedgerId, step: StepId) {
        if let Some(open) = self.list.get_mut(&id) {
            open.asked = Some(step);
        }
    }

    /// Ends the question of a step: `raise` with the answer of a person, or without one because the step has ended.
    pub(super) fn end_question(&mut self, step: StepId, answer: Option<&Value>) {
        let mut open = self.list.values_mut();
        let Some(open) = open.find(|it| it.asked == Some(step)) else {
            return;
        };
        open.asked = None;
        self.version += 1;
        match answer {
            Some(answer) if answer["action"] == "raise" => open.ledger.raise(&answer["by"]),
            Some(_) => open.is_refused = true,
            None => {}
        }
    }

    /// An attempt starts. One of the same step that was lost counts with all that was reserved for it.
    pub(super) fn start(&mut self, frames: &Frames, step: StepId, reserved: Option<Amount>) {
        if self.list.is_empty() {
            return;
        }
        self.settle(frames, step, None);
        self.failures.remove(&step);
        let Some(reserved) = reserved else {
            return;
        };
        for id in self.around(frames, step) {
            if let Some(open) = self.list.get_mut(&id) {
                open.ledger.reserve(reserved);
            }
        }
        self.reserved.insert(step, reserved);
    }

    /// An attempt backs off after an error.
    pub(super) fn back_off(&mut self, step: StepId, error: &Arc<Problem>) {
        if !self.list.is_empty() {
            self.failures.insert(step, Arc::clone(error));
        }
    }

    /// An attempt or a call ends.
    pub(super) fn end(&mut self, frames: &Frames, step: StepId, report: Option<&Report>) {
        if self.list.is_empty() {
            return;
        }
        self.settle(frames, step, report.and_then(|report| report.booked));
        self.failures.remove(&step);
        self.end_question(step, None);
        if self.list.remove(&LedgerId::Call(step)).is_some() {
            self.version += 1;
        }
    }

    /// Books what an attempt used: all that was reserved for it unless the event says otherwise.
    fn settle(&mut self, frames: &Frames, step: StepId, booked: Option<Amount>) {
        let reserved = self.reserved.remove(&step);
        let Some(used) = booked.or(reserved) else {
            return;
        };
        self.version += 1;
        for id in self.around(frames, step) {
            let Some(OpenLedger { ledger, .. }) = self.list.get_mut(&id) else {
                continue;
            };
            if let Some(reserved) = reserved {
                ledger.release(reserved);
                ledger.compare(&used, &reserved);
            }
            ledger.book(used);
        }
    }
}
