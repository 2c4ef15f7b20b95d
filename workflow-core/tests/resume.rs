//! Any prefix of a log can be resumed: what is done stays done.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use support::{Probe, collect, output_of, run_all, workflow};
use workflow_core::{
    EventKind, Executor, Registry, StepEvent, Workflow,
    event::{ResumeError, StartReason},
    workflow::Library,
};

fn diamond(probe: &Probe) -> Arc<Workflow> {
    workflow(
        probe,
        &[
            ("a", &[], json!({"millis": 5})),
            (
                "b",
                &["a"],
                json!({"millis": 30, "failures": 1, "retryable": true}),
            ),
            ("c", &["a"], json!({"millis": 10})),
            (
                "d",
                &["b", "c"],
                json!({"output": "{{ b.output }}{{ c.output }}"}),
            ),
        ],
    )
}

fn with_retry(probe: &Probe) -> Arc<Workflow> {
    let spec = json!({"nodes": [
        {"id": "a", "type": "Script", "needs": [], "retry": 3, "data": {"millis": 5, "failures": 1, "retryable": true}},
        {"id": "b", "type": "Script", "needs": [], "data": {"millis": 1}},
        {"id": "c", "type": "Script", "needs": ["a", "b"], "data": {"output": "{{ a.output }}{{ b.output }}"}},
    ]});
    support::parsed(probe, &spec)
}

/// How often each step was completed.
fn completions(events: &[StepEvent]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for event in events {
        if let EventKind::NodeCompleted(completed) = &event.kind {
            *times.entry(completed.step.path().to_string()).or_default() += 1;
        }
    }
    times
}

#[tokio::test(start_paused = true)]
async fn every_prefix_of_a_log_ends_the_same() {
    let probe = Probe::default();
    let workflow = with_retry(&probe);
    let whole = run_all(&workflow).await;
    for cut in 1..whole.len() {
        let log = &whole[..cut];
        let done_before = completions(log);
        probe.taken();
        let rest = collect(Executor::new().resume(Arc::clone(&workflow), log).unwrap()).await;
        let all: Vec<StepEvent> = log.iter().chain(&rest).cloned().collect();
        let numbers: Vec<u64> = all.iter().map(|event| event.seq).collect();
        assert_eq!(
            numbers,
            (1..=all.len() as u64).collect::<Vec<_>>(),
            "cut at {cut}"
        );
        assert_eq!(output_of(&all), "ab", "cut at {cut}");
        assert!(
            completions(&all).values().all(|times| *times == 1),
            "cut at {cut}"
        );
        for done in done_before.keys() {
            assert_eq!(
                probe.count(&format!("start {done}")),
                0,
                "{done} ran again, cut at {cut}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_in_flight_is_a_new_attempt_that_says_why() {
    let probe = Probe::default();
    let workflow = with_retry(&probe);
    let whole = run_all(&workflow).await;
    let rest = collect(Executor::new().resume(workflow, &whole[..4]).unwrap()).await;
    let EventKind::NodeStarted(started) = &rest[0].kind else {
        panic!("{rest:?}")
    };
    assert_eq!(
        (started.attempt, started.reason),
        (2, Some(StartReason::Recovered))
    );
    assert_eq!(
        started.max_attempts, 4,
        "the lost attempt does not count against the policy"
    );
}

#[tokio::test(start_paused = true)]
async fn a_complete_log_resumes_to_nothing() {
    let probe = Probe::default();
    let failing = diamond(&probe);
    let whole = run_all(&failing).await;
    assert!(matches!(
        whole.last().unwrap().kind,
        EventKind::RunFailed(_)
    ));
    assert_eq!(
        collect(Executor::new().resume(failing, &whole).unwrap()).await,
        []
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_survives_json() {
    let probe = Probe::default();
    for events in [
        run_all(&with_retry(&probe)).await,
        run_all(&diamond(&probe)).await,
    ] {
        let text = serde_json::to_string(&events).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<StepEvent>>(&text).unwrap(),
            events
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_fit_is_refused() {
    let probe = Probe::default();
    let workflow = with_retry(&probe);
    let mut log = run_all(&workflow).await;
    let refused = |log: &[StepEvent]| {
        Executor::new()
            .resume(Arc::clone(&workflow), log)
            .unwrap_err()
    };
    assert!(matches!(refused(&[]), ResumeError::NoBeginning));
    assert!(matches!(refused(&log[1..]), ResumeError::NoBeginning));
    log.remove(2);
    assert!(matches!(refused(&log), ResumeError::Damaged(_)));
    let other = Workflow::from_spec(
        &json!({"nodes": [{"id": "x", "type": "TransformNode", "data": {"value": 1}}]}),
        &Registry::default(),
    );
    let error = Executor::new()
        .resume(Arc::new(other.unwrap()), &log)
        .unwrap_err();
    assert!(matches!(error, ResumeError::OtherWorkflow));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_follow_is_refused() {
    let probe = Probe::default();
    let workflow = with_retry(&probe);
    let whole = run_all(&workflow).await;
    let completed = whole
        .iter()
        .position(|event| event.kind.name() == "node.completed")
        .unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<StepEvent>)| {
        let mut log = whole.clone();
        change(&mut log);
        for (index, event) in log.iter_mut().enumerate() {
            event.seq = index as u64 + 1;
        }
        Executor::new().resume(Arc::clone(&workflow), &log).is_err()
    };
    assert!(!damaged(&|_| {}));
    assert!(
        damaged(&|log| log.insert(completed, log[completed].clone())),
        "done twice"
    );
    assert!(
        damaged(&|log| log.swap(2, completed)),
        "done before it started"
    );
    assert!(
        damaged(&|log| log.insert(1, log[0].clone())),
        "created twice"
    );
    assert!(
        damaged(&|log| log[3].run_id = workflow_core::RunId::new()),
        "another run's"
    );
}

/// A workflow with everything in it that opens: a map, a loop, a call, a person and a delay.
fn containers(probe: &Probe) -> Arc<Workflow> {
    let registry = support::registry(probe);
    let called = json!({"nodes": [
        {"id": "x", "type": "Script", "data": {"millis": 2, "output": "{{ input + 1 }}"}},
        {"id": "y", "type": "Script", "data": {"output": "{{ x.output * 2 }}"}}]});
    let mut library = Library::new();
    library.insert(
        "called",
        Arc::new(Workflow::from_spec(&called, &registry).unwrap()),
    );
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "[1, 2, 3]", "concurrency": 2, "on_item_error": "null", "nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "called"}},
            {"id": "picky", "type": "Script", "data": {"millis": 3, "output": "{{ call.output }}"}},
            {"id": "odd", "type": "Script", "needs": ["call"], "when": "item == 2", "data": {"failures": 99}}]}},
        {"id": "refine", "type": "LoopNode", "needs": [], "data": {"max": 3, "until": "index == 2", "output": {"n": "{{ n.output }}"}, "nodes": [
            {"id": "n", "type": "Script", "data": {"millis": 4, "output": "{{ (previous.n if previous else 0) + 5 }}"}},
            {"id": "pause", "type": "DelayNode", "data": {"for": "1s"}}]}},
        {"id": "ask", "type": "HumanNode", "needs": ["each", "refine"], "data": {"message": "{{ each.output }}?"}},
        {"id": "end", "type": "TransformNode", "data": {"value": ["{{ each.output }}", "{{ refine.output.n }}", "{{ ask.output }}"]}},
    ]});
    Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap())
}

/// Resumes a log to its end, and answers every wait.
async fn finish(workflow: &Arc<Workflow>, log: &[StepEvent]) -> Vec<StepEvent> {
    let mut all = log.to_vec();
    let rest = collect(Executor::new().resume(Arc::clone(workflow), log).unwrap()).await;
    all.extend(rest);
    if all.last().unwrap().kind.name() == "run.suspended" {
        let wait = all.iter().find_map(|event| match &event.kind {
            EventKind::NodeWaiting(it) if it.message.is_some() => Some(it.wait_id),
            _ => None,
        });
        let run = Executor::new().signal(Arc::clone(workflow), &all, wait.unwrap(), json!("yes"));
        all.extend(collect(run.unwrap()).await);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn every_prefix_of_a_log_with_containers_ends_the_same() {
    let probe = Probe::default();
    let workflow = containers(&probe);
    let begun = run_all(&workflow).await;
    let whole = finish(&workflow, &begun).await;
    let output = output_of(&whole);
    assert_eq!(
        output,
        json!([[{"picky": 4}, null, {"picky": 8}], 15, "yes"])
    );
    for cut in 1..whole.len() {
        let log = &whole[..cut];
        let done_before = completions(log);
        probe.taken();
        let all = finish(&workflow, log).await;
        let numbers: Vec<u64> = all.iter().map(|event| event.seq).collect();
        assert_eq!(
            numbers,
            (1..=all.len() as u64).collect::<Vec<_>>(),
            "cut at {cut}"
        );
        assert_eq!(
            output_of(&all),
            output,
            "cut at {cut}: {:#?}",
            support::brief(&all)
        );
        let times = completions(&all);
        assert!(
            times.values().all(|times| *times == 1),
            "cut at {cut}: {times:?}"
        );
        let begun = probe
            .taken()
            .iter()
            .filter(|it| it.starts_with("start"))
            .count();
        let leaves = |paths: &BTreeMap<String, usize>| {
            let of_scripts = ["/x", "/y", "/picky", "/n"];
            let is_script = |path: &&String| of_scripts.iter().any(|end| path.ends_with(end));
            paths.keys().filter(is_script).count()
        };
        // The step that always fails comes on top, unless it has, and so does the one it stops.
        let failed = log.iter().any(|event| event.kind.name() == "node.failed");
        let most = leaves(&times) - leaves(&done_before) + 2 * usize::from(!failed);
        assert!(
            begun <= most,
            "cut at {cut}: {begun} steps ran, {most} were left"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_with_containers_survives_json() {
    let workflow = containers(&Probe::default());
    let begun = run_all(&workflow).await;
    let whole = finish(&workflow, &begun).await;
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<StepEvent>>(&text).unwrap(),
        whole
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_of_another_callee_is_refused() {
    let probe = Probe::default();
    let log = run_all(&containers(&probe)).await;
    let registry = support::registry(&probe);
    let other = json!({"nodes": [{"id": "x", "type": "Script"}]});
    let mut library = Library::new();
    library.insert(
        "called",
        Arc::new(Workflow::from_spec(&other, &registry).unwrap()),
    );
    let spec =
        json!({"nodes": [{"id": "call", "type": "WorkflowNode", "data": {"workflow": "called"}}]});
    let workflow =
        |library: &Library| Arc::new(Workflow::with_library(&spec, &registry, library).unwrap());
    let own = run_all(&workflow(&library)).await;
    assert!(Executor::new().resume(workflow(&library), &own).is_ok());
    let changed = json!({"nodes": [{"id": "x", "type": "Script", "data": {"millis": 1}}]});
    library.insert(
        "called",
        Arc::new(Workflow::from_spec(&changed, &registry).unwrap()),
    );
    let refused = Executor::new()
        .resume(workflow(&library), &own)
        .unwrap_err();
    assert!(matches!(refused, ResumeError::OtherWorkflow), "{refused:?}");
    assert!(matches!(
        Executor::new()
            .resume(workflow(&library), &log)
            .unwrap_err(),
        ResumeError::OtherWorkflow
    ));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_container_that_cannot_follow_is_refused() {
    let probe = Probe::default();
    let workflow = containers(&probe);
    let begun = run_all(&workflow).await;
    let whole = finish(&workflow, &begun).await;
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut log = whole.clone();
        log.remove(at);
        for (index, event) in log.iter_mut().enumerate() {
            event.seq = index as u64 + 1;
        }
        refused += usize::from(Executor::new().resume(Arc::clone(&workflow), &log).is_err());
    }
    // Without its last event, or one that only reports time, a log is still valid.
    assert!(
        refused * 10 >= whole.len() * 8,
        "{refused} of {}",
        whole.len()
    );
}
