//! `on_failure`: nodes that run when the run has failed.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, InvalidWorkflow, LocalEngine, NewRun, Registry, RunStatus, Runs,
    StepEvent, Workflow, Workflows, engine::Retry, event::RunFailed, value::NodeId,
    workflow::Library,
};

use crate::{
    faults,
    prefixes::{end, end_the_same, resumed},
    support::{Probe, brief, collect, failure, output_of, parsed, registry, run},
};

/// A workflow that fails at `bad`, with these fields changed or added.
fn failing(more: &Value) -> Value {
    let mut spec = json!({
        "nodes": [
            {"id": "good", "type": "Script", "data": {"millis": 1, "output": {"n": 7}}},
            {"id": "skipped", "type": "Script", "when": "false"},
            {"id": "bad", "type": "Script", "needs": ["good"], "data": {"millis": 5, "failures": 99}},
            {"id": "long", "type": "Script", "needs": ["good"], "data": {"millis": 900_000}},
            {"id": "after", "type": "Script", "needs": ["bad", "skipped", "long"]},
        ],
        "on_failure": [
            {"id": "tell", "type": "Script", "data": {"millis": 2, "output": {
                "error": "{{ run.error }}",
                "input": "{{ input }}",
                "good": "{{ good.output.n }}",
                "states": "{{ [good.status, skipped.status, bad.status, long.status, after.status] }}",
                "long": "{{ long.output | default('none') }}",
            }}},
            {"id": "file", "type": "Echo"},
        ],
    });
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    spec
}

fn last(events: &[StepEvent]) -> &RunFailed {
    match &events.last().unwrap().kind {
        EventKind::RunFailed(failed) => failed,
        other => panic!("{other:?}"),
    }
}

/// The output of a step.
fn output(events: &[StepEvent], path: &str) -> Value {
    let completed = events.iter().find_map(|event| match &event.kind {
        EventKind::NodeCompleted(it) if it.step.path().as_str() == path => {
            Some((*it.output).clone())
        }
        _ => None,
    });
    completed.unwrap_or_else(|| panic!("{path} did not complete: {:?}", brief(events)))
}

fn note(events: &[StepEvent]) -> Option<String> {
    let error = last(events).on_failure_error.as_ref()?;
    Some(format!("{}: {}", error.code, error.detail))
}

#[tokio::test(start_paused = true)]
async fn the_nodes_run_when_the_run_has_failed_and_see_why() {
    let events = end_the_same(&failing(&json!({})), json!("in")).await;
    assert_eq!(
        brief(&events)[6..],
        [
            "node.started long",
            "node.failed bad",
            "node.cancelled long",
            "run.failing",
            "node.started on_failure/tell",
            "node.completed on_failure/tell",
            "node.started on_failure/file",
            "node.completed on_failure/file",
            "run.failed",
        ],
        "{:?}",
        brief(&events)
    );
    let seen = json!({
        "error": {"code": "scripted", "detail": "attempt 1 of bad fails", "step": "bad"},
        "input": "in",
        "good": 7,
        "states": ["completed", "skipped", "unsettled", "unsettled", "unsettled"],
        "long": "none",
    });
    assert_eq!(output(&events, "on_failure/tell"), seen);
    assert_eq!(output(&events, "on_failure/file"), seen);
    assert_eq!(failure(&events), "scripted: attempt 1 of bad fails");
    assert_eq!(last(&events).step.as_ref().unwrap().path().as_str(), "bad");
    assert_eq!(note(&events), None);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_completes_does_not_run_them() {
    let mut spec = failing(&json!({}));
    spec["nodes"] = json!([{"id": "good", "type": "Script"}]);
    spec["on_failure"] = json!([{"id": "tell", "type": "Script"}]);
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(output_of(&events), json!("good"));
    assert!(
        !brief(&events)
            .iter()
            .any(|name| name.contains("on_failure"))
    );
}

/// A step of the workflow that was running must not run on beside the nodes.
#[tokio::test(start_paused = true)]
async fn what_was_running_is_dropped_before() {
    let probe = Probe::default();
    let workflow = parsed(&probe, &failing(&json!({})));
    collect(Executor::new().run(workflow, json!(1))).await;
    let noted = probe.taken();
    let at = |what: &str| noted.iter().position(|noted| noted == what).unwrap();
    assert!(at("drop long") < at("end tell"), "{noted:?}");
}

#[tokio::test(start_paused = true)]
async fn their_failure_does_not_replace_the_error_of_the_run() {
    let spec = failing(&json!({"on_failure": [
        {"id": "tell", "type": "Script", "needs": [], "data": {"millis": 3, "failures": 99}},
        {"id": "slow", "type": "Script", "needs": [], "data": {"millis": 30}}]}));
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(failure(&events), "scripted: attempt 1 of bad fails");
    assert_eq!(note(&events).unwrap(), "scripted: attempt 1 of tell fails");
    assert!(brief(&events).contains(&"node.cancelled on_failure/slow".to_owned()));
    // What cannot be read is an error of the step, as of a skipped node.
    let spec = failing(&json!({"on_failure": [
        {"id": "tell", "type": "TransformNode", "data": {"value": "{{ after.output }}"}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert!(
        note(&events)
            .unwrap()
            .starts_with("template_error: `after.output` is missing"),
        "{:?}",
        note(&events)
    );
    // A handled failure is none.
    let spec = failing(&json!({"on_failure": [
        {"id": "tell", "type": "Script", "data": {"failures": 99}, "on_error": "continue"}]}));
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(note(&events), None);
}

#[tokio::test(start_paused = true)]
async fn they_have_one_minute_unless_the_workflow_says_more() {
    let slow = |seconds: u64, timeout: Value| {
        let mut spec = failing(&json!({"on_failure": [
            {"id": "tell", "type": "Script", "data": {"millis": seconds * 1000}}]}));
        if !timeout.is_null() {
            spec["on_failure_timeout"] = timeout;
        }
        spec
    };
    for (spec, expected) in [
        (slow(59, json!(null)), None),
        (
            slow(61, json!(null)),
            Some("timeout: it took longer than `on_failure_timeout` allows"),
        ),
        (slow(61, json!("2m")), None),
        (
            slow(3, json!("2s")),
            Some("timeout: it took longer than `on_failure_timeout` allows"),
        ),
    ] {
        let (_, events) = run(&spec, json!(null)).await;
        assert_eq!(note(&events).as_deref(), expected);
        assert_eq!(failure(&events), "scripted: attempt 1 of bad fails");
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_the_run_leads_to_them_and_does_not_end_them() {
    let mut spec = failing(&json!({"timeout": "10s"}));
    spec["nodes"].as_array_mut().unwrap().remove(2);
    spec["nodes"][3]["needs"] = json!(["skipped", "long"]);
    spec["on_failure"] = json!([{"id": "tell", "type": "Script", "data": {"millis": 50_000, "output": "{{ run.error }}"}}]);
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(
        failure(&events),
        "timeout: the run took longer than its workflow allows"
    );
    let error = json!({"code": "timeout", "detail": "the run took longer than its workflow allows", "step": null});
    assert_eq!(output(&events, "on_failure/tell"), error);
    // The timer of the run is still set when a step fails before it.
    let mut spec = failing(&json!({"timeout": "10s"}));
    spec["on_failure"] = json!([{"id": "tell", "type": "Script", "data": {"millis": 50_000}}]);
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(note(&events), None);
    assert_eq!(output(&events, "on_failure/tell"), "tell");
}

#[tokio::test(start_paused = true)]
async fn the_result_of_the_workflow_may_be_what_fails() {
    let mut spec = failing(&json!({"output": "{{ good.output.x }}"}));
    spec["nodes"] = json!([{"id": "good", "type": "Script", "data": {"output": {"n": 7}}}]);
    spec["on_failure"] = json!([{"id": "tell", "type": "TransformNode", "data": {"value": "{{ run.error.code }} {{ run.id | length }} {{ run.url | default(run.started_at | length) }}"}}]);
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(output(&events, "on_failure/tell"), "output_error 36 27");
}

#[tokio::test(start_paused = true)]
async fn an_invalid_input_starts_nothing() {
    let spec = failing(&json!({"input": {"type": "number"}}));
    let (probe, events) = run(&spec, json!("text")).await;
    assert!(failure(&events).starts_with("invalid_input"));
    assert_eq!(probe.taken(), [""; 0]);
}

/// The log of a run that is cancelled after a second.
async fn cancelled(spec: &Value) -> Vec<StepEvent> {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let stored = engine.create_workflow(spec.clone()).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, "in".into()))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.cancel(run.id).await.unwrap();
    engine.read_events(run.id, 0, 100).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn not_after_a_cancellation() {
    let mut spec = failing(&json!({}));
    spec["nodes"][2]["data"] = json!({"millis": 900_000});
    let events = cancelled(&spec).await;
    assert_eq!(brief(&events).last().unwrap(), "run.cancelled");
    assert!(!brief(&events).contains(&"run.failing".to_owned()));
    // Cut between the events of the cancellation, it is not taken for a failure.
    for cut in 1..events.len() {
        let prefix = brief(&events[..cut]);
        if prefix.iter().any(|name| name.starts_with("node.cancelled")) {
            let all = resumed(parsed(&Probe::default(), &spec), &events[..cut]).await;
            assert_eq!(brief(&all).last().unwrap(), "run.cancelled", "cut at {cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_ends_them() {
    let spec = failing(
        &json!({"on_failure": [{"id": "tell", "type": "Script", "data": {"millis": 50_000}}]}),
    );
    let events = cancelled(&spec).await;
    assert_eq!(failure(&events), "scripted: attempt 1 of bad fails");
    assert!(
        note(&events)
            .unwrap()
            .starts_with("cancelled: the run was cancelled while"),
        "{:?}",
        note(&events)
    );
    let cut = events.len() - 1;
    let all = resumed(parsed(&Probe::default(), &spec), &events[..cut]).await;
    assert_eq!(brief(&all), brief(&events));
}

#[tokio::test(start_paused = true)]
async fn they_contain_what_nodes_contain() {
    let spec = failing(&json!({"on_failure": [
        {"id": "each", "type": "MapNode", "data": {"over": "[1, 2]", "nodes": [
            {"id": "tell", "type": "Script", "data": {"millis": 1, "output": "{{ item }} {{ run.error.code }} {{ good.output.n }}"}}]}},
        {"id": "wait", "type": "DelayNode", "data": {"for": "5s"}},
        {"id": "route", "type": "SwitchNode", "data": {"cases": [{"name": "scripted", "when": "run.error.code == 'scripted'"}]}},
        {"id": "last", "type": "Script", "case": "route.scripted", "data": {"output": "{{ each.output }}"}}]}));
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(
        output(&events, "on_failure/last"),
        json!(["1 scripted 7", "2 scripted 7"])
    );
    assert!(brief(&events).contains(&"node.completed on_failure/each/1/tell".to_owned()));
}

/// A failure deep in a map leads to them, too, and names the step where it began.
#[tokio::test(start_paused = true)]
async fn the_error_names_the_step_where_it_began() {
    let spec = failing(
        &json!({"nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[1, 2]", "nodes": [
        {"id": "x", "type": "Script", "when": "item == 2", "data": {"failures": 99}}]}}],
        "on_failure": [{"id": "tell", "type": "TransformNode", "data": {"value": "{{ run.error.step }}"}}]}),
    );
    let events = end_the_same(&spec, json!(null)).await;
    assert_eq!(output(&events, "on_failure/tell"), "each/1/x");
}

#[tokio::test(start_paused = true)]
async fn a_person_may_be_asked() {
    let spec = failing(&json!({"on_failure_timeout": "1h", "on_failure": [
        {"id": "ask", "type": "HumanNode", "data": {"message": "{{ run.error.detail }}"}}]}));
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(
        brief(&events)[brief(&events).len() - 2..],
        ["node.waiting on_failure/ask", "run.suspended"]
    );
    let EventKind::RunSuspended(suspended) = &events.last().unwrap().kind else {
        unreachable!()
    };
    assert!(
        suspended.wake_at.is_some(),
        "the run ends at the deadline without an answer"
    );
    let mut past = serde_json::to_value(&events).unwrap();
    for event in past.as_array_mut().unwrap() {
        for field in ["deadline", "wake_at"] {
            if event.get(field).is_some() {
                event[field] = json!("2020-01-01T00:00:00Z");
            }
        }
    }
    let past: Vec<StepEvent> = serde_json::from_value(past).unwrap();
    let all = resumed(parsed(&Probe::default(), &spec), &past).await;
    assert!(
        note(&all).unwrap().starts_with("timeout"),
        "{:?}",
        brief(&all)
    );
}

/// Only the run's own workflow has them: the failure of a call is that of its node.
#[tokio::test(start_paused = true)]
async fn a_called_workflow_does_not_run_them_and_the_caller_is_warned() {
    let probe = Probe::default();
    let registry = registry(&probe);
    let inner = json!({"nodes": [{"id": "x", "type": "Script", "data": {"failures": 99}}],
        "on_failure": [{"id": "inner_tell", "type": "Script"}]});
    let inner = Workflow::from_spec(&inner, &registry).unwrap();
    assert_eq!(inner.warnings(), []);
    let mut library = Library::new();
    library.insert("inner", Arc::new(inner));
    let outer = json!({"nodes": [{"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner"}}],
        "on_failure": [{"id": "tell", "type": "Script"}]});
    let outer = Workflow::with_library(&outer, &registry, &library).unwrap();
    let warning = &outer.warnings()[0];
    assert_eq!(
        (warning.code.as_str(), &*warning.pointer),
        ("not_applicable", "#/nodes/0/data/workflow")
    );
    let events = collect(Executor::new().run(Arc::new(outer), json!(1))).await;
    assert_eq!(probe.count("start inner_tell"), 0);
    assert_eq!(probe.count("start tell"), 1);
    assert_eq!(
        last(&events).step.as_ref().unwrap().path().as_str(),
        "call/x"
    );
}

#[test]
fn they_are_checked() {
    let with = |nodes: Value| failing(&json!({ "on_failure": nodes }));
    let value = |template: &str| json!([{"id": "tell", "type": "TransformNode", "data": {"value": template}}]);
    for (template, expected) in [
        (
            "{{ run.eror }}",
            "unknown_field_reference #/on_failure/0/data/value: `run.eror` is not there: `run` has `error`, `id`, `started_at`, `url`",
        ),
        (
            "{{ run.error.status }}",
            "unknown_field_reference #/on_failure/0/data/value: `run.error.status` is not there: `run.error` has `code`, `detail`, `step`",
        ),
        (
            "{{ goood.output }}",
            "unknown_reference #/on_failure/0/data/value: `goood` is not a node of this workflow",
        ),
        (
            "{{ tell.output }}",
            "not_an_ancestor #/on_failure/0/data/value: `tell` reads its own output",
        ),
    ] {
        assert_eq!(faults(&with(value(template))), [expected]);
    }
    assert_eq!(
        faults(&with(
            json!([{"id": "good", "type": "Script"}, {"id": "run", "type": "Script"}])
        )),
        [
            "shadowed_name #/on_failure/0/id: `good` is already defined in the enclosing scope",
            "shadowed_name #/on_failure/1/id: `run` is already defined in the enclosing scope",
        ]
    );
    assert_eq!(
        faults(&with(
            json!([{"id": "tell", "type": "Script", "stop_when": "true"}])
        )),
        [
            "not_applicable #/on_failure/0/stop_when: `stop_when` is only for nodes of the workflow's own list"
        ]
    );
    assert_eq!(
        faults(&with(json!([]))),
        ["invalid_value #/on_failure: `on_failure` is empty"]
    );
    assert_eq!(faults(&with(json!({}))).len(), 1);
    // Outside, `run` means nothing, and nothing reads the nodes.
    let mut spec = failing(&json!({"output": "{{ tell.output }}{{ run.error }}"}));
    assert_eq!(faults(&spec).len(), 2, "{:?}", faults(&spec));
    spec = failing(&json!({}));
    spec["nodes"][1]["id"] = json!("on_failure");
    spec["nodes"][4]["needs"] = json!(["bad", "on_failure", "long"]);
    spec["on_failure"] = json!([{"id": "tell", "type": "Script"}]);
    assert_eq!(
        faults(&spec),
        ["reserved_name #/nodes/1/id: `on_failure` is also the name of a list of this workflow"]
    );
    // A workflow without the list may have a node of this name.
    spec.as_object_mut().unwrap().remove("on_failure");
    assert_eq!(faults(&spec), [""; 0]);
    spec["on_failure_timeout"] = json!("1m");
    assert_eq!(
        faults(&spec),
        [
            "not_applicable #/on_failure_timeout: `on_failure_timeout` has no meaning without `on_failure`"
        ]
    );
    let many: Vec<Value> = (0..999)
        .map(|n| json!({"id": format!("n{n}"), "type": "Script"}))
        .collect();
    let codes: Vec<String> = faults(&with(json!(many)));
    assert!(
        codes
            .iter()
            .any(|fault| fault.starts_with("too_many_nodes")),
        "{codes:?}"
    );
}

/// Stored workflows may have a node `run`, which keeps its meaning.
#[tokio::test(start_paused = true)]
async fn a_node_of_the_workflow_may_be_called_run() {
    let spec = json!({"nodes": [{"id": "run", "type": "Script"}], "output": "{{ run.output }}"});
    let (_, events) = run(&spec, json!(null)).await;
    assert_eq!(output_of(&events), "run");
}

#[test]
fn waits_are_compared_with_their_own_timeout() {
    let with = |wait: &str| {
        let spec = json!({"timeout": "10s", "nodes": [{"id": "a", "type": "PromptNode", "data": {"template": "{{ input }}"}}],
            "on_failure": [{"id": "wait", "type": "DelayNode", "data": {"for": wait}}]});
        Workflow::from_spec(&spec, &Registry::default())
            .unwrap()
            .warnings()
            .len()
    };
    assert_eq!((with("30s"), with("60s")), (0, 1));
}

/// Whatever happened to the log, what fits continues and what does not is refused.
#[tokio::test(start_paused = true)]
async fn a_log_with_a_second_failure_or_a_late_result_is_refused() {
    let spec = failing(&json!({}));
    let (_, events) = run(&spec, json!("in")).await;
    let at = events
        .iter()
        .position(|event| event.kind.name() == "run.failing")
        .unwrap();
    let mut twice = events[..=at].to_vec();
    let mut again = serde_json::to_value(&events[at]).unwrap();
    again["seq"] = json!(at + 2);
    twice.push(serde_json::from_value(again).unwrap());
    let resumed = Executor::new().resume(parsed(&Probe::default(), &spec), &twice);
    assert!(resumed.is_err());
    // Before its steps are cancelled, a run is not failing.
    let mut early = events[..at - 1].to_vec();
    let mut moved = serde_json::to_value(&events[at]).unwrap();
    moved["seq"] = json!(at);
    early.push(serde_json::from_value(moved).unwrap());
    assert!(
        Executor::new()
            .resume(parsed(&Probe::default(), &spec), &early)
            .is_err()
    );
    // A log without the list has no such event.
    let plain = failing(&json!({"on_failure": [{"id": "other", "type": "Script"}]}));
    let refused = Executor::new().resume(parsed(&Probe::default(), &plain), &events[..at + 2]);
    assert!(refused.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_run_at_a_limit_fails_at_once() {
    let spec = failing(
        &json!({"nodes": [{"id": "many", "type": "LoopNode", "data": {"max": 100, "until": "false", "nodes": [
        {"id": "x", "type": "Script"}]}}], "on_failure": [{"id": "tell", "type": "Script"}]}),
    );
    let executor = Executor::new().with_max_events(50);
    let events = collect(executor.run(parsed(&Probe::default(), &spec), json!(1))).await;
    assert!(failure(&events).starts_with("too_many_events"));
    assert_eq!(end(&events)["on_failure_error"], Value::Null);
    assert!(!brief(&events).contains(&"run.failing".to_owned()));
}

#[test]
fn a_fault_in_one_list_does_not_hide_those_in_the_other() {
    let mut spec = failing(&json!({}));
    spec["nodes"][0]["data"]["output"] = json!("{{ nothing }}");
    spec["on_failure"][0]["data"]["output"] = json!("{{ nothing }}");
    let checked = Workflow::from_spec(&spec, &registry(&Probe::default()));
    let places: Vec<String> = checked
        .err()
        .map(InvalidWorkflow::into_faults)
        .unwrap()
        .into_iter()
        .map(|it| it.pointer)
        .collect();
    assert_eq!(
        places,
        ["#/nodes/0/data/output", "#/on_failure/0/data/output"]
    );
}

/// The report has them, and a retry runs them again: nothing of them is reused.
#[tokio::test(start_paused = true)]
async fn the_report_shows_them_and_a_retry_runs_them_again() {
    let probe = Probe::default();
    let engine = LocalEngine::builder(registry(&probe)).build();
    let inner = json!({"name": "inner", "nodes": [{"id": "x", "type": "Script"}]});
    engine.create_workflow(inner).await.unwrap();
    let spec = failing(&json!({"on_failure": [
        {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner"}},
        {"id": "tell", "type": "Script", "data": {"failures": 99}}]}));
    let stored = engine.create_workflow(spec).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, 1.into()))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let report = engine.run_report(run.id).await.unwrap();
    assert_eq!(
        report.error.as_ref().unwrap().detail,
        "attempt 1 of bad fails"
    );
    assert_eq!(
        report.on_failure_error.as_ref().unwrap().detail,
        "attempt 1 of tell fails"
    );
    let steps: Vec<String> = (report.steps.iter())
        .filter(|step| step.step.path().as_str().starts_with("on_failure"))
        .map(|step| format!("{} {} {:?}", step.step.path(), step.kind, step.status))
        .collect();
    assert_eq!(
        steps,
        [
            "on_failure/call WorkflowNode Completed",
            "on_failure/tell Script Failed",
            "on_failure/call/x Script Completed",
        ]
    );
    let path = "on_failure/tell".into();
    let history = engine.step_history(run.id, &path).await.unwrap();
    assert_eq!(history.attempts.len(), 1);
    assert_eq!(probe.count("start tell"), 1);
    let retry = Retry::from(run.id, NodeId::parse("bad").unwrap());
    let again = engine.retry(retry).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(probe.count("start good"), 1, "it is reused");
    assert_eq!(probe.count("start tell"), 2);
    assert_eq!(
        engine.run_record(again.id).await.unwrap().head.status,
        RunStatus::Failed
    );
}

/// Steps that have not begun have a history without attempts.
#[tokio::test(start_paused = true)]
async fn a_step_that_has_not_begun_has_a_history() {
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    let mut spec = failing(&json!({}));
    spec["nodes"] = json!([{"id": "good", "type": "Script"}]);
    spec["on_failure"] = json!([{"id": "tell", "type": "Script"}]);
    let stored = engine.create_workflow(spec).await.unwrap();
    let run = engine
        .start(NewRun::new(stored.record.id, 1.into()))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let path = "on_failure/tell".into();
    let history = engine.step_history(run.id, &path).await.unwrap();
    assert!(history.attempts.is_empty());
    let report = engine.run_report(run.id).await.unwrap();
    assert_eq!(
        report.steps.len(),
        1,
        "the list is shown only once the run has failed"
    );
}
