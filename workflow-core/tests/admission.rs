//! Attempts that wait for admission at a limit they share: it is shown, and takes none of their time.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};
use workflow_core::{
    EventKind, Executor, LocalEngine, NewRun, Node, NodeContext, NodeError, Registry, Run, Runs,
    StepEvent, Update, Workflow, Workflows, view::StepStatus,
};

/// A limit that attempts share, and how many wait at it.
#[derive(Clone)]
struct Gate {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Gate {
    fn of(permits: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            waiting: Arc::default(),
        }
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        let gate = self.clone();
        registry.register_with("Gated", move |data: Data| Gated {
            data,
            gate: gate.clone(),
        });
        registry
    }
}

/// Counts one that waits, as long as it does.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Data {
    /// Milliseconds before it asks for admission.
    before: u64,
    /// Milliseconds of work with a permit.
    work: u64,
    /// How many attempts fail.
    failures: u32,
    /// Whether it takes a second permit after the first.
    twice: bool,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            before: 0,
            work: 1_000,
            failures: 0,
            twice: false,
        }
    }
}

struct Gated {
    data: Data,
    gate: Gate,
}

impl Gated {
    async fn in_line(&self, cx: &NodeContext) -> SemaphorePermit<'_> {
        let waiting = Waiting(Arc::clone(&self.gate.waiting));
        let position = self.gate.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        let queued = cx.queued("gate", position);
        let mut acquire = Box::pin(self.gate.permits.acquire());
        let permit = loop {
            tokio::select! {
                biased;
                permit = &mut acquire => break permit.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
            queued.moved(waiting.0.load(Ordering::SeqCst).min(position));
        };
        drop(waiting);
        permit
    }

    async fn admitted(&self, cx: &NodeContext) {
        let permit = if let Ok(permit) = self.gate.permits.try_acquire() {
            permit
        } else {
            self.in_line(cx).await
        };
        tokio::time::sleep(Duration::from_millis(self.data.work)).await;
        drop(permit);
    }
}

#[async_trait]
impl Node for Gated {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        tokio::time::sleep(Duration::from_millis(self.data.before)).await;
        self.admitted(cx).await;
        cx.delta("done")?;
        if self.data.twice {
            self.admitted(cx).await;
        }
        if cx.failures() < self.data.failures {
            return Err(NodeError::new("scripted", "it fails").with_retry());
        }
        Ok(Value::Null)
    }
}

fn step(id: usize, timeout: &str, data: &Value) -> Value {
    json!({"id": format!("n{id}"), "type": "Gated", "needs": [], "timeout": timeout, "data": data})
}

fn workflow(gate: &Gate, nodes: &[Value]) -> Arc<Workflow> {
    let spec = json!({ "nodes": nodes });
    Arc::new(Workflow::from_spec(&spec, &gate.registry()).unwrap())
}

fn started(workflow: Arc<Workflow>) -> Run {
    let executor = Executor::new().with_concurrent_steps(100);
    executor.run(workflow, Value::Null)
}

async fn collect(run: Run) -> Vec<StepEvent> {
    let events = run.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

fn of_step<'a>(events: &'a [StepEvent], path: &str) -> Vec<&'a StepEvent> {
    let of_step = |event: &&StepEvent| event.step().is_some_and(|it| it.path().as_str() == path);
    events.iter().filter(of_step).collect()
}

fn names(events: &[&StepEvent]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_time_out_that_is_shorter_than_the_line_ends_no_attempt() {
    let gate = Gate::of(5);
    let nodes: Vec<Value> = (0..20).map(|id| step(id, "1500ms", &json!({}))).collect();
    let begun = Instant::now();
    let events = collect(started(workflow(&gate, &nodes))).await;
    assert_eq!(
        begun.elapsed(),
        Duration::from_secs(4),
        "four rounds of five"
    );
    let mut queued_ms = Vec::new();
    for id in 0..20 {
        let of_step = of_step(&events, &format!("n{id}"));
        let Some(EventKind::NodeCompleted(completed)) = of_step.last().map(|it| &it.kind) else {
            panic!("{:?}", names(&of_step));
        };
        let report = completed.report.as_deref().unwrap();
        assert_eq!(report.first_delta_ms, Some(1_000), "waiting does not count");
        assert_eq!(
            completed.duration_ms,
            1_000 + report.queued_ms.unwrap_or_default()
        );
        queued_ms.push(report.queued_ms);
    }
    let rounds = [None, Some(1_000), Some(2_000), Some(3_000)];
    let expected: Vec<Option<u64>> = rounds.into_iter().flat_map(|it| [it; 5]).collect();
    assert_eq!(queued_ms, expected);
    let last = of_step(&events, "n19");
    let positions: Vec<usize> = last
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::NodeQueued(it) => Some(it.position),
            _ => None,
        })
        .collect();
    assert_eq!(positions, [15, 5], "repeated once it has halved");
    assert_eq!(
        names(&last),
        [
            "node.started",
            "node.queued",
            "node.queued",
            "node.admitted",
            "node.completed"
        ]
    );
    assert!(matches!(&last[3].kind, EventKind::NodeAdmitted(it) if it.queued_ms == 3_000));
}

#[tokio::test(start_paused = true)]
async fn the_time_before_and_after_a_wait_counts_together() {
    for (data, timeout, ends_at) in [
        // 400 ms, a wait of 5 s, 600 ms: the limit of 1 s is met, to the millisecond.
        (json!({"before": 400, "work": 600}), "1001ms", None),
        (json!({"before": 400, "work": 700}), "1000ms", Some(6_000)),
        // Two waits of 5 s and 0.5 s.
        (
            json!({"before": 0, "work": 500, "twice": true}),
            "1001ms",
            None,
        ),
        (json!({"before": 2_000}), "1s", Some(1_000)),
    ] {
        let gate = Gate::of(1);
        let held = Arc::clone(&gate.permits).acquire_owned().await.unwrap();
        let run = started(workflow(&gate, &[step(0, timeout, &data)]));
        let begun = Instant::now();
        let release = async {
            let before = data["before"].as_u64().unwrap();
            tokio::time::sleep(Duration::from_millis(5_000 + before)).await;
            drop(held);
            if data["twice"] == true {
                let held = gate.permits.acquire().await.unwrap();
                tokio::time::sleep(Duration::from_millis(500)).await;
                drop(held);
            }
            std::future::pending::<()>().await;
        };
        let events = tokio::select! {
            events = collect(run) => events,
            () = release => unreachable!(),
        };
        let ended = &events.iter().rev().nth(1).unwrap().kind;
        match (ended, ends_at) {
            (EventKind::NodeCompleted(_), None) => {}
            (EventKind::NodeFailed(failed), Some(millis)) => {
                assert_eq!(failed.error.code, "timeout");
                assert_eq!(begun.elapsed(), Duration::from_millis(millis), "{data}");
            }
            other => panic!("{data}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_or_cancelled_leaves_the_line() {
    let gate = Gate::of(1);
    let _held = Arc::clone(&gate.permits).acquire_owned().await.unwrap();
    let nodes: Vec<Value> = (0..3).map(|id| step(id, "1s", &json!({}))).collect();
    let mut run = started(workflow(&gate, &nodes));
    while run.next().now_or_never().is_some() {}
    tokio::time::sleep(Duration::from_secs(10)).await;
    while run.next().now_or_never().is_some() {}
    assert_eq!(gate.waiting.load(Ordering::SeqCst), 3);
    drop(run);
    assert_eq!(gate.waiting.load(Ordering::SeqCst), 0);

    let engine = LocalEngine::builder(gate.registry()).build();
    let spec = json!({"nodes": nodes});
    let workflow = engine.create_workflow(spec).await.unwrap().record.id;
    let run = engine
        .start(NewRun::new(workflow, Value::Null))
        .await
        .unwrap()
        .id;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(gate.waiting.load(Ordering::SeqCst), 3);
    let report = engine.run_report(run).await.unwrap();
    let queued: Vec<_> = report
        .steps
        .iter()
        .map(|step| step.queued.clone())
        .collect();
    for (index, (step, queued)) in report.steps.iter().zip(queued).enumerate() {
        assert_eq!(step.status, StepStatus::Queued);
        let queued = queued.unwrap();
        assert_eq!((&*queued.queue, queued.position), ("gate", index + 1));
    }
    engine.cancel(run).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(gate.waiting.load(Ordering::SeqCst), 0);
    let report = engine.run_report(run).await.unwrap();
    for step in &report.steps {
        assert_eq!(step.status, StepStatus::Cancelled);
        assert_eq!(step.queued, None);
    }
}

#[tokio::test(start_paused = true)]
async fn every_prefix_of_the_log_can_be_resumed_and_what_does_not_follow_is_refused() {
    let gate = Gate::of(1);
    let data = json!({"failures": 1, "twice": true});
    let nodes = json!({"nodes": [
        {"id": "n0", "type": "Gated", "needs": [], "data": {"work": 500}},
        {"id": "n1", "type": "Gated", "needs": [], "data": data, "retry": 2},
        {"id": "n2", "type": "Gated", "needs": [], "data": data, "retry": 2},
    ]});
    let workflow = Arc::new(Workflow::from_spec(&nodes, &gate.registry()).unwrap());
    let whole = collect(started(Arc::clone(&workflow))).await;
    assert!(matches!(
        whole.last().unwrap().kind,
        EventKind::RunCompleted(_)
    ));
    for event in &whole {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(serde_json::from_value::<StepEvent>(json).unwrap(), *event);
    }
    let count = |name| whole.iter().filter(|it| it.kind.name() == name).count();
    assert!(count("node.queued") > 3 && count("node.admitted") > 3);
    for cut in 1..whole.len() {
        let gate = Gate::of(1);
        let workflow = Arc::new(Workflow::from_spec(&nodes, &gate.registry()).unwrap());
        let rest = Executor::new().resume(workflow, &whole[..cut]).unwrap();
        let rest = collect(rest).await;
        assert!(matches!(
            rest.last().unwrap().kind,
            EventKind::RunCompleted(_)
        ));
    }
    // A changed or repeated event of the wait does not fit the log before it.
    for (at, event) in whole.iter().enumerate() {
        let (json, last) = (serde_json::to_value(event).unwrap(), whole.len());
        let changed: Vec<Value> = match event.kind.name() {
            "node.queued" => [json!({"position": 0}), json!({"attempt": 9})].into(),
            "node.admitted" => [
                json!({"attempt": 9}),
                json!({"type": "node.queued", "queue": "gate",
                "position": 1_000}),
            ]
            .into(),
            _ => continue,
        };
        for change in changed {
            let mut json = json.clone();
            json.as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            let mut log = whole[..last].to_vec();
            log[at] = serde_json::from_value(json).unwrap();
            let resumed = Executor::new().resume(Arc::clone(&workflow), &log[..=at]);
            assert!(resumed.is_err(), "{change} at {at}");
        }
    }
}
