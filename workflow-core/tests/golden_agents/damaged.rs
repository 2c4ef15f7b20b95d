//! The same log with damage: it is refused, or continues to a sound end.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use workflow_core::{EventKind, Executor, StepEvent, Workflow};

use crate::{
    LOG, answer, as_then, ends,
    support::{agents::open_waits, brief, collect},
    workflow,
};

/// The log without its end, as JSON.
fn events() -> Vec<Value> {
    let lines: Vec<&str> = LOG.lines().collect();
    let open = &lines[..lines.len() - 1];
    open.iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Resumes a damaged log. Returns `None` if it is refused, or rests with a question that cannot be answered; else the whole log of the run that has ended.
async fn resumed(workflow: &Arc<Workflow>, damaged: &[Value]) -> Option<Vec<StepEvent>> {
    let mut damaged = damaged.to_vec();
    for (index, event) in damaged.iter_mut().enumerate() {
        event["seq"] = json!(index + 1);
    }
    let mut log: Vec<StepEvent> = serde_json::from_value(Value::Array(damaged)).ok()?;
    for _ in 0..20 {
        let run = Executor::new().resume(Arc::clone(workflow), &log).ok()?;
        log.extend(collect(run).await);
        if log.last().unwrap().is_terminal() {
            return Some(log);
        }
        let Some(wait) = open_waits(&log).first().copied() else {
            let is_at_rest = log.last().unwrap().kind.name() == "run.suspended";
            assert!(is_at_rest, "it stands still: {:#?}", brief(&log));
            return None;
        };
        let (id, payload) = (wait.wait_id, answer(wait));
        let run = Executor::new().signal(Arc::clone(workflow), &log, id, payload);
        log.extend(collect(run.ok()?).await);
        if log.last().unwrap().is_terminal() {
            return Some(log);
        }
    }
    panic!("it never ends: {:#?}", brief(&log));
}

/// No step completes twice, and the run does not stand still.
fn assert_sound(log: &[StepEvent], damage: &str) {
    _ = ends(log);
    if let EventKind::RunFailed(failed) = &log.last().unwrap().kind {
        let code = &*failed.error.code;
        let is_sound = code != "stalled" && code != "internal";
        assert!(is_sound, "{code} after {damage}: {:#?}", brief(log));
    }
}

/// Resumes each of these logs. Returns how many are refused, and how many continue.
async fn all(logs: impl Iterator<Item = (String, Vec<Value>)>) -> (usize, usize) {
    let (workflow, _) = workflow(as_then());
    let (mut refused, mut continued) = (0, 0);
    for (damage, log) in logs {
        match resumed(&workflow, &log).await {
            Some(log) => {
                assert_sound(&log, &damage);
                continued += 1;
            }
            None => refused += 1,
        }
    }
    println!("{refused} are refused, {continued} continue");
    (refused, continued)
}

#[tokio::test(start_paused = true)]
async fn a_log_without_one_of_its_events_is_refused() {
    let events = events();
    let logs = (1..events.len() - 1).map(|lost| {
        let mut log = events.clone();
        let event = log.remove(lost);
        (format!("without {event}"), log)
    });
    let (refused, continued) = all(logs).await;
    // What may be missing: how often a step was retried, and that a run was suspended or resumed.
    assert!(refused > 90 && continued < 12, "{refused} and {continued}");
}

#[tokio::test(start_paused = true)]
async fn a_log_with_an_event_twice_is_refused() {
    let events = events();
    let logs = (0..events.len()).map(|twice| {
        let mut log = events.clone();
        log.insert(twice, events[twice].clone());
        (format!("twice {}", events[twice]), log)
    });
    let (refused, continued) = all(logs).await;
    assert!(refused > 90 && continued < 12, "{refused} and {continued}");
}

#[tokio::test(start_paused = true)]
async fn a_log_with_two_events_exchanged_is_refused_or_sound() {
    let events = events();
    let logs = (1..events.len() - 1).map(|first| {
        let mut log = events.clone();
        log.swap(first, first + 1);
        (format!("{} after the next", events[first]), log)
    });
    // Two steps that run at the same time may do so in another order.
    let (refused, _) = all(logs).await;
    assert!(refused > 60, "{refused}");
}

/// The value with one thing changed, in each way that fits its type.
fn changed(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![json!(1)],
        Value::Bool(it) => vec![json!(!it)],
        Value::Number(it) => vec![
            json!(it.as_f64().unwrap() + 1.0),
            json!(u64::MAX),
            json!("x"),
        ],
        Value::String(it) => vec![json!(format!("{it}x")), json!(""), json!({})],
        Value::Array(items) => {
            let mut longer = items.clone();
            longer.extend(items.first().cloned());
            vec![json!([]), Value::Array(longer), json!("x")]
        }
        Value::Object(members) => {
            let mut all = vec![json!({})];
            for (name, value) in members {
                let with = |change: &dyn Fn(&mut Map<String, Value>)| {
                    let mut object = members.clone();
                    change(&mut object);
                    Value::Object(object)
                };
                all.push(with(&|object| _ = object.remove(name)));
                let inner = changed(value).into_iter();
                all.extend(
                    inner.map(|value| {
                        with(&|object| _ = object.insert(name.clone(), value.clone()))
                    }),
                );
            }
            all
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_with_one_value_changed_is_refused_or_sound() {
    let events = events();
    let of_agents = (2..events.len()).filter(|index| {
        let path = events[*index]["path"].as_str().unwrap_or_default();
        // Of leaves in calls nothing is special.
        let is_leaf = path.matches('/').count() > 2 && !path.contains("/worker");
        path.starts_with("agent") && !is_leaf
    });
    let logs = of_agents.flat_map(|index| {
        // Each third of the changes, beginning with another one for each event.
        let changes = changed(&events[index])
            .into_iter()
            .skip(index % 3)
            .step_by(3);
        let events = &events;
        changes.map(move |event| {
            // The events after it are cut off: most would not fit any more.
            let mut log = events[..=index].to_vec();
            log[index] = event;
            (format!("{} for {}", log[index], events[index]), log)
        })
    });
    let (refused, continued) = all(logs).await;
    assert!(refused > 100 && continued > 30, "{refused} and {continued}");
}
