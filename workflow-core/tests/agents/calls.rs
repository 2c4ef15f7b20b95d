//! Calls that are not made, and what a model is given of those that are.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use workflow_core::{
    StepEvent,
    node::agent::{AgentTurn, CallResult, ToolCall, TurnRequest},
};

use crate::support::{
    agents::{event_of, one_agent, results, run_agent, script, tool},
    brief, failure, output_of,
};

/// Runs an agent that asks for these calls once, and answers with the codes or results.
async fn after_calls(tools: Value, calls: Vec<ToolCall>) -> Vec<StepEvent> {
    let script = script(move |request| match request.turn {
        0 => AgentTurn::calls(calls.clone()),
        _ => AgentTurn::answer(json!(results(request))),
    });
    run_agent(&one_agent(json!({"tools": tools})), script)
        .await
        .2
}

/// The results of the calls of the latest turn as a model reads them.
fn for_model(request: &TurnRequest) -> Vec<Value> {
    let latest = request.history.last().unwrap();
    latest.results.iter().map(CallResult::for_model).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_that_do_not_fit_are_answered_and_do_nothing() {
    let tools = json!([tool("double", json!({"output": "{{ args.n * 2 }}"}))]);
    let calls = vec![
        ToolCall::new("double", json!({"n": "four"})),
        ToolCall::new("double", json!({})),
        ToolCall::new("double", json!("n")),
        ToolCall::new("double", json!(null)).with_problem("expected value at line 1"),
        ToolCall::new("../double", json!({"n": 1})),
        ToolCall::new("x".repeat(10_000), json!({"n": 1})),
        ToolCall::new("", json!({})),
        ToolCall::new("double", json!({"n": 17.0})),
    ];
    let log = after_calls(tools, calls).await;
    let unknown = "unknown_tool";
    let invalid = "invalid_arguments";
    assert_eq!(
        output_of(&log),
        json!([
            invalid, invalid, invalid, invalid, unknown, unknown, unknown, 34
        ])
    );
    let failed = event_of(&log, "node.failed", "agent/0/double-0");
    assert_eq!(failed["handled"], true);
    assert_eq!(failed["error"]["errors"][0]["pointer"], "#/args/n");
    let unreadable = event_of(&log, "node.failed", "agent/0/double-3");
    assert_eq!(
        unreadable["error"]["detail"],
        "the arguments cannot be read: expected value at line 1"
    );
    let names = brief(&log);
    for (call, name) in [(4, "unknown"), (5, "unknown"), (6, "unknown")] {
        assert!(names.contains(&format!("node.failed agent/0/{name}-{call}")));
    }
    let worked = names.iter().filter(|it| it.ends_with("/work")).count();
    assert_eq!(worked, 2, "one call began and completed: {names:#?}");
}

#[tokio::test(start_paused = true)]
async fn whole_numbers_are_integers_wherever_they_are() {
    let mut echo = tool("echo", json!({"output": "{{ args }}"}));
    echo["input"] = json!({"type": "object"});
    let args = json!({"a": 5.0, "b": [1.0, {"c": -0.0}], "d": 1.5, "e": 1e300, "f": "5.0"});
    let log = after_calls(json!([echo]), vec![ToolCall::new("echo", args)]).await;
    let [result] = output_of(&log)
        .as_array()
        .unwrap()
        .clone()
        .try_into()
        .unwrap();
    assert_eq!(
        result.to_string(),
        r#"{"a":5,"b":[1,{"c":0}],"d":1.5,"e":1e+300,"f":"5.0"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_most_of_a_turn_are_answered() {
    let tools = json!([tool("t", json!({"output": "{{ args.n }}"}))]);
    let calls = (0..200).map(|n| ToolCall::new("t", json!({"n": n})));
    let log = after_calls(tools, calls.collect()).await;
    let output = output_of(&log);
    let results = output.as_array().unwrap();
    assert_eq!(results.len(), 200);
    assert_eq!(results[15], 15);
    assert!(results[16..].iter().all(|it| it == "too_many_calls"));
    let failed = event_of(&log, "node.failed", "agent/0/t-199");
    assert_eq!(
        failed["error"]["detail"],
        "the turn asks for 200 calls, and at most 16 are made"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_call_is_made_in_so_many_turns_in_a_row() {
    let mut often = tool("often", json!({}));
    often["max_repeats"] = 4.into();
    let spec = one_agent(json!({"max_turns": 8, "tools": [tool("t", json!({})), often]}));
    let script = script(|request| match request.turn {
        // Another call in between begins a new row.
        5 => AgentTurn::calls(vec![ToolCall::new("t", json!({"n": 2}))]),
        7 => AgentTurn::answer(json!(results(request))),
        _ => AgentTurn::calls(vec![
            // The order of arguments does not count.
            ToolCall::new(
                "t",
                match request.turn % 2 {
                    0 => json!({"n": 1, "m": 2}),
                    _ => json!({"m": 2, "n": 1}),
                },
            ),
            ToolCall::new("often", json!({"n": 1.0})),
        ]),
    });
    let (_, _, log) = run_agent(&spec, script).await;
    let (made, refused) = ("work", "repeated_call");
    assert_eq!(
        output_of(&log),
        json!([
            made, made, made, made, made, made, refused, made, refused, refused, made, made, made
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_tool_is_answered_and_its_siblings_go_on() {
    let broken = tool("broken", json!({"failures": 9}));
    let panics = tool("panics", json!({"panics": true}));
    let mut hangs = tool("hangs", json!({"millis": 3_600_000}));
    hangs["timeout"] = "1s".into();
    let fine = tool("fine", json!({"millis": 2_000}));
    let n = json!({"n": 1});
    let calls = ["broken", "panics", "hangs", "fine"].map(|name| ToolCall::new(name, n.clone()));
    let log = after_calls(json!([broken, panics, hangs, fine]), calls.to_vec()).await;
    assert_eq!(
        output_of(&log),
        json!(["scripted", "panicked", "timeout", "work"])
    );
    let names = brief(&log);
    assert!(names.contains(&"node.cancelled agent/0/hangs-2/work".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_fails_its_agent_cancels_the_other_calls() {
    let mut broken = tool("broken", json!({"failures": 9, "millis": 5}));
    broken["on_error"] = "fail".into();
    let tools = json!([broken, tool("slow", json!({"millis": 1_000}))]);
    let mut spec = one_agent(json!({"tools": tools}));
    spec["nodes"][0]["on_error"] = json!({"output": "none"});
    let calls = script(|_| {
        AgentTurn::calls(vec![
            ToolCall::new("slow", json!({"n": 1})),
            ToolCall::new("broken", json!({"n": 1})),
            ToolCall::new("unheard", json!({})),
        ])
    });
    let (probe, _, log) = run_agent(&spec, calls).await;
    assert_eq!(output_of(&log), "none");
    let ends: Vec<String> = brief(&log).split_off(brief(&log).len() - 6);
    assert_eq!(
        ends,
        [
            "node.failed agent/0/broken-1/work",
            "node.failed agent/0/broken-1",
            "node.cancelled agent/0/slow-0/work",
            "node.cancelled agent/0/slow-0",
            "node.failed agent",
            "run.completed",
        ]
    );
    assert_eq!(probe.count("drop work"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_large_result_is_cut_for_the_model_and_whole_in_the_log() {
    let list = "{% for n in range(200) %}{{ n }},{% endfor %}";
    let mut text = tool("text", json!({"output": list}));
    text["max_result_bytes"] = 256.into();
    let many = tool("many", json!({"output": {"é": list}}));
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let taken = Arc::clone(&seen);
    let spec = one_agent(json!({"max_result_bytes": 300, "tools": [text, many]}));
    let calls = script(move |request| {
        if request.turn == 0 {
            let calls = ["text", "many"].map(|name| ToolCall::new(name, json!({"n": 1})));
            return AgentTurn::calls(calls.to_vec());
        }
        *taken.lock().unwrap() = for_model(request);
        AgentTurn::answer("done")
    });
    let (_, _, log) = run_agent(&spec, calls).await;
    assert_eq!(output_of(&log), "done");
    let whole = event_of(&log, "node.completed", "agent/0/text-0")["output"].clone();
    let whole = whole.as_str().unwrap();
    assert_eq!(whole.len(), 690);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0]["output"], whole[..256]);
    assert_eq!(seen[0]["truncated"], json!({"bytes": 692}));
    let many = seen[1]["output"].as_str().unwrap();
    assert_eq!(many.len(), 300);
    assert!(many.starts_with(r#"{"é":"0,1,2"#));
    assert_eq!(seen[1]["truncated"], json!({"bytes": 692 + 7}));
}

#[tokio::test(start_paused = true)]
async fn errors_reach_the_model_without_hints_and_in_two_kibibytes() {
    let mut strict = tool("strict", json!({}));
    let fields = (0..500).map(|n| (format!("field_{n}"), json!({"type": "integer"})));
    strict["input"]["properties"] = Value::Object(fields.collect());
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let taken = Arc::clone(&seen);
    let calls = script(move |request| {
        if request.turn == 0 {
            let args = (0..500).map(|n| (format!("field_{n}"), json!("x")));
            let args = Value::Object(args.collect());
            return AgentTurn::calls(vec![ToolCall::new("strict", args)]);
        }
        *taken.lock().unwrap() = for_model(request);
        AgentTurn::answer("done")
    });
    run_agent(&one_agent(json!({"tools": [strict]})), calls).await;
    let seen = seen.lock().unwrap();
    let error = seen[0]["error"].as_str().unwrap();
    assert!(error.starts_with("invalid_arguments: the arguments do not fit"));
    assert!(error.contains("#/args"));
    assert!((1_000..=2_048).contains(&error.len()), "{}", error.len());
}

#[tokio::test(start_paused = true)]
async fn a_body_reads_its_arguments_and_what_the_agent_reads() {
    let spec = json!({"nodes": [
        {"id": "before", "type": "PromptNode", "data": {"template": "B{{ input }}"}},
        {"id": "agent", "type": "Agent", "data": {"prompt": "{{ before.output }}", "tools": [{
            "name": "t", "input": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "nodes": [
                {"id": "echo", "type": "Echo", "data": {}},
                {"id": "text", "type": "PromptNode", "data": {
                    "template": "{{ echo.output.n }}{{ args.n }}{{ before.output }}{{ input }}"}},
            ],
            "on_ambiguous": "retry",
        }]}},
    ]});
    let calls = script(|request| match request.turn {
        0 => AgentTurn::calls(vec![ToolCall::new("t", json!({"n": 3}))]),
        _ => AgentTurn::answer(json!(results(request))),
    });
    let (_, _, log) = run_agent(&spec, calls).await;
    assert_eq!(output_of(&log), json!(["33Binin"]));
}

#[tokio::test(start_paused = true)]
async fn an_agent_without_a_prompt_is_asked_its_implicit_input() {
    let spec = json!({"nodes": [
        {"id": "before", "type": "PromptNode", "data": {"template": "B{{ input }}"}},
        {"id": "agent", "type": "Agent", "needs": ["before"], "data": {}},
    ]});
    let (_, sent, _) = run_agent(&spec, script(|_| AgentTurn::answer("done"))).await;
    assert!(sent.taken()["agent/0/turn"][0].starts_with("\"Bin\"\n"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_turn_is_retried_with_the_same_request_and_its_calls_are_not() {
    let spec = one_agent(json!({"tools": [tool("t", json!({}))]}));
    let script: crate::support::agents::Script = Arc::new(|cx, request| match request.turn {
        0 => Ok(AgentTurn::calls(vec![ToolCall::new("t", json!({"n": 1}))])),
        _ if cx.failures() < 2 => Err(workflow_core::NodeError::new("busy", "later").with_retry()),
        _ => Ok(AgentTurn::answer(json!(results(request)))),
    });
    let (probe, sent, log) = run_agent(&spec, script).await;
    assert_eq!(output_of(&log), json!(["work"]));
    assert_eq!(probe.count("start work"), 1);
    let sent = sent.taken();
    let last = &sent["agent/1/turn"];
    assert_eq!(last.len(), 3);
    assert!(last.iter().all(|it| *it == last[0]));
}

#[tokio::test(start_paused = true)]
async fn a_turn_has_a_timeout_of_its_own() {
    let spec = one_agent(json!({"millis": 10_000, "turn_timeout": "1s"}));
    let (_, _, log) = run_agent(&spec, script(|_| AgentTurn::answer("late"))).await;
    assert!(failure(&log).starts_with("timeout"));
    let attempts = brief(&log)
        .iter()
        .filter(|it| *it == "node.started agent/0/turn")
        .count();
    assert_eq!(attempts, 3);
}
