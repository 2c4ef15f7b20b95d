//! Agents in tools, workflows as tools, and agents in maps, loops and called workflows.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    Executor, StepEvent, Workflow,
    node::agent::{AgentTurn, ToolCall, TurnRequest},
    workflow::Library,
};

use crate::support::{
    Probe,
    agents::{Script, Sent, one_agent, registry, results, run_agent, script, to_end, tool},
    brief, collect, output_of,
};

/// Calls each of its tools twice in one turn, and answers with the results.
fn calls_all() -> Script {
    script(|request: &TurnRequest| match request.turn {
        0 if !request.tools.is_empty() => {
            let calls = request
                .tools
                .iter()
                .flat_map(|tool| [1, 2].map(|n| ToolCall::new(&*tool.name, json!({"n": n}))));
            AgentTurn::calls(calls.collect()).with_state(json!({"turn": 0}))
        }
        _ => AgentTurn::answer(json!(results(request))),
    })
}

async fn every_prefix(workflow: &Arc<Workflow>, whole: &[StepEvent]) {
    for cut in 1..whole.len() {
        let ended = to_end(workflow, whole[..cut].to_vec(), |_| Value::Null).await;
        assert_eq!(output_of(&ended), output_of(whole), "cut after {cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_is_a_workflow_with_an_agent_in_it() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let registry = registry(&probe, calls_all(), &sent);
    let input =
        json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let called = json!({"name": "ask", "description": "Asks the worker.", "input": input,
        "nodes": [{"id": "worker", "type": "Agent", "data": {
            "prompt": "{{ input.n }}",
            "tools": [tool("leaf", json!({"millis": 3, "output": "{{ input.n }}-{{ args.n }}"}))],
        }}],
        "output": {"answer": "{{ worker.output }}"}});
    let mut library = Library::new();
    library.insert(
        "ask",
        Arc::new(Workflow::from_spec(&called, &registry).unwrap()),
    );
    let spec =
        one_agent(json!({"tools": [{"name": "ask", "workflow": "ask", "on_ambiguous": "retry"}]}));
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let whole = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    assert_eq!(
        output_of(&whole),
        json!([{"answer": ["1-1", "1-2"]}, {"answer": ["2-1", "2-2"]}])
    );
    let names = brief(&whole);
    for path in [
        "agent/0/ask-1/worker/0/turn",
        "agent/0/ask-1/worker/0/leaf-0/work",
    ] {
        assert!(names.contains(&format!("node.completed {path}")), "{path}");
    }
    every_prefix(&workflow, &whole).await;
}

#[tokio::test(start_paused = true)]
async fn arguments_are_checked_against_the_workflow_too() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let registry = registry(&probe, calls_all(), &sent);
    let called = json!({"name": "small", "nodes": [{"id": "a", "type": "Script", "data": {}}],
        "input": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 1}}}});
    let mut library = Library::new();
    library.insert(
        "small",
        Arc::new(Workflow::from_spec(&called, &registry).unwrap()),
    );
    let tool = json!({"name": "small", "workflow": "small", "input": {"type": "object"}, "on_ambiguous": "retry"});
    let spec = one_agent(json!({"tools": [tool]}));
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let whole = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    assert_eq!(output_of(&whole), json!(["a", "invalid_arguments"]));
    every_prefix(&workflow, &whole).await;
}

#[tokio::test(start_paused = true)]
async fn agents_run_in_maps_and_loops_and_have_maps_in_tools() {
    let mapped = json!({"name": "mapped", "on_ambiguous": "retry",
    "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "nodes": [{"id": "each", "type": "MapNode", "data": {"over": "[args.n, 10]", "nodes": [
        {"id": "item-script", "type": "Script", "data": {"millis": 2, "output": "{{ item * args.n }}"}},
    ]}}]});
    let agent = json!({"id": "inner-agent", "type": "Agent", "data": {"prompt": "{{ input }}", "tools": [mapped]}});
    let spec = json!({"nodes": [
        {"id": "each", "type": "MapNode", "data": {"over": "['a', 'b']", "nodes": [agent]}},
        {"id": "rounds", "type": "LoopNode", "data": {"max": 2, "until": "false", "nodes": [
            {"id": "again", "type": "Agent", "data": {"prompt": "{{ index }}", "tools": [tool("t", json!({}))]}},
        ]}},
    ], "output": {"each": "{{ each.output }}", "rounds": "{{ rounds.output }}"}});
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = crate::support::agents::checked(&spec, &registry(&probe, calls_all(), &sent));
    let whole = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let of_one = json!([[1, 10], [4, 20]]);
    assert_eq!(
        output_of(&whole),
        json!({"each": [of_one, of_one], "rounds": ["work", "work"]})
    );
    let path = "each/1/inner-agent/0/mapped-1/each/0/item-script";
    assert!(brief(&whole).contains(&format!("node.completed {path}")));
    every_prefix(&workflow, &whole).await;
}

#[tokio::test(start_paused = true)]
async fn the_arguments_of_an_inner_tool_hide_those_of_the_outer_one() {
    let inner = tool("inner", json!({"output": "inner {{ args.n }}"}));
    let outer = json!({"name": "outer", "on_ambiguous": "retry",
    "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "nodes": [
        {"id": "worker", "type": "Agent", "data": {"prompt": "{{ args.n }}", "tools": [inner]}},
        {"id": "say", "type": "PromptNode", "data": {"template": "{{ args.n }}: {{ worker.output }}"}},
    ]});
    let (_, _, log) = run_agent(&one_agent(json!({"tools": [outer]})), calls_all()).await;
    assert_eq!(
        output_of(&log),
        json!([r#"1: ["inner 1","inner 2"]"#, r#"2: ["inner 1","inner 2"]"#])
    );
}

#[tokio::test(start_paused = true)]
async fn a_tool_may_ask_a_person_and_end_its_workflow_early() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let registry = registry(&probe, calls_all(), &sent);
    let called = json!({"name": "ask",
    "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "nodes": [
        {"id": "early", "type": "TransformNode", "data": {"value": "{{ input.n }}"}, "stop_when": "early.output == 1"},
        {"id": "person", "type": "HumanNode", "needs": ["early"], "data": {"message": "{{ input.n }}?"}},
    ]});
    let mut library = Library::new();
    library.insert(
        "ask",
        Arc::new(Workflow::from_spec(&called, &registry).unwrap()),
    );
    let spec = one_agent(json!({"tools": [{"name": "ask", "workflow": "ask"}]}));
    let workflow = Arc::new(Workflow::with_library(&spec, &registry, &library).unwrap());
    let first = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let whole = to_end(&workflow, first, |_| json!("answered")).await;
    assert_eq!(output_of(&whole), json!([1, "answered"]));
    for cut in 1..whole.len() {
        let ended = to_end(&workflow, whole[..cut].to_vec(), |_| json!("answered")).await;
        assert_eq!(output_of(&ended), output_of(&whole), "cut after {cut}");
    }
}
