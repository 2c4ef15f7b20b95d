//! Any prefix of a log resumes to the same end.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use workflow_core::{Executor, StepEvent};

use crate::support::{Probe, collect, parsed};

/// Runs a workflow, then resumes it from each prefix of its log. Returns the whole log.
///
/// The last event has to be the same, apart from times and the tokens of attempts that were lost; so has what became of
/// each step. No step that is settled in the prefix runs again.
pub async fn end_the_same(spec: &Value, input: Value) -> Vec<StepEvent> {
    let probe = Probe::default();
    let workflow = parsed(&probe, spec);
    let whole = collect(Executor::new().run(Arc::clone(&workflow), input)).await;
    for cut in 1..whole.len() {
        let log = through_json(&whole[..cut]);
        let probe = Probe::default();
        let workflow = parsed(&probe, spec);
        let rest = collect(Executor::new().resume(workflow, &log).unwrap()).await;
        let all: Vec<StepEvent> = log.iter().chain(&rest).cloned().collect();
        assert_eq!(end(&all), end(&whole), "cut at {cut}");
        assert_eq!(
            settled(&all),
            settled(&whole),
            "cut at {cut} of {:?}",
            crate::support::brief(&whole)
        );
        for (_, path) in settled(&log) {
            let id = path.rsplit('/').next().unwrap().to_owned();
            let inner = path.contains('/');
            let again = probe.count(&format!("start {id}"));
            assert!(inner || again == 0, "{path} ran again, cut at {cut}");
        }
    }
    whole
}

/// As a store gives it back.
pub fn through_json(events: &[StepEvent]) -> Vec<StepEvent> {
    let text = serde_json::to_string(events).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The last event without what depends on time and on lost attempts.
fn end(events: &[StepEvent]) -> Value {
    let mut end = serde_json::to_value(events.last().unwrap()).unwrap();
    for field in ["seq", "time", "duration_ms", "usage"] {
        end.as_object_mut().unwrap().remove(field);
    }
    end
}

/// How each step ended: the name of the event, and the path.
fn settled(events: &[StepEvent]) -> BTreeSet<(&'static str, String)> {
    let ends = [
        "node.completed",
        "node.failed",
        "node.skipped",
        "node.cancelled",
    ];
    let ended = events
        .iter()
        .filter(|event| ends.contains(&event.kind.name()));
    ended
        .filter_map(|event| Some((event.kind.name(), event.step()?.path().to_string())))
        .collect()
}
