//! What `run.created` says of agents, and the language schema.

use futures::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;
use workflow_core::{
    EventKind, Executor, Registry, StepEvent, Update, Workflow, event::RunCreated,
    view::RunOutline, workflow::Library,
};

use crate::{Scripted, called, input, library, lookup, registry, with_tool, with_tools};

#[test]
fn a_workflow_has_an_agent_whose_tools_are_nodes() {
    let spec = with_tools(json!([{
        "name": "order",
        "description": "Finds an order by its number.",
        "input": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
        "nodes": [lookup("get", "{{ args.number }}"), lookup("say", "{{ get.output }} {{ input.question }}")],
    }]));
    let workflow = Workflow::from_spec(&spec, &registry()).unwrap();
    assert_eq!(workflow.warnings(), []);
    assert_eq!(
        serde_json::to_value(&workflow.nodes()[0]).unwrap(),
        json!({"id": "support", "type": "Scripted", "needs": [], "nodes": [
            {"id": "turn", "type": "AgentTurn", "needs": []},
            {"id": "order", "type": "ToolCall", "needs": [], "nodes": [
                {"id": "get", "type": "PromptNode", "needs": []},
                {"id": "say", "type": "PromptNode", "needs": ["get"]},
            ]},
            {"id": "unknown", "type": "ToolCall", "needs": []},
        ]})
    );
}

/// The first event of a run.
async fn created(workflow: Arc<Workflow>) -> Box<RunCreated> {
    let mut run = Executor::new().run(workflow, json!({}));
    let Some(Update::Event(StepEvent {
        kind: EventKind::RunCreated(created),
        ..
    })) = run.next().await
    else {
        panic!("the first event is another one");
    };
    created
}

/// A workflow with an agent at each place where one can be, and each kind of node in a tool.
fn everywhere() -> Value {
    let inner = json!({"id": "inner", "type": "Scripted", "data": {"tools": [
        {"name": "deep-1", "nodes": [lookup("leaf", "{{ args }}")]}]}});
    let map = json!({"id": "each", "type": "MapNode", "data": {"over": "[1]", "nodes": [lookup("sum", "{{ item }} {{ args }}")]}});
    let call = json!({"id": "call", "type": "WorkflowNode", "data": {"workflow": "any"}});
    let tools = json!([
        {"name": "order", "nodes": [lookup("get", "{{ args }}"), inner.clone(), map, call]},
        {"name": "refund", "workflow": "refund"},
        {"name": "ask", "workflow": "worker"},
    ]);
    let mut spec = with_tools(tools);
    spec["nodes"].as_array_mut().unwrap().push(
        json!({"id": "rounds", "type": "LoopNode", "data": {"until": "index > 1", "max": 3, "nodes": [inner.clone()]}}));
    spec["on_failure"] = json!([inner]);
    spec
}

fn with_worker() -> Library {
    let mut library = library();
    let worker = json!({"name": "worker", "input": {"type": "object"}, "nodes": [
        {"id": "worker", "type": "Scripted", "data": {"tools": [
            {"name": "leaf", "nodes": [lookup("get", "{{ args }}")]}]}}]});
    library.insert("worker", called(&worker, &library));
    library
}

#[tokio::test]
async fn each_path_of_a_run_with_agents_has_its_node() {
    let library = with_worker();
    let workflow = called(&everywhere(), &library);
    let created = created(workflow).await;
    let outline = RunOutline::of(&created);
    let found = [
        ("support", "Scripted Scripted"),
        ("support/0/turn", "AgentTurn Scripted"),
        ("support/17/order-3", "ToolCall ToolCall"),
        ("support/0/order-0/get", "PromptNode PromptNode"),
        ("support/0/order-0/inner", "Scripted Scripted"),
        ("support/0/order-0/inner/2/turn", "AgentTurn Scripted"),
        ("support/0/order-0/inner/2/deep-1-12", "ToolCall ToolCall"),
        (
            "support/0/order-0/inner/2/deep-1-12/leaf",
            "PromptNode PromptNode",
        ),
        ("support/0/order-0/each/4/sum", "PromptNode PromptNode"),
        ("support/0/order-0/call/a", "PromptNode PromptNode"),
        ("support/0/refund-1", "ToolCall ToolCall"),
        ("support/0/refund-1/a", "PromptNode PromptNode"),
        ("support/0/ask-1/worker", "Scripted Scripted"),
        ("support/0/ask-1/worker/0/turn", "AgentTurn Scripted"),
        (
            "support/0/ask-1/worker/0/leaf-0/get",
            "PromptNode PromptNode",
        ),
        ("support/0/unknown-999", "ToolCall ToolCall"),
        ("rounds/1/inner/0/turn", "AgentTurn Scripted"),
        ("rounds/1/inner/0/deep-1-0/leaf", "PromptNode PromptNode"),
        ("on_failure/inner/0/turn", "AgentTurn Scripted"),
        ("on_failure/inner/0/unknown-0", "ToolCall ToolCall"),
    ];
    for (path, expected) in found {
        let path = path.into();
        let kind = outline.kind_of(&path).unwrap_or_else(|| panic!("{path}"));
        let activity = outline.activity_of(&path).unwrap();
        assert_eq!(format!("{kind} {activity}"), expected, "{path}");
    }
    for path in [
        "support/0",
        "support/turn",
        "support/0/order",
        "support/0/order-",
        "support/0/order-x",
        "support/0/get",
        "support/0/unknown",
        "support/0/other-0",
        "support/0/turn/turn",
        "support/0/turn-0",
        "support/0/unknown-0/get",
        "support/0/order-0/0/get",
        "support/0/order-0/inner/turn",
        "inner/0/turn",
    ] {
        assert!(outline.node(&path.into()).is_none(), "{path}");
    }
}

/// Older versions cannot read what agents log. Logs of other runs stay as they were.
#[tokio::test]
async fn runs_with_an_agent_anywhere_have_a_log_format_of_their_own() {
    let agent = || with_tool(json!({}))["nodes"][0].clone();
    let last = lookup("last", "{{ input }}");
    let plain = lookup("a", "{{ input }}");
    let map = |body: Value| json!({"id": "m", "type": "MapNode", "data": {"over": "[1]", "nodes": [body]}});
    let calls = json!({"id": "c", "type": "WorkflowNode", "data": {"workflow": "worker"}});
    let nodes = |node: Value| json!({ "nodes": [node] });
    for (spec, format) in [
        (nodes(plain.clone()), 2),
        (nodes(map(plain.clone())), 2),
        (json!({"nodes": [plain], "on_failure": [last]}), 3),
        (json!({"nodes": [plain], "budget": {"calls": 3}}), 3),
        (nodes(agent()), 4),
        (nodes(map(agent())), 4),
        (nodes(calls), 4),
        (json!({"nodes": [plain], "on_failure": [agent()]}), 4),
        (with_tools(json!([])), 4),
        (
            with_tools(json!([{"name": "ask", "workflow": "worker"}])),
            4,
        ),
    ] {
        let created = created(called(&spec, &with_worker())).await;
        assert_eq!(created.log_format, format, "{spec}");
        // What is logged is read back.
        let json = serde_json::to_value(&created).unwrap();
        let read: RunCreated = serde_json::from_value(json).unwrap();
        assert_eq!(read, *created);
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_told_of_its_tools() {
    let spec = with_tools(json!([
        {"name": "order", "description": "Finds an order.", "input": input(), "nodes": [lookup("a", "{{ args.number }}")]},
        {"name": "bare", "nodes": [lookup("a", "{{ input.question }}")]},
        {"name": "refund", "workflow": "refund"},
        {"name": "own", "workflow": "refund", "description": "Own.", "input": input()},
        {"name": "any", "workflow": "any"},
    ]));
    let none = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let mut required = input();
    required["required"] = json!(["number"]);
    let mut run = Executor::new().run(called(&spec, &library()), json!({"question": "?"}));
    let mut output = Value::Null;
    while let Some(update) = run.next().await {
        if let Update::Event(StepEvent {
            kind: EventKind::RunCompleted(completed),
            ..
        }) = update
        {
            output = Value::clone(&completed.output);
        }
    }
    assert_eq!(
        output,
        json!([
            ["order", "Finds an order.", input()],
            ["bare", "", none],
            ["refund", "Pays the money back.", required],
            ["own", "Own.", input()],
            ["any", "", none],
        ])
    );
}

/// The schema of a type: the fields of both sides, as their documentation says.
#[test]
fn the_schema_of_an_agent_has_the_fields_of_both() {
    let registry = registry();
    let schema = registry.get("Scripted").unwrap().schema();
    let fields = &schema["properties"];
    assert_eq!(fields["prompt"]["description"], "What it is asked.");
    for (field, default) in [
        ("max_turns", json!(10)),
        ("on_max_turns", json!("fail")),
        ("concurrency", json!(8)),
        ("max_calls", json!(16)),
        ("max_result_bytes", json!(65_536)),
        ("max_repeats", json!(3)),
        ("tool_choice", json!("auto")),
    ] {
        assert!(fields[field]["description"].is_string(), "{field}");
        assert_eq!(fields[field]["default"], default, "{field}");
    }
    for field in ["tools", "turn_timeout"] {
        assert!(fields[field]["description"].is_string());
    }
    let range = |field: &str| {
        (
            fields[field]["minimum"].clone(),
            fields[field]["maximum"].clone(),
        )
    };
    assert_eq!(range("max_turns"), (json!(1), json!(100)));
    assert_eq!(range("max_result_bytes"), (json!(256), json!(1_048_576)));
    assert_eq!(schema["additionalProperties"], false);
    let tool = &fields["tools"]["items"];
    assert_eq!(tool["required"], json!(["name"]));
    for (field, described) in tool["properties"].as_object().unwrap() {
        assert!(described["description"].is_string(), "{field}");
    }
    let message = &tool["properties"]["approve"]["properties"]["message"];
    assert_eq!(message["x-workflow"], "template");
    assert_eq!(message["x-workflow-reads"], "args");
}

/// Editors complete the nodes of a tool by the schema of the language.
#[test]
fn the_nodes_of_a_tool_are_nodes_in_the_language_schema() {
    let schema = registry().language_schema();
    let agent = &schema["$defs"]["Scripted.data"];
    let nodes = &agent["properties"]["tools"]["items"]["properties"]["nodes"];
    assert_eq!(nodes["items"], json!({"$ref": "#/$defs/Node"}));
    assert_eq!(
        schema["$defs"]["MapNode.data"]["properties"]["nodes"]["items"],
        nodes["items"]
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&with_tool(json!({}))));
    let misspelt = with_tool(json!({"nodes": [{"id": "get", "type": "PromptNod"}]}));
    assert!(!validator.is_valid(&misspelt));
    let incomplete = with_tool(json!({"nodes": [{"id": "get", "type": "PromptNode", "data": {}}]}));
    assert!(!validator.is_valid(&incomplete));
}

#[test]
#[should_panic(expected = "`tools` of `Scripted` is a field that the engine reads itself")]
fn an_agent_has_no_field_of_the_engine() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    struct Taken {
        #[expect(dead_code, reason = "only its name counts")]
        tools: Vec<String>,
    }
    Registry::default().register_agent_with("Scripted", |_: Taken| Scripted { prompt: None });
}

#[test]
#[should_panic(expected = "the engine interprets itself")]
fn an_agent_does_not_replace_a_control_node() {
    Registry::default().register_agent_with("MapNode", |data: Scripted| data);
}
