//! Expressions that are evaluated in a run, with what a step could read when it was decided.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EngineError, LocalEngine, NewRun, Registry, RunId, Runs, Workflows,
    engine::MAX_EVALUATED_BYTES, error::FaultCode,
};

fn engine() -> LocalEngine {
    LocalEngine::builder(Registry::default()).build()
}

async fn run(engine: &LocalEngine, spec: Value, input: Value) -> RunId {
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, input)).await.unwrap();
    // A run that waits for a person has not ended; its updates so far are read below.
    let mut updates = engine.events(run.id, 0).await.unwrap();
    while let Some(update) = updates.next().await {
        let workflow_core::Update::Event(event) = update else {
            continue;
        };
        if event.is_terminal() || event.kind.name() == "run.suspended" {
            break;
        }
    }
    run.id
}

async fn value(engine: &LocalEngine, run: RunId, at: &str, expression: &str) -> Value {
    engine.evaluate(run, &at.into(), expression).await.unwrap()
}

/// Code, pointer and detail of the only fault.
async fn fault(
    engine: &LocalEngine,
    run: RunId,
    at: &str,
    text: &str,
) -> (FaultCode, String, String) {
    match engine.evaluate(run, &at.into(), text).await.unwrap_err() {
        EngineError::InvalidEvaluation(faults) => {
            assert_eq!(faults.len(), 1, "{faults:?}");
            let fault = &faults[0];
            let detail = match &fault.hint {
                Some(hint) => format!("{}: {hint}", fault.detail),
                None => fault.detail.clone(),
            };
            (fault.code, fault.pointer.clone(), detail)
        }
        other => panic!("{other}"),
    }
}

fn transform(id: &str, value: &Value) -> Value {
    json!({"id": id, "type": "TransformNode", "data": {"value": value}})
}

/// A chain of three, of which the last is skipped.
fn chain() -> Value {
    let mut last = transform("last", &json!("{{ second.output }}"));
    last["when"] = json!("second.output.name == 'Bob'");
    json!({"nodes": [
        transform("first", &json!({"name": "{{ input.name }}", "list": [1, 2, 3]})),
        transform("second", &json!("{{ first.output }}")),
        last,
    ], "output": "{{ second.output }}"})
}

#[tokio::test(start_paused = true)]
async fn a_step_reads_what_had_settled_when_it_was_decided() {
    let engine = engine();
    let run = run(&engine, chain(), json!({"name": "Ada"})).await;
    assert_eq!(
        value(&engine, run, "second", "first.output.list | length + 1").await,
        4
    );
    assert_eq!(
        value(&engine, run, "second", "first.output.name | upper").await,
        "ADA"
    );
    assert_eq!(
        value(&engine, run, "first", "input").await,
        json!({"name": "Ada"})
    );
    // A step that was skipped was decided, too.
    let whole = value(&engine, run, "last", "[first.status, second.output]").await;
    assert_eq!(
        whole,
        json!(["completed", {"name": "Ada", "list": [1, 2, 3]}])
    );
    // Not its own result, nor what came later.
    assert_eq!(
        value(&engine, run, "second", "second is defined").await,
        false
    );
    let (code, pointer, _) = fault(&engine, run, "first", "second.output").await;
    assert_eq!(
        (code, pointer.as_str()),
        (FaultCode::InvalidValue, "#/expression")
    );
}

#[tokio::test(start_paused = true)]
async fn names_of_maps_loops_and_called_workflows_can_be_read() {
    let engine = engine();
    let called =
        json!({"name": "called", "nodes": [transform("inner", &json!("{{ input.word }}!"))]});
    engine.create_workflow(called).await.unwrap();
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "input.words", "as": "word", "nodes": [
            transform("shout", &json!("{{ word | upper }}")),
        ]}},
        {"id": "again", "type": "LoopNode", "needs": ["each"], "data": {"max": 3, "until": "index == 2", "nodes": [
            transform("count", &json!("{{ index }}")),
        ]}},
        {"id": "call", "type": "WorkflowNode", "needs": ["again"],
         "data": {"workflow": "called", "input": {"word": "{{ input.words[0] }}"}}},
    ]});
    let run = run(&engine, spec, json!({"words": ["a", "b", "c"]})).await;
    assert_eq!(
        value(
            &engine,
            run,
            "each/2/shout",
            "[word, index, input.words[index]]"
        )
        .await,
        json!(["c", 2, "c"])
    );
    assert_eq!(
        value(&engine, run, "again/1/count", "[index, each.output]").await,
        json!([1, ["A", "B", "C"]])
    );
    assert_eq!(
        value(&engine, run, "call/inner", "input").await,
        json!({"word": "a"})
    );
    let (code, pointer, _) = fault(&engine, run, "call/inner", "each.output").await;
    assert_eq!(
        (code, pointer.as_str()),
        (FaultCode::InvalidValue, "#/expression")
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_is_evaluated_up_to_now() {
    let engine = engine();
    let spec = json!({"nodes": [
        transform("draft", &json!("for {{ input }}")),
        {"id": "approve", "type": "HumanNode", "data": {"message": "{{ draft.output }}?"}},
        {"id": "send", "type": "TransformNode", "data": {"value": "{{ approve.output }}"}},
    ]});
    let run = run(&engine, spec, json!("Ada")).await;
    assert_eq!(
        value(&engine, run, "approve", "draft.output ~ '?'").await,
        "for Ada?"
    );
    let (code, pointer, detail) = fault(&engine, run, "send", "draft.output").await;
    assert_eq!(
        (code, pointer.as_str()),
        (FaultCode::UnknownReference, "#/at")
    );
    assert_eq!(detail, "`send` was not decided: it has no event in the log");
    assert_eq!(
        engine.run_record(run).await.unwrap().head.status,
        workflow_core::RunStatus::Waiting,
        "the run was not resumed"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_evaluated_is_a_fault_with_its_place() {
    let engine = engine();
    let run = run(&engine, chain(), json!({"name": "Ada"})).await;
    for (at, text, expected) in [
        (
            "secand",
            "1",
            (
                FaultCode::UnknownReference,
                "#/at",
                "the run has no step `secand`: did you mean `second`?",
            ),
        ),
        (
            "second/1",
            "1",
            (
                FaultCode::UnknownReference,
                "#/at",
                "the run has no step `second/1`: did you mean `second`?",
            ),
        ),
        (
            "",
            "1",
            (
                FaultCode::UnknownReference,
                "#/at",
                "the run has no step ``",
            ),
        ),
        (
            "second",
            "{{ input }}",
            (
                FaultCode::TemplateSyntax,
                "#/expression",
                "this is an expression already, it stands without `{{ }}`: write `input`",
            ),
        ),
        (
            "second",
            "input.",
            (FaultCode::TemplateSyntax, "#/expression", ""),
        ),
        (
            "second",
            "",
            (FaultCode::TemplateSyntax, "#/expression", ""),
        ),
        (
            "second",
            "input.nam",
            (FaultCode::InvalidValue, "#/expression", ""),
        ),
        (
            "second",
            "range(100000) | list | tojson",
            (FaultCode::InvalidValue, "#/expression", ""),
        ),
        (
            "second",
            "'x' * 70000",
            (FaultCode::InvalidValue, "#/expression", ""),
        ),
    ] {
        let (code, pointer, detail) = fault(&engine, run, at, text).await;
        assert_eq!(
            (code, pointer.as_str()),
            (expected.0, expected.1),
            "{text}: {detail}"
        );
        assert!(expected.2.is_empty() || detail == expected.2, "{detail}");
    }
    let long = format!("'{}'", "x".repeat(2_000));
    let (code, ..) = fault(&engine, run, "second", &long).await;
    assert_eq!(code, FaultCode::TemplateTooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_value_over_the_limit_is_refused() {
    let engine = engine();
    let spec = json!({"nodes": [transform("first", &json!("{{ input }}")), transform("second", &json!("{{ first.output }}"))]});
    let most = "x".repeat(MAX_EVALUATED_BYTES - 2);
    let run_of_most = run(&engine, spec.clone(), json!(most)).await;
    assert_eq!(
        value(&engine, run_of_most, "second", "first.output").await,
        json!(most)
    );
    let more = run(&engine, spec, json!(format!("{most}x"))).await;
    let (code, pointer, detail) = fault(&engine, more, "second", "first.output").await;
    assert_eq!(
        (code, pointer.as_str()),
        (FaultCode::InvalidValue, "#/expression")
    );
    assert!(detail.contains("65536"), "{detail}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_run_is_refused() {
    let (engine, run) = (engine(), RunId::new());
    let refused = engine.evaluate(run, &"a".into(), "1").await.unwrap_err();
    assert!(matches!(refused, EngineError::NoSuchRun(it) if it == run));
}

#[tokio::test(start_paused = true)]
async fn a_replay_counts_in_the_memory_budget() {
    let large = json!("x".repeat(100_000));
    let engine = LocalEngine::builder(Registry::default())
        .with_memory_budget(2_000_000)
        .build();
    let nodes: Vec<_> = (0..4)
        .map(|it| transform(&format!("n{it}"), &json!("{{ input }}")))
        .collect();
    let run = run(&engine, json!({"nodes": nodes}), large).await;
    for _ in 0..20 {
        assert_eq!(
            value(&engine, run, "n3", "n0.output | length").await,
            100_000
        );
    }
}
