//! Steps that wait until their next attempt fits into a budget: a line for each ledger, first come first served.
//!
//! They hold no slot. Only the first of a line is planned again, and only when something has changed. The lines are derived: after a
//! restart, the steps in them become ready once more.

use std::collections::{BTreeMap, VecDeque};

use super::ids::{LedgerId, StepId};
use crate::event::StartReason;

/// A step that waits, with the reason of its next start.
pub(super) type Ready = (StepId, Option<StartReason>);

#[derive(Default)]
pub(super) struct Lines(BTreeMap<LedgerId, Line>);

#[derive(Default)]
struct Line {
    steps: VecDeque<Ready>,
    /// The version of the ledgers when the first of the line was tried. `None` if it was not.
    tried: Option<u64>,
}

impl Lines {
    /// Whether steps wait for a ledger.
    pub(super) fn has(&self, ledger: LedgerId) -> bool {
        self.0.contains_key(&ledger)
    }

    pub(super) fn contains(&self, step: StepId) -> bool {
        let mut steps = self.0.values().flat_map(|line| &line.steps);
        steps.any(|(it, _)| *it == step)
    }

    /// Adds a step at the end of a line.
    pub(super) fn join(&mut self, ledger: LedgerId, ready: Ready, version: u64) {
        let line = self.0.entry(ledger).or_insert_with(|| Line {
            steps: VecDeque::new(),
            tried: Some(version),
        });
        line.steps.push_back(ready);
    }

    /// Puts back a step that [`next`](Self::next) took from the front of a line.
    pub(super) fn put_back(&mut self, ledger: LedgerId, ready: Ready, version: u64) {
        let line = self.0.entry(ledger).or_default();
        line.steps.push_front(ready);
        line.tried = Some(version);
    }

    /// Takes the first step of a line that was not tried at this version of the ledgers.
    pub(super) fn next(&mut self, version: u64) -> Option<(LedgerId, Ready)> {
        let mut lines = self.0.iter_mut();
        let (ledger, line) = lines.find(|(_, line)| line.tried != Some(version))?;
        let ledger = *ledger;
        line.tried = None;
        let ready = line.steps.pop_front()?;
        if line.steps.is_empty() {
            self.0.remove(&ledger);
        }
        Some((ledger, ready))
    }
}
