//! What tools do to the workflow around them: nesting, counts, calls, and what may happen twice.

use futures::StreamExt;
use serde_json::{Value, json};
use workflow_core::{
    EngineError, EventKind, LocalEngine, NewRun, Runs, StepEvent, Update, Workflows,
    error::FaultCode, workflow::Library,
};

use crate::{
    called, faults, input, library, lookup, only, registry, with_data, with_tool, with_tools,
};

const AMBIGUOUS: &str = "ambiguous_tool .: write `\"on_ambiguous\": \"fail\"` to stop the agent instead, or `\"retry\"` if it may happen twice";

fn acting() -> Value {
    json!({"id": "act", "type": "Act"})
}

#[test]
fn a_tool_that_may_act_says_what_happens_to_a_lost_call() {
    let body = |node: Value| with_tool(json!({ "nodes": [node] }));
    let map = json!({"id": "m", "type": "MapNode", "data": {"over": "[1]", "nodes": [acting()]}});
    let round = json!({"id": "l", "type": "LoopNode", "data": {"until": "index > 1", "max": 3, "nodes": [acting()]}});
    let call = json!({"id": "c", "type": "WorkflowNode", "data": {"workflow": "acts"}});
    let mut library = library();
    let acts = called(
        &json!({"name": "acts", "input": input(), "nodes": [acting()]}),
        &library,
    );
    library.insert("acts", acts);
    let warnings = |spec: &Value| {
        let found = faults(spec, &library);
        found
            .iter()
            .map(|it| format!("{} {}", it.code, it.pointer))
            .collect::<Vec<_>>()
    };
    let tool = "ambiguous_tool #/nodes/0/data/tools/0";
    for node in [acting(), map, round, call] {
        assert_eq!(warnings(&body(node)), [tool]);
    }
    assert_eq!(
        warnings(&with_tools(json!([{"name": "a", "workflow": "acts"}]))),
        [tool]
    );
    assert_eq!(only(&body(acting())), AMBIGUOUS);
    assert_eq!(
        warnings(&body(json!({"id": "look", "type": "Look"}))),
        [""; 0]
    );
    // What is said of the tool or of the node is meant.
    for says in ["fail", "retry"] {
        let spec = with_tool(json!({"nodes": [acting()], "on_ambiguous": says}));
        assert_eq!(warnings(&spec), [""; 0]);
    }
    let mut guarded = acting();
    guarded["on_ambiguous"] = json!("fail");
    assert_eq!(warnings(&body(guarded)), [""; 0]);
    // A call that waits or asks can be made again, and so can a turn of an inner agent.
    let inner = |tool: Value| json!({"id": "inner", "type": "Scripted", "data": {"tools": [tool]}});
    assert_eq!(
        warnings(&body(
            json!({"id": "w", "type": "DelayNode", "data": {"for": "1s"}})
        )),
        [""; 0]
    );
    let said = json!({"name": "a", "nodes": [acting()], "on_ambiguous": "fail"});
    assert_eq!(warnings(&body(inner(said))), [""; 0]);
    let unsaid = json!({"name": "a", "nodes": [acting()]});
    assert_eq!(
        warnings(&body(inner(unsaid))),
        [format!("{tool}/nodes/0/data/tools/0"), tool.to_owned()]
    );
}

#[test]
fn what_is_about_attempts_is_about_the_turns_of_an_agent() {
    let mut spec = with_tool(json!({}));
    let agent = &mut spec["nodes"][0];
    agent["retry"] = json!(3);
    agent["timeout"] = json!("1h");
    agent["on_ambiguous"] = json!("fail");
    agent["on_error"] = json!("continue");
    spec["defaults"] = json!({"retry": 2, "timeout": "10s"});
    assert_eq!(faults(&spec, &library()), []);
}

#[test]
fn a_node_of_a_tool_that_nothing_reads_is_a_warning() {
    let nodes = [
        lookup("lost", "{{ args.number }}"),
        lookup("last", "{{ args.number }}"),
    ];
    assert_eq!(
        only(&with_tool(json!({ "nodes": nodes }))),
        "unused_node ./nodes/0: use `lost.output` where it is needed, or remove the node"
    );
    // The tools of an agent read what is before it.
    let mut spec =
        with_tool(json!({"nodes": [lookup("get", "{{ before.output }} {{ args.number }}")]}));
    let nodes = spec["nodes"].as_array_mut().unwrap();
    nodes.insert(0, lookup("before", "{{ input.question }}"));
    assert_eq!(faults(&spec, &library()), []);
}

#[test]
fn a_secret_is_refused_in_a_tool_where_it_would_be_shown() {
    let node = json!({"id": "get", "type": "TransformNode", "data": {"value": {"key": {"$secret": "NAME"}}}});
    let spec = with_tool(json!({ "nodes": [node] }));
    let found = faults(&spec, &library());
    assert_eq!(found[0].code, FaultCode::SecretNotAllowed);
    assert!(
        found[0]
            .pointer
            .starts_with("#/nodes/0/data/tools/0/nodes/0/data/value")
    );
}

#[test]
fn a_node_in_a_tool_does_not_end_the_workflow() {
    let mut node = lookup("get", "{{ args.number }}");
    node["stop_when"] = json!("get.output == 'x'");
    assert_eq!(
        only(&with_tool(json!({ "nodes": [node] })))
            .split(':')
            .next(),
        Some("not_applicable ./nodes/0/stop_when")
    );
}

/// An agent in a tool of an agent, and so on.
fn nested(depth: usize, innermost: Value) -> Value {
    (0..depth).fold(innermost, |body, n| {
        json!([{"id": format!("a{n}"), "type": "Scripted", "data": {
            "prompt": "{{ input }}", "tools": [{"name": "deeper", "nodes": body}]}}])
    })
}

#[test]
fn an_agent_is_one_level_of_nesting() {
    let leaf = || json!([lookup("leaf", "{{ args }}")]);
    assert_eq!(
        faults(&json!({"nodes": nested(16, leaf())}), &library()),
        []
    );
    let found = faults(&json!({"nodes": nested(17, leaf())}), &library());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, FaultCode::NestedTooDeep);
    let place = format!("#{}", "/nodes/0/data/tools/0".repeat(16)) + "/nodes/0";
    assert_eq!(found[0].pointer, place);
    // An agent without tools is a level, too: its turn is in it.
    let agent = || json!([{"id": "last", "type": "Scripted", "data": {"prompt": "{{ input }}"}}]);
    assert_eq!(
        faults(&json!({"nodes": nested(15, agent())}), &library()),
        []
    );
    assert_eq!(
        faults(&json!({"nodes": nested(16, agent())}), &library())[0].code,
        FaultCode::NestedTooDeep
    );
}

#[test]
fn the_workflow_of_a_tool_adds_its_depth() {
    let deep = |depth: usize| {
        let mut library = Library::new();
        let mut spec = json!({"nodes": nested(depth, json!([lookup("leaf", "{{ args }}")]))});
        spec["input"] = input();
        library.insert("deep", called(&spec, &library));
        faults(
            &with_tools(json!([{"name": "deep", "workflow": "deep"}])),
            &library,
        )
    };
    assert_eq!(deep(15), []);
    let found = deep(16);
    assert_eq!(found[0].code, FaultCode::NestedTooDeep);
    assert_eq!(found[0].pointer, "#/nodes/0/data/tools/0/workflow");
}

#[test]
fn the_nodes_of_all_tools_count() {
    let tools = |sizes: [usize; 2]| {
        let tools = sizes.map(|size| {
            let nodes = (0..size).map(|n| {
                json!({"id": format!("n{n}"), "type": "TransformNode", "needs": [], "data": {"value": "{{ args }}"}})
            });
            json!({"name": format!("tool{size}"), "nodes": nodes.collect::<Vec<_>>()})
        });
        faults(&with_tools(json!(tools)), &library())
    };
    assert_eq!(tools([499, 500]), []);
    let found = tools([499, 501]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, FaultCode::TooManyNodes);
    assert_eq!(found[0].pointer, "#/nodes/0/data/tools/1/nodes");
}

#[test]
fn an_agent_has_as_many_tools_as_providers_take() {
    let tools = |count: usize| {
        let tools = (0..count).map(|n| json!({"name": format!("t{n}"), "workflow": "refund"}));
        faults(&with_tools(tools.collect()), &library())
    };
    assert_eq!(tools(128), []);
    let found = tools(129);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].pointer, "#/nodes/0/data/tools");
    assert!(found[0].detail.contains("128"), "{found:?}");
    // A great many are refused as fast.
    assert_eq!(tools(20_000).len(), 1);
}

/// Without care, the workflows would be walked a thousand times at each of sixteen levels.
#[test]
fn what_a_tool_may_do_is_found_without_walking_a_called_workflow_for_each_call() {
    let mut library = library();
    let calls = |name: &str| -> Value {
        let calls = (0..200).map(|n| json!({"id": format!("c{n}"), "type": "WorkflowNode", "needs": [], "data": {"workflow": name}}));
        calls.collect()
    };
    for level in 1..=14 {
        let below = if level == 1 {
            "refund".to_owned()
        } else {
            format!("w{}", level - 1)
        };
        let spec = json!({"input": input(), "nodes": calls(&below), "output": 1});
        library.insert(format!("w{level}"), called(&spec, &library));
    }
    assert_eq!(
        faults(
            &with_tools(json!([{"name": "deep", "workflow": "w14"}])),
            &library
        ),
        []
    );
}

/// All faults are found at once, in bodies and beside them.
#[test]
fn one_fault_does_not_hide_another() {
    let spec = with_data(
        json!({"prompt": "{{ nothing }}", "tool_choice": {"tool": "none"}, "tools": [
            {"name": "unknown", "nodes": [lookup("a", "{{ args.x }}")]},
            {"name": "b", "input": {"type": "string"}, "nodes": [{"id": "a", "type": "Nope"}]},
            {"name": "c", "workflow": "missing", "approve": {"message": "?"}},
            {"name": "c"},
        ]}),
    );
    let mut found: Vec<_> = faults(&spec, &library())
        .iter()
        .map(|it| format!("{} {}", it.code, it.pointer))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "duplicate_id #/nodes/0/data/tools/3/name",
            "invalid_value #/nodes/0/data/tools/1/input",
            "missing_field #/nodes/0/data/tools/3",
            "reserved_name #/nodes/0/data/tools/0/name",
            "template_without_input #/nodes/0/data/tools/2/approve/message",
            "unknown_field_reference #/nodes/0/data/tools/0/nodes/0/data/template",
            "unknown_reference #/nodes/0/data/prompt",
            "unknown_reference #/nodes/0/data/tool_choice/tool",
            "unknown_type #/nodes/0/data/tools/1/nodes/0/type",
            "unknown_workflow #/nodes/0/data/tools/2/workflow",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn workflows_that_call_each_other_through_tools_are_a_fault() {
    let engine = LocalEngine::builder(registry()).build();
    let calling = |name: &str, tool: Value| {
        let mut spec = with_tools(json!([tool]));
        spec["name"] = json!(name);
        spec["input"] = json!({"type": "object"});
        spec["nodes"][0]["data"]["prompt"] = json!("{{ input }}");
        spec
    };
    let workflow =
        |name: &str| json!({"name": "next", "workflow": name, "input": {"type": "object"}});
    let nodes = |name: &str| {
        json!({"name": "next", "input": {"type": "object"}, "nodes": [
            {"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [
                {"id": "call", "type": "WorkflowNode", "data": {"workflow": name, "input": {}}}]}}]})
    };
    let of_tool = "cycle #/nodes/0/data/tools/0/workflow";
    let of_node = "cycle #/nodes/0/data/tools/0/nodes/0/data/nodes/0/data/workflow";
    // A stored workflow that calls itself is found when it is stored.
    for (tool, fault) in [(workflow("a"), of_tool), (nodes("a"), of_node)] {
        assert_eq!(
            refused(
                engine
                    .create_workflow(calling("a", tool))
                    .await
                    .unwrap_err()
            ),
            fault
        );
    }
    let leaf =
        json!({"name": "b", "input": {"type": "object"}, "nodes": [lookup("a", "{{ input }}")]});
    let leaf = engine.create_workflow(leaf).await.unwrap().record;
    let unknown = engine
        .create_workflow(calling("a", workflow("bb")))
        .await
        .unwrap_err();
    assert_eq!(
        refused(unknown),
        "unknown_workflow #/nodes/0/data/tools/0/workflow"
    );
    let caller = engine
        .create_workflow(calling("a", workflow("b")))
        .await
        .unwrap()
        .record;
    // Over the other workflow, through a tool and through a node of a tool.
    for (tool, fault) in [(workflow("a"), of_tool), (nodes("a"), of_node)] {
        let error = engine
            .update_workflow(leaf.id, calling("b", tool), None)
            .await
            .unwrap_err();
        assert_eq!(refused(error), fault);
    }
    // The workflow of a tool is pinned like any called workflow.
    let run = engine
        .start(NewRun::new(caller.id, json!({})))
        .await
        .unwrap();
    let mut events = engine.events(run.id, 0).await.unwrap();
    let Some(Update::Event(StepEvent {
        kind: EventKind::RunCreated(created),
        ..
    })) = events.next().await
    else {
        panic!("the first event is another one");
    };
    assert_eq!(created.workflows.len(), 1);
    assert_eq!(created.workflows[0].workflow_id, Some(leaf.id));
}

/// The first fault of a workflow that is not stored.
fn refused(error: EngineError) -> String {
    let EngineError::Invalid(invalid) = error else {
        panic!("{error}")
    };
    let fault = &invalid.faults()[0];
    format!("{} {}", fault.code, fault.pointer)
}
