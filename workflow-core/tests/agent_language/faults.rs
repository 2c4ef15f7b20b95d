//! The fault of each part of a tool, at its place, with a way out.

use serde_json::{Value, json};
use workflow_core::error::FaultCode;

use crate::{faults, input, library, lookup, only, with_data, with_tool, with_tools};

#[test]
fn a_tool_runs_nodes_or_a_workflow_and_not_both() {
    assert_eq!(
        only(&with_tool(json!({"nodes": null}))),
        "missing_field .: give it a list of `nodes`, or the name of a `workflow`"
    );
    assert_eq!(
        only(&with_tool(json!({"workflow": "refund"}))),
        "invalid_value .: keep one of the two"
    );
    assert_eq!(
        only(&with_tool(json!({"nodes": []}))),
        "invalid_value ./nodes: "
    );
    assert_eq!(
        only(&with_tools(json!([{"name": "back", "workflow": "refnd"}]))),
        "unknown_workflow ./workflow: did you mean `refund`?"
    );
}

#[test]
fn a_tool_has_a_name_of_its_own_that_is_short_enough() {
    for name in ["unknown", "turn"] {
        assert_eq!(
            only(&with_tool(json!({ "name": name }))),
            "reserved_name ./name: choose another name"
        );
    }
    let form = "invalid_id ./name: a letter or `_`, then letters, digits, `_` and `-`; at most 60 characters";
    for name in [
        "x".repeat(61),
        "x".repeat(10_000),
        "a/b".into(),
        "1a".into(),
        String::new(),
        "é".into(),
    ] {
        assert_eq!(only(&with_tool(json!({ "name": name }))), form);
    }
    assert_eq!(
        faults(&with_tool(json!({"name": "x".repeat(60)})), &library()),
        []
    );
    let named = |names: [&str; 3]| {
        let tools = names.map(|name| json!({"name": name, "nodes": [lookup("get", "{{ args }}")]}));
        let found = faults(&with_tools(json!(tools)), &library());
        let found = found.iter().map(|it| format!("{} {}", it.code, it.pointer));
        found.collect::<Vec<_>>()
    };
    assert_eq!(
        named(["a", "b", "a"]),
        ["duplicate_id #/nodes/0/data/tools/2/name"]
    );
    assert_eq!(
        named(["a-b", "a_b", "c"]),
        ["id_collision #/nodes/0/data/tools/1/name"]
    );
    assert_eq!(named(["a", "a-1", "a-1-0"]), [] as [&str; 0]);
}

#[test]
fn arguments_are_read_in_tools_only() {
    assert_eq!(
        only(&with_data(json!({"prompt": "{{ args.number }}"}))),
        "unknown_reference prompt: only what is in a tool of an agent, and its `approve`, reads the arguments"
    );
    // What a tool does not declare is not there.
    assert_eq!(
        only(&with_tool(
            json!({"nodes": [lookup("get", "{{ args.numbr }}")]})
        )),
        "unknown_field_reference ./nodes/0/data/template: did you mean `args.number`?"
    );
    assert_eq!(
        only(&with_tool(json!({"input": null}))),
        "unknown_field_reference ./nodes/0/data/template: declare the arguments in the `input` of the tool"
    );
    // They are the implicit input of the first nodes, and the agent's own values are visible.
    let implicit = with_tool(json!({"nodes": [{"id": "inner", "type": "Scripted"}]}));
    assert_eq!(faults(&implicit, &library()), []);
    let visible = json!({"nodes": [
        lookup("before", "{{ input.question }}"),
        {"id": "support", "type": "Scripted", "data": {"tools": [
            {"name": "say", "nodes": [lookup("said", "{{ before.output }} {{ input.question }}")]}]}},
    ]});
    assert_eq!(faults(&visible, &library()), []);
    // Not what comes later, and not the agent itself.
    assert_eq!(
        only(&with_tool(
            json!({"nodes": [lookup("get", "{{ support.output }} {{ args }}")]})
        )),
        "not_an_ancestor ./nodes/0/data/template: name a node that runs before it"
    );
    assert_eq!(
        only(&with_tool(json!({"nodes": [
            {"id": "get", "type": "PromptNode", "needs": ["support"], "data": {"template": "{{ args.number }}"}}]}))),
        "unknown_reference ./nodes/0/needs/0: "
    );
}

#[test]
fn the_name_of_the_arguments_is_taken_in_tools_only() {
    assert_eq!(
        only(&with_tool(
            json!({"nodes": [lookup("args", "{{ input.question }}")]})
        )),
        "shadowed_name ./nodes/0/id: choose another id"
    );
    let map = json!({"id": "each", "type": "MapNode", "data": {"over": "input.list", "nodes": [lookup("args", "{{ item }}")]}});
    assert_eq!(
        only(&with_tool(json!({ "nodes": [map] }))),
        "shadowed_name ./nodes/0/data/nodes/0/id: choose another id"
    );
    assert_eq!(
        only(&with_tool(
            json!({"nodes": [lookup("get", "{% set args = input %}{{ args }}")]})
        )),
        "shadowed_name ./nodes/0/data/template: choose another name"
    );
    // Elsewhere it is a name like any other, as it was before there were agents.
    let elsewhere =
        json!({"nodes": [lookup("args", "{{ input }}"), lookup("b", "{{ args.output }}")]});
    assert_eq!(faults(&elsewhere, &library()), []);
    // A tool would read another value than its author means.
    let around = json!({"nodes": [
        lookup("args", "{{ input }}"),
        {"id": "support", "type": "Scripted", "data": {"tools": [
            {"name": "say", "nodes": [lookup("said", "{{ args.output }}")]}]}},
    ]});
    let found = faults(&around, &library());
    assert_eq!(found[0].code, FaultCode::ShadowedName);
    assert_eq!(found[0].pointer, "#/nodes/1/data/tools");
    // The arguments of an inner agent are those of its own tools.
    let inner = json!({"id": "inner", "type": "Scripted", "data": {"tools": [
        {"name": "deep", "input": {"type": "object", "properties": {"depth": {}}}, "nodes": [lookup("a", "{{ args.depth }}")]}]}});
    assert_eq!(
        faults(&with_tool(json!({ "nodes": [inner] })), &library()),
        []
    );
    let mut outer = inner;
    outer["data"]["tools"][0]["nodes"] = json!([lookup("a", "{{ args.number }}")]);
    assert!(only(&with_tool(json!({ "nodes": [outer] }))).starts_with("unknown_field_reference"));
}

#[test]
fn a_person_is_asked_about_the_arguments() {
    let approve = |approve: Value| only(&with_tool(json!({ "approve": approve })));
    assert_eq!(
        approve(json!({"message": "Sure?"})),
        "template_without_input ./approve/message: include {{args}}, {{input}} or the output of a node"
    );
    assert_eq!(
        approve(json!({"message": "Sure, {{ get.output }}?"})),
        "unknown_reference ./approve/message: "
    );
    assert_eq!(
        approve(json!({"message": "Sure, {{ args.numbr }}?"})),
        "unknown_field_reference ./approve/message: did you mean `args.number`?"
    );
    assert_eq!(approve(json!({})), "missing_field ./approve: ");
    assert!(
        approve(json!({"message": "{{ args }}", "expires": "soon"}))
            .starts_with("invalid_value ./approve/expires")
    );
    let of_workflow = |message: &str| {
        with_tools(json!([{"name": "back", "workflow": "refund", "approve": {"message": message}}]))
    };
    assert_eq!(
        faults(&of_workflow("Refund {{ args.number }}?"), &library()),
        []
    );
    assert_eq!(
        only(&of_workflow("Refund {{ args.numbr }}?")),
        "unknown_field_reference ./approve/message: did you mean `args.number`?"
    );
}

/// The wait for a person counts for the time-out of the agent, and not for that of the tool.
#[test]
fn a_wait_that_outlasts_the_agent_is_a_warning() {
    let mut spec = with_tool(json!({
        "timeout": "1s",
        "approve": {"message": "{{ args.number }}", "expires": "2h"},
    }));
    assert_eq!(faults(&spec, &library()), []);
    spec["nodes"][0]["timeout"] = json!("1h");
    assert!(only(&spec).starts_with("outlasts_timeout ./approve/expires: "));
    // In a body, both count.
    let wait = json!([{"id": "wait", "type": "DelayNode", "data": {"for": "5m"}}]);
    let spec = with_tool(json!({"timeout": "1m", "nodes": wait}));
    assert!(only(&spec).starts_with("outlasts_timeout ./nodes/0/data/for: "));
}

#[test]
fn arguments_are_an_object_with_a_schema_that_can_be_read() {
    let hint = r#"give the tool an `input` with `"type": "object"`"#;
    for schema in [
        json!({"type": "string"}),
        json!({"properties": {}}),
        json!({"type": ["object", "null"]}),
    ] {
        assert_eq!(
            only(&with_tool(json!({ "input": schema }))),
            format!("invalid_value ./input: {hint}")
        );
    }
    assert_eq!(
        only(&with_tools(json!([{"name": "text", "workflow": "text"}]))),
        format!("invalid_value ./workflow: {hint}")
    );
    assert_eq!(
        only(&with_tool(json!({"input": {"type": "objct"}}))),
        "invalid_value ./input/type: "
    );
    assert_eq!(
        only(&with_tool(
            json!({"input": {"type": "object", "$ref": "https://example.com/x"}})
        )),
        "invalid_value ./input: "
    );
    assert_eq!(
        only(&with_tool(json!({"input": 7}))),
        "invalid_value ./input: "
    );
    // A workflow that takes any input can be called with an object.
    let any = [
        json!({"name": "any", "workflow": "any", "input": input()}),
        json!({"name": "any", "workflow": "any"}),
    ];
    for tool in any {
        assert_eq!(faults(&with_tools(json!([tool])), &library()), []);
    }
}

#[test]
fn what_the_engine_reads_is_within_its_limits() {
    let words = "it is one of `auto`, `required`, `none`, {\"tool\": …}";
    for (data, expected) in [
        (
            json!({"tool_choice": "sometimes"}),
            format!("invalid_value tool_choice: {words}"),
        ),
        (
            json!({"tool_choice": {"tool": "order", "x": 1}}),
            format!("invalid_value tool_choice: {words}"),
        ),
        (
            json!({"tool_choice": {"tool": "ordr"}}),
            "unknown_reference tool_choice/tool: did you mean `order`?".into(),
        ),
        (
            json!({"tools": [], "tool_choice": "required"}),
            "invalid_value tool_choice: add to `tools`, or leave `tool_choice` out".into(),
        ),
        (json!({"max_turns": 0}), "invalid_value max_turns: ".into()),
        (
            json!({"max_turns": 101}),
            "invalid_value max_turns: ".into(),
        ),
        (
            json!({"max_turns": 2.5}),
            "invalid_value max_turns: ".into(),
        ),
        (
            json!({"concurrency": 129}),
            "invalid_value concurrency: ".into(),
        ),
        (
            json!({"max_calls": 129}),
            "invalid_value max_calls: ".into(),
        ),
        (
            json!({"max_result_bytes": 1_048_577}),
            "invalid_value max_result_bytes: ".into(),
        ),
        (
            json!({"max_repeats": 0}),
            "invalid_value max_repeats: ".into(),
        ),
        (
            json!({"turn_timeout": "0s"}),
            "invalid_value turn_timeout: ".into(),
        ),
        (
            json!({"turn_timeout": "5"}),
            "invalid_value turn_timeout: write `5s` for 5 seconds".into(),
        ),
        (
            json!({"max_turn": 5}),
            "unknown_field max_turn: did you mean `max_turns`?".into(),
        ),
        (
            json!({"promt": "5"}),
            "unknown_field promt: did you mean `prompt`?".into(),
        ),
    ] {
        assert_eq!(only(&with_data(data)), expected);
    }
    for (tool, expected) in [
        (json!({"timeout": "0s"}), "invalid_value ./timeout: "),
        (
            json!({"tiemout": "1s"}),
            "unknown_field ./tiemout: did you mean `timeout`?",
        ),
        (
            json!({"on_ambiguous": "maybe"}),
            "invalid_value ./on_ambiguous: it is one of `retry`, `fail`",
        ),
        (
            json!({"on_error": "stop"}),
            "invalid_value ./on_error: it is one of `answer`, `fail`",
        ),
        (
            json!({"description": "For {{ input }}"}),
            "not_a_template ./description: ",
        ),
        (json!({"max_repeats": 101}), "invalid_value ./max_repeats: "),
    ] {
        assert_eq!(only(&with_tool(tool)), expected);
    }
}
