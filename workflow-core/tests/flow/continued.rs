//! Runs that continue others, with branches, stops and `on_failure`.

use std::time::Duration;

use serde_json::{Value, json};
use workflow_core::{
    LocalEngine, NewRun, RunId, Runs, StepEvent, WorkflowId, Workflows, engine::Retry,
    event::EventKind,
};

use crate::support::{
    brief, output_of,
    planned::{Service, planned_registry},
};

struct Host {
    service: Service,
    engine: LocalEngine,
    workflow: WorkflowId,
}

impl Host {
    async fn of(spec: Value) -> Self {
        let service = Service::new("m");
        let engine = LocalEngine::builder(planned_registry(&service)).build();
        let workflow = engine.create_workflow(spec).await.unwrap().record.id;
        Self {
            service,
            engine,
            workflow,
        }
    }

    async fn log(&self, run: RunId) -> Vec<StepEvent> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        self.engine.read_events(run, 0, 1_000).await.unwrap()
    }

    async fn run(&self, input: Value) -> (RunId, Vec<StepEvent>) {
        let run = self.engine.start(NewRun::new(self.workflow, input)).await;
        let run = run.unwrap().id;
        (run, self.log(run).await)
    }

    async fn retry(&self, retry: Retry) -> (RunId, Vec<StepEvent>) {
        let run = self.engine.retry(retry).await.unwrap().id;
        (run, self.log(run).await)
    }
}

fn paid(id: &str, prompt: &str) -> Value {
    json!({"id": id, "type": "Paid", "data": {"prompt": prompt}})
}

/// Each failure is notified, even if the text of the notification is the same.
#[tokio::test(start_paused = true)]
async fn what_follows_a_failure_is_never_reused() {
    let mut fails = paid("fails", "no");
    fails["data"]["failures"] = json!(99);
    let host = Host::of(json!({"nodes": [paid("one", "one {{ input }}"), fails],
        "on_failure": [paid("tell", "{{ run.error.code }}"), paid("same", "one {{ input }}")]}))
    .await;
    let (first, _) = host.run(json!("x")).await;
    let made = host.service.taken();
    assert_eq!((made["busy"], made["one x"]), (1, 2), "{made:?}");
    // Neither by content, of its own results and of those of the workflow, nor through the run between.
    let mut before = first;
    for _ in 0..2 {
        let (again, events) = host.retry(Retry::unchanged(before)).await;
        assert_eq!(brief(&events).last().unwrap(), "run.failed");
        let made = host.service.taken();
        assert_eq!(
            (made["busy"], made["one x"]),
            (1, 1),
            "`one` is reused, and nothing else: {made:?}"
        );
        before = again;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reused_result_stops_the_workflow_as_before() {
    let mut quick = paid("quick", "quick {{ input }}");
    quick["stop_when"] = json!("quick.output == 'm(quick x)'");
    let host = Host::of(json!({"nodes": [quick, paid("slow", "slow {{ input }}")]})).await;
    let (first, events) = host.run(json!("x")).await;
    assert_eq!(output_of(&events), "m(quick x)");
    host.service.taken();
    let (_, events) = host.retry(Retry::unchanged(first)).await;
    assert_eq!(output_of(&events), "m(quick x)");
    assert_eq!(host.service.taken().len(), 0);
    // With another output, it continues.
    let mut other = Retry::unchanged(first);
    other.overrides.insert("quick".into(), json!("other"));
    let (_, events) = host.retry(other).await;
    assert_eq!(output_of(&events), "m(slow x)");
}

/// A run of a single step ends with that step, whatever those before it say.
#[tokio::test(start_paused = true)]
async fn a_run_of_a_single_step_neither_stops_nor_tells() {
    let mut quick = paid("quick", "quick {{ input }}");
    quick["stop_when"] = json!("input != 'x'");
    let mut last = paid("last", "last {{ quick.output }}");
    last["data"]["failures"] = json!(0);
    let spec = |last: Value, stop: &str| {
        let mut quick = quick.clone();
        quick["stop_when"] = json!(stop);
        json!({"nodes": [quick, last], "on_failure": [paid("tell", "tell")]})
    };
    let host = Host::of(spec(last.clone(), "input != 'x'")).await;
    let (first, events) = host.run(json!("x")).await;
    assert_eq!(output_of(&events), "m(last m(quick x))");
    // In the new version, `quick` would stop, and `last` fails.
    last["data"]["failures"] = json!(99);
    let stops = host
        .engine
        .update_workflow(host.workflow, spec(last, "true"), None)
        .await
        .unwrap();
    let mut only = Retry::only(first, "last".into());
    only.version = Some(stops.record.version);
    let (_, events) = host.retry(only).await;
    assert_eq!(
        brief(&events)[2..],
        [
            "node.completed quick",
            "node.started last",
            "node.failed last",
            "run.failed"
        ]
    );
}

/// The step to which a run is limited may be a called workflow, in which everything is as always.
#[tokio::test(start_paused = true)]
async fn within_the_single_step_a_workflow_may_stop() {
    let mut host = Host::of(json!({"name": "inner", "nodes": [
        {"id": "x", "type": "Script", "stop_when": "true", "data": {"output": 5}},
        {"id": "y", "type": "Script"}]}))
    .await;
    let outer = json!({"nodes": [paid("before", "b"),
        {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": 1}}]});
    host.workflow = host.engine.create_workflow(outer).await.unwrap().record.id;
    let (first, _) = host.run(json!(null)).await;
    let (_, events) = host.retry(Retry::only(first, "call".into())).await;
    assert_eq!(output_of(&events), 5);
}

#[tokio::test(start_paused = true)]
async fn another_case_can_be_set() {
    let spec = json!({"nodes": [
        {"id": "route", "type": "SwitchNode", "data": {"cases": [{"name": "a", "when": "true"}], "default": "b"}},
        {"id": "x", "type": "Paid", "case": "route.a", "data": {"prompt": "x"}},
        {"id": "y", "type": "Paid", "case": "route.b", "data": {"prompt": "y"}}]});
    let host = Host::of(spec).await;
    let (first, events) = host.run(json!(null)).await;
    assert_eq!(output_of(&events), json!({"x": "m(x)"}));
    let mut other = Retry::unchanged(first);
    other.overrides.insert("route".into(), json!("b"));
    let (_, events) = host.retry(other).await;
    assert_eq!(output_of(&events), json!({"y": "m(y)"}));
    let skipped = events.iter().any(
        |event| matches!(&event.kind, EventKind::NodeSkipped(it) if it.step.path().as_str() == "x"),
    );
    assert!(skipped);
}

/// The nodes that follow a failure count for the budget of the run, as all others.
#[tokio::test(start_paused = true)]
async fn what_follows_a_failure_finds_what_the_budget_has_left() {
    let spec = |calls: u64| {
        let mut fails = paid("fails", "no");
        fails["data"]["failures"] = json!(99);
        json!({"budget": {"calls": calls}, "nodes": [paid("one", "one"), fails],
            "on_failure": [paid("tell", "{{ run.error.code }}")]})
    };
    for (calls, error, note) in [
        (1, "budget_exceeded", json!("budget_exceeded")),
        (2, "busy", json!("budget_exceeded")),
        (3, "busy", Value::Null),
    ] {
        let host = Host::of(spec(calls)).await;
        let (_, events) = host.run(json!(null)).await;
        let end = serde_json::to_value(events.last().unwrap()).unwrap();
        assert_eq!(end["error"]["code"], error, "{calls} calls");
        assert_eq!(
            end["on_failure_error"]["code"],
            note,
            "{calls} calls: {:?}",
            brief(&events)
        );
    }
}
