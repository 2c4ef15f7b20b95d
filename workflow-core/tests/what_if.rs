//! What-if runs: outputs that are set, steps that are held, and runs of a single step.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{
    brief, output_of,
    planned::{Service, planned_registry},
};
use workflow_core::{
    EngineError, EventKind, LocalEngine, MemoryStore, NewRun, RunId, RunStatus, Runs, StepEvent,
    Store, Update, WorkflowId, Workflows,
    engine::Retry,
    event::{SkipReason, WaitKind},
    record::RunQuery,
    value::WaitId,
    view::WaitReport,
};

struct Host {
    service: Service,
    engine: LocalEngine,
}

impl Host {
    fn new() -> Self {
        Self::on(Service::new("small"), Arc::new(MemoryStore::new()))
    }

    fn on(service: Service, store: Arc<dyn Store>) -> Self {
        let engine = LocalEngine::builder(planned_registry(&service));
        let engine = engine.with_store(store).build();
        Self { service, engine }
    }

    async fn ended(&self, run: RunId) -> Vec<StepEvent> {
        let updates = self.engine.events(run, 0).await.unwrap();
        let events = updates.filter_map(async |update| match update {
            Update::Event(event) => Some(event),
            _ => None,
        });
        events.collect().await
    }

    async fn run(&self, spec: Value, input: Value) -> (WorkflowId, RunId) {
        let created = self.engine.create_workflow(spec).await.unwrap();
        let workflow = created.record.id;
        let run = self.engine.start(NewRun::new(workflow, input)).await;
        let run = run.unwrap().id;
        self.ended(run).await;
        (workflow, run)
    }

    /// Starts a retry and waits until it rests or has ended.
    async fn retry(&self, retry: Retry) -> RunId {
        let run = self.engine.retry(retry).await.unwrap().id;
        self.rest(run).await;
        run
    }

    async fn rest(&self, run: RunId) {
        for _ in 0..1000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let status = self.engine.run_record(run).await.unwrap().head.status;
            if !matches!(status, RunStatus::Queued | RunStatus::Running) {
                return;
            }
        }
        panic!("it neither rests nor ends");
    }

    async fn waits(&self, run: RunId) -> Vec<WaitReport> {
        self.engine.run_report(run).await.unwrap().waits
    }

    async fn answer(&self, run: RunId, wait: WaitId, answer: Value) {
        self.engine.answer(run, wait, answer).await.unwrap();
        self.rest(run).await;
    }

    async fn faults(&self, retry: Retry) -> Vec<(String, String)> {
        let Err(EngineError::InvalidRetry(faults)) = self.engine.retry(retry).await else {
            panic!("it was accepted");
        };
        let brief = faults.into_iter();
        brief.map(|it| (it.code.to_string(), it.pointer)).collect()
    }
}

/// Classifies, then acts by the class.
fn desk() -> Value {
    json!({"nodes": [
        {"id": "classify", "type": "Paid", "data": {
            "prompt": "classify {{ input }}", "schema": {"type": "string", "maxLength": 30}}},
        {"id": "refund", "type": "Paid", "needs": ["classify"], "when": "classify.output == 'refund'",
         "data": {"prompt": "refund {{ input }}", "acts": true}},
        {"id": "log", "type": "Script", "needs": ["classify", "refund"], "data": {"output": "logged"}},
        {"id": "thanks", "type": "Paid", "needs": ["refund", "log"], "data": {
            "prompt": "thanks after {{ refund.output if refund.status == 'completed' else 'nothing' }}"}},
    ]})
}

fn what_if(run: RunId, output: Value) -> Retry {
    let mut retry = Retry::unchanged(run);
    retry.overrides = [("classify".into(), output)].into();
    retry
}

#[tokio::test(start_paused = true)]
async fn what_may_act_waits_for_a_person_with_the_request_that_would_be_sent() {
    let host = Host::new();
    let (_, first) = host.run(desk(), json!(7)).await;
    host.service.taken();
    let run = host.retry(what_if(first, json!("refund"))).await;
    assert_eq!(
        host.service.taken().len(),
        0,
        "nothing acts before the answer"
    );
    let waits = host.waits(run).await;
    assert_eq!(waits.len(), 1);
    assert_eq!(waits[0].step.path().as_str(), "refund");
    assert_eq!(waits[0].kind, Some(WaitKind::Effect));
    assert_eq!(
        *waits[0].request.clone().unwrap(),
        json!({"prompt": "refund 7"})
    );

    let wrong = host
        .engine
        .answer(run, waits[0].wait_id, json!({"action": "please"}));
    assert!(matches!(wrong.await, Err(EngineError::Signal(_))));
    host.answer(run, waits[0].wait_id, json!({"action": "do"}))
        .await;
    assert_eq!(host.service.taken().get("refund 7"), Some(&1));

    // A type that says nothing is held, too: nobody knows what it does.
    let waits = host.waits(run).await;
    assert_eq!(
        (waits[0].step.path().as_str(), waits[0].request.clone()),
        ("log", None)
    );
    let output = json!({"action": "complete", "output": {"as": "set"}});
    host.answer(run, waits[0].wait_id, output).await;
    let events = host.ended(run).await;
    assert_eq!(
        output_of(&events),
        json!("small(thanks after small(refund 7))")
    );
    let made = host.service.taken();
    assert_eq!(made.len(), 1, "only the thanks: {made:?}");

    let report = host.engine.run_report(run).await.unwrap();
    let origin = report.origin.unwrap();
    assert_eq!(origin.overrides, ["classify".into()]);
    assert_eq!(origin.unreached, []);
    let overridden = |event: &&StepEvent| event.report().is_some_and(|it| it.overridden);
    assert_eq!(events.iter().filter(overridden).count(), 2);

    // Outputs that were set are not passed on.
    let again = host.retry(Retry::unchanged(run)).await;
    let events = host.ended(again).await;
    assert_eq!(output_of(&events), json!("small(thanks after nothing)"));
}

#[tokio::test(start_paused = true)]
async fn a_person_can_refuse_and_on_error_applies() {
    let host = Host::new();
    let mut spec = desk();
    spec["nodes"][1]["on_error"] = json!({"output": "refused"});
    let (_, first) = host.run(spec, json!(7)).await;
    let run = host.retry(what_if(first, json!("refund"))).await;
    let waits = host.waits(run).await;
    host.answer(run, waits[0].wait_id, json!({"action": "stop"}))
        .await;
    let report = host.engine.run_report(run).await.unwrap();
    let refund = &report.steps[1];
    assert_eq!(refund.error.as_ref().unwrap().code, "effect_refused");
    assert_eq!(refund.output.as_deref(), Some(&json!("refused")));
}

#[tokio::test(start_paused = true)]
async fn acting_steps_of_the_earlier_run_are_reused_and_not_held() {
    let host = Host::new();
    let spec = json!({"nodes": [
        {"id": "act", "type": "Paid", "data": {"prompt": "act", "acts": true}},
        {"id": "draft", "type": "Paid", "data": {"prompt": "{{ act.output }}"}},
        {"id": "last", "type": "Paid", "data": {"prompt": "{{ draft.output }}"}},
    ]});
    let (_, first) = host.run(spec, json!(null)).await;
    host.service.taken();
    let mut retry = Retry::unchanged(first);
    retry.overrides = [("draft".into(), json!("set"))].into();
    let run = host.retry(retry).await;
    assert_eq!(output_of(&host.ended(run).await), json!("small(set)"));
    assert_eq!(host.service.taken().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_request_than_the_one_that_was_shown_is_asked_for_again() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let host = Host::on(Service::new("small"), Arc::clone(&store));
    let spec = json!({"nodes": [
        {"id": "given", "type": "Paid", "data": {"prompt": "given"}},
        {"id": "act", "type": "Paid", "retry": {"max_attempts": 2, "delay": "1h", "max_delay": "1h", "jitter": false}, "data": {
            "prompt": "act", "acts": true, "failures": 1}},
    ]});
    let (_, first) = host.run(spec, json!(null)).await;
    let mut retry = Retry::whole(first);
    retry.overrides = [("given".into(), json!("x"))].into();
    let run = host.engine.retry(retry).await.unwrap().id;
    host.rest(run).await;
    let wait = host.waits(run).await[0].wait_id;
    host.engine
        .answer(run, wait, json!({"action": "do"}))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    drop(host.engine);
    // The next host has another model: the retry would send something else.
    let host = Host::on(Service::new("large"), store);
    host.engine.recover().await.unwrap();
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert_eq!(host.service.taken().len(), 0, "it is not sent");
    let waits = host.waits(run).await;
    assert_ne!(waits[0].wait_id, wait);
    host.answer(run, waits[0].wait_id, json!({"action": "do"}))
        .await;
    assert_eq!(output_of(&host.ended(run).await), json!("large(act)"));
}

/// A map over a called workflow.
fn nested() -> Value {
    json!({"nodes": [
        {"id": "list", "type": "TransformNode", "data": {"value": ["a", "b", "c"]}},
        {"id": "skipped", "type": "Paid", "when": "false", "data": {"prompt": "never"}},
        {"id": "failed", "type": "Script", "needs": [], "on_error": {"output": "instead"}, "data": {"failures": 1}},
        {"id": "each", "type": "MapNode", "needs": ["list", "skipped", "failed"], "data": {"over": "list.output", "nodes": [
            {"id": "first", "type": "Paid", "data": {"prompt": "first {{ item }}"}},
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": "{{ first.output }}"}},
            {"id": "after", "type": "Paid", "data": {"prompt": "{{ call.output }}"}},
        ]}},
        {"id": "end", "type": "Paid", "data": {"prompt": "{{ each.output }} {{ failed.output }} {{ skipped.status }}"}},
    ]})
}

#[tokio::test(start_paused = true)]
async fn a_single_step_runs_with_the_results_before_it() {
    let host = Host::new();
    let inner = json!({"name": "inner", "nodes": [
        {"id": "prepare", "type": "PromptNode", "data": {"template": "prepared {{ input }}"}},
        {"id": "ask", "type": "Paid", "data": {"prompt": "ask {{ prepare.output }}"}},
        {"id": "done", "type": "Paid", "data": {"prompt": "done {{ ask.output }}"}},
    ], "output": {"answer": "{{ done.output }}"}});
    host.engine.create_workflow(inner).await.unwrap();
    let (_, first) = host.run(nested(), json!(null)).await;
    host.service.taken();

    let run = host
        .retry(Retry::only(first, "each/1/call/ask".into()))
        .await;
    let events = host.ended(run).await;
    let asked = "ask prepared small(first b)";
    assert_eq!(output_of(&events), json!(format!("small({asked})")));
    assert_eq!(
        host.service.taken().into_iter().collect::<Vec<_>>(),
        [(asked.to_owned(), 1)]
    );
    let selected = |event: &&StepEvent| matches!(&event.kind, EventKind::NodeSkipped(it) if it.reason != SkipReason::NotSelected);
    assert!(
        events
            .iter()
            .filter(selected)
            .all(|event| event.step().unwrap().path().as_str() == "skipped"),
        "{:?}",
        brief(&events)
    );

    // A whole container, and a step whose needs were skipped and failed.
    let run = host.retry(Retry::only(first, "each".into())).await;
    assert_eq!(
        output_of(&host.ended(run).await).as_array().unwrap().len(),
        3
    );
    assert_eq!(host.service.taken().values().sum::<usize>(), 12);
    let run = host.retry(Retry::only(first, "end".into())).await;
    let output = output_of(&host.ended(run).await).to_string();
    assert!(output.ends_with("instead skipped)\""), "{output}");
    assert_eq!(host.service.taken().len(), 1);

    // The run of a single step is no whole run: it has no results for the others.
    let refused = host.faults(Retry::only(run, "each/0/after".into())).await;
    assert_eq!(
        refused,
        [("missing_result".to_owned(), "#/only".to_owned())]
    );
    // What is missing can be set.
    let mut retry = Retry::only(run, "end".into());
    retry.overrides = [("each".into(), json!("e"))].into();
    let output = output_of(&host.ended(host.retry(retry).await).await);
    assert!(
        output.to_string().starts_with("\"small(e instead"),
        "{output}"
    );
}

#[tokio::test(start_paused = true)]
async fn wrong_overrides_and_steps_are_refused_with_their_place() {
    let host = Host::new();
    let spec = json!({"nodes": [
        {"id": "classify", "type": "Paid", "data": {
            "prompt": "c", "schema": {"type": "string", "maxLength": 3}}},
        {"id": "rounds", "type": "LoopNode", "data": {"until": "true", "max": 2, "nodes": [
            {"id": "ask", "type": "Paid", "data": {"prompt": "r"}}]}},
        {"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [
            {"id": "ask", "type": "Paid", "data": {"prompt": "e"}}]}},
    ]});
    let (_, run) = host.run(spec, json!(null)).await;
    let with = |overrides: Value| {
        let mut retry = Retry::whole(run);
        let Value::Object(overrides) = overrides else {
            unreachable!()
        };
        let overrides = overrides.into_iter();
        retry.overrides = overrides
            .map(|(path, output)| (path.as_str().into(), output))
            .collect();
        retry
    };
    let unknown = "unknown_reference";
    for (overrides, code, pointer) in [
        (json!({"nope": 1}), unknown, "#/overrides/nope"),
        (json!({"each/ask": 1}), unknown, "#/overrides/each~1ask"),
        (
            json!({"each/01/ask": 1}),
            unknown,
            "#/overrides/each~101~1ask",
        ),
        (
            json!({"rounds/2/ask": 1}),
            unknown,
            "#/overrides/rounds~12~1ask",
        ),
        (json!({"classify/x": 1}), unknown, "#/overrides/classify~1x"),
        (
            json!({"classify": "long"}),
            "invalid_value",
            "#/overrides/classify",
        ),
        (
            json!({"classify": 1}),
            "invalid_value",
            "#/overrides/classify",
        ),
        (
            json!({"each": 1, "each/0/ask": 2}),
            "not_applicable",
            "#/overrides/each~10~1ask",
        ),
        (
            json!({"each": "x".repeat(1024 * 1024)}),
            "invalid_value",
            "#/overrides/each",
        ),
    ] {
        let refused = host.faults(with(overrides)).await;
        assert_eq!(refused.len(), 1, "{pointer}");
        assert_eq!(refused[0].1, pointer);
        assert_eq!(refused[0].0, code, "{pointer}");
    }
    let refused = host.faults(Retry::only(run, "rounds/0/ask".into())).await;
    assert_eq!(
        refused,
        [("not_applicable".to_owned(), "#/only".to_owned())]
    );
    assert_eq!(
        host.engine
            .count_runs(&RunQuery::default())
            .await
            .unwrap()
            .completed,
        1
    );
}
