//! Invariants of every log.

use std::collections::HashMap;

use serde_json::Value;

pub(crate) fn is_terminal(event: &Value) -> bool {
    ["run.completed", "run.failed", "run.cancelled"].contains(&event["type"].as_str().unwrap())
}

/// The events of a stream that are in the log.
pub(crate) fn stored(mut events: Vec<Value>) -> Vec<Value> {
    events.retain(|event| event["type"] != "node.delta");
    events
}

/// Checks that events are numbered without gaps, that there is one end, and that no completed step continues.
pub(crate) fn assert_sound(events: &[Value]) {
    let mut completed: HashMap<&str, u64> = HashMap::new();
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["seq"], place as u64 + 1, "{event}");
        assert_eq!(is_terminal(event), place + 1 == events.len(), "{event}");
        let Some(path) = event["path"].as_str() else {
            continue;
        };
        assert!(
            !completed.contains_key(path),
            "{path} goes on after it was completed: {event}"
        );
        if event["type"] == "node.completed" {
            completed.insert(path, event["seq"].as_u64().unwrap());
        }
    }
}

/// The number of attempts that replace one that was lost in flight.
pub(crate) fn recoveries(events: &[Value]) -> usize {
    let lost = |event: &&Value| event["reason"] == "recovered";
    events.iter().filter(lost).count()
}

/// The number of started attempts of each step.
pub(crate) fn starts(events: &[Value]) -> HashMap<&str, usize> {
    let mut starts = HashMap::new();
    for event in events
        .iter()
        .filter(|event| event["type"] == "node.started")
    {
        *starts.entry(event["path"].as_str().unwrap()).or_default() += 1;
    }
    starts
}
