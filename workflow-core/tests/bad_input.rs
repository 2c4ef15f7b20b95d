//! Input that is far too much, or makes no sense: each is a named error, soon, in little memory, and
//! nothing is stored. Test threads have a stack of 2 MiB, and this is a debug build.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::{fs, time::Instant};

use futures::StreamExt;
use serde_json::{Value, json};
use support::{Probe, registry};
use tokio::sync::Mutex;
use workflow_core::{
    EngineError, EventKind, InvalidWorkflow, LocalEngine, NewRun, Runs, Update, Workflow,
    Workflows, record::PageRequest,
};

/// How much more memory the process may ever have used.
const MOST_MEMORY: usize = 64 * 1024 * 1024;

/// How long anything here may take on a busy machine. It takes less than a tenth of it on one at rest.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);

/// Tests of one process share its memory, so they run one after another.
static MEMORY: Mutex<()> = Mutex::const_new(());

/// The most memory this process has used so far.
fn peak_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn prompt(template: impl Into<String>) -> Value {
    json!({"nodes": [{"id": "a", "type": "PromptNode", "data": {"template": template.into()}}]})
}

fn transform(id: &str) -> Value {
    json!({"id": id, "type": "TransformNode", "data": {"value": 1}})
}

/// What cannot run, and the code of the fault.
fn refused() -> Vec<(&'static str, &'static str, Value)> {
    let many: Vec<Value> = (0..100_000).map(|n| transform(&format!("n{n}"))).collect();
    let chain = |link: &str, times: usize| prompt(format!("{{{{ input{} }}}}", link.repeat(times)));
    let self_calling = json!({"name": "me", "nodes": [{"id": "a", "type": "WorkflowNode", "data": {"workflow": "me"}}]});
    let on_itself = json!({"nodes": [{"id": "a", "type": "TransformNode", "needs": ["a"], "data": {"value": 1}}]});
    let unparsable = |field: &str, source: &str| {
        let mut data = json!({"over": "[]", "nodes": [transform("x")]});
        data[field] = json!(source);
        json!({"nodes": [{"id": "a", "type": "MapNode", "data": data}]})
    };
    let when = json!({"nodes": [{"id": "a", "type": "TransformNode", "when": "input >", "data": {"value": 1}}]});
    let elifs = format!(
        "{{% if input %}}{}{{% endif %}}",
        "{% elif input %}".repeat(50_000)
    );
    vec![
        ("100,000 nodes", "too_many_nodes", json!({ "nodes": many })),
        (
            "100,000 nodes in a body",
            "too_many_nodes",
            json!({"nodes": [{"id": "m", "type": "MapNode", "data": {"over": "[]", "nodes": (0..100_000).map(|n| transform(&format!("n{n}"))).collect::<Vec<_>>()}}]}),
        ),
        ("a workflow that calls itself", "cycle", self_calling),
        (
            "a 10 MB template",
            "template_too_large",
            prompt("x".repeat(10_000_000)),
        ),
        (
            "10 MB within braces",
            "template_too_large",
            prompt(format!("{{{{ '{}' }}}}", "x".repeat(10_000_000))),
        ),
        (
            "a chain of operators",
            "template_too_large",
            chain(" + 1", 50_000),
        ),
        (
            "a chain of filters",
            "template_too_large",
            chain("|upper", 50_000),
        ),
        ("a chain of dots", "template_too_large", chain(".a", 50_000)),
        (
            "a chain of brackets",
            "template_too_large",
            chain("[0]", 50_000),
        ),
        ("a chain of elif", "template_too_large", prompt(elifs)),
        (
            "deep brackets",
            "template_too_large",
            prompt(format!(
                "{{{{ {}input{} }}}}",
                "(".repeat(50_000),
                ")".repeat(50_000)
            )),
        ),
        (
            "ids that collide",
            "id_collision",
            json!({"nodes": [transform("a-b"), transform("a_b")]}),
        ),
        ("needs on itself", "cycle", on_itself),
        (
            "an `over` that does not parse",
            "template_syntax",
            unparsable("over", "input..x"),
        ),
        ("a `when` that does not parse", "template_syntax", when),
        (
            "an `until` that does not parse",
            "template_syntax",
            json!({"nodes": [{"id": "a", "type": "LoopNode", "data": {"max": 1, "until": "1 +", "nodes": [transform("x")]}}]}),
        ),
        (
            "a loop without a limit",
            "missing_field",
            json!({"nodes": [{"id": "a", "type": "LoopNode", "data": {"until": "false", "nodes": [transform("x")]}}]}),
        ),
        (
            "a loop with too high a limit",
            "invalid_value",
            json!({"nodes": [{"id": "a", "type": "LoopNode", "data": {"max": 1_000_000, "until": "false", "nodes": [transform("x")]}}]}),
        ),
    ]
}

#[tokio::test]
async fn what_cannot_run_is_refused_and_not_stored() {
    let _alone = MEMORY.lock().await;
    let engine = LocalEngine::builder(registry(&Probe::default())).build();
    for (what, code, spec) in refused() {
        let before = peak_memory();
        let begun = Instant::now();
        let refused = engine.create_workflow(spec).await;
        let taken = begun.elapsed();
        let Err(EngineError::Invalid(invalid)) = refused else {
            panic!("{what}: {refused:?}")
        };
        let faults = invalid.faults();
        assert!(
            faults.iter().any(|fault| fault.code.as_str() == code),
            "{what}: {invalid}"
        );
        assert!(
            faults.iter().all(|fault| fault.detail.len() < 2_000),
            "{what}"
        );
        assert!(taken < LONGEST, "{what} took {taken:?}");
        let more = peak_memory().saturating_sub(before);
        assert!(more < MOST_MEMORY, "{what} took {more} bytes");
    }
    let stored = engine.workflows(PageRequest::default()).await.unwrap();
    assert_eq!(stored.items, []);
}

#[tokio::test]
async fn json_that_is_too_deep_is_refused_as_text_and_as_a_value() {
    let _alone = MEMORY.lock().await;
    let text = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let spec = format!(
        r#"{{"nodes": [{{"id": "a", "type": "TransformNode", "data": {{"value": {text}}}}}]}}"#
    );
    let refused = Workflow::from_json(&spec, &registry(&Probe::default())).err();
    let faults = refused
        .map(InvalidWorkflow::into_faults)
        .unwrap_or_default();
    assert_eq!(faults[0].code.as_str(), "nested_too_deep");

    // As deep as a value can be built and dropped again on this stack.
    let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
    let spec = json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": deep}}]});
    let refused = Workflow::from_spec(&spec, &registry(&Probe::default())).unwrap_err();
    assert_eq!(refused.faults()[0].code.as_str(), "nested_too_deep");
}

/// What is valid, but too much to do, and the code of the run's failure.
fn failing() -> Vec<(&'static str, &'static str, Value, Value)> {
    let map = |over: &str| json!({"nodes": [{"id": "a", "type": "MapNode", "data": {"over": over, "nodes": [transform("x")]}}]});
    let value = |value: &str| json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": value}}]});
    let repeat = |id: &str, nodes: Value| json!([{"id": id, "type": "LoopNode", "data": {"max": 100, "until": "false", "nodes": nodes}}]);
    let endless = repeat("l3", repeat("l2", repeat("l1", json!([transform("x")]))));
    let list: Vec<u32> = (0..1_000_000).collect();
    vec![
        (
            "a map over a million items",
            "too_many_items",
            map("input"),
            json!(list),
        ),
        (
            "a map over a made-up million",
            "template_error",
            map("range(1000000)"),
            json!(null),
        ),
        (
            "loops that never end",
            "too_many_events",
            json!({ "nodes": endless }),
            json!(null),
        ),
        (
            "batch(1000000000)",
            "template_error",
            prompt("{{ input }}{{ [1]|batch(1000000000,1)|list }}"),
            json!(1),
        ),
        (
            "a long repetition",
            "template_error",
            prompt("{{ input * 100000000 }}"),
            json!("x"),
        ),
        (
            "a repetition of repetitions",
            "template_error",
            value("{{ [[[[1]*1000]*1000]*1000]*1000 }}"),
            json!(1),
        ),
        (
            "a range of a billion",
            "template_error",
            value("{{ range(1000000000)|list }}"),
            json!(1),
        ),
        (
            "loops in loops",
            "template_error",
            prompt(
                "{% for i in range(10000) %}{% for j in range(10000) %}{{ input }}{% endfor %}{% endfor %}",
            ),
            json!(1),
        ),
        (
            "many copies of a large input",
            "output_too_large",
            json!({"nodes": [{"id": "a", "type": "TransformNode", "data": {"value": vec!["{{ input }}"; 900]}}]}),
            json!("x".repeat(900_000)),
        ),
    ]
}

#[tokio::test]
async fn what_is_too_much_to_do_fails_its_run() {
    let _alone = MEMORY.lock().await;
    for (what, code, spec, input) in failing() {
        // Loops that run until there are too many events are slow when there may be a million.
        let executor = workflow_core::Executor::new().with_max_events(20_000);
        let engine = LocalEngine::builder(registry(&Probe::default())).with_executor(executor);
        let engine = engine.build();
        let workflow = engine.create_workflow(spec).await.unwrap().record.id;
        let before = peak_memory();
        let begun = Instant::now();
        let run = engine.start(NewRun::new(workflow, input)).await.unwrap();
        let mut last = None;
        let mut updates = engine.events(run.id, 0).await.unwrap();
        while let Some(update) = updates.next().await {
            last = Some(update);
        }
        let taken = begun.elapsed();
        let Some(Update::Event(event)) = last else {
            panic!("{what}: {last:?}")
        };
        let EventKind::RunFailed(failed) = event.kind else {
            panic!("{what}: {event:?}")
        };
        assert_eq!(failed.error.code, code, "{what}: {}", failed.error.detail);
        assert!(taken < LONGEST, "{what} took {taken:?}");
        let more = peak_memory().saturating_sub(before);
        assert!(more < MOST_MEMORY, "{what} took {more} bytes");
    }
}
