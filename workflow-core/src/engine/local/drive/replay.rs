//! Rebuilds a run from its log, or explains why that is not possible.

use std::{error::Error, fmt, sync::Arc};

use super::loaded_run::LoadedRun;
use crate::engine::local::{journal::logs::RunLogs, shared::Shared};
use crate::{
    engine::EngineError,
    error::{InvalidWorkflow, Problem},
    event::{EventKind, ResumeError, RunCreated, StepEvent, UnknownFormat},
    executor::{Clock, Executor},
    machine::Machine,
    record::RunRecord,
    store::StoreError,
    value::Timestamp,
    workflow::Workflow,
};

/// The code of the problem of a log that a newer version of this program has written.
pub(in crate::engine::local) const NEWER_LOG: &str = "newer_log";

/// Why a run cannot be rebuilt.
pub(in crate::engine::local) enum ReplayError {
    /// The store cannot be read now. Retried later.
    Unavailable,
    /// This program cannot use the log or the workflow of the run. Not retried.
    Stopped(Box<Problem>),
}

impl ReplayError {
    fn stopped(problem: Problem) -> Self {
        Self::Stopped(Box::new(problem))
    }
}

/// Loads a run in the state at the end of its log. `time` is when the run was woken, by the clock of the caller.
pub(in crate::engine::local) async fn load(
    shared: &Arc<Shared>,
    record: &RunRecord,
    time: Option<Timestamp>,
) -> Result<LoadedRun, ReplayError> {
    let mut replay = begin(shared, record).await?;
    // Each batch is applied and dropped, so that a long log is never in memory as a whole.
    RunLogs::new(shared)
        .each_event(record.id, 1, |event| replay.apply(event))
        .await?;
    let (machine, last) = replay.end()?;
    let times = [Some(last), time].into_iter().flatten();
    Ok(LoadedRun {
        machine,
        clock: times.fold(shared.clock(), Clock::not_before),
        head: record.head.clone(),
    })
}

/// Begins to rebuild a run: its first event is applied.
pub(in crate::engine::local) async fn begin(
    shared: &Shared,
    record: &RunRecord,
) -> Result<Replay, ReplayError> {
    let first = shared.store.read(record.id, 0, 1).await?;
    let created = check_first_event(&first)?;
    let workflow = pinned(shared, record, created).await?;
    Ok(Replay::begin(&shared.executor, workflow, &first)?)
}

/// The workflow of a run and those it calls, in the versions that the run pinned when it was created.
async fn pinned(
    shared: &Shared,
    record: &RunRecord,
    created: &RunCreated,
) -> Result<Arc<Workflow>, ReplayError> {
    let (id, version) = (record.workflow.id, record.workflow.version);
    let Some(stored) = shared.store.workflow(id, Some(version)).await? else {
        let detail = format!("version {version} of the workflow is no longer stored");
        return Err(unusable(detail));
    };
    Ok(shared.linker.pinned(&stored, &created.workflows).await?)
}

/// A replay in progress. After an event that does not fit, it ignores the others and keeps the error.
pub(in crate::engine::local) struct Replay {
    machine: Result<Machine, ResumeError>,
    last: Timestamp,
}

impl Replay {
    fn begin(
        executor: &Executor,
        workflow: Arc<Workflow>,
        first: &[StepEvent],
    ) -> Result<Self, ResumeError> {
        let event = first.first().ok_or(ResumeError::NoBeginning)?;
        let mut replay = Self {
            machine: executor.machine_for(workflow, event),
            last: event.time,
        };
        for event in first {
            replay.apply(event);
        }
        Ok(replay)
    }

    pub(in crate::engine::local) fn apply(&mut self, event: &StepEvent) {
        self.last = event.time;
        if let Ok(machine) = &mut self.machine
            && let Err(misfit) = machine.apply(event)
        {
            self.machine = Err(misfit.into());
        }
    }

    /// The machine so far.
    ///
    /// # Errors
    /// [`ReplayError::Stopped`] if an event did not fit.
    pub(in crate::engine::local) fn machine(&mut self) -> Result<&mut Machine, ReplayError> {
        self.machine.as_mut().map_err(|error| match error.source() {
            Some(source) => damaged(source),
            None => damaged(error),
        })
    }

    /// The machine, and the time of the last event.
    fn end(self) -> Result<(Machine, Timestamp), ResumeError> {
        Ok((self.machine?, self.last))
    }
}

/// The body of the first event, if it is `run.created` in a log format that this version can replay.
fn check_first_event(log: &[StepEvent]) -> Result<&RunCreated, ReplayError> {
    let Some(EventKind::RunCreated(created)) = log.first().map(|first| &first.kind) else {
        return Err(damaged("the first event is not run.created"));
    };
    created.check_format()?;
    Ok(created)
}

fn damaged(why: impl fmt::Display) -> ReplayError {
    ReplayError::stopped(damaged_log(why))
}

fn damaged_log(why: impl fmt::Display) -> Problem {
    Problem::new("damaged_log", format!("the log is damaged: {why}"))
}

/// The problem of a run whose log cannot be read from this event on.
pub(in crate::engine) fn damaged_event(seq: u64) -> Problem {
    damaged_log(format_args!("event {seq} cannot be read"))
}

/// The problem of a run whose record cannot be read.
pub(in crate::engine) fn damaged_record() -> Problem {
    damaged_log("the record of the run cannot be read")
}

fn unusable(detail: String) -> ReplayError {
    ReplayError::stopped(Problem::new("unusable_workflow", detail))
}

impl From<UnknownFormat> for ReplayError {
    fn from(format: UnknownFormat) -> Self {
        let code = match format {
            UnknownFormat::Development(_) => "development_log",
            UnknownFormat::Newer(_) => NEWER_LOG,
        };
        Self::stopped(Problem::new(code, format.to_string()))
    }
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { seq, .. } => Self::stopped(damaged_event(seq)),
            StoreError::DamagedRun { .. } => Self::stopped(damaged_record()),
            StoreError::DamagedWorkflow { .. } => {
                unusable("the record of the workflow cannot be read".to_owned())
            }
            _ => Self::Unavailable,
        }
    }
}

impl From<InvalidWorkflow> for ReplayError {
    fn from(invalid: InvalidWorkflow) -> Self {
        let detail = format!("the workflow is no longer valid: {invalid}");
        let problem = Problem::new("unusable_workflow", detail);
        Self::stopped(problem.with_errors(invalid.into_faults()))
    }
}

impl From<EngineError> for ReplayError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Stopped { problem, .. } => Self::stopped((*problem).clone()),
            EngineError::Invalid(invalid) => invalid.into(),
            _ => Self::Unavailable,
        }
    }
}

impl From<ResumeError> for ReplayError {
    fn from(error: ResumeError) -> Self {
        match error.source() {
            Some(source) => damaged(source),
            None => damaged(error),
        }
    }
}
