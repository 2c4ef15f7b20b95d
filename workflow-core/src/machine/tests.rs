use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::*;
use crate::{event::NodeAdmitted, executor::Executor, registry::Registry};

/// A run of one step, before its first turn, with a turn.
fn new_run() -> (Machine, Turn) {
    let spec = json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "hi {{ input }}"}}]});
    let workflow = Arc::new(Workflow::new(&spec, &Registry::default()).unwrap());
    let (input, limits) = (Arc::new(Value::Null), Executor::new().limits());
    let mut machine = Machine::new(
        Arc::clone(&workflow),
        RunId::new(),
        Arc::clone(&input),
        limits,
    );
    let first = machine.create(RunCreated::of(&workflow, input), Timestamp::now());
    (machine, Turn::new(vec![first], Timestamp::now()))
}

#[test]
fn an_event_that_does_not_fit_is_not_written_and_the_run_ends() {
    let (mut machine, mut turn) = new_run();
    machine.on([Input::Resume], &mut turn);
    let written = turn.events.len();
    let step = StepId::new(FrameId::ROOT, 0);
    let admitted = EventKind::NodeAdmitted(NodeAdmitted {
        step: machine.step_ref(step),
        attempt: 1,
        queued_ms: 0,
    });
    let emitted = catch_unwind(AssertUnwindSafe(|| {
        machine.emit(Some(step), admitted, &mut turn)
    }));
    if cfg!(debug_assertions) {
        assert!(emitted.is_err(), "tests notice it at once");
    } else {
        assert!(!emitted.unwrap());
    }
    assert_eq!(turn.events.len(), written);
    machine.on([], &mut turn);
    let Some(EventKind::RunFailed(failed)) = turn.events.last().map(|event| &event.kind) else {
        panic!("{:?}", turn.events);
    };
    assert_eq!(failed.error.code, "internal");
    assert!(machine.has_ended());
}
