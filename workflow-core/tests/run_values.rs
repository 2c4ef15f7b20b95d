//! `run.id`, `run.started_at` and `run.url` in templates, and names that come before them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, output_of, registry, rendered, run};
use workflow_core::{
    EventKind, Executor, LocalEngine, MemoryStore, NewRun, RunId, Runs, StepEvent, Update,
    Workflow, Workflows, error::FaultCode, workflow::Library,
};

#[tokio::test(start_paused = true)]
async fn every_template_of_a_run_reads_the_same_run() {
    let called = json!({"name": "inner", "nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ run.id }} {{ run.started_at }}"}},
    ]});
    let spec = json!({
        "nodes": [
            {"id": "top", "type": "TransformNode", "when": "run.id | length == 36", "data": {"value": "{{ run.id }} {{ run.started_at }}"}},
            {"id": "map", "type": "MapNode", "data": {"over": "[1]", "nodes": [
                {"id": "m", "type": "TransformNode", "data": {"value": "{{ run.id }} {{ run.started_at }}"}}]}},
            {"id": "rounds", "type": "LoopNode", "data": {"until": "run.id == input", "max": 1, "nodes": [
                {"id": "l", "type": "TransformNode", "data": {"value": "{{ run.id }} {{ run.started_at }}"}}]}},
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner"}},
        ],
        "output": ["{{ top.output }}", "{{ map.output[0] }}", "{{ rounds.output }}", "{{ call.output }}", "{{ run.started_at }}"],
    });
    let probe = Probe::default();
    let inner = Arc::new(Workflow::from_spec(&called, &registry(&probe)).unwrap());
    let mut library = Library::new();
    library.insert("inner", inner);
    let workflow = Workflow::with_library(&spec, &registry(&probe), &library).unwrap();
    let events = support::collect(Executor::new().run(Arc::new(workflow), json!("x"))).await;
    let started = events
        .iter()
        .find(|event| matches!(event.kind, EventKind::RunStarted(_)))
        .unwrap();
    let expected = json!(format!("{} {}", started.run_id, started.time));
    let output = output_of(&events);
    for place in 0..4 {
        assert_eq!(output[place], expected, "{place}");
    }
    assert_eq!(output[4], json!(started.time.to_string()));
}

/// Codes with their places.
type Found = Vec<(FaultCode, String)>;

/// The warnings of a workflow, or its faults.
fn check(spec: &Value) -> Result<Found, Found> {
    let found = |faults: &[workflow_core::Fault]| {
        let faults = faults.iter();
        faults
            .map(|fault| (fault.code, fault.pointer.clone()))
            .collect()
    };
    match Workflow::from_spec(spec, &registry(&Probe::default())) {
        Ok(workflow) => Ok(found(workflow.warnings())),
        Err(invalid) => Err(found(&invalid.into_faults())),
    }
}

#[test]
fn a_field_that_a_run_does_not_have_is_a_fault() {
    for template in [
        "{{ run.ID }}",
        "{{ run.started }}",
        "{{ run }}",
        "{{ run | get('uri') }}",
        "{{ coalesce(run.x, 1) }}",
    ] {
        let spec =
            json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": template}}]});
        let faults = check(&spec).expect_err(template);
        assert_eq!(
            faults,
            [(
                FaultCode::UnknownReference,
                "#/nodes/0/data/value".to_owned()
            )],
            "{template}"
        );
    }
    let spec = json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": "{{ run.id.x }}"}}]});
    assert_eq!(
        check(&spec).unwrap_err()[0].0,
        FaultCode::UnknownFieldReference
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_public_address_the_url_is_missing() {
    let error = rendered("{{ run.url }}", &json!(1)).await.unwrap_err();
    assert_eq!(
        error,
        "template_error: `run.url` is missing: the service has no public address"
    );
    assert_eq!(
        rendered("{{ run.url | default('none') }}", &json!(1)).await,
        Ok(json!("none"))
    );
    assert_eq!(
        rendered("{{ coalesce(run.url, run | get('url'), 2) }}", &json!(1)).await,
        Ok(json!(2))
    );
}

#[tokio::test(start_paused = true)]
async fn nodes_items_and_set_names_come_first_with_a_warning() {
    let node = json!({"nodes": [
        {"id": "run", "type": "TransformNode", "data": {"value": {"id": 7}}},
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ run.output.id }}"}},
    ]});
    let item = json!({"nodes": [
        {"id": "map", "type": "MapNode", "data": {"over": "[7]", "as": "run", "nodes": [
            {"id": "m", "type": "TransformNode", "data": {"value": "{{ run }}"}}]}},
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ map.output[0] }}"}},
    ]});
    let set = json!({"nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": "{% set run = 7 %}{{ run }}"}},
    ]});
    let inner = json!({"nodes": [
        {"id": "map", "type": "MapNode", "data": {"over": "[7]", "nodes": [
            {"id": "run", "type": "TransformNode", "data": {"value": "{{ item }}"}},
            {"id": "m", "type": "TransformNode", "data": {"value": "{{ run.output }}"}}]}},
        {"id": "a", "type": "TransformNode", "data": {"value": "{{ map.output[0] if run.id }}"}},
    ]});
    let output = json!({"nodes": [
        {"id": "a", "type": "TransformNode", "data": {"value": 7}},
    ], "output": {"x": ["{{ a.output }}{% for run in [] %}{% endfor %}"]}});
    for (spec, at) in [
        (node, "#/nodes/0/id"),
        (item, "#/nodes/0/data/as"),
        (set, "#/nodes/0/data/value"),
        (inner, "#/nodes/0/data/nodes/0/id"),
        (output, "#/output/x/0"),
    ] {
        assert_eq!(
            check(&spec),
            Ok(vec![(FaultCode::HiddenName, at.to_owned())]),
            "{spec}"
        );
        let (_, events) = run(&spec, json!(1)).await;
        assert!(output_of(&events).to_string().contains('7'), "{spec}");
    }
}

async fn events(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates: Vec<Update> = engine.events(run, 0).await.unwrap().collect().await;
    let events = updates.into_iter().filter_map(|update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

#[tokio::test(start_paused = true)]
async fn an_engine_stores_the_address_of_a_run() {
    let engine = LocalEngine::builder(registry(&Probe::default()))
        .with_run_url(|run| format!("https://example.com/#/runs/{run}"))
        .build();
    let spec = json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "{{ run.url }} {{ input }}"}}]});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let started = engine
        .start(NewRun::new(workflow, json!("x")))
        .await
        .unwrap();
    let events = events(&engine, started.id).await;
    let url = format!("https://example.com/#/runs/{}", started.id);
    assert_eq!(output_of(&events), json!(format!("{url} x")));
    let EventKind::RunCreated(created) = &events[0].kind else {
        panic!("{:?}", events[0]);
    };
    assert_eq!(created.url.as_deref(), Some(url.as_str()));
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_run_is_the_same() {
    let store = Arc::new(MemoryStore::new());
    let engine = |host: &'static str| {
        LocalEngine::builder(registry(&Probe::default()))
            .with_store(store.clone())
            .with_run_url(move |run| format!("https://{host}/#/runs/{run}"))
            .build()
    };
    let read = "{{ run.id }} {{ run.started_at }} {{ run.url }}";
    let spec = json!({"nodes": [
        {"id": "before", "type": "TransformNode", "data": {"value": read}},
        {"id": "wait", "type": "DelayNode", "data": {"until": "{{ run.started_at | add_duration('2h') }}"}},
        {"id": "after", "type": "TransformNode", "data": {"value": read}},
    ], "output": ["{{ before.output }}", "{{ after.output }}"]});
    let first = engine("one.example.com");
    let workflow = first.create_workflow(spec).await.unwrap().record.id;
    let run = first
        .start(NewRun::new(workflow, json!("x")))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    first.shutdown(Duration::from_secs(1)).await;
    drop(first);
    tokio::time::sleep(Duration::from_secs(3_600)).await;

    let second = engine("two.example.com");
    second.recover().await.unwrap();
    let output = output_of(&events(&second, run.id).await);
    assert_eq!(output[0], output[1]);
    let started = output[1].as_str().unwrap();
    assert!(started.contains("https://one.example.com/"), "{started}");
    // A run that is started again is another one.
    let again = second
        .start(NewRun::new(workflow, json!("x")))
        .await
        .unwrap();
    let output = output_of(&events(&second, again.id).await);
    assert!(
        output[0]
            .as_str()
            .unwrap()
            .contains("https://two.example.com/")
    );
}
