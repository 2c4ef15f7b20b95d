//! Any prefix of a log is a run that can go on: what is done stays done.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use support::{Probe, collect, output_of, run_all, workflow};
use workflow_core::{EventKind, Executor, Registry, ResumeError, StartReason, StepEvent, Workflow};

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
async fn a_whole_log_has_nothing_left_to_say() {
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
    let other = Workflow::new(
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
