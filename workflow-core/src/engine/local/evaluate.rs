//! Evaluates an expression with the values that a step of a run could read.

use std::sync::Arc;

use serde_json::Value;

use super::{
    drive::replay::{Replay, ReplayError, begin},
    journal::logs::READ_BATCH,
    shared::Shared,
};
use crate::{
    engine::{EngineError, MAX_EVALUATED_BYTES},
    error::{Fault, FaultCode, NodeError, Pointer, did_you_mean},
    event::{EventKind, StepEvent},
    record::RunRecord,
    store::StoreError,
    template::{Budget, Expr, Scope},
    value::{StepPath, size},
    view::RunOutline,
};

/// The value of an expression. The log is replayed up to the first event of the step, and no further.
///
/// The expression is read first: one that does not parse costs no replay. The memory of the replay counts in the budget of
/// the engine like that of a run, and is free again when the value is there.
pub(super) async fn evaluate(
    shared: &Shared,
    record: &RunRecord,
    at: &StepPath,
    expression: &str,
) -> Result<Value, EngineError> {
    let place = Pointer::root().field("expression");
    let expression = Expr::parse(expression)
        .map_err(|error| EngineError::InvalidEvaluation(vec![error.into_fault(&place)]))?;
    let scope = scope_at(shared, record, at).await?;
    let mut budget = Budget::of(MAX_EVALUATED_BYTES);
    let value = expression.evaluate(&scope, &mut budget);
    let value =
        value.map_err(|error| EngineError::InvalidEvaluation(vec![fault(&error, &place)]))?;
    // The budget of the conversion does not count what JSON adds, such as quotes and escapes.
    if size::bytes(&value) > MAX_EVALUATED_BYTES {
        let detail = format!("the value has more than {MAX_EVALUATED_BYTES} bytes");
        let fault = Fault::new(FaultCode::InvalidValue, place, detail);
        let fault = fault.with_hint("select a part of it, or its `length`");
        return Err(EngineError::InvalidEvaluation(vec![fault]));
    }
    Ok(value)
}

/// The values that a step could read when it was decided.
async fn scope_at(
    shared: &Shared,
    record: &RunRecord,
    at: &StepPath,
) -> Result<Arc<Scope>, EngineError> {
    let stopped = |error| stopped(record, error);
    let mut memory = shared.admission.budget().reserve_nothing();
    let mut replay = begin(shared, record).await.map_err(stopped)?;
    let mut after = 1;
    loop {
        let events = shared.store.read(record.id, after, READ_BATCH).await?;
        let Some(last) = events.last() else {
            return Err(not_decided(shared, record, at).await?);
        };
        after = last.seq;
        if let Some(scope) = apply(&mut replay, &events, at).map_err(stopped)? {
            return Ok(scope);
        }
        let used = replay.machine().map_err(stopped)?.memory();
        memory.set(used).map_err(|most| EngineError::Busy {
            limit: "memory_budget_bytes",
            most,
        })?;
        // A store in memory never suspends the task: yield, so that a long log does not block other tasks.
        tokio::task::yield_now().await;
    }
}

/// Applies events up to the first one of the step, and returns what it can read.
fn apply(
    replay: &mut Replay,
    events: &[StepEvent],
    at: &StepPath,
) -> Result<Option<Arc<Scope>>, ReplayError> {
    for event in events {
        if let Some(step) = event.step().filter(|step| step.path() == at)
            && let Some(scope) = replay.machine()?.scope_of(step)
        {
            return Ok(Some(scope));
        }
        replay.apply(event);
    }
    Ok(None)
}

/// The error for a step without events: the workflow has no such step, or it was not decided.
async fn not_decided(
    shared: &Shared,
    record: &RunRecord,
    at: &StepPath,
) -> Result<EngineError, EngineError> {
    let first = shared.store.read(record.id, 0, 1).await?;
    let Some(EventKind::RunCreated(created)) = first.first().map(|event| &event.kind) else {
        return Err(EngineError::NoSuchRun(record.id));
    };
    let (detail, hint) = if RunOutline::of(created).node(at).is_some() {
        let detail = format!("`{at}` was not decided: it has no event in the log");
        (detail, None)
    } else {
        let mut ids = created.nodes.iter().map(|node| node.id.as_str());
        let hint = did_you_mean(at.as_str(), &mut ids);
        (format!("the run has no step `{at}`"), hint)
    };
    let mut fault = Fault::new(FaultCode::UnknownReference, "#/at", detail);
    fault.hint = hint;
    Ok(EngineError::InvalidEvaluation(vec![fault]))
}

/// What is wrong with the expression in this place: a missing name, a wrong type, or a value that is too large.
fn fault(error: &NodeError, place: &Pointer) -> Fault {
    let problem = error.problem();
    let mut fault = Fault::new(FaultCode::InvalidValue, place, problem.detail.clone());
    fault.hint.clone_from(&problem.hint);
    fault
}

fn stopped(record: &RunRecord, error: ReplayError) -> EngineError {
    match error {
        ReplayError::Stopped(problem) => EngineError::Stopped {
            run: record.id,
            problem: Arc::new(*problem),
        },
        ReplayError::Unavailable => {
            EngineError::Store(StoreError::Unavailable("the log cannot be read now".into()))
        }
    }
}
