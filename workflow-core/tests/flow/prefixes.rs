//! Any prefix of a log resumes to the same end.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use workflow_core::{Executor, StepEvent, Workflow};

use crate::support::{Probe, brief, collect, parsed};

/// Runs a workflow, then resumes it from each prefix of its log. Returns the whole log.
///
/// The last event has to be the same, apart from times and the tokens of attempts that were lost; so has what became of
/// each step. No step that is settled in the prefix runs again.
pub async fn end_the_same(spec: &Value, input: Value) -> Vec<StepEvent> {
    end_the_same_with(|probe| parsed(probe, spec), input).await
}

/// The same for a workflow that is made of more than a specification.
pub async fn end_the_same_with(
    make: impl Fn(&Probe) -> Arc<Workflow>,
    input: Value,
) -> Vec<StepEvent> {
    let whole = collect(Executor::new().run(make(&Probe::default()), input)).await;
    for cut in 1..whole.len() {
        let probe = Probe::default();
        let all = resumed(make(&probe), &whole[..cut]).await;
        let context = || format!("cut at {cut} of {:?}", brief(&whole));
        assert_eq!(end(&all), end(&whole), "{}", context());
        assert_eq!(settled(&all), settled(&whole), "{}", context());
        for (_, path) in settled(&whole[..cut]) {
            let id = path.rsplit('/').next().unwrap().to_owned();
            let inner = path.contains('/');
            let again = probe.count(&format!("start {id}"));
            assert!(inner || again == 0, "{path} ran again, {}", context());
        }
    }
    whole
}

/// The whole log of a run that was cut here and resumed.
pub async fn resumed(workflow: Arc<Workflow>, prefix: &[StepEvent]) -> Vec<StepEvent> {
    let mut log = through_json(prefix);
    let rest = collect(Executor::new().resume(workflow, &log).unwrap()).await;
    log.extend(rest);
    log
}

/// As a store gives it back.
fn through_json(events: &[StepEvent]) -> Vec<StepEvent> {
    let text = serde_json::to_string(events).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The last event without what depends on time and on lost attempts.
pub fn end(events: &[StepEvent]) -> Value {
    let mut end = serde_json::to_value(events.last().unwrap()).unwrap();
    for field in ["seq", "time", "duration_ms", "usage"] {
        end.as_object_mut().unwrap().remove(field);
    }
    // A `Script` that fails names its attempt.
    let text = end.to_string().replace("attempt 2 of", "attempt 1 of");
    serde_json::from_str(&text).unwrap()
}

/// How each step ended: the name of the event, and the path.
pub fn settled(events: &[StepEvent]) -> BTreeSet<(&'static str, String)> {
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
