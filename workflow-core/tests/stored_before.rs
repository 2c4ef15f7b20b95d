//! What is stored before what begins: a start that is billed or acts, but not each step that only computes.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, future::join};
use serde_json::{Value, json};
use support::{
    Probe, brief,
    faulty::{Faulty, Trouble},
    registry,
};
use workflow_core::{
    EngineError, LocalEngine, MemoryStore, NewRun, RunId, RunStatus, Runs, StepEvent, Store,
    Update, WorkflowId, Workflows,
    record::RunQuery,
    testing::{CrashAfter, TestEngine},
};

/// An engine on a store that notes what is written at once.
struct Host {
    engine: LocalEngine,
    store: Arc<Faulty>,
    probe: Probe,
}

impl Host {
    fn new() -> Self {
        Self::on(|_, _| Trouble::None)
    }

    fn on(plan: impl FnMut(usize, &str) -> Trouble + Send + 'static) -> Self {
        let store = Faulty::new(Arc::new(MemoryStore::new()), plan);
        let probe = Probe::default();
        let engine = LocalEngine::builder(registry(&probe)).with_store(store.clone());
        Self {
            engine: engine.with_max_running(1).build(),
            store,
            probe,
        }
    }

    async fn create(&self, nodes: Value) -> WorkflowId {
        let spec = json!({ "nodes": nodes });
        self.engine.create_workflow(spec).await.unwrap().record.id
    }

    async fn start(&self, workflow: WorkflowId) -> Result<RunId, EngineError> {
        let run = self.engine.start(NewRun::new(workflow, json!("in"))).await;
        run.map(|run| run.id)
    }

    /// Runs these nodes to the end. Returns what was written at once.
    async fn writes(&self, nodes: Value) -> Vec<Vec<String>> {
        let run = self.start(self.create(nodes).await).await.unwrap();
        log(&self.engine, run).await;
        self.store.writes()
    }
}

async fn log(engine: &LocalEngine, run: RunId) -> Vec<StepEvent> {
    let updates = engine.events(run, 0).await.unwrap();
    let events = updates.filter_map(async |update| match update {
        Update::Event(event) => Some(event),
        _ => None,
    });
    events.collect().await
}

fn prompt(id: &str) -> Value {
    json!({"id": id, "type": "PromptNode", "data": {"template": "{{ input }}"}})
}

fn model(id: &str) -> Value {
    json!({"id": id, "type": "Script", "data": {"millis": 5}})
}

#[tokio::test(start_paused = true)]
async fn a_prompt_and_a_model_are_two_writes() {
    let host = Host::new();
    let writes = host.writes(json!([prompt("ask"), model("say")])).await;
    let first = [
        "run.created",
        "run.started",
        "node.started ask",
        "node.completed ask",
        "node.started say",
    ];
    assert_eq!(
        writes,
        [&first[..], &["node.completed say", "run.completed"]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_only_computes_is_one_write() {
    let host = Host::new();
    let each = json!({"id": "each", "type": "MapNode", "data": {"over": "[1, 2]", "nodes": [prompt("p")]}});
    let run = host.start(host.create(json!([prompt("ask"), each])).await);
    let run = run.await.unwrap();
    assert_eq!(host.store.writes().len(), 1);
    let record = host.engine.run_record(run).await.unwrap();
    assert_eq!(record.head.status, RunStatus::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_for_is_stored_at_once() {
    let host = Host::new();
    let nodes = json!([model("a"), prompt("b"), prompt("c"), model("d")]);
    let writes = host.writes(nodes).await;
    assert_eq!(
        writes[1..],
        [
            &["node.completed a", "node.started b"][..],
            &[
                "node.completed b",
                "node.started c",
                "node.completed c",
                "node.started d"
            ],
            &["node.completed d", "run.completed"],
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_and_nothing_is_shown_before_the_run_is_stored() {
    let host = Host::on(|_, name| match name {
        "create_run" => Trouble::Before,
        _ => Trouble::None,
    });
    let workflow = host.create(json!([prompt("ask"), model("say")])).await;
    let refused = host.start(workflow).await.unwrap_err();
    assert!(matches!(refused, EngineError::Store(_)), "{refused:?}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(host.probe.taken().is_empty());
    assert_eq!(host.store.writes().len(), 1);
    let counts = host.engine.count_runs(&RunQuery::default()).await.unwrap();
    assert_eq!(counts.of(RunStatus::Running), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_to_queue_is_stored_at_once() {
    let host = Host::new();
    let workflow = host.create(json!([prompt("ask"), model("say")])).await;
    let first = host.start(workflow).await.unwrap();
    let second = host.start(workflow).await.unwrap();
    assert_eq!(host.store.writes()[1], ["run.created"]);
    log(&host.engine, first).await;
    log(&host.engine, second).await;
    let started = &host.store.writes()[3];
    // A host that is lost with the first step leaves a trace: the next one counts it.
    assert_eq!(started, &["run.started", "node.started ask"]);
    assert_eq!(
        host.store.writes()[4],
        ["node.completed ask", "node.started say"]
    );
}

#[tokio::test(start_paused = true)]
async fn of_two_starts_with_one_key_both_return_the_same_run() {
    let host = Host::new();
    let workflow = host.create(json!([prompt("ask")])).await;
    let mut new = NewRun::new(workflow, json!("in"));
    new.key = Some("k".to_owned());
    let both = join(host.engine.start(new.clone()), host.engine.start(new));
    let (one, other) = both.await;
    assert_eq!(one.unwrap().id, other.unwrap().id);
}

#[tokio::test(start_paused = true)]
async fn a_long_computation_is_stored_in_parts() {
    let steps: Vec<Value> = (0..200).map(|n| prompt(&format!("p{n}"))).collect();
    let writes = Host::new().writes(json!(steps)).await;
    assert!(writes.len() > 5, "{}", writes.len());
    assert!(writes.iter().all(|events| events.len() <= 66));

    let large = |n: usize| {
        json!({"id": format!("p{n}"), "type": "TransformNode",
            "data": {"value": "{{ range(3000) | list }}"}})
    };
    let steps: Vec<Value> = (0..20).map(large).collect();
    let writes = Host::new().writes(json!(steps)).await;
    assert!(writes.len() > 9, "{}", writes.len());
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_event_a_run_ends_as_a_whole_one() {
    let spec = json!({"nodes": [
        prompt("a"), model("b"), prompt("c"), prompt("d"), model("e"), prompt("f"),
    ]});
    let probe = Probe::default();
    let engine = {
        let probe = probe.clone();
        TestEngine::new(move || registry(&probe))
    };
    let whole = engine.run(&spec, json!("in")).await.unwrap();
    for crash in 1..=whole.len() as u64 {
        probe.taken();
        let log = engine.run_with_crash_after(crash, &spec, json!("in"));
        let log = log.await.unwrap();
        assert_eq!(
            brief(&log).last().unwrap(),
            "run.completed",
            "crash after {crash}"
        );
        // At most the attempt that was lost is repeated.
        let started = |node: &str| probe.count(&format!("start {node}"));
        assert!(started("b") + started("e") <= 3, "crash after {crash}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_was_lost_is_stored_before_it_starts_again() {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let crashing = Arc::new(CrashAfter::new(Arc::clone(&memory), 5));
    let probe = Probe::default();
    let dying = LocalEngine::builder(registry(&probe)).with_store(crashing.clone());
    let dying = dying.build();
    let spec = json!({"nodes": [model("a"), prompt("b"), prompt("c"), model("d")]});
    let workflow = dying.create_workflow(spec).await.unwrap().record.id;
    dying
        .start(NewRun::new(workflow, json!("in")))
        .await
        .unwrap();
    let run = crashing.crashed().await;
    drop(dying);
    assert_eq!(
        brief(&memory.read(run, 4, 9).await.unwrap()),
        ["node.started b"]
    );

    let store = Faulty::new(memory, |_, _| Trouble::None);
    let next = LocalEngine::builder(registry(&probe)).with_store(store.clone());
    let next = next.build();
    next.recover().await.unwrap();
    log(&next, run).await;
    let writes = store.writes();
    assert_eq!(writes[0].last().unwrap(), "node.started b");
    assert_eq!(writes[1].first().unwrap(), "node.completed b");
}
