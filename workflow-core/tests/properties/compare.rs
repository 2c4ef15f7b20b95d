//! A log against its forecast.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    forecast::{Forecast, Moment, Outcome, SAME_MOMENT, StepForecast},
    invariants::{Checked, ensure},
    log::{Log, Seen, kind, path},
    scripted::World,
};

/// What the forecast lets a step do.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    /// What it does when it is left to itself.
    Outcome,
    Cancelled,
    Nothing,
    /// Any of these.
    Open,
}

/// `slots`: leaf steps at once. What depends on time is compared if time is known: not in a run
/// that was lost and resumed, nor in one that has to wait for slots.
pub fn agrees(log: &Log, forecast: &Forecast, slots: usize) -> Checked {
    let timely = is_timely(log, forecast, slots);
    if forecast.open && !timely {
        return Ok(());
    }
    let seen = log.steps();
    for path in seen.keys() {
        ensure!(
            forecast.steps.contains_key(*path),
            "{path} has no business in this run"
        );
    }
    let starts = log.count("node.started");
    for (path, step) in &forecast.steps {
        let seen = seen.get(path.as_str()).copied();
        let expected = expected(step, timely);
        let as_forecast = seen.is_some_and(|seen| is_outcome(seen, &step.outcome, timely));
        let cancelled =
            matches!(seen, Some(Seen::Cancelled(event)) if event["reason"] == "sibling_failed");
        let agrees = match expected {
            Expected::Outcome => as_forecast,
            Expected::Cancelled => cancelled,
            Expected::Nothing => seen.is_none(),
            Expected::Open => as_forecast || cancelled || seen.is_none(),
        };
        ensure!(agrees, "{path}: {seen:?} does not agree with {step:?}");
        if expected == Expected::Outcome && log.cut.is_none() {
            let starts = starts.get(path).copied().unwrap_or_default();
            ensure!(
                step.attempts == 0 || starts == step.attempts,
                "{path} starts {starts} times: {step:?}"
            );
        }
        if as_forecast {
            progress_is_complete(log, path, &step.outcome)?;
        }
    }
    ends_as_forecast(log, forecast, timely)
}

/// What is cancelled is dropped: no call of it runs to its end.
pub fn cancelled_work_stops(
    log: &Log,
    forecast: &Forecast,
    slots: usize,
    world: &World,
) -> Checked {
    let retried = log.count("node.retrying");
    for (path, step) in &forecast.steps {
        if is_timely(log, forecast, slots) && expected(step, true) == Expected::Cancelled {
            let (ended, retried) = (world.ended_calls(path), retried.get(path));
            ensure!(
                ended == retried.copied().unwrap_or_default(),
                "{path} is cancelled, and {ended} of its calls end"
            );
        }
    }
    Ok(())
}

/// Whether times are as forecast.
fn is_timely(log: &Log, forecast: &Forecast, slots: usize) -> bool {
    log.cut.is_none() && forecast.ordered && forecast.most_at_once <= slots
}

fn expected(step: &StepForecast, timely: bool) -> Expected {
    let before = |one: Moment, other: Moment| one.saturating_add(SAME_MOMENT) < other;
    match step.horizon {
        None if timely || !step.may_stop => Expected::Outcome,
        Some(horizon) if timely => {
            if before(step.end, horizon) {
                Expected::Outcome
            } else if before(horizon, step.begin) {
                Expected::Nothing
            } else if before(step.begin, horizon) && before(horizon, step.end) {
                Expected::Cancelled
            } else {
                Expected::Open
            }
        }
        _ => Expected::Open,
    }
}

fn is_outcome(seen: Seen, outcome: &Outcome, timely: bool) -> bool {
    match (seen, outcome) {
        (Seen::Completed(event), Outcome::Completed { output, rounds }) => {
            let exhausted = rounds.is_some_and(|(_, exhausted)| exhausted);
            let count = rounds.map(|(count, _)| count);
            // `rounds` may be absent; if present, it must be right.
            event["output"] == *output
                && (event["exhausted"] == true) == exhausted
                && (event["rounds"].is_null()
                    || event["rounds"].as_u64() == count.map(|count| count as u64))
        }
        (Seen::Failed(event), Outcome::Handled { code, output }) => {
            event["handled"] == true
                && event["error"]["code"] == code.as_str()
                && event.get("output") == output.as_ref()
        }
        (Seen::Failed(event), Outcome::Fatal(failure)) => {
            let code = event["error"]["code"].as_str().unwrap_or_default();
            let right = if timely {
                code == failure.code
            } else {
                failure.possible.contains(code)
            };
            right && event["handled"] == false && event.get("output").is_none()
        }
        (Seen::Skipped(event), Outcome::Skipped(reason)) => event["reason"] == *reason,
        _ => false,
    }
}

/// A map reports each item that ended, a loop each round that begins.
fn progress_is_complete(log: &Log, of_path: &str, outcome: &Outcome) -> Checked {
    let Outcome::Completed { output, rounds } = outcome else {
        return Ok(());
    };
    let progress = || {
        let events = log.events.iter();
        events.filter(move |event| kind(event) == "node.progress" && path(event) == of_path)
    };
    if let Some((count, _)) = rounds {
        let reported: Vec<_> = progress()
            .filter_map(|event| event["round"].as_u64())
            .collect();
        ensure!(
            reported.iter().copied().eq(0..*count as u64),
            "{of_path} reports the rounds {reported:?} of {count}"
        );
        return Ok(());
    }
    let ended: Vec<_> = progress().filter(|event| event["item"].is_u64()).collect();
    if ended.is_empty() {
        return Ok(()); // No map, or an empty one. That others report their items is checked by their steps.
    }
    let items = output.as_array().map_or(0, Vec::len) as u64;
    let done = ended
        .iter()
        .map(|event| event["items_done"].as_u64().unwrap_or_default());
    ensure!(
        done.eq(1..=items),
        "{of_path} does not count its {items} items: {ended:?}"
    );
    let mut reported: Vec<_> = ended
        .iter()
        .filter_map(|event| event["item"].as_u64())
        .collect();
    reported.sort_unstable();
    ensure!(
        reported.into_iter().eq(0..items),
        "{of_path} does not report each item once: {ended:?}"
    );
    ensure!(
        ended.iter().all(|event| event["items"] == items),
        "{of_path} has {items} items: {ended:?}"
    );
    Ok(())
}

fn ends_as_forecast(log: &Log, forecast: &Forecast, timely: bool) -> Checked {
    let Some(last) = log.events.last() else {
        return Err("the log is empty".to_owned());
    };
    match &forecast.result {
        Ok(output) => {
            ensure!(
                kind(last) == "run.completed",
                "{last} instead of the output {output}"
            );
            ensure!(
                last["output"] == *output,
                "the output is {}, not {output}",
                last["output"]
            );
        }
        Err(failure) => {
            ensure!(kind(last) == "run.failed", "{last} instead of {failure:?}");
            let code = last["error"]["code"].as_str().unwrap_or_default();
            let right = if timely {
                code == failure.code
            } else {
                failure.possible.contains(code)
            };
            ensure!(right, "the run fails with {code}, not {failure:?}");
            names_the_step(log, last, forecast, timely)?;
        }
    }
    Ok(())
}

/// `run.failed` names the step that failed: the inner step or the node around it.
fn names_the_step(log: &Log, last: &Value, forecast: &Forecast, timely: bool) -> Checked {
    let named = last["path"].as_str().unwrap_or_default();
    let seen: BTreeMap<_, _> = log.steps();
    let failed = matches!(seen.get(named), Some(Seen::Failed(event)) if event["handled"] == false);
    ensure!(failed, "the run fails by {named:?}, which did not fail");
    let Err(failure) = &forecast.result else {
        return Ok(());
    };
    let one_only = forecast
        .steps
        .get(&failure.path)
        .is_some_and(|step| step.horizon.is_none());
    if timely && one_only {
        let inside = failure.path.starts_with(&format!("{named}/"));
        ensure!(
            named == failure.path || inside,
            "the run fails by {named}, not by {}",
            failure.path
        );
    }
    Ok(())
}
