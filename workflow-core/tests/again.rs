//! Retries of runs, idempotency keys, and versions.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use futures::{StreamExt, future::join_all};
use serde_json::{Value, json};
use support::{Probe, brief, output_of, registry};
use workflow_core::{
    EngineError, EventKind, LocalEngine, NewRun, NodeId, RunId, RunStatus, Runs, StepEvent, Update,
    WorkflowId, Workflows,
    engine::Retry,
    record::{PageRequest, RunQuery},
};

fn engine(probe: &Probe) -> LocalEngine {
    LocalEngine::builder(registry(probe)).build()
}

async fn ended(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

async fn run(engine: &LocalEngine, spec: Value, input: Value) -> (WorkflowId, RunId) {
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine.start(NewRun::new(workflow, input)).await.unwrap().id;
    ended(engine, run).await;
    (workflow, run)
}

fn node(id: &str) -> NodeId {
    NodeId::parse(id).unwrap()
}

fn script(id: &str, needs: &[&str], output: &str) -> Value {
    json!({"id": id, "type": "Script", "needs": needs, "data": {"output": output}})
}

/// `a` leads to `b` and `c`, and both to `d`; `e` is separate.
fn diamond() -> Value {
    json!({"nodes": [
        script("a", &[], "a{{ input }}"),
        script("b", &["a"], "b{{ a.output }}"),
        script("c", &["a"], "c{{ a.output }}"),
        script("d", &["b", "c"], "{{ b.output }}{{ c.output }}"),
        script("e", &[], "e"),
    ], "output": ["{{ d.output }}", "{{ e.output }}"]})
}

#[tokio::test(start_paused = true)]
async fn a_run_is_retried_from_a_node_with_the_results_before_it() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let (_, first) = run(&engine, diamond(), json!(1)).await;
    probe.taken();
    let again = engine.retry(Retry::from(first, node("c"))).await.unwrap();
    assert_eq!(again.retry_of, Some(first));
    let events = ended(&engine, again.id).await;
    assert_eq!(output_of(&events), json!(["ba1ca1", "e"]));
    assert_eq!(
        probe.taken(),
        ["start c", "end c", "start d", "end d"],
        "a, b and e are not done again"
    );
    assert_eq!(
        brief(&events),
        [
            "run.created",
            "run.started",
            "node.completed a",
            "node.completed e",
            "node.completed b",
            "node.started c",
            "node.completed c",
            "node.started d",
            "node.completed d",
            "run.completed",
        ]
    );
    let reused = |event: &&StepEvent| event.report().is_some_and(|report| report.reused);
    assert_eq!(events.iter().filter(reused).count(), 3);
    let EventKind::RunCompleted(completed) = &events.last().unwrap().kind else {
        unreachable!()
    };
    assert_eq!(
        completed.usage.input_tokens, 20,
        "what is taken over costs nothing"
    );

    let report = engine.run_report(again.id).await.unwrap();
    assert_eq!(report.steps[0].output.as_deref(), Some(&json!("a1")));
    let history = engine.step_history(again.id, &"a".into()).await.unwrap();
    assert_eq!(history.attempts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_over_is_in_the_log_and_not_shown_with_its_first_event() {
    let engine = engine(&Probe::default());
    let (_, first) = run(&engine, diamond(), json!(1)).await;
    let again = engine.retry(Retry::from(first, node("d"))).await.unwrap();
    engine.delete_run(first).await.unwrap();
    let events = ended(&engine, again.id).await;
    assert_eq!(output_of(&events), json!(["ba1ca1", "e"]));
    let EventKind::RunCreated(created) = &events[0].kind else {
        unreachable!()
    };
    assert_eq!(created.reused.len(), 4);
    let shown = serde_json::to_value(events[0].shown()).unwrap();
    assert_eq!(shown.get("reused"), None);
    assert_eq!(shown["retry_of"], json!(first));
}

#[tokio::test(start_paused = true)]
async fn failed_steps_are_retried_with_all_that_follow() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let spec = json!({"nodes": [
        script("a", &[], "a"),
        {"id": "b", "type": "Script", "needs": [], "on_error": "continue", "data": {"failures": 1}},
        script("c", &["b"], "c"),
        {"id": "d", "type": "Script", "needs": ["a", "c"], "data": {"failures": 1}},
    ]});
    let (_, first) = run(&engine, spec, json!(null)).await;
    probe.taken();
    let again = engine.retry(Retry::from(first, node("d"))).await.unwrap();
    ended(&engine, again.id).await;
    let done = probe.taken();
    assert!(!done.contains(&"start a".to_owned()), "{done:?}");
    for again in ["start b", "start c", "start d"] {
        assert!(done.contains(&again.to_owned()), "{again} in {done:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn skipped_branches_are_decided_again_from_the_same_values() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let spec = json!({"nodes": [
        script("a", &[], "left"),
        {"id": "l", "type": "Script", "needs": ["a"], "when": "a.output == 'left'", "data": {}},
        {"id": "r", "type": "Script", "needs": ["a"], "when": "a.output != 'left'", "data": {}},
        script("z", &["l", "r"], "{{ l.output | default(r.output) }}"),
    ]});
    let (_, first) = run(&engine, spec, json!(null)).await;
    probe.taken();
    let again = engine.retry(Retry::from(first, node("z"))).await.unwrap();
    let events = ended(&engine, again.id).await;
    assert_eq!(output_of(&events), "l");
    assert_eq!(probe.taken(), ["start z", "end z"]);
}

#[tokio::test(start_paused = true)]
async fn containers_are_taken_over_whole() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "input", "nodes": [script("m", &[], "{{ item }}!")]}},
        script("z", &["each"], "{{ each.output | join }}"),
    ]});
    let (_, first) = run(&engine, spec, json!(["x", "y"])).await;
    probe.taken();
    let again = engine.retry(Retry::from(first, node("z"))).await.unwrap();
    assert_eq!(output_of(&ended(&engine, again.id).await), "x!y!");
    assert_eq!(probe.taken(), ["start z", "end z"]);
}

#[tokio::test(start_paused = true)]
async fn another_version_takes_over_what_has_not_changed() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let (workflow, first) = run(&engine, diamond(), json!(1)).await;
    let mut spec = diamond();
    spec["nodes"][1] = script("b", &["a"], "B{{ a.output }}");
    let second = engine
        .update_workflow(workflow, spec, Some(1))
        .await
        .unwrap();
    assert_eq!(second.record.version, 2);
    probe.taken();
    let mut retry = Retry::from(first, node("d"));
    retry.version = Some(2);
    let again = engine.retry(retry).await.unwrap();
    assert_eq!(again.workflow.version, 2);
    let events = ended(&engine, again.id).await;
    assert_eq!(output_of(&events), json!(["Ba1ca1", "e"]));
    assert_eq!(probe.taken(), ["start b", "end b", "start d", "end d"]);
}

#[tokio::test(start_paused = true)]
async fn a_whole_run_is_retried_with_the_same_input_or_another() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let workflow = engine.create_workflow(diamond()).await.unwrap().record.id;
    let mut new = NewRun::new(workflow, json!(1));
    new.metadata = Some(json!({"who": "me"}));
    let first = engine.start(new).await.unwrap().id;
    ended(&engine, first).await;
    probe.taken();
    let again = engine.retry(Retry::whole(first)).await.unwrap().id;
    assert_eq!(
        output_of(&ended(&engine, again).await),
        json!(["ba1ca1", "e"])
    );
    assert_eq!(probe.taken().len(), 10);
    let report = engine.run_report(again).await.unwrap();
    assert_eq!(report.metadata.as_deref(), Some(&json!({"who": "me"})));

    let mut other = Retry::whole(first);
    other.input = Some(json!(2));
    let other = engine.retry(other).await.unwrap().id;
    assert_eq!(
        output_of(&ended(&engine, other).await),
        json!(["ba2ca2", "e"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_makes_no_sense_is_refused() {
    let engine = engine(&Probe::default());
    let (workflow, first) = run(&engine, diamond(), json!(1)).await;
    let faults = |refused: EngineError| match refused {
        EngineError::InvalidRetry(faults) => faults,
        other => panic!("{other:?}"),
    };
    let (_, named) = run(
        &engine,
        json!({"nodes": [script("summary", &[], "s")]}),
        json!(1),
    )
    .await;
    let unknown = Retry::from(named, node("sumary"));
    let unknown = faults(engine.retry(unknown).await.unwrap_err());
    assert_eq!(unknown[0].pointer, "#/from");
    assert_eq!(unknown[0].hint.as_deref(), Some("did you mean `summary`?"));
    let mut both = Retry::from(first, node("d"));
    both.input = Some(json!(2));
    assert_eq!(
        faults(engine.retry(both).await.unwrap_err())[0].pointer,
        "#/from"
    );

    let mut version = Retry::whole(first);
    version.version = Some(9);
    let refused = engine.retry(version).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::NoSuchVersion { version: 9, .. }),
        "{refused:?}"
    );
    let refused = engine.retry(Retry::whole(RunId::new())).await.unwrap_err();
    assert!(matches!(refused, EngineError::NoSuchRun(_)), "{refused:?}");

    let ask = json!({"nodes": [{"id": "ask", "type": "HumanNode", "data": {"message": "Well?"}}]});
    let asking = engine.create_workflow(ask).await.unwrap().record.id;
    let waiting = engine
        .start(NewRun::new(asking, json!(1)))
        .await
        .unwrap()
        .id;
    let refused = engine.retry(Retry::whole(waiting)).await.unwrap_err();
    assert!(matches!(refused, EngineError::NotEnded(_)), "{refused:?}");
    let refused = engine.delete_run(waiting).await.unwrap_err();
    assert!(matches!(refused, EngineError::NotEnded(_)), "{refused:?}");

    engine.delete_workflow(workflow, None).await.unwrap();
    let refused = engine.retry(Retry::whole(first)).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::NoSuchWorkflow(_)),
        "{refused:?}"
    );
}

fn keyed(workflow: WorkflowId, key: &str, input: Value) -> NewRun {
    let mut new = NewRun::new(workflow, input);
    new.key = Some(key.to_owned());
    new
}

#[tokio::test(start_paused = true)]
async fn one_key_gives_one_run() {
    let probe = Probe::default();
    let engine = engine(&probe);
    let workflow = engine.create_workflow(diamond()).await.unwrap().record.id;
    let other = engine.create_workflow(diamond()).await.unwrap().record.id;
    let asked = (0..20).map(|_| engine.start(keyed(workflow, "k", json!(1))));
    let runs: Vec<RunId> = join_all(asked)
        .await
        .into_iter()
        .map(|run| run.unwrap().id)
        .collect();
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    ended(&engine, runs[0]).await;
    assert_eq!(probe.count("start a"), 1);

    let refused = engine
        .start(keyed(workflow, "k", json!(2)))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, EngineError::KeyReused(run) if run == runs[0]),
        "{refused:?}"
    );
    let elsewhere = engine.start(keyed(other, "k", json!(2))).await.unwrap();
    assert_ne!(elsewhere.id, runs[0]);

    // Also when no run can be started of it any more.
    engine.delete_workflow(workflow, None).await.unwrap();
    let same = engine.start(keyed(workflow, "k", json!(1))).await.unwrap();
    assert_eq!(same.id, runs[0]);
}

#[tokio::test(start_paused = true)]
async fn one_key_gives_one_retry() {
    let engine = engine(&Probe::default());
    let (_, first) = run(&engine, diamond(), json!(1)).await;
    let keyed = |from: &str| {
        let mut retry = Retry::from(first, node(from));
        retry.key = Some("k".to_owned());
        engine.retry(retry)
    };
    let again = keyed("d").await.unwrap().id;
    assert_eq!(keyed("d").await.unwrap().id, again);
    assert!(matches!(keyed("c").await, Err(EngineError::KeyReused(run)) if run == again));

    let with_input = |input: Option<Value>| {
        let mut retry = Retry::whole(first);
        retry.key = Some("other".to_owned());
        retry.input = input;
        engine.retry(retry)
    };
    with_input(None).await.unwrap();
    let refused = with_input(Some(json!(null))).await;
    assert!(
        matches!(refused, Err(EngineError::KeyReused(_))),
        "`null` is an input"
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_concurrent_saves_one_is_refused() {
    let engine = engine(&Probe::default());
    let workflow = engine.create_workflow(diamond()).await.unwrap().record.id;
    let saving = (0..5).map(|_| engine.update_workflow(workflow, diamond(), Some(1)));
    let (saved, refused): (Vec<_>, Vec<_>) =
        join_all(saving).await.into_iter().partition(Result::is_ok);
    assert_eq!((saved.len(), refused.len()), (1, 4));
    assert!(refused.iter().all(|refused| matches!(
        refused,
        Err(EngineError::OtherVersion {
            expected: 1,
            newest: 2,
            ..
        })
    )));
    let saving = (0..5).map(|_| engine.update_workflow(workflow, diamond(), None));
    join_all(saving)
        .await
        .into_iter()
        .for_each(|saved| assert!(saved.is_ok()));
    let page = engine
        .versions(workflow, PageRequest::new(3, None))
        .await
        .unwrap();
    let numbers: Vec<u32> = page.items.iter().map(|version| version.version).collect();
    assert_eq!(numbers, [7, 6, 5]);
    let faulty = json!({"nodes": [script("a", &["b"], "")]});
    let refused = engine
        .update_workflow(workflow, faulty, None)
        .await
        .unwrap_err();
    assert!(matches!(refused, EngineError::Invalid(_)), "{refused:?}");
    let calls_itself = json!({"nodes": [
        {"id": "w", "type": "WorkflowNode", "data": {"workflow": workflow.to_string()}}]});
    let refused = engine
        .update_workflow(workflow, calls_itself, None)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("calls itself"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn runs_are_counted_by_what_they_do() {
    let engine = engine(&Probe::default());
    let (workflow, _) = run(&engine, diamond(), json!("Ärger")).await;
    let failing = json!({"nodes": [{"id": "a", "type": "Script", "data": {"failures": 9}}]});
    run(&engine, failing, json!(2)).await;
    let counts = engine.count_runs(&RunQuery::default()).await.unwrap();
    assert_eq!((counts.completed, counts.failed, counts.running), (1, 1, 0));
    let mut query = RunQuery::default();
    query.workflow_id = Some(workflow);
    query.status = Some(RunStatus::Failed);
    assert_eq!(engine.count_runs(&query).await.unwrap().completed, 1);
    let mut query = RunQuery::default();
    query.text = Some("äRG".to_owned());
    assert_eq!(engine.runs(query.clone()).await.unwrap().items.len(), 1);
    query.text = Some("nothing".to_owned());
    assert_eq!(engine.runs(query).await.unwrap().items.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn more_than_fits_into_an_event_is_not_taken_over() {
    let engine = engine(&Probe::default());
    let mut nodes: Vec<Value> = (0..20)
        .map(|n| script(&format!("n{n}"), &[], "{{ input }}"))
        .collect();
    let before: Vec<String> = (0..20).map(|n| format!("n{n}")).collect();
    nodes.push(json!({"id": "last", "type": "Script", "needs": before, "data": {}}));
    let (_, first) = run(
        &engine,
        json!({ "nodes": nodes }),
        json!("x".repeat(1_000_000)),
    )
    .await;
    let refused = engine.retry(Retry::from(first, node("last"))).await;
    let Err(EngineError::InvalidRetry(faults)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        faults[0].detail.contains("at most 16777216"),
        "{}",
        faults[0].detail
    );
}
