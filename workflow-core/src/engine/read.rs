//! Reports and histories, folded from the events of a run: the provided methods of [`Runs`].
//!
//! They read through the trait only, so that they work for every engine.

use super::{EngineError, Runs};
use crate::{
    event::StepEvent,
    value::{RunId, StepPath},
    view::{FoldedRun, RunDiff, RunReport, StepHistory},
};

/// Events per read. A batch is in memory at once; a log never is.
const READ_BATCH: usize = 500;

/// The record is read first and bounds the fold: events that are appended meanwhile are not in the report, so
/// record and steps agree. A damaged log still gives a report, with the steps before the damage.
pub(super) async fn run_report<R>(runs: &R, id: RunId) -> Result<RunReport, EngineError>
where
    R: Runs + ?Sized,
{
    let record = runs.run_record(id).await?;
    let until = record.head.last_seq;
    let mut report = RunReport::new(record);
    let read = each_event(runs, id, until, |event| report.apply(event)).await;
    match read {
        Ok(()) => {}
        Err(EngineError::Stopped { problem, .. }) => report.blocked = Some(problem),
        Err(error) => return Err(error),
    }
    Ok(report.finish())
}

/// Only the events of the step are kept, and `run.created`, which has the type of its node. The whole log is read,
/// since a store has no index by step.
pub(super) async fn step_history<R>(
    runs: &R,
    run: RunId,
    path: &StepPath,
) -> Result<StepHistory, EngineError>
where
    R: Runs + ?Sized,
{
    let mut log = Vec::new();
    let until = runs.run_record(run).await?.head.last_seq;
    let of_step =
        |event: &StepEvent| event.seq == 1 || event.step().is_some_and(|step| step.path() == path);
    each_event(runs, run, until, |event| {
        if of_step(event) {
            log.push(event.clone());
        }
    })
    .await?;
    StepHistory::of(&log, path).ok_or_else(|| EngineError::NoSuchStep(path.clone()))
}

/// Both logs are read one after the other, and only what is compared is kept of each.
pub(super) async fn run_diff<R>(runs: &R, a: RunId, b: RunId) -> Result<RunDiff, EngineError>
where
    R: Runs + ?Sized,
{
    let a = folded(runs, a).await?;
    let b = folded(runs, b).await?;
    Ok(RunDiff::of(&a, &b))
}

async fn folded<R>(runs: &R, id: RunId) -> Result<FoldedRun, EngineError>
where
    R: Runs + ?Sized,
{
    let record = runs.run_record(id).await?;
    let until = record.head.last_seq;
    let mut run = FoldedRun::new(record);
    each_event(runs, id, until, |event| run.apply(event)).await?;
    Ok(run)
}

/// Calls `take` with each event up to number `until`. The bound makes a fold end although the run continues.
async fn each_event<R>(
    runs: &R,
    run: RunId,
    until: u64,
    mut take: impl FnMut(&StepEvent) + Send,
) -> Result<(), EngineError>
where
    R: Runs + ?Sized,
{
    let mut after = 0;
    while after < until {
        let events = runs.read_events(run, after, READ_BATCH).await?;
        let Some(last) = events.last() else { break };
        after = last.seq;
        for event in events.iter().filter(|event| event.seq <= until) {
            take(event);
        }
        // A store in memory never suspends the task: yield, so that a long log does not block other tasks.
        tokio::task::yield_now().await;
    }
    Ok(())
}
