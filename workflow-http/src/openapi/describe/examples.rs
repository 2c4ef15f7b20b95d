//! The examples of the document: what is sent, and what the service answers to it.
//!
//! They are files, so that a test can compare them with the responses of a real service. An example that is not
//! JSON would panic when the first router is built, which every test does.

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
    diff = "diff.json";
    evaluate_request = "evaluate-request.json";
    evaluated = "evaluated.json";
    events = "events.json";
    wait_answer = "wait-answer.json";
    answered_run = "answered-run.json";
    cancelled_run = "cancelled-run.json";
    retry_request = "retry-request.json";
    retried_run = "retried-run.json";
    prediction = "prediction.json";
}

/// The beginning of an event stream, as it is on the wire.
pub(super) const STREAM: &str = include_str!("examples/events.txt");
/// All frames of a run in the simple stream, as they are on the wire.
pub(super) const FRAMES: &str = include_str!("examples/frames.txt");
