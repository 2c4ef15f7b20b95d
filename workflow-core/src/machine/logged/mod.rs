//! The logged state: what the log says about a run.
//!
//! Its fields are private to this module, and [`Logged::apply`] is the only transition, so the rest of the machine can only
//! decide on events.
//!
//! Three things must not be confused: a *decision* returns an event, the *transition* applies it, and
//! *replay* applies events that were decided before. A decision that is not an event is lost at the next restart.

mod failing;
mod given;
mod held;
mod ledger;
mod locate;
mod step;
mod table;

pub(super) use self::{
    given::{Given, Selected},
    ledger::Ledgers,
};

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    agenda::Agenda,
    failing::Failing,
    frame::{Frame, Frames},
    ids::{FrameId, LedgerId, StepId},
    limits::Limits,
    misfit::{DoesNotFit, Misfit},
    waits::Wait,
};
use crate::{
    event::{EventKind, RunCreated, StepEvent},
    template::{RunValues, Scope},
    value::{Cost, CostSum, RunId, Timestamp, Usage, WaitId},
    workflow::{OnFailure, Workflow},
};

/// The reason of `run.suspended` when the host stops.
pub(crate) const SHUTDOWN: &str = "shutdown";

/// The state of a run, as its log says it.
///
/// [`apply`](Self::apply) is the only way to change it, live and in replay. So every state can be rebuilt from its log, and each
/// prefix of a log is a valid state.
pub(super) struct Logged {
    frames: Frames,
    run_id: RunId,
    /// The number of the last event.
    seq: u64,
    phase: Phase,
    /// What the run was started with besides its input.
    given: Option<Box<Given>>,
    /// The output of the step to which the run is limited.
    only_output: Option<Arc<Value>>,
    /// When the run fails if it has not ended.
    deadline: Option<Timestamp>,
    /// The waits for persons and times.
    waits: BTreeMap<WaitId, Wait>,
    /// How many attempts have started and not ended, lost ones included.
    running: usize,
    /// How many steps have begun and are not settled. Each gets one more event when the run ends.
    open: usize,
    usage: Usage,
    on_failure: Option<Arc<OnFailure>>,
    /// Why the run has failed, while its `on_failure` runs.
    failing: Option<Failing>,
    cost: CostSum,
    /// The budgets of the run and of its open calls.
    ledgers: Ledgers,
}

/// The phase of a run as a whole.
///
/// Which events can follow, by phase: `New` → `Created` → `Started` ⇄ `Suspended` or `Interrupted`, and `Ended`
/// from each but `New`. Only in `Started` do steps have events, except that the end of a suspended run cancels its
/// steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    New,
    Created,
    /// Running; started at this time.
    Started(Timestamp),
    /// Waiting for people or times; started at this time.
    Suspended(Timestamp),
    /// Suspended because its host stopped; started at this time.
    Interrupted(Timestamp),
    Ended,
}

impl Phase {
    /// Whether events of steps can be written in this phase.
    #[inline]
    fn has_step_event(self, kind: &EventKind) -> bool {
        match self {
            Self::Started(_) => true,
            // The end of a run that is suspended cancels its steps without resuming it.
            Self::Suspended(_) | Self::Interrupted(_) => {
                matches!(kind, EventKind::NodeCancelled(_))
            }
            Self::New | Self::Created | Self::Ended => false,
        }
    }
}

impl Logged {
    /// A run without events.
    pub(super) fn new(
        workflow: &Workflow,
        run_id: RunId,
        input: Arc<Value>,
        limits: &Limits,
        agenda: &mut Agenda,
    ) -> Self {
        let (body, held) = (workflow.body(), Arc::clone(&input));
        let run = Arc::new(RunValues::new(run_id));
        let scope = Scope::of_workflow(&body.variables, body.steps.len(), input, &run);
        let root = Frame::new(body, scope, workflow.step_names().clone(), None);
        agenda.frame_opened(FrameId::ROOT, &root);
        let mut frames = Frames::new(root, limits.frames);
        frames.hold(FrameId::ROOT, &held);
        Self {
            frames,
            run_id,
            seq: 0,
            phase: Phase::New,
            given: None,
            only_output: None,
            deadline: None,
            waits: BTreeMap::new(),
            running: 0,
            open: 0,
            usage: Usage::default(),
            on_failure: workflow.on_failure().cloned(),
            failing: None,
            cost: CostSum::default(),
            ledgers: Ledgers::default(),
        }
    }

    #[inline]
    pub(super) fn frames(&self) -> &Frames {
        &self.frames
    }

    #[inline]
    pub(super) fn run_id(&self) -> RunId {
        self.run_id
    }

    #[inline]
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    #[inline]
    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    pub(super) fn waits(&self) -> &BTreeMap<WaitId, Wait> {
        &self.waits
    }

    #[inline]
    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn cost(&self) -> Option<Cost> {
        self.cost.cost()
    }

    #[inline]
    pub(super) fn ledgers(&self) -> &Ledgers {
        &self.ledgers
    }

    pub(super) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// When the run started.
    pub(super) fn started(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Started(at) | Phase::Suspended(at) | Phase::Interrupted(at) => Some(at),
            Phase::New | Phase::Created | Phase::Ended => None,
        }
    }

    /// The number of events in the log if the run ends now: those it has, one per open step, and the last one. The
    /// limit on events is compared with it, so that a run always has events left for its end.
    #[inline]
    pub(super) fn events_at_end(&self) -> u64 {
        self.seq + self.open as u64 + 1
    }

    #[inline]
    pub(super) fn given(&self) -> &Given {
        self.given.as_deref().unwrap_or(Given::nothing())
    }

    /// The output of the step to which the run is limited, once it has completed.
    pub(super) fn only_output(&self) -> Option<&Arc<Value>> {
        self.only_output.as_ref()
    }

    /// Applies an event of a stored log.
    ///
    /// The number, the run and the step are checked here. Live, the machine itself sets them.
    ///
    /// # Errors
    /// [`Misfit`] with the number and the name of the event. The state is then the one before the event, except
    /// that frames may have been opened to find its step.
    pub(super) fn replay(&mut self, event: &StepEvent, agenda: &mut Agenda) -> Result<(), Misfit> {
        let misfit = || Misfit {
            seq: event.seq,
            name: event.kind.name(),
        };
        if event.seq != self.seq + 1 || event.run_id != self.run_id {
            return Err(misfit());
        }
        let step = match event.step() {
            Some(step) => Some(self.find(step, agenda).ok_or_else(misfit)?),
            None => None,
        };
        let applied = self.apply(step, &event.kind, event.time, agenda);
        applied.map_err(|DoesNotFit| misfit())
    }

    /// Applies the next event, live and in replay. This is the only transition. `step` is the step of the event.
    ///
    /// An event that is refused changes nothing. `seq` counts applied events, so it is always the number of the
    /// last one.
    #[inline]
    pub(super) fn apply(
        &mut self,
        step: Option<StepId>,
        kind: &EventKind,
        at: Timestamp,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        match step {
            Some(step) => self.apply_to_step(step, kind, at, agenda)?,
            None => self.apply_to_run(kind, at, agenda)?,
        }
        self.seq += 1;
        Ok(())
    }

    fn apply_to_run(
        &mut self,
        kind: &EventKind,
        at: Timestamp,
        agenda: &mut Agenda,
    ) -> Result<(), DoesNotFit> {
        self.phase = match (self.phase, kind) {
            (Phase::New, EventKind::RunCreated(created)) => {
                self.take_over(created);
                self.run_values().set_url(created.url.as_ref());
                Phase::Created
            }
            (Phase::Created, EventKind::RunStarted(started)) => {
                self.deadline = started.deadline;
                self.run_values().set_started(at);
                Phase::Started(at)
            }
            // At any point: attempts may be running. They are marked, and start again as recovered.
            (Phase::Started(since), EventKind::RunSuspended(it)) if it.reason == SHUTDOWN => {
                self.frames.interrupt();
                Phase::Interrupted(since)
            }
            // Only while nothing runs and something can resume the run. Otherwise a host would leave a run that
            // never continues. With a budget, lost attempts may count as running: they wait until they fit into it.
            (Phase::Started(since), EventKind::RunSuspended(_))
                if (self.running == 0 || !self.ledgers.is_empty()) && !self.waits.is_empty() =>
            {
                Phase::Suspended(since)
            }
            (Phase::Suspended(since) | Phase::Interrupted(since), EventKind::RunResumed(_)) => {
                Phase::Started(since)
            }
            (Phase::Started(_), EventKind::RunCompleted(_)) if self.may_complete() => Phase::Ended,
            (Phase::Started(since), EventKind::RunFailing(failing)) => {
                self.begin_on_failure(failing, agenda)?;
                Phase::Started(since)
            }
            (Phase::New | Phase::Ended, _) => return Err(DoesNotFit),
            // In any phase after creation: a run can be cancelled while it is queued, suspended or interrupted.
            (_, EventKind::RunFailed(_) | EventKind::RunCancelled(_)) => Phase::Ended,
            _ => return Err(DoesNotFit),
        };
        Ok(())
    }

    /// What templates read of the run.
    pub(super) fn run_values(&self) -> &RunValues {
        self.frames.at(FrameId::ROOT).scope.run()
    }

    /// Whether every step of the workflow is settled, or one of them may have ended it and nothing is open any more.
    fn may_complete(&self) -> bool {
        let root = self.frames.at(FrameId::ROOT);
        let may_end = root.unsettled == 0 || (root.may_stop && !root.is_busy());
        may_end && self.failing.is_none()
    }

    /// The memory of all results counts from the beginning, since they are in memory whether or not their step has begun.
    fn take_over(&mut self, created: &RunCreated) {
        self.given = Given::of(created, self.frames.at(FrameId::ROOT));
        if let Some(budget) = created.effective_budget() {
            self.ledgers.open(LedgerId::Run, budget);
        }
        self.frames.limit_to(created.only.clone());
        self.frames.charge(FrameId::ROOT, created.carried_memory());
    }
}
