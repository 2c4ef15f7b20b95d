//! Calls that were running when their host stopped.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    Executor, NodeError, StepEvent, Workflow,
    node::agent::{AgentTurn, ToolCall},
    workflow::Library,
};

use crate::support::{
    Probe,
    agents::{Script, Sent, checked, event_of, one_agent, registry, results, script, to_end, tool},
    brief, collect, failure, output_of,
};

fn calls_once(name: &'static str) -> Script {
    script(move |request| {
        let offers = |name: &str| request.tools.iter().any(|tool| &*tool.name == name);
        match request.turn {
            0 if offers(name) => AgentTurn::calls(vec![ToolCall::new(name, json!({"n": 1}))]),
            0 => AgentTurn::calls(vec![ToolCall::new("inner", json!({"n": 1}))]),
            _ => AgentTurn::answer(json!(results(request))),
        }
    })
}

/// The log until an attempt of a step has begun, as it is after a crash.
fn cut_after(log: &[StepEvent], name: &str, path: &str) -> Vec<StepEvent> {
    let wanted = format!("{name} {path}");
    let end = brief(log).iter().position(|it| *it == wanted);
    let end = end.unwrap_or_else(|| panic!("no {wanted} in {:#?}", brief(log)));
    log[..=end].to_vec()
}

async fn whole(workflow: &Arc<Workflow>) -> Vec<StepEvent> {
    collect(Executor::new().run(Arc::clone(workflow), "in".into())).await
}

async fn recovered(workflow: &Arc<Workflow>, log: Vec<StepEvent>) -> Vec<StepEvent> {
    to_end(workflow, log, |_| Value::Null).await
}

fn paying(on_error: &str) -> Value {
    let mut pay = tool("pay", json!({"millis": 5}));
    pay["on_ambiguous"] = "fail".into();
    pay["on_error"] = on_error.into();
    pay
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_that_must_not_repeat_stops_the_agent() {
    for on_error in ["answer", "fail"] {
        let (probe, sent) = (Probe::default(), Sent::default());
        let mut spec = one_agent(json!({"tools": [paying(on_error)]}));
        spec["nodes"][0]["on_error"] = json!({"output": "stopped"});
        let workflow = checked(&spec, &registry(&probe, calls_once("pay"), &sent));
        let whole = whole(&workflow).await;
        let cut = cut_after(&whole, "node.started", "agent/0/pay-0/work");
        probe.taken();
        sent.taken();
        let log = recovered(&workflow, cut).await;
        let failed = event_of(&log, "node.failed", "agent/0/pay-0");
        assert_eq!(
            (&failed["error"]["code"], &failed["handled"]),
            (&json!("ambiguous"), &json!(false))
        );
        assert_eq!(
            event_of(&log, "node.failed", "agent")["error"]["code"],
            "ambiguous"
        );
        assert_eq!(
            output_of(&log),
            "stopped",
            "the agent's own `on_error` applies"
        );
        assert_eq!(probe.count("start work"), 0);
        assert_eq!(sent.taken().len(), 0, "the model is not asked");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_that_may_repeat_runs_again() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let spec = one_agent(json!({"tools": [tool("read", json!({"millis": 5}))]}));
    let workflow = checked(&spec, &registry(&probe, calls_once("read"), &sent));
    let whole = whole(&workflow).await;
    let cut = cut_after(&whole, "node.started", "agent/0/read-0/work");
    let log = recovered(&workflow, cut).await;
    assert_eq!(output_of(&log), json!(["work"]));
    let recovered = brief(&log);
    let starts = recovered
        .iter()
        .filter(|it| *it == "node.started agent/0/read-0/work");
    assert_eq!(starts.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn types_without_effects_and_turns_repeat_in_every_call() {
    // The inner agent's turn, and a pure type, within a call that must not be repeated.
    let mut inner = json!({"name": "inner", "on_ambiguous": "fail",
    "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "nodes": [
        {"id": "text", "type": "PromptNode", "data": {"template": "{{ args.n }}"}},
        {"id": "worker", "type": "Agent", "data": {
            "prompt": "{{ text.output }}", "tools": [tool("act", json!({"millis": 5}))]}},
    ]});
    inner["name"] = "inner".into();
    let spec = one_agent(json!({"tools": [inner]}));
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec, &registry(&probe, calls_once("act"), &sent));
    let whole = whole(&workflow).await;
    assert_eq!(output_of(&whole), json!([["work"]]));
    for path in ["text", "worker/0/turn", "worker/1/turn"] {
        let cut = cut_after(&whole, "node.started", &format!("agent/0/inner-0/{path}"));
        let log = recovered(&workflow, cut).await;
        assert_eq!(output_of(&log), json!([["work"]]), "{path}");
    }
    // The inner tool may repeat, but not within this call.
    let cut = cut_after(
        &whole,
        "node.started",
        "agent/0/inner-0/worker/0/act-0/work",
    );
    let log = recovered(&workflow, cut).await;
    assert!(failure(&log).starts_with("ambiguous"), "{}", failure(&log));
    for path in ["agent/0/inner-0/worker", "agent/0/inner-0", "agent"] {
        assert_eq!(
            event_of(&log, "node.failed", path)["error"]["code"],
            "ambiguous"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn leaves_of_called_workflows_are_in_the_call() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let registry = registry(&probe, calls_once("pay"), &sent);
    let called = json!({"name": "pay-it", "input": {"type": "object"}, "nodes": [
        {"id": "work", "type": "Script", "data": {"millis": 5}},
    ]});
    let mut library = Library::new();
    library.insert(
        "pay-it",
        Arc::new(Workflow::from_spec(&called, &registry).unwrap()),
    );
    let spec = one_agent(json!({"tools": [
        {"name": "pay", "workflow": "pay-it", "on_ambiguous": "fail"},
    ]}));
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let whole = whole(&workflow).await;
    assert_eq!(output_of(&whole), json!(["work"]));
    let cut = cut_after(&whole, "node.started", "agent/0/pay-0/work");
    let log = recovered(&workflow, cut).await;
    assert!(failure(&log).starts_with("ambiguous"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_its_host_down_is_not_answered() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let spec = one_agent(json!({"tools": [tool("read", json!({"millis": 5}))]}));
    let workflow = checked(&spec, &registry(&probe, calls_once("read"), &sent));
    let whole = whole(&workflow).await;
    let cut = cut_after(&whole, "node.started", "agent/0/read-0/work");
    let log = crash_on(&workflow, cut).await;
    assert!(
        failure(&log).starts_with("recovery_exhausted"),
        "{:#?}",
        brief(&log)
    );
    assert_eq!(
        event_of(&log, "node.failed", "agent/0/read-0")["handled"],
        false
    );
}

/// Crashes with each attempt until the run ends.
async fn crash_on(workflow: &Arc<Workflow>, mut log: Vec<StepEvent>) -> Vec<StepEvent> {
    for _ in 0..20 {
        let run = Executor::new().resume(Arc::clone(workflow), &log).unwrap();
        let resumed = collect(run).await;
        let start = brief(&resumed)
            .iter()
            .position(|it| it.starts_with("node.started"));
        let Some(start) = start else {
            log.extend(resumed);
            return log;
        };
        log.extend(resumed[..=start].to_vec());
    }
    log
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_must_not_repeat_fails_the_agent() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let mut spec = one_agent(json!({}));
    spec["nodes"][0]["on_ambiguous"] = "fail".into();
    let script: Script = Arc::new(|_, _| Ok::<_, NodeError>(AgentTurn::answer("done")));
    let workflow = checked(&spec, &registry(&probe, script, &sent));
    let whole = whole(&workflow).await;
    let cut = cut_after(&whole, "node.started", "agent/0/turn");
    let log = recovered(&workflow, cut).await;
    assert!(failure(&log).starts_with("ambiguous"));
}
