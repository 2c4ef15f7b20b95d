//! Logs of format 2 as they were first written: every later version resumes them, wherever they were cut.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::{Probe, collect, output_of};
use workflow_core::{Executor, StepEvent, Workflow, event::LOG_FORMAT};

/// One event a line, format 2. Never written anew: a later format gets a file of its own.
const LOG: &str = include_str!("golden/log-2.jsonl");

/// Whole logs, format 2, of what the other has not: a person's wait that is answered, one that is
/// cancelled and one that expires, a called workflow, a retry that takes results over, what a node
/// kept, a shutdown and a crash; and an attempt that waits in line.
const MORE: &str = include_str!("golden/events-2.jsonl");

/// A branch that is not taken, a failure that is handled, a retry, a map, a loop and a delay that suspends.
const SPEC: &str = include_str!("golden/spec-2.json");

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
    for lines in [LOG, MORE] {
        for (event, line) in read(lines).iter().zip(lines.lines()) {
            let then: Value = serde_json::from_str(line).unwrap();
            assert_eq!(serde_json::to_value(event).unwrap(), then);
        }
    }
    assert_eq!(LOG_FORMAT, 3, "a new format needs a golden log of its own");
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
