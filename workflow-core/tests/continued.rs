//! Runs that continue others: reuse by content.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use futures::StreamExt;
use serde_json::{Value, json};
use support::{
    output_of,
    planned::{Service, planned_registry},
};
use workflow_core::{
    EngineError, EventKind, LocalEngine, NewRun, Node, NodeContext, NodeError, NodeId, Registry,
    RunId, Runs, StepEvent, Template, Update, WorkflowId, Workflows, engine::Retry,
    event::ReusedFrom, record::RunQuery,
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

    async fn ended(&self, run: RunId) -> Vec<StepEvent> {
        let updates = self.engine.events(run, 0).await.unwrap();
        let events = updates.filter_map(async |update| match update {
            Update::Event(event) => Some(event),
            _ => None,
        });
        events.collect().await
    }

    async fn store(&self, spec: Value) -> WorkflowId {
        self.engine.create_workflow(spec).await.unwrap().record.id
    }

    async fn edit(&self, workflow: WorkflowId, spec: Value) -> u32 {
        let updated = self.engine.update_workflow(workflow, spec, None).await;
        updated.unwrap().record.version
    }

    async fn run(&self, workflow: WorkflowId, input: Value) -> (RunId, Vec<StepEvent>) {
        let new = NewRun::new(workflow, input);
        let run = self.engine.start(new).await.unwrap().id;
        (run, self.ended(run).await)
    }

    async fn retry(&self, retry: Retry) -> (RunId, Vec<StepEvent>) {
        let run = self.engine.retry(retry).await.unwrap().id;
        (run, self.ended(run).await)
    }

    async fn refused(&self, retry: Retry) -> Vec<(String, String)> {
        let Err(EngineError::InvalidRetry(faults)) = self.engine.retry(retry).await else {
            panic!("it was accepted");
        };
        let brief = faults.into_iter();
        brief.map(|it| (it.code.to_string(), it.pointer)).collect()
    }
}

fn continued(run: RunId, version: u32) -> Retry {
    let mut retry = Retry::unchanged(run);
    retry.version = Some(version);
    retry
}

fn paid(id: &str, prompt: &str) -> Value {
    json!({"id": id, "type": "Paid", "data": {"prompt": prompt}})
}

/// Two prompts, and what follows from both.
fn spec(second: &str) -> Value {
    json!({"nodes": [
        paid("one", "one {{ input }}"),
        paid("two", second),
        paid("sum", "{{ one.output }} {{ two.output }}"),
    ]})
}

/// The keys of a log, by path.
fn reused(events: &[StepEvent]) -> Vec<(String, ReusedFrom)> {
    let reused = events.iter().filter_map(|event| {
        let from = event.report()?.reused_from.as_deref()?;
        Some((event.step()?.path().to_string(), from.clone()))
    });
    reused.collect()
}

fn requests(made: &[&str]) -> std::collections::BTreeMap<String, usize> {
    let mut counts = std::collections::BTreeMap::new();
    for request in made {
        *counts.entry((*request).to_owned()).or_insert(0) += 1;
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn after_an_edit_only_what_changed_is_done_again() {
    let host = Host::new();
    let workflow = host.store(spec("two {{ input }}")).await;
    let (first, _) = host.run(workflow, json!("x")).await;
    assert_eq!(host.service.taken().len(), 3);

    let version = host.edit(workflow, spec("zwei {{ input }}")).await;
    let (second, events) = host.retry(continued(first, version)).await;
    let sum = "small(one x) small(zwei x)";
    assert_eq!(output_of(&events), json!(format!("small({sum})")));
    assert_eq!(host.service.taken(), requests(&["zwei x", sum]));
    let found = reused(&events);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "one");
    assert_eq!((found[0].1.run, found[0].1.path.as_str()), (first, "one"));
    assert_eq!(found[0].1.saved_usage.input_tokens, 10);
    assert_eq!(found[0].1.saved_cost.unwrap().usd.nano(), 1_500);
    let EventKind::RunCompleted(done) = &events.last().unwrap().kind else {
        unreachable!()
    };
    assert_eq!(done.usage.input_tokens, 20, "what is reused costs nothing");
    assert_eq!(done.cost.unwrap().usd.nano(), 3_000);

    // Back to the first version: what the second run had not used was passed on.
    let (_, events) = host.retry(continued(second, 1)).await;
    assert_eq!(host.service.taken(), requests(&[]), "nothing is called");
    let sum = "small(one x) small(two x)";
    assert_eq!(output_of(&events), json!(format!("small({sum})")));
    let origins: Vec<RunId> = reused(&events).iter().map(|(_, from)| from.run).collect();
    assert_eq!(origins, [first; 3]);

    let report = host.engine.run_report(second).await.unwrap();
    let origin = report.origin.unwrap();
    assert_eq!((origin.reused, origin.continues.unwrap().results), (1, 3));
    assert_eq!(report.record.retry_of, Some(first));
}

#[tokio::test(start_paused = true)]
async fn each_result_is_used_once_and_an_inserted_item_shifts_nothing() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [{"id": "each", "type": "MapNode", "data": {
            "over": "input", "nodes": [paid("ask", "ask {{ item }}")],
        }}]}))
        .await;
    let (first, _) = host.run(workflow, json!(["a", "a", "b"])).await;
    assert_eq!(host.service.taken(), requests(&["ask a", "ask a", "ask b"]));

    let mut retry = Retry::unchanged(first);
    retry.input = Some(json!(["c", "b", "a", "a", "a"]));
    let (_, events) = host.retry(retry).await;
    assert_eq!(host.service.taken(), requests(&["ask c", "ask a"]));
    let answers = json!([
        "small(ask c)",
        "small(ask b)",
        "small(ask a)",
        "small(ask a)",
        "small(ask a)"
    ]);
    assert_eq!(output_of(&events), answers);
}

#[tokio::test(start_paused = true)]
async fn loops_and_called_workflows_reuse_too() {
    let host = Host::new();
    host.store(json!({"name": "inner", "nodes": [paid("ask", "inner {{ input }}")]}))
        .await;
    let workflow = |suffix: &str| {
        json!({"nodes": [
            {"id": "call", "type": "WorkflowNode", "data": {"workflow": "inner", "input": "{{ input }}"}},
            {"id": "rounds", "type": "LoopNode", "needs": ["call"], "data": {
                "until": "index >= 1", "max": 3,
                "nodes": [paid("ask", "{{ index }} {{ call.output }}")],
            }},
            paid("last", &format!("{{{{ rounds.output }}}}{suffix}")),
        ]})
    };
    let id = host.store(workflow("")).await;
    let (first, before) = host.run(id, json!("x")).await;
    assert_eq!(host.service.taken().values().sum::<usize>(), 4);
    let version = host.edit(id, workflow("!")).await;
    let (_, after) = host.retry(continued(first, version)).await;
    assert_eq!(host.service.taken().len(), 1, "only the last one");
    assert_ne!(output_of(&before), output_of(&after));
    let paths: Vec<String> = reused(&after).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["call/ask", "rounds/0/ask", "rounds/1/ask"]);
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_done_again_and_a_run_that_fails_early_passes_on_the_rest() {
    let host = Host::new();
    let workflow = |extra: &str| {
        json!({"nodes": [
            paid("one", "one"),
            {"id": "two", "type": "Paid", "needs": ["one"], "data": {"prompt": format!("two{extra}")}},
            {"id": "bad", "type": "Script", "needs": ["two"], "data": {"failures": 1}},
        ]})
    };
    let id = host.store(workflow("")).await;
    let (first, _) = host.run(id, json!(null)).await;
    host.service.taken();
    // It fails before it gets to `two`: the prompt does not render.
    let broken = json!({"nodes": [
        {"id": "one", "type": "Paid", "data": {"prompt": "{{ input.missing }}"}},
    ]});
    let version = host.edit(id, broken).await;
    let (failed, events) = host.retry(continued(first, version)).await;
    assert!(matches!(
        events.last().unwrap().kind,
        EventKind::RunFailed(_)
    ));
    assert_eq!(host.service.taken().len(), 0);
    let (_, events) = host.retry(continued(failed, 1)).await;
    let made = host.service.taken();
    assert_eq!(made, requests(&["start bad"]), "nothing is paid again");
    assert_eq!(reused(&events).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn from_and_reuse_runs_this_node_again_and_the_rest_by_content() {
    let host = Host::new();
    let workflow = host.store(spec("two {{ input }}")).await;
    let (first, _) = host.run(workflow, json!("x")).await;
    host.service.taken();
    let mut retry = Retry::unchanged(first);
    retry.from = Some(NodeId::parse("two").unwrap());
    let (_, events) = host.retry(retry).await;
    assert_eq!(host.service.taken(), requests(&["two x"]));
    assert_eq!(
        reused(&events).len(),
        2,
        "what follows finds the same again"
    );
}

#[tokio::test(start_paused = true)]
async fn from_sees_another_default_model_and_another_version_of_a_called_workflow() {
    let service = Service::new("small");
    let store = std::sync::Arc::new(workflow_core::MemoryStore::new());
    let engine = |service: &Service| {
        LocalEngine::builder(planned_registry(service))
            .with_store(store.clone())
            .build()
    };
    let host = Host {
        engine: engine(&service),
        service,
    };
    let inner = |text: &str| {
        json!({"name": "inner", "nodes": [
            {"id": "text", "type": "PromptNode", "data": {"template": format!("{text} {{{{ input }}}}")}},
        ]})
    };
    let called = host.store(inner("old")).await;
    let spec = json!({"nodes": [
        paid("one", "one"),
        {"id": "shape", "type": "Script", "needs": ["one"], "data": {"output": "{{ one.output }}"}},
        {"id": "other", "type": "Script", "needs": [], "data": {"output": "other"}},
        {"id": "call", "type": "WorkflowNode", "needs": [], "data": {"workflow": "inner", "input": "{{ input }}"}},
        {"id": "last", "type": "Script", "needs": ["shape", "other", "call"], "data": {
            "output": "{{ shape.output }} {{ other.output }} {{ call.output }}"}},
    ]});
    let workflow = host.store(spec).await;
    let (first, _) = host.run(workflow, json!("x")).await;
    host.service.taken();
    let again = || Retry::from(first, NodeId::parse("last").unwrap());

    let (_, events) = host.retry(again()).await;
    assert_eq!(output_of(&events), json!("small(one) other old x"));
    assert_eq!(host.service.taken(), requests(&["start last", "end last"]));

    host.edit(called, inner("new")).await;
    drop(host.engine);
    let host = Host {
        service: Service::new("large"),
        engine: LocalEngine::builder(Registry::default()).build(),
    };
    let host = Host {
        engine: engine(&host.service),
        ..host
    };
    let (_, events) = host.retry(again()).await;
    assert_eq!(
        output_of(&events),
        json!("large(one) other new x"),
        "what depends on another answer is done again, too"
    );
    let made = host.service.taken();
    assert!(!made.contains_key("start other"), "{made:?}");
    assert_eq!(made.get("start shape"), Some(&1), "{made:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_and_waits_are_reused_if_question_and_data_are_the_same() {
    let host = Host::new();
    let spec = |question: &str, wait: &str| {
        json!({"nodes": [
            {"id": "ask", "type": "HumanNode", "data": {"message": question}},
            {"id": "wait", "type": "DelayNode", "needs": ["ask"], "data": {"for": wait}},
        ]})
    };
    let workflow = host.store(spec("Fine?", "2h")).await;
    let run = host
        .engine
        .start(NewRun::new(workflow, json!(null)))
        .await
        .unwrap()
        .id;
    let answer = async |run: RunId, answer: Value| {
        let wait = loop {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            let report = host.engine.run_report(run).await.unwrap();
            if let Some(wait) = report.waits.first() {
                break wait.wait_id;
            }
        };
        host.engine.answer(run, wait, answer).await.unwrap();
    };
    answer(run, json!("yes")).await;
    host.ended(run).await;

    let (second, events) = host.retry(Retry::unchanged(run)).await;
    let took = events.last().unwrap().time.since(events[0].time);
    assert_eq!(reused(&events).len(), 2);
    assert!(
        took < std::time::Duration::from_secs(60),
        "not waited again: {took:?}"
    );
    assert_eq!(output_of(&events), json!("yes"));

    // Another answer: the wait passes on other data, and is waited for again.
    let version = host.edit(workflow, spec("Really?", "2h")).await;
    let third = host
        .engine
        .retry(continued(second, version))
        .await
        .unwrap()
        .id;
    answer(third, json!("no")).await;
    let events = host.ended(third).await;
    assert_eq!(reused(&events), []);
    assert_eq!(output_of(&events), json!("no"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_panics_or_does_not_render_fails_its_step_only() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [
            {"id": "bad", "type": "Paid", "on_error": {"output": "none"}, "data": {"prompt": "x", "panics": true}},
            {"id": "large", "type": "Paid", "on_error": "continue", "data": {
                "prompt": "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}"}},
            {"id": "good", "type": "Paid", "needs": ["bad", "large"], "data": {"prompt": "good {{ bad.output }}"}},
        ]}))
        .await;
    let (_, events) = host.run(workflow, json!(null)).await;
    assert_eq!(output_of(&events), json!("small(good none)"));
    let failed: Vec<(u32, String)> = (events.iter())
        .filter_map(|event| match &event.kind {
            EventKind::NodeFailed(it) => Some((it.attempt, it.error.code.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(
        failed,
        [(0, "panicked".into()), (0, "template_error".into())]
    );
}

#[tokio::test(start_paused = true)]
async fn requests_that_do_not_go_together_are_refused() {
    let host = Host::new();
    let workflow = host.store(spec("two")).await;
    let (run, _) = host.run(workflow, json!("x")).await;
    let node = NodeId::parse("two").unwrap();
    let only = || Retry::only(run, "sum".into());
    let mut mixes = Vec::new();
    let mut retry = only();
    retry.from = Some(node.clone());
    mixes.push((retry, "not_applicable", "#/only"));
    let mut retry = only();
    retry.reuse = true;
    mixes.push((retry, "not_applicable", "#/reuse"));
    let mut retry = only();
    retry.input = Some(json!(1));
    mixes.push((retry, "not_applicable", "#/only"));
    let mut retry = Retry::from(run, node);
    retry.input = Some(json!(1));
    mixes.push((retry, "not_applicable", "#/from"));
    let mut retry = Retry::unchanged(run);
    retry.from = Some(NodeId::parse("tow").unwrap());
    mixes.push((retry, "unknown_reference", "#/from"));
    mixes.push((
        Retry::only(run, "nope".into()),
        "unknown_reference",
        "#/only",
    ));
    for (retry, code, pointer) in mixes {
        let shown = format!("{retry:?}");
        let refused = host.refused(retry).await;
        assert_eq!(refused, [(code.to_owned(), pointer.to_owned())], "{shown}");
    }
    assert_eq!(
        host.engine
            .count_runs(&RunQuery::default())
            .await
            .unwrap()
            .completed,
        1,
        "nothing was started"
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_that_is_too_large_leaves_out_the_latest_results_and_counts_them() {
    let host = Host::new();
    let workflow = host
        .store(json!({"nodes": [{"id": "each", "type": "MapNode", "data": {
            "over": "input", "concurrency": 1, "nodes": [
                {"id": "long", "type": "Paid", "data": {"prompt": format!("{{{{ item }}}}{{% for n in range(6) %}}{}{{% endfor %}}", "x".repeat(100_000))}},
                {"id": "short", "type": "PromptNode", "data": {"template": "{{ item }}"}},
            ],
        }}]}))
        .await;
    let items: Vec<usize> = (0..30).collect();
    let (first, _) = host.run(workflow, json!(items)).await;
    assert_eq!(host.service.taken().len(), 30);
    let (second, events) = host.retry(Retry::unchanged(first)).await;
    let report = host.engine.run_report(second).await.unwrap();
    let continues = report.origin.unwrap().continues.unwrap();
    assert_eq!(continues.results + continues.left_out, 30);
    assert_eq!(
        continues.left_out, 3,
        "27 results of 600 kB fit into 16 MiB"
    );
    let made = host.service.taken();
    assert_eq!(made.len(), continues.left_out);
    assert!(
        made.keys()
            .all(|it| it.starts_with("27") || it.starts_with("28") || it.starts_with("29"))
    );
    assert_eq!(reused(&events).len(), continues.results);
}

/// Plans nothing.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Other {
    prompt: Template,
}
#[async_trait::async_trait]
impl Node for Other {
    async fn run(&self, cx: &NodeContext) -> Result<Value, NodeError> {
        Ok(format!("other {}", cx.render(&self.prompt)?).into())
    }
}

#[tokio::test(start_paused = true)]
async fn the_result_of_a_type_that_was_replaced_is_not_found() {
    let service = Service::new("small");
    let store = std::sync::Arc::new(workflow_core::MemoryStore::new());
    let engine = LocalEngine::builder(planned_registry(&service));
    let host = Host {
        engine: engine.with_store(store.clone()).build(),
        service,
    };
    let workflow = host.store(json!({"nodes": [paid("one", "one")]})).await;
    let (first, _) = host.run(workflow, json!(null)).await;
    host.service.taken();
    drop(host.engine);

    let mut registry = planned_registry(&host.service);
    registry.register::<Other>("Paid");
    let host = Host {
        engine: LocalEngine::builder(registry).with_store(store).build(),
        service: host.service,
    };
    for retry in [Retry::unchanged(first), Retry::whole(first)] {
        let (_, events) = host.retry(retry).await;
        assert_eq!(output_of(&events), json!("other one"));
        assert_eq!(reused(&events), []);
    }
}
