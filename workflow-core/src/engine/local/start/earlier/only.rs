//! The results that a run of a single step takes from the earlier run.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;

use crate::{
    error::{Fault, FaultCode, Pointer},
    event::{EventKind, Report, StepEvent, TakenOutput, TakenResult, TakenStep},
    value::{MAX_RESULT_BYTES, StepPath, size},
    workflow::Workflow,
};

/// The results of what a step can read, in each list of nodes on the way to it. What it needs directly must have one.
pub(super) fn taken(
    workflow: &Workflow,
    log: &[StepEvent],
    only: &StepPath,
    overrides: &BTreeMap<StepPath, Arc<Value>>,
) -> Result<Vec<TakenStep>, Vec<Fault>> {
    let at = Pointer::root().field("only");
    let refuse =
        |code, detail: String, hint: &str| Err(vec![Fault::new(code, &at, detail).with_hint(hint)]);
    let Some(place) = workflow.place(only) else {
        let detail = format!("the workflow has no step `{only}`");
        let hint = "a path is `node`, `map/0/node` or `call/node`";
        return refuse(FaultCode::UnknownReference, detail, hint);
    };
    if place.in_loop {
        let detail =
            format!("`{only}` is within the round of a loop, which depends on the rounds before");
        let hint = "run the whole loop";
        return refuse(FaultCode::NotApplicable, detail, hint);
    }
    if place.in_agent {
        let detail =
            format!("`{only}` is within a turn of an agent, which depends on the turns before");
        let hint = "run the whole agent";
        return refuse(FaultCode::NotApplicable, detail, hint);
    }
    let results = results(log);
    let mut taken = Vec::new();
    let mut left = MAX_RESULT_BYTES;
    for list in &place.lists {
        for (node, is_direct) in list.ancestors() {
            let path = list.path_of(node);
            if overrides.contains_key(&path) {
                continue;
            }
            let Some(result) = results.get(&path) else {
                if !is_direct {
                    continue;
                }
                let detail =
                    format!("`{only}` needs `{path}`, which has no result in the earlier run");
                let hint = "set its output with `overrides`, or continue the run with `reuse`";
                return refuse(FaultCode::MissingResult, detail, hint);
            };
            let step = TakenStep {
                path,
                result: result.clone(),
            };
            let Some(rest) = left.checked_sub(size::bytes(&step)) else {
                let detail =
                    format!("the results before `{only}` have more than {MAX_RESULT_BYTES} bytes");
                let hint = "continue the run with `reuse` instead";
                return refuse(FaultCode::InvalidValue, detail, hint);
            };
            left = rest;
            taken.push(step);
        }
    }
    Ok(taken)
}

/// How each step ended that others may depend on.
fn results(log: &[StepEvent]) -> HashMap<StepPath, TakenResult> {
    let results = log.iter().filter_map(|event| {
        let result = match &event.kind {
            EventKind::NodeCompleted(it) => TakenResult::Completed(TakenOutput {
                output: Arc::clone(&it.output),
                report: it.report.as_deref().and_then(Report::readable),
            }),
            EventKind::NodeFailed(it) if it.handled => TakenResult::Failed {
                error: Arc::clone(&it.error),
                output: it.output.clone(),
            },
            EventKind::NodeSkipped(it) => TakenResult::Skipped { reason: it.reason },
            _ => return None,
        };
        Some((event.step()?.path().clone(), result))
    });
    results.collect()
}
