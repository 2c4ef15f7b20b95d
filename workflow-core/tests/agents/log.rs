//! The log of turns and calls, and runs that are continued from every prefix of it.

use std::sync::Arc;

use crate::support::{
    Probe,
    agents::{
        Script, Sent, checked, completions, event_of, one_agent, registry, results, run_agent,
        script, stored, to_end, tool,
    },
    brief, collect, failure, output_of,
};
use serde_json::{Value, json};
use workflow_core::{
    EventKind, Executor, StepEvent,
    event::NodeWaiting,
    node::agent::{AgentTurn, ToolCall},
};

/// Two calls at a time, a tool that fails, one that does not exist, arguments that do not fit, and two calls that need approval.
fn spec() -> Value {
    let mut refund = tool(
        "refund",
        json!({"millis": 4, "output": {"paid": "{{ args.n }}"}}),
    );
    refund["approve"] = json!({"message": "Refund {{ args.n }} of {{ before.output }}?"});
    refund["on_ambiguous"] = "fail".into();
    refund["nodes"][0]["id"] = "pay".into();
    let mut double = tool("double", json!({"millis": 5, "output": "{{ args.n * 2 }}"}));
    double["nodes"].as_array_mut().unwrap().push(json!(
        {"id": "twice", "type": "TransformNode", "data": {"value": "{{ work.output }}"}}
    ));
    let broken = json!({"name": "broken", "on_ambiguous": "retry", "nodes": [
        {"id": "bad", "type": "Script", "retry": {"max_attempts": 2, "delay": "2ms", "jitter": false},
            "data": {"millis": 2, "failures": 9, "retryable": true}},
    ]});
    json!({"nodes": [
        {"id": "before", "type": "PromptNode", "data": {"template": "B{{ input }}"}},
        {"id": "agent", "type": "Agent", "data": {
            "prompt": "Do {{ before.output }}", "millis": 3, "max_turns": 6, "concurrency": 2,
            "tools": [double, broken, refund],
        }},
        {"id": "after", "type": "PromptNode", "data": {"template": "{{ agent.output }}!"}},
    ]})
}

fn two_turns_of_calls() -> Script {
    script(|request| match request.turn {
        0 => AgentTurn::calls(vec![
            ToolCall::new("double", json!({"n": 4})).with_id("c0"),
            ToolCall::new("broken", json!({})),
            ToolCall::new("double", json!({"n": 5.0})),
            ToolCall::new("refnd", json!({})),
            ToolCall::new("double", json!({"n": "x"})),
        ])
        .with_text("I look")
        .with_state(json!({"signature": "S0"})),
        1 => AgentTurn::calls(vec![
            ToolCall::new("refund", json!({"n": 7})),
            ToolCall::new("refund", json!({"n": 8})),
        ])
        .with_state(json!({"signature": "S1"})),
        _ => {
            let results = results(request)
                .iter()
                .map(Value::to_string)
                .collect::<Vec<_>>();
            AgentTurn::answer(results.join(" "))
        }
    })
}

/// The refund of 7 is approved with other arguments, that of 8 is refused.
fn answer(waiting: &NodeWaiting) -> Value {
    if waiting.message.as_deref().unwrap().contains('7') {
        json!({"action": "approve", "args": {"n": 70}})
    } else {
        json!({"action": "refuse", "reason": "not this one"})
    }
}

#[tokio::test(start_paused = true)]
async fn turns_and_calls_are_steps_of_the_log() {
    let tools = json!([tool(
        "double",
        json!({"millis": 5, "output": "{{ args.n * 2 }}"})
    )]);
    let spec = one_agent(json!({"max_turns": 4, "tools": tools}));
    let (_, _, log) = run_agent(
        &spec,
        script(|request| match request.turn {
            0 => AgentTurn::calls(vec![
                ToolCall::new("double", json!({"n": 1})),
                ToolCall::new("double", json!({"n": 2})),
            ]),
            _ => AgentTurn::answer(json!(results(request))),
        }),
    )
    .await;
    assert_eq!(output_of(&log), json!([2, 4]));
    assert_eq!(
        brief(&log),
        [
            "run.created",
            "run.started",
            "node.started agent",
            "node.progress agent",
            "node.started agent/0/turn",
            "node.completed agent/0/turn",
            "node.started agent/0/double-0",
            "node.started agent/0/double-1",
            "node.started agent/0/double-0/work",
            "node.started agent/0/double-1/work",
            "node.completed agent/0/double-0/work",
            "node.completed agent/0/double-1/work",
            "node.completed agent/0/double-0",
            "node.completed agent/0/double-1",
            "node.progress agent",
            "node.started agent/1/turn",
            "node.completed agent/1/turn",
            "node.completed agent",
            "run.completed",
        ]
    );
    let progress = event_of(&log, "node.progress", "agent");
    assert_eq!(
        (&progress["turn"], &progress["max_turns"]),
        (&json!(0), &json!(4))
    );
    let completed = event_of(&log, "node.completed", "agent");
    assert_eq!(completed["turns"], 2);
    assert_eq!(
        completed.get("usage"),
        None,
        "only turns have usage, so that sums count once"
    );
    assert_eq!(
        event_of(&log, "node.completed", "agent/0/turn")["usage"]["input_tokens"],
        10
    );
}

#[tokio::test(start_paused = true)]
async fn results_go_back_in_the_order_of_the_calls() {
    // The later a call begins, the sooner it ends.
    let slow = tool("wait", json!({"millis": 1, "output": "{{ args.n }}"}));
    let mut slow = slow;
    slow["nodes"][0] =
        json!({"id": "work", "type": "DelayNode", "data": {"for": "{{ 10 - args.n }}s"}});
    slow["nodes"].as_array_mut().unwrap().push(json!(
        {"id": "n", "type": "TransformNode", "needs": ["work"], "data": {"value": "{{ args.n }}"}}
    ));
    let spec = one_agent(json!({"tools": [slow]}));
    let (_, _, log) = run_agent(
        &spec,
        script(|request| match request.turn {
            0 => AgentTurn::calls(
                (1..=3)
                    .map(|n| ToolCall::new("wait", json!({"n": n})))
                    .collect(),
            ),
            _ => AgentTurn::answer(json!(results(request))),
        }),
    )
    .await;
    assert_eq!(output_of(&log), json!([1, 2, 3]));
    let ends: Vec<String> = brief(&log)
        .into_iter()
        .filter(|it| it.starts_with("node.completed agent/0/wait-") && it.matches('/').count() == 2)
        .collect();
    assert_eq!(
        ends,
        [2, 1, 0].map(|call| format!("node.completed agent/0/wait-{call}"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_of_one_makes_one_call_after_another() {
    let spec = one_agent(json!({"concurrency": 1, "tools": [tool("t", json!({"millis": 5}))]}));
    let (_, _, log) = run_agent(
        &spec,
        script(|request| match request.turn {
            0 => AgentTurn::calls(
                (0..3)
                    .map(|n| ToolCall::new("t", json!({"n": n})))
                    .collect(),
            ),
            _ => AgentTurn::answer("done"),
        }),
    )
    .await;
    let of_calls: Vec<String> = brief(&log)
        .into_iter()
        .filter(|it| it.contains("/t-") && !it.ends_with("work"))
        .collect();
    let expected = (0..3).flat_map(|call| {
        ["started", "completed"].map(|what| format!("node.{what} agent/0/t-{call}"))
    });
    assert_eq!(of_calls, expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_turn_is_in_the_log_only() {
    let (_, _, log) = run_agent(
        &one_agent(json!({})),
        script(|_| AgentTurn::answer("done").with_state(json!({"secret": "S0"}))),
    )
    .await;
    let turn = log.iter().find(|event| {
        event.kind.name() == "node.completed"
            && event.step().unwrap().path().as_str() == "agent/0/turn"
    });
    let turn = turn.unwrap();
    let text = serde_json::to_value(turn).unwrap();
    assert_eq!(text["state"], json!({"secret": "S0"}));
    let shown = serde_json::to_value(turn.shown()).unwrap();
    assert_eq!(shown["state"]["bytes"], 15);
    assert_eq!(shown["state"]["sha256"].as_str().unwrap().len(), 64);
    assert!(!shown.to_string().contains("S0"));
}

/// Every prefix of the log is continued to its end, and so is every prefix of what comes of that.
#[tokio::test(start_paused = true)]
async fn every_prefix_of_a_log_leads_to_the_same_end_twice() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec(), &registry(&probe, two_turns_of_calls(), &sent));
    let first = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let whole = to_end(&workflow, first, answer).await;
    assert_eq!(
        output_of(&whole),
        r#"8 "scripted" 10 "unknown_tool" "invalid_arguments" {"paid":70} "refused"!"#
    );
    let reference = sent.taken();
    assert_eq!(reference.len(), 3);
    let (mut same, mut ambiguous) = (0, 0);
    for cut in 1..whole.len() {
        let once = to_end(&workflow, stored(&whole[..cut]), answer).await;
        // Others of them after each first cut, so that all pairs of neighbours are among them.
        for second in ((cut + 1)..once.len()).step_by(3) {
            let twice = to_end(&workflow, once[..second].to_vec(), answer).await;
            let is_ambiguous = check(&twice, &whole);
            ambiguous += usize::from(is_ambiguous);
            same += usize::from(!is_ambiguous);
            for (path, texts) in sent.taken() {
                for text in texts {
                    assert_eq!(
                        attempts_hidden(&text),
                        attempts_hidden(&reference[&path][0])
                    );
                }
            }
        }
        _ = sent.taken();
    }
    assert!(same > 300 && ambiguous > 5, "{same} and {ambiguous}");
}

/// Checks a continued run. Returns whether it ended because a payment may have been made.
fn check(ended: &[StepEvent], whole: &[StepEvent]) -> bool {
    let numbers = ended.iter().map(|event| event.seq);
    assert!(numbers.eq(1..=ended.len() as u64));
    assert!(completions(ended).values().all(|times| *times == 1));
    if let EventKind::RunFailed(failed) = &ended.last().unwrap().kind {
        assert_eq!(failed.error.code, "ambiguous");
        assert_eq!(
            failed.step.as_ref().unwrap().path().as_str(),
            "agent/1/refund-0/pay"
        );
        assert!(!brief(ended).contains(&"node.started agent/2/turn".to_owned()));
        return true;
    }
    assert_eq!(output_of(ended), output_of(whole));
    assert_eq!(completions(ended), completions(whole));
    false
}

/// A lost attempt counts, so the error of a later one has another number.
fn attempts_hidden(text: &str) -> String {
    let mut text = text.to_owned();
    for attempt in 1..9 {
        text = text.replace(&format!("attempt {attempt} of"), "an attempt of");
    }
    text
}

#[tokio::test(start_paused = true)]
async fn a_damaged_log_is_refused() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec(), &registry(&probe, two_turns_of_calls(), &sent));
    let first = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let whole = to_end(&workflow, first, answer).await;
    let refused = |change: &dyn Fn(&mut Value) -> bool| {
        let mut events = serde_json::to_value(&whole).unwrap();
        let changed = events.as_array_mut().unwrap().iter_mut().any(change);
        assert!(changed, "the log has such an event");
        let log: Vec<StepEvent> = serde_json::from_value(events).unwrap();
        assert!(Executor::new().resume(Arc::clone(&workflow), &log).is_err());
    };
    let is = |event: &Value, name: &str, path: &str| event["type"] == name && event["path"] == path;
    refused(&|event| {
        let found = is(event, "node.completed", "agent/0/turn");
        if found {
            event["output"] = json!({"cals": []});
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.completed", "agent/0/turn");
        if found {
            event["output"] = json!({"text": "done", "output": 1});
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.progress", "agent") && event["turn"] == 1;
        if found {
            event["turn"] = 2.into();
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.progress", "agent");
        if found {
            event["max_turns"] = 7.into();
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.waiting", "agent/1/refund-0");
        if found {
            event["path"] = "agent/0/double-0".into();
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.waiting", "agent/1/refund-0");
        if found {
            event["kind"] = "effect".into();
        }
        found
    });
    refused(&|event| {
        let found = is(event, "node.started", "agent/0/double-0");
        if found {
            event["path"] = "agent/0/double-9".into();
        }
        found
    });
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_fails_has_the_error_of_its_turn() {
    let script: Script = Arc::new(|_, _| Err(workflow_core::NodeError::new("down", "no model")));
    let (_, _, log) = run_agent(&one_agent(json!({})), script).await;
    assert_eq!(failure(&log), "down: no model");
    let EventKind::RunFailed(failed) = &log.last().unwrap().kind else {
        panic!("it fails")
    };
    assert_eq!(
        failed.step.as_ref().unwrap().path().as_str(),
        "agent/0/turn"
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_with_a_lower_limit_of_open_frames_continues_as_far_as_it_may() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec(), &registry(&probe, two_turns_of_calls(), &sent));
    let first = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let whole = to_end(&workflow, first, answer).await;
    for frames in 1..5 {
        let host = Executor::new().with_max_open_frames(frames);
        for cut in 1..whole.len() {
            // It reads whatever the other host has opened.
            let run = host.resume(Arc::clone(&workflow), &whole[..cut]);
            let rest = collect(run.unwrap_or_else(|error| panic!("{error} after {cut}"))).await;
            let mut all = whole[..cut].to_vec();
            all.extend(rest);
            assert!(Executor::new().resume(Arc::clone(&workflow), &all).is_ok());
        }
    }
}

/// A later version may find faults in arguments that an earlier one did not, and the other way round.
#[tokio::test(start_paused = true)]
async fn what_the_log_says_of_a_call_counts_and_not_how_it_would_be_checked_now() {
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec(), &registry(&probe, two_turns_of_calls(), &sent));
    let first = collect(Executor::new().run(Arc::clone(&workflow), "in".into())).await;
    let mut events = serde_json::to_value(first).unwrap();
    let mut events_of = events.as_array_mut().unwrap().iter_mut();
    let turn = events_of
        .find(|event| event["type"] == "node.completed" && event["path"] == "agent/0/turn");
    let calls = &mut turn.unwrap()["output"]["calls"];
    calls[0]["args"] = json!({"n": "four"});
    calls[4]["args"] = json!({"n": 4});
    let log: Vec<StepEvent> = serde_json::from_value(events).unwrap();
    let ended = to_end(&workflow, log, answer).await;
    assert_eq!(
        output_of(&ended),
        r#"8 "scripted" 10 "unknown_tool" "invalid_arguments" {"paid":70} "refused"!"#
    );
}
