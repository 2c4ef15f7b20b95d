//! A log of format 4 as it was first written: every later version resumes it, wherever it was cut, and sends the same requests.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test binary has no public API, and may fail by panicking"
)]
#![allow(clippy::print_stdout, reason = "the figures of the proof")]

mod damaged;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value, json};
use support::{
    Probe,
    agents::{Script, Sent, checked, registry, to_end},
    brief, recent,
};
use workflow_core::{
    NodeError, StepEvent, Workflow,
    event::{LOG_FORMAT, NodeWaiting},
    node::agent::{AgentTurn, TurnOutput},
};

/// One event a line, format 4. Two calls at a time of a turn, a tool that fails, one that does not exist, arguments that do not fit and that
/// cannot be read, approvals with other arguments and refused, a result that is cut, an agent and a map in tools, a turn that is retried and
/// one that gives the answer its form, and agents that reach their `max_turns`.
const LOG: &str = include_str!("../golden/log-4.jsonl");

const SPEC: &str = include_str!("../golden/spec-4.json");

/// What was sent with each turn then, by the path of its step.
const REQUESTS: &str = include_str!("../golden/requests-4.json");

fn whole() -> Vec<StepEvent> {
    let lines = LOG.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A model that says what it said then.
fn as_then() -> Script {
    let mut said: BTreeMap<String, (TurnOutput, Option<Value>)> = BTreeMap::new();
    for line in LOG.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let path = event["path"].as_str().unwrap_or_default();
        if event["type"] == "node.completed" && path.ends_with("/turn") {
            let output = serde_json::from_value(event["output"].clone()).unwrap();
            said.insert(path.to_owned(), (output, event.get("state").cloned()));
        }
    }
    Arc::new(move |cx, _| {
        let path = cx.step().path().as_str();
        if path == "agent/1/turn" && cx.failures() == 0 {
            return Err(NodeError::new("busy", "the model is busy").with_retry());
        }
        let Some((output, state)) = said.get(path).cloned() else {
            return Err(NodeError::new("silent", "the model said nothing then"));
        };
        let turn = AgentTurn::of(output);
        Ok(match state {
            Some(state) => turn.with_state(state),
            None => turn,
        })
    })
}

fn workflow(script: Script) -> (Arc<Workflow>, Sent) {
    let sent = Sent::default();
    let spec: Value = serde_json::from_str(SPEC).unwrap();
    let registry = registry(&Probe::default(), script, &sent);
    (checked(&spec, &registry), sent)
}

/// The refund of 7 is approved with other arguments, that of 8 is refused.
fn answer(waiting: &NodeWaiting) -> Value {
    if waiting.message.as_deref().unwrap().contains('7') {
        json!({"action": "approve", "args": {"n": 70}})
    } else {
        json!({"action": "refuse", "reason": "not this one"})
    }
}

/// How each step ended: its event without what depends on time and on lost attempts.
fn ends(log: &[StepEvent]) -> BTreeMap<String, Value> {
    let mut ends = BTreeMap::new();
    let names = ["node.completed", "node.failed", "run.completed"];
    for event in log.iter().filter(|it| names.contains(&it.kind.name())) {
        let mut end = serde_json::to_value(event).unwrap();
        let fields = [
            "seq",
            "time",
            "duration_ms",
            "usage",
            "cost",
            "booked",
            "calls",
            "attempt",
        ];
        for field in fields {
            end.as_object_mut().unwrap().remove(field);
        }
        let path = event.step().map(|step| step.path().to_string());
        let end = serde_json::from_str(&attempts_hidden(&end.to_string())).unwrap();
        assert!(ends.insert(path.unwrap_or_default(), end).is_none());
    }
    ends
}

/// A lost attempt counts, so the error of a later one has another number.
fn attempts_hidden(text: &str) -> String {
    text.replace("attempt 3 of", "attempt 2 of")
}

#[test]
fn an_event_is_written_as_it_was_then() {
    for (event, line) in whole().iter().zip(LOG.lines()) {
        let then: Value = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_value(event).unwrap(), then);
    }
    let first: Value = serde_json::from_str(LOG.lines().next().unwrap()).unwrap();
    assert_eq!(first["log_format"], 4, "{first}");
    assert_eq!(LOG_FORMAT, 4, "a new format needs a golden log of its own");
}

#[tokio::test(start_paused = true)]
async fn every_prefix_ends_as_the_log_did_and_sends_what_was_sent() {
    let whole = recent(LOG);
    let requests: BTreeMap<String, String> = serde_json::from_str(REQUESTS).unwrap();
    let (workflow, sent) = workflow(as_then());
    let mut ambiguous = BTreeSet::new();
    for cut in 1..whole.len() {
        let log = to_end(&workflow, whole[..cut].to_vec(), answer).await;
        for (path, texts) in sent.taken() {
            for text in texts {
                assert_eq!(
                    attempts_hidden(&text),
                    requests[&path],
                    "{path}, cut at {cut}"
                );
            }
        }
        let last = brief(&whole[..cut]).pop().unwrap();
        if last == "node.started agent/2/refund-0/pay" {
            let error = &serde_json::to_value(log.last().unwrap()).unwrap()["error"]["code"];
            assert_eq!(error, "ambiguous", "a refund that may have been made");
            ambiguous.insert(last);
            continue;
        }
        assert_eq!(ends(&log), ends(&whole), "cut at {cut}");
    }
    assert_eq!(ambiguous.len(), 1);
}
