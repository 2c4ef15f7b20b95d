//! Workflows that call workflows: resolved when a run starts, pinned until it ends.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test may fail by panicking, and is easier to read"
)]

mod support;

use std::sync::Arc;

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, brief, collect, failure, output_of, registry};
use workflow_core::{
    EngineError, EventKind, Executor, LocalEngine, NewRun, Runs, StepEvent, Update, Workflow,
    Workflows, error::FaultCode, workflow::Library,
};

fn doubling() -> Value {
    json!({"name": "double", "input": {"type": "number"}, "nodes": [
        {"id": "twice", "type": "TransformNode", "data": {"value": "{{ input * 2 }}"}}]})
}

fn calling(data: Value) -> Value {
    json!({"nodes": [{"id": "call", "type": "WorkflowNode", "data": data}]})
}

fn linked(spec: &Value, probe: &Probe) -> Arc<Workflow> {
    let registry = registry(probe);
    let mut library = Library::new();
    library.insert(
        "double",
        Arc::new(Workflow::from_spec(&doubling(), &registry).unwrap()),
    );
    Arc::new(Workflow::with_library(spec, &registry, &library).unwrap_or_else(|it| panic!("{it}")))
}

async fn run(spec: &Value, input: Value) -> Vec<StepEvent> {
    let workflow = linked(spec, &Probe::default());
    collect(Executor::new().run(workflow, input)).await
}

#[tokio::test(start_paused = true)]
async fn a_called_workflow_is_a_part_of_the_run() {
    let events = run(
        &calling(json!({"workflow": "double", "input": "{{ input.n }}"})),
        json!({"n": 4}),
    )
    .await;
    assert_eq!(output_of(&events), json!(8));
    assert_eq!(
        brief(&events)[2..6],
        [
            "node.started call",
            "node.started call/twice",
            "node.completed call/twice",
            "node.completed call",
        ]
    );
    let EventKind::RunCreated(created) = &events[0].kind else {
        panic!("{events:?}")
    };
    let pin = &created.workflows[0];
    assert_eq!((&*pin.workflow, pin.nodes.len()), ("double", 1));
    assert_eq!(pin.spec_hash.len(), 64);
}

#[tokio::test(start_paused = true)]
async fn without_an_input_it_reads_what_the_node_reads() {
    assert_eq!(
        output_of(&run(&calling(json!({"workflow": "double"})), json!(21)).await),
        json!(42)
    );
}

#[tokio::test(start_paused = true)]
async fn its_input_is_checked_against_its_own_schema() {
    let events = run(&calling(json!({"workflow": "double"})), json!("text")).await;
    assert_eq!(
        failure(&events),
        "invalid_input: the input is not what the called workflow takes"
    );
    let mut spec = calling(json!({"workflow": "double"}));
    spec["nodes"][0]["on_error"] = json!({"output": 0});
    assert_eq!(output_of(&run(&spec, json!("text")).await), json!(0));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_called_from_within_a_map() {
    let spec = json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [
        {"id": "call", "type": "WorkflowNode", "data": {"workflow": "double"}}]}}]});
    let events = run(&spec, json!([1, 2])).await;
    assert_eq!(output_of(&events), json!([2, 4]));
    assert!(brief(&events).contains(&"node.completed each/1/call/twice".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_fails() {
    let probe = Probe::default();
    let registry = registry(&probe);
    let slow = json!({"timeout": "5s", "nodes": [{"id": "a", "type": "Script", "data": {"millis": 60_000}}]});
    let mut library = Library::new();
    library.insert(
        "slow",
        Arc::new(Workflow::from_spec(&slow, &registry).unwrap()),
    );
    let spec = json!({"nodes": [
        {"id": "call", "type": "WorkflowNode", "on_error": "continue", "data": {"workflow": "slow"}},
        {"id": "after", "type": "TransformNode", "data": {"value": "{{ call.error.code }}"}}]});
    let workflow = Workflow::with_library(&spec, &registry, &library).unwrap();
    let events = collect(Executor::new().run(Arc::new(workflow), json!(null))).await;
    assert_eq!(output_of(&events), json!("timeout"));
    assert_eq!(probe.count("drop a"), 1);
    let cancelled = events
        .iter()
        .find(|event| event.kind.name() == "node.cancelled");
    let cancelled = serde_json::to_value(cancelled.unwrap()).unwrap();
    assert_eq!(
        (&cancelled["path"], &cancelled["reason"]),
        (&json!("call/a"), &json!("timed_out"))
    );
}

fn engine() -> LocalEngine {
    LocalEngine::builder(registry(&Probe::default())).build()
}

async fn codes(engine: &LocalEngine, spec: Value) -> Vec<(FaultCode, String)> {
    match engine.create_workflow(spec).await {
        Err(EngineError::Invalid(invalid)) => (invalid.into_faults().into_iter())
            .map(|fault| (fault.code, fault.pointer))
            .collect(),
        other => panic!("{other:?}"),
    }
}

async fn outcome(engine: &LocalEngine, new: NewRun) -> (Vec<StepEvent>, Value) {
    let run = engine.start(new).await.unwrap();
    let updates = engine
        .events(run.id, 0)
        .await
        .unwrap()
        .collect::<Vec<_>>()
        .await;
    let events: Vec<StepEvent> = (updates.into_iter())
        .filter_map(|update| match update {
            Update::Event(event) => Some(event),
            _ => None,
        })
        .collect();
    let output = output_of(&events);
    (events, output)
}

#[tokio::test(start_paused = true)]
async fn the_newest_version_is_called_and_pinned() {
    let engine = engine();
    let double = engine.create_workflow(doubling()).await.unwrap().record;
    let caller = engine
        .create_workflow(calling(json!({"workflow": "double"})))
        .await
        .unwrap();
    let new = NewRun::new(caller.record.id, json!(5));
    assert_eq!(outcome(&engine, new.clone()).await.1, json!(10));

    let mut tripling = doubling();
    tripling["nodes"][0]["data"]["value"] = json!("{{ input * 3 }}");
    let updated = engine.update_workflow(double.id, tripling, None).await;
    assert_eq!(updated.unwrap().warnings, []);
    let (events, output) = outcome(&engine, new).await;
    assert_eq!(output, json!(15));
    let created = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(created["workflows"][0]["workflow_id"], json!(double.id));
    assert_eq!(created["workflows"][0]["version"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_several_workflows_have_calls_none_of_them() {
    let engine = engine();
    let first = engine.create_workflow(doubling()).await.unwrap();
    assert_eq!(first.warnings, []);
    let first = first.record.id;
    let by_name = calling(json!({"workflow": "double"}));
    let caller = engine.create_workflow(by_name.clone()).await.unwrap();
    let by_id = calling(json!({"workflow": first.to_string()}));
    let by_id = engine.create_workflow(by_id).await.unwrap().record.id;
    let mut through = calling(json!({"workflow": caller.record.id.to_string()}));
    through["name"] = json!("through");
    let through = engine.create_workflow(through).await.unwrap().record.id;

    let second = engine.create_workflow(doubling()).await.unwrap();
    let warning = &second.warnings[0];
    assert_eq!(warning.code, FaultCode::NameInUse);
    assert_eq!(warning.pointer, "#/name");
    assert!(warning.detail.contains(&first.to_string()), "{warning}");
    let second = second.record.id;

    // At creation, when it is checked, and at start: also through a workflow in between.
    let found = engine.validate(&by_name).await.unwrap().faults;
    assert_eq!(found[0].code, FaultCode::AmbiguousWorkflow);
    assert_eq!(found[0].pointer, "#/nodes/0/data/workflow");
    for id in [first, second] {
        assert!(found[0].detail.contains(&id.to_string()), "{found:?}");
    }
    assert_eq!(
        codes(&engine, by_name).await[0].0,
        FaultCode::AmbiguousWorkflow
    );
    for id in [caller.record.id, through] {
        let refused = engine.start(NewRun::new(id, json!(5))).await.unwrap_err();
        assert!(
            matches!(&refused, EngineError::Invalid(it) if it.faults()[0].code == FaultCode::AmbiguousWorkflow),
            "{refused:?}"
        );
    }
    let new = NewRun::new(by_id, json!(5));
    assert_eq!(outcome(&engine, new).await.1, json!(10));

    // A new version under the same name has a warning, too; once one is renamed, the name is clear.
    let again = engine.update_workflow(second, doubling(), None).await;
    assert_eq!(again.unwrap().warnings[0].code, FaultCode::NameInUse);
    let mut renamed = doubling();
    renamed["name"] = json!("another");
    let renamed = engine.update_workflow(second, renamed, None).await;
    assert_eq!(renamed.unwrap().warnings, []);
    let new = NewRun::new(caller.record.id, json!(5));
    assert_eq!(outcome(&engine, new).await.1, json!(10));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_is_not_there_is_a_fault() {
    let engine = engine();
    engine.create_workflow(doubling()).await.unwrap();
    let spec = calling(json!({"workflow": "duoble"}));
    let place = "#/nodes/0/data/workflow".to_owned();
    assert_eq!(
        codes(&engine, spec.clone()).await,
        [(FaultCode::UnknownWorkflow, place)]
    );
    let found = engine.validate(&spec).await.unwrap();
    assert_eq!(found.faults[0].detail, "there is no workflow `duoble`");
    let hint = found.faults[0].hint.as_deref();
    assert_eq!(hint, Some("did you mean `double`?"));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_calls_itself_is_a_fault() {
    let engine = engine();
    let call = |name: &str, calls: &str| {
        let mut spec = calling(json!({"workflow": calls, "input": 1}));
        spec["name"] = json!(name);
        spec
    };
    let place = "#/nodes/0/data/workflow".to_owned();
    let cycle = [(FaultCode::Cycle, place)];
    assert_eq!(codes(&engine, call("a", "a")).await, cycle);

    // `a` calls `b`, and then a new `b` would call `a`.
    let mut leaf = doubling();
    leaf["name"] = json!("b");
    let leaf = engine.create_workflow(leaf).await.unwrap().record;
    let caller = engine.create_workflow(call("a", "b")).await.unwrap().record;
    assert_eq!(codes(&engine, call("b", "a")).await, cycle);

    // The same over an id, which only shows when the run starts.
    let by_id = call("c", &caller.id.to_string());
    engine.create_workflow(by_id).await.unwrap();
    let updated = engine.update_workflow(leaf.id, call("b", "c"), None).await;
    updated.unwrap();
    let refused = engine
        .start(NewRun::new(caller.id, json!(null)))
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, EngineError::Invalid(it) if it.faults()[0].code == FaultCode::Cycle),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_workflow_cannot_be_called_any_more() {
    let engine = engine();
    let double = engine.create_workflow(doubling()).await.unwrap().record;
    let caller = engine
        .create_workflow(calling(json!({"workflow": "double"})))
        .await
        .unwrap();
    engine.delete_workflow(double.id, None).await.unwrap();
    let refused = engine
        .start(NewRun::new(caller.record.id, json!(1)))
        .await
        .unwrap_err();
    assert!(matches!(refused, EngineError::Invalid(_)), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_are_not_nested_without_end() {
    let engine = engine();
    let mut leaf = doubling();
    leaf["name"] = json!("w0");
    engine.create_workflow(leaf).await.unwrap();
    for n in 1..=16 {
        let mut spec = calling(json!({"workflow": format!("w{}", n - 1)}));
        spec["name"] = json!(format!("w{n}"));
        engine.create_workflow(spec).await.unwrap();
    }
    let place = "#/nodes/0/data/workflow".to_owned();
    assert_eq!(
        codes(&engine, calling(json!({"workflow": "w16"}))).await,
        [(FaultCode::NestedTooDeep, place)]
    );
    let named = engine
        .workflows(workflow_core::record::PageRequest::default())
        .await
        .unwrap();
    let (_, output) = outcome(&engine, NewRun::new(named.items[0].id, json!(1))).await;
    assert_eq!(output, json!(2));
}

#[tokio::test(start_paused = true)]
async fn a_workflow_calls_no_more_than_a_hundred() {
    let engine = engine();
    let leaf = engine.create_workflow(doubling()).await.unwrap().record;
    let mut nodes = Vec::new();
    for n in 0..=100 {
        let mut spec = doubling();
        spec["name"] = json!(format!("w{n}"));
        engine.create_workflow(spec).await.unwrap();
        nodes.push(json!({"id": format!("n{n}"), "type": "WorkflowNode", "needs": [], "data": {"workflow": format!("w{n}")}}));
    }
    let found = codes(&engine, json!({ "nodes": nodes.clone() })).await;
    assert_eq!(found, [(FaultCode::TooManyWorkflows, "#".to_owned())]);
    nodes.pop();
    assert!(
        engine
            .create_workflow(json!({ "nodes": nodes }))
            .await
            .is_ok()
    );
    drop(leaf);
}
