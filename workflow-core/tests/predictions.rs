//! Predictions: what a run would do, without doing it.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::{Value, json};
use support::planned::{Service, planned_registry};
use workflow_core::{
    EngineError, LocalEngine, NewRun, RunId, Runs, StepEvent, Update, WorkflowId, Workflows,
    engine::Retry,
    record::RunQuery,
    value::Budget,
    view::{PredictedStatus, Prediction},
};

struct Host {
    service: Service,
    engine: LocalEngine,
}

impl Host {
    fn new() -> Self {
        let service = Service::new("small");
        let engine = LocalEngine::builder(planned_registry(&service)).build();
        Self { service, engine }
    }

    async fn store(&self, spec: Value) -> WorkflowId {
        self.engine.create_workflow(spec).await.unwrap().record.id
    }

    async fn ended(&self, run: RunId) -> Vec<StepEvent> {
        let updates = self.engine.events(run, 0).await.unwrap();
        let events = updates.filter_map(async |update| match update {
            Update::Event(event) => Some(event),
            _ => None,
        });
        events.collect().await
    }

    async fn run(&self, workflow: WorkflowId, input: Value) -> RunId {
        let run = self
            .engine
            .start(NewRun::new(workflow, input))
            .await
            .unwrap()
            .id;
        self.ended(run).await;
        self.service.taken();
        run
    }
}

/// The status of each step, by path.
fn statuses(prediction: &Prediction) -> BTreeMap<String, PredictedStatus> {
    let steps = prediction.steps.iter();
    steps
        .map(|it| (it.step.path().to_string(), it.status))
        .collect()
}

fn paid(id: &str, prompt: &str) -> Value {
    json!({"id": id, "type": "Paid", "data": {"prompt": prompt}})
}

use PredictedStatus::{
    Asks, Computed, Held, Overridden, Reused, Runs as WouldRun, Skipped, Unknown,
};

#[tokio::test(start_paused = true)]
async fn a_first_run_is_known_as_far_as_nothing_has_to_answer() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [
            {"id": "list", "type": "TransformNode", "data": {"value": ["{{ input }}", "b"]}},
            {"id": "wait", "type": "DelayNode", "data": {"for": "10d"}},
            {"id": "each", "type": "MapNode", "data": {"over": "wait.output", "nodes": [
                {"id": "text", "type": "PromptNode", "data": {"template": "say {{ item }}"}},
                paid("ask", "{{ text.output }}"),
            ]}},
            {"id": "never", "type": "Paid", "needs": ["wait"], "when": "input == 'x'", "data": {"prompt": "{{ input }}"}},
            {"id": "person", "type": "HumanNode", "needs": ["wait"], "data": {"message": "Fine, {{ input }}?"}},
            {"id": "last", "type": "Paid", "needs": ["each", "person"], "data": {"prompt": "{{ each.output }}"}},
        ]}))
        .await;
    let prediction = host
        .engine
        .predict(NewRun::new(workflow, json!("a")))
        .await
        .unwrap();
    let expected = [
        ("each", WouldRun),
        ("each/0/ask", WouldRun),
        ("each/0/text", Computed),
        ("each/1/ask", WouldRun),
        ("each/1/text", Computed),
        ("last", Unknown),
        ("list", Computed),
        ("never", Skipped),
        ("person", Asks),
        ("wait", Computed),
    ];
    let expected = expected.map(|(path, status)| (path.to_owned(), status));
    assert_eq!(statuses(&prediction), BTreeMap::from(expected));
    let of = |path: &str| {
        let steps = prediction.steps.iter();
        steps
            .clone()
            .find(|it| it.step.path().as_str() == path)
            .unwrap()
    };
    assert_eq!(
        of("each/1/ask").request.as_deref(),
        Some(&json!({"prompt": "say b"}))
    );
    assert_eq!(of("each/1/ask").bound.unwrap().tokens, Some(20));
    assert_eq!(
        of("person").request.as_deref(),
        Some(&json!({"message": "Fine, a?"}))
    );
    assert_eq!(
        prediction.count(WouldRun),
        2,
        "the map itself does not count"
    );
    assert_eq!(prediction.cost.max, None);
    assert_eq!(
        prediction.cost.unbounded,
        ["what `last` does is known only when it runs"]
    );
    assert_eq!(prediction.cost.likely, None);
    assert_eq!(host.service.taken().len(), 0, "nothing was called");
    assert_eq!(
        host.engine
            .count_runs(&RunQuery::default())
            .await
            .unwrap()
            .completed,
        0
    );
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_continued_run_are_predicted() {
    let host = Host::new();
    let spec = |second: &str| {
        json!({"nodes": [
            paid("one", "one"),
            paid("two", second),
            {"id": "act", "type": "Paid", "data": {"prompt": "act {{ two.output }}", "acts": true}},
        ]})
    };
    let workflow = host.store(spec("two")).await;
    let first = host.run(workflow, json!(null)).await;

    let same = host
        .engine
        .predict_retry(Retry::unchanged(first))
        .await
        .unwrap();
    assert_eq!(same.count(Reused), 3);
    assert_eq!(same.cost.max.unwrap().nano(), 0, "a true zero");
    assert_eq!(same.cost.likely.unwrap().usd.nano(), 0);
    assert_eq!(same.continues.unwrap().results, 3);

    host.engine
        .update_workflow(workflow, spec("zwei"), None)
        .await
        .unwrap();
    let mut retry = Retry::unchanged(first);
    retry.version = Some(2);
    let edited = host.engine.predict_retry(retry.clone()).await.unwrap();
    let statuses_of =
        |prediction: &Prediction| ["one", "two", "act"].map(|path| statuses(prediction)[path]);
    assert_eq!(statuses_of(&edited), [Reused, WouldRun, Unknown]);
    assert_eq!(edited.cost.likely.unwrap().usd.nano(), 3_000, "as before");

    let mut unsaved = Retry::unchanged(first);
    unsaved.spec = Some(spec("drei"));
    let predicted = host.engine.predict_retry(unsaved.clone()).await.unwrap();
    assert_eq!(statuses_of(&predicted), [Reused, WouldRun, Unknown]);
    assert!(matches!(
        host.engine.retry(unsaved.clone()).await,
        Err(EngineError::InvalidRetry(faults)) if faults[0].pointer == "#/spec"
    ));
    unsaved.version = Some(1);
    assert!(matches!(
        host.engine.predict_retry(unsaved.clone()).await,
        Err(EngineError::InvalidRetry(faults)) if faults[0].pointer == "#/spec"
    ));
    unsaved.version = None;
    unsaved.spec = Some(json!({"nodes": []}));
    assert!(matches!(
        host.engine.predict_retry(unsaved).await,
        Err(EngineError::Invalid(_))
    ));

    retry.overrides = [("two".into(), json!("set"))].into();
    let what_if = host.engine.predict_retry(retry).await.unwrap();
    assert_eq!(statuses_of(&what_if), [Reused, Overridden, Held]);

    let only = host
        .engine
        .predict_retry(Retry::only(first, "two".into()))
        .await
        .unwrap();
    assert_eq!(statuses_of(&only), [Reused, WouldRun, Skipped]);
    assert_eq!(only.cost.max.unwrap().nano(), 2_000);
    assert_eq!(host.service.taken().len(), 0, "nothing was called");
}

#[tokio::test(start_paused = true)]
async fn a_prediction_is_bounded() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [
            {"id": "each", "type": "MapNode", "data": {"over": "input", "concurrency": 100, "nodes": [
                {"id": "text", "type": "PromptNode", "data": {"template": "{{ item }}"}},
            ]}},
            {"id": "rounds", "type": "LoopNode", "data": {"until": "false", "max": 100, "nodes": [
                {"id": "text", "type": "PromptNode", "data": {"template": "{{ index }}"}},
            ]}},
        ]}))
        .await;
    let items: Vec<usize> = (0..9_000).collect();
    let prediction = host
        .engine
        .predict(NewRun::new(workflow, json!(items)))
        .await
        .unwrap();
    assert_eq!(prediction.steps.len(), Prediction::MAX_STEPS);
    assert!(prediction.steps_omitted);
    assert!(
        prediction.count(Computed) > 3_000,
        "{:?}",
        prediction.counts
    );
    assert_eq!(
        statuses(&prediction)["rounds"],
        Unknown,
        "beyond 10,000 events"
    );

    let large: Vec<String> = (0..150)
        .map(|n| format!("{n}{}", "x".repeat(90_000)))
        .collect();
    let workflow = host
        .store(json!({"nodes": [
            {"id": "each", "type": "MapNode", "data": {"over": "input", "concurrency": 100, "nodes": [
                paid("ask", "{{ item }}"),
            ]}},
        ]}))
        .await;
    let prediction = host
        .engine
        .predict(NewRun::new(workflow, json!(large)))
        .await
        .unwrap();
    let bytes = serde_json::to_string(&prediction).unwrap().len();
    assert!(bytes < Prediction::MAX_REQUEST_BYTES + 1_000_000, "{bytes}");
    assert_eq!(
        prediction.count(WouldRun),
        100,
        "as many as are open at a time"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_start_is_not_predicted() {
    let host = Host::new();
    let workflow = host
        .store(json!({"input": {"type": "string"}, "nodes": [paid("one", "{{ input }}")]}))
        .await;
    let wrong = host.engine.predict(NewRun::new(workflow, json!(1))).await;
    assert!(matches!(wrong, Err(EngineError::InvalidInput(_))));
    let run = host.run(workflow, json!("x")).await;
    let wrong = host
        .engine
        .predict_retry(Retry::only(run, "two".into()))
        .await;
    assert!(matches!(wrong, Err(EngineError::InvalidRetry(_))));
    let none = host.engine.predict_retry(Retry::whole(RunId::new())).await;
    assert!(matches!(none, Err(EngineError::NoSuchRun(_))));
}

#[tokio::test(start_paused = true)]
async fn what_a_budget_does_not_allow_is_predicted() {
    let host = Host::new();
    let workflow = host
        .store(json!({"budget": {"tokens": 100, "usd": 1}, "nodes": [
            paid("fits", "a"),
            {"id": "large", "type": "Paid", "needs": [], "data": {"prompt": "b"}},
        ]}))
        .await;
    let prediction = |tokens: u64| {
        let mut run = NewRun::new(workflow, json!(null));
        run.budget = Some(Budget::tokens(tokens));
        host.engine.predict(run)
    };
    let enough = prediction(20).await.unwrap();
    assert_eq!(enough.count(WouldRun), 2, "each alone fits");
    let little = prediction(19).await.unwrap();
    assert_eq!(little.count(PredictedStatus::Fails), 2);
    let reason = little.steps[0].reason.clone().unwrap();
    assert!(reason.contains("20"), "{reason}");
}

/// What a container may still do is neither free nor bounded.
#[tokio::test(start_paused = true)]
async fn what_a_container_hides_is_unknown() {
    let body = || json!([paid("ask", "ask {{ before.output }}")]);
    let rounds = json!({"until": "ask.output == 'x'", "max": 3, "nodes": body()});
    let each = |concurrency: usize| json!({"over": "[1, 2, 3]", "concurrency": concurrency, "nodes": body()});
    let over = json!({"over": "[before.output]", "nodes": body()});
    let before = json!({"id": "before", "type": "TransformNode", "data": {"value": "b"}});
    for (node, data, before, status, unknown, reasons) in [
        (
            "LoopNode",
            rounds,
            &before,
            WouldRun,
            1,
            &["how much `part` does is known only when it runs"][..],
        ),
        (
            "MapNode",
            each(1),
            &before,
            WouldRun,
            1,
            &["how much `part` does is known only when it runs"],
        ),
        ("MapNode", each(3), &before, WouldRun, 0, &[]),
        (
            "MapNode",
            over,
            &paid("before", "x"),
            Unknown,
            1,
            &["what `part` does is known only when it runs"],
        ),
    ] {
        let host = Host::new();
        let part = json!({"id": "part", "type": node, "data": data});
        let workflow = host.store(json!({"nodes": [before, part]})).await;
        let new = NewRun::new(workflow, json!(null));
        let prediction = host.engine.predict(new).await.unwrap();
        assert_eq!(statuses(&prediction)["part"], status, "{part}");
        assert_eq!(prediction.count(Unknown), unknown, "{part}");
        assert_eq!(prediction.cost.unbounded, reasons, "{part}");
        assert_eq!(prediction.cost.max.is_none(), unknown > 0, "{part}");
        // Probably as much as before.
        let run = host.run(workflow, json!(null)).await;
        let whole = host.engine.run_record(run).await.unwrap();
        let again = host.engine.predict_retry(Retry::whole(run)).await.unwrap();
        let cost = whole.head.cost.unwrap();
        assert_eq!(again.cost.likely, Some(cost), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_only_computes_or_waits_costs_nothing_even_if_it_is_unknown() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [
            paid("ask", "ask"),
            {"id": "text", "type": "PromptNode", "data": {"template": "{{ ask.output }}"}},
            {"id": "wait", "type": "DelayNode", "data": {"for": "1h"}},
            {"id": "person", "type": "HumanNode", "data": {"message": "{{ wait.output }}"}},
        ]}))
        .await;
    let prediction = host
        .engine
        .predict(NewRun::new(workflow, json!(null)))
        .await
        .unwrap();
    assert_eq!(prediction.count(Unknown), 3);
    assert_eq!(prediction.cost.unbounded, [""; 0]);
    assert_eq!(prediction.cost.max.unwrap().nano(), 2_000);
}
