//! The state of one step.

use super::{container::Container, question::Held};
use crate::{
    event::{NodeStarted, NodeWaiting, StartReason, WaitKind},
    node::RetryPolicy,
    value::{Timestamp, WaitId, millis},
};

/// What the log says about a step.
///
/// `Idle` → `Due` → `Running` ⇄ `Backoff` for leaves, `Due` → `Open` ⇄ `Waiting` for control nodes, and `Settled`
/// from each but `Idle`. Everything in it follows from the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum StepState {
    /// It waits for `needs_left` needs. `any_live`: a need that is settled was not skipped.
    Idle { needs_left: u32, any_live: bool },
    /// Its needs are settled. The log does not say yet whether it runs.
    Due { any_live: bool },
    /// An attempt runs. `queued` is its last reported place in line while it waits for admission.
    Running {
        since: Timestamp,
        queued: Option<usize>,
    },
    /// It waits for its next attempt, after a failure or the answer of a person who was asked before it.
    Backoff { until: Timestamp },
    /// A control node that has begun. Its container holds the rest.
    Open {
        since: Timestamp,
        deadline: Option<Timestamp>,
    },
    /// It waits for a person or a time.
    Waiting { since: Timestamp, wait: WaitId },
    /// It completed, failed, or was skipped or cancelled.
    Settled,
}

pub(super) struct Step {
    pub(super) state: StepState,
    /// The number of the latest attempt; 0 before the first one.
    pub(super) attempt: u32,
    /// How often it was lost with its host since its last progress.
    pub(super) recoveries: u32,
    /// Whether its host was shut down while an attempt ran.
    pub(super) interrupted: bool,
    /// How many attempts failed. A lost attempt did not fail.
    pub(super) failures: u32,
    /// What a person was asked about it before its next attempt.
    pub(super) held: Option<Box<Held>>,
    /// What it holds while it is open.
    pub(super) container: Option<Box<Container>>,
}

impl Step {
    pub(super) fn new(needs: usize) -> Self {
        let state = match u32::try_from(needs).unwrap_or(u32::MAX) {
            0 => StepState::Due { any_live: true },
            needs_left => StepState::Idle {
                needs_left,
                any_live: false,
            },
        };
        Self {
            state,
            attempt: 0,
            failures: 0,
            recoveries: 0,
            interrupted: false,
            held: None,
            container: None,
        }
    }

    /// Whether it has begun and is not settled.
    pub(super) fn is_open(&self) -> bool {
        match self.state {
            StepState::Running { .. }
            | StepState::Backoff { .. }
            | StepState::Open { .. }
            | StepState::Waiting { .. } => true,
            StepState::Idle { .. } | StepState::Due { .. } | StepState::Settled => false,
        }
    }

    /// The most attempts it can have if its next one starts now. Recoveries add to what its policy allows. The
    /// number in events is therefore an upper bound that can grow.
    #[inline]
    pub(super) fn max_attempts(&self, policy: &RetryPolicy) -> u32 {
        let left = policy.max_attempts.saturating_sub(self.failures);
        self.attempt.saturating_add(left)
    }

    /// A recovery counts unless its host was shut down, which is no sign that the step crashes it.
    pub(super) fn start(&mut self, started: &NodeStarted, now: Timestamp) {
        self.attempt = started.attempt;
        let lost = started.reason == Some(StartReason::Recovered) && !self.interrupted;
        self.recoveries += u32::from(lost);
        self.interrupted = false;
        self.state = StepState::Running {
            since: now,
            queued: None,
        };
    }

    /// Begins a control node.
    pub(super) fn open(&mut self, started: &NodeStarted, now: Timestamp) {
        self.attempt = started.attempt;
        self.state = StepState::Open {
            since: now,
            deadline: started.deadline,
        };
    }

    /// How long it has been running or waiting, in milliseconds.
    pub(super) fn duration_ms(&self, now: Timestamp) -> u64 {
        match self.state {
            StepState::Running { since, .. }
            | StepState::Open { since, .. }
            | StepState::Waiting { since, .. } => millis(now.since(since)),
            _ => 0,
        }
    }

    /// Waits for a person before its next attempt. A question about a budget is no question about what the step does.
    pub(super) fn hold(&mut self, waiting: &NodeWaiting, now: Timestamp) {
        if waiting.kind != Some(WaitKind::Budget) {
            self.held = Some(Box::new(Held::new(waiting)));
        }
        let wait = waiting.wait_id;
        self.state = StepState::Waiting { since: now, wait };
    }

    /// Sets its place in line, or `None` when it is admitted.
    pub(super) fn set_queued(&mut self, position: Option<usize>) {
        if let StepState::Running { queued, .. } = &mut self.state {
            *queued = position;
        }
    }

    /// A failure is progress: the step did not crash its host.
    pub(super) fn back_off(&mut self, until: Timestamp) {
        self.failures += 1;
        self.recoveries = 0;
        self.state = StepState::Backoff { until };
    }

    /// Counts a need that settled. Returns whether it was the last one.
    ///
    /// `any_live` is the *or* over all needs: a step runs if at least one of them was not skipped.
    pub(super) fn need_settled(&mut self, live: bool) -> bool {
        let StepState::Idle {
            needs_left,
            any_live,
        } = self.state
        else {
            return false;
        };
        let any_live = any_live || live;
        let needs_left = needs_left.saturating_sub(1);
        self.state = match needs_left {
            0 => StepState::Due { any_live },
            needs_left => StepState::Idle {
                needs_left,
                any_live,
            },
        };
        needs_left == 0
    }
}

/// Whether an attempt can report this place in line: its first one, or one nearer to the front.
///
/// Used by the decision and by the transition, so that whatever is logged can be replayed.
pub(super) fn is_nearer(before: Option<usize>, position: usize) -> bool {
    position > 0 && before.is_none_or(|before| position < before)
}
