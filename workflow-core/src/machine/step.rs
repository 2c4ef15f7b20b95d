//! The state of one step.

use crate::{event::StartReason, time::Timestamp};

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepState {
    /// It waits for this many needs.
    Idle { needs_left: usize },
    /// It waits for a slot. The reason is that of its next start.
    Ready(Option<StartReason>),
    /// It works.
    Running { since: Timestamp },
    /// It waits for its next attempt.
    Backoff { until: Timestamp },
    /// It is done, failed or cancelled.
    Settled,
}

pub(super) struct Step {
    pub(super) state: StepState,
    /// The number of the latest attempt; 0 before the first.
    pub(super) attempt: u32,
    /// How many attempts failed. An attempt that was lost with its host did not fail.
    pub(super) failures: u32,
}

impl Step {
    pub(super) fn new(needs: usize) -> Self {
        let state = if needs == 0 {
            StepState::Ready(None)
        } else {
            StepState::Idle { needs_left: needs }
        };
        Self {
            state,
            attempt: 0,
            failures: 0,
        }
    }

    /// Whether it has begun and is not settled.
    pub(super) fn is_open(&self) -> bool {
        match self.state {
            StepState::Running { .. } | StepState::Backoff { .. } => true,
            StepState::Ready(_) => self.attempt > 0,
            StepState::Idle { .. } | StepState::Settled => false,
        }
    }

    pub(super) fn start(&mut self, attempt: u32, now: Timestamp) {
        self.attempt = attempt;
        self.state = StepState::Running { since: now };
    }

    pub(super) fn back_off(&mut self, until: Timestamp) {
        self.failures += 1;
        self.state = StepState::Backoff { until };
    }

    /// One of its needs settled; says whether that was the last.
    pub(super) fn need_settled(&mut self) -> bool {
        let StepState::Idle { needs_left } = self.state else {
            return false;
        };
        self.state = match needs_left {
            0 | 1 => StepState::Ready(None),
            more => StepState::Idle {
                needs_left: more - 1,
            },
        };
        needs_left <= 1
    }
}
