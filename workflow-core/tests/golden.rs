//! Logs of formats 2 and 3 as they were first written: every later version resumes them, wherever they were cut.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use support::{
    Probe, collect, output_of,
    planned::{Service, planned_registry},
    recent,
};
use workflow_core::{
    EventKind, Executor, StepEvent, Workflow,
    event::{LOG_FORMAT, NodeWaiting, WaitKind},
    value::WaitId,
};

/// One event a line, format 2. Never written anew: a later format gets a file of its own.
const LOG: &str = include_str!("golden/log-2.jsonl");

/// Whole logs, format 2, of what the other has not: a person's wait that is answered, one that is
/// cancelled and one that expires, a called workflow, a retry that takes results over, what a node
/// kept, a shutdown and a crash; and an attempt that waits in line.
const MORE: &str = include_str!("golden/events-2.jsonl");

/// A branch that is not taken, a failure that is handled, a retry, a map, a loop and a delay that suspends.
const SPEC: &str = include_str!("golden/spec-2.json");

/// One event a line, format 3. A what-if run that continues another one: results that are reused, an output that is set, steps that
/// are held and answered, a budget that is raised, the branch of a switch, a failure and what follows it.
const LOG_3: &str = include_str!("golden/log-3.jsonl");

const SPEC_3: &str = include_str!("golden/spec-3.json");

fn workflow() -> Arc<Workflow> {
    let spec: Value = serde_json::from_str(SPEC).unwrap();
    support::parsed(&Probe::default(), &spec)
}

fn read(lines: &str) -> Vec<StepEvent> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_event_is_written_as_it_was_then() {
    for lines in [LOG, MORE, LOG_3] {
        for (event, line) in read(lines).iter().zip(lines.lines()) {
            let then: Value = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_value(event).unwrap(), then);
        }
    }
    assert_eq!(LOG_FORMAT, 4, "a new format needs a golden log of its own");
}

#[tokio::test(start_paused = true)]
async fn every_prefix_ends_as_the_log_did() {
    let whole = read(LOG);
    let output = output_of(&whole);
    for cut in 1..whole.len() {
        let resumed = Executor::new().resume(workflow(), &whole[..cut]);
        let mut log = whole[..cut].to_vec();
        log.extend(collect(resumed.unwrap()).await);
        // A suspended run resumes when its time has come.
        while !log.last().unwrap().is_terminal() {
            let mut resting = log.clone();
            let passed = json!("2020-01-01T00:00:00Z");
            for event in &mut resting {
                let mut json = serde_json::to_value(&*event).unwrap();
                for field in ["resumes_at", "wake_at"] {
                    if json.get(field).is_some() {
                        json[field] = passed.clone();
                    }
                }
                *event = serde_json::from_value(json).unwrap();
            }
            let more = collect(Executor::new().resume(workflow(), &resting).unwrap()).await;
            assert!(!more.is_empty(), "cut at {cut}");
            log.extend(more);
        }
        assert_eq!(output_of(&log), output, "cut at {cut}");
    }
}

const BUDGET: &str = "the budget";

/// What a question is about: a step, or the budget. An attempt that was lost counts for the budget, so that the question about it may
/// come at another step.
fn question(waiting: &NodeWaiting) -> String {
    match waiting.kind {
        Some(WaitKind::Budget) => BUDGET.to_owned(),
        _ => waiting.step.path().to_string(),
    }
}

/// The questions of a log, with their numbers.
fn questions(log: &[StepEvent]) -> BTreeMap<String, Vec<WaitId>> {
    let mut questions: BTreeMap<String, Vec<WaitId>> = BTreeMap::new();
    for event in log {
        if let EventKind::NodeWaiting(it) = &event.kind {
            questions.entry(question(it)).or_default().push(it.wait_id);
        }
    }
    questions
}

/// The wait that is open at the end of a log.
fn open_wait(log: &[StepEvent]) -> Option<&NodeWaiting> {
    let mut open = None;
    for event in log {
        match &event.kind {
            EventKind::NodeWaiting(it) => open = Some(&**it),
            EventKind::NodeResumed(_) => open = None,
            _ => {}
        }
    }
    open
}

/// How each step ended: its event without what depends on time and on lost attempts.
fn ends(log: &[StepEvent]) -> BTreeMap<String, Value> {
    let mut ends = BTreeMap::new();
    for event in log {
        let name = event.kind.name();
        let is_end = [
            "node.completed",
            "node.failed",
            "node.skipped",
            "run.failed",
        ];
        if is_end.contains(&name) {
            let mut end = serde_json::to_value(event).unwrap();
            for field in [
                "seq",
                "time",
                "duration_ms",
                "usage",
                "cost",
                "booked",
                "attempt",
            ] {
                end.as_object_mut().unwrap().remove(field);
            }
            let path = event.step().filter(|_| name != "run.failed");
            let path = path.map(|step| step.path().to_string());
            assert!(ends.insert(path.unwrap_or_default(), end).is_none());
        }
    }
    ends
}

#[tokio::test(start_paused = true)]
async fn every_prefix_of_a_what_if_run_ends_as_the_log_did() {
    let whole = recent(LOG_3);
    let spec: Value = serde_json::from_str(SPEC_3).unwrap();
    let registry = planned_registry(&Service::new("m"));
    let workflow = Arc::new(Workflow::from_spec(&spec, &registry).unwrap());
    let asked = questions(&whole);
    assert_eq!(asked.len(), 4);
    let mut answers = BTreeMap::new();
    for event in &whole {
        if let EventKind::NodeResumed(it) = &event.kind {
            let (question, _) = asked
                .iter()
                .find(|(_, ids)| ids.contains(&it.wait_id))
                .unwrap();
            answers.insert(question.clone(), it.payload.clone().unwrap());
        }
    }
    for cut in 1..whole.len() {
        let mut log = whole[..cut].to_vec();
        let run = Executor::new().resume(Arc::clone(&workflow), &log);
        log.extend(collect(run.unwrap()).await);
        while !log.last().unwrap().is_terminal() {
            let waiting = open_wait(&log).unwrap_or_else(|| panic!("cut at {cut}"));
            let answer = answers[&question(waiting)].as_ref().clone();
            let run = Executor::new().signal(Arc::clone(&workflow), &log, waiting.wait_id, answer);
            log.extend(collect(run.unwrap()).await);
        }
        assert_eq!(ends(&log), ends(&whole), "cut at {cut}");
        // Nobody is asked twice, but about a budget that a lost attempt has used up.
        let again = questions(&log);
        assert!(again.keys().eq(asked.keys()), "cut at {cut}: {again:?}");
        for (question, ids) in &again {
            let most = if question == BUDGET { 2 } else { 1 };
            assert!(ids.len() <= most, "cut at {cut}: {again:?}");
        }
    }
}
