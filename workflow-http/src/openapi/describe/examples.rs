//! The examples of the document: what is sent, and what the service answers to it.

use serde_json::Value;

macro_rules! examples {
    ($($name:ident = $file:literal;)+) => {
        $(pub(super) fn $name() -> Value {
            let text = include_str!(concat!("examples/", $file));
            serde_json::from_str(text).expect("the examples are JSON")
        })+
    };
}

examples! {
    workflow = "workflow.json";
    stored_workflow = "stored-workflow.json";
    workflows = "workflows.json";
    versions = "versions.json";
    validation = "validation.json";
    run_request = "run-request.json";
    started_run = "started-run.json";
    runs = "runs.json";
    run = "run.json";
    step = "step.json";
    events = "events.json";
    wait_answer = "wait-answer.json";
    answered_run = "answered-run.json";
    cancelled_run = "cancelled-run.json";
    retry_request = "retry-request.json";
    retried_run = "retried-run.json";
}

/// The beginning of a run's native stream.
pub(super) const STREAM: &str = include_str!("examples/events.txt");
/// The prototype's frames of a run.
pub(super) const FRAMES: &str = include_str!("examples/frames.txt");
