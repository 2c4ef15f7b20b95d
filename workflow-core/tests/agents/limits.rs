//! The limits of turns, calls and histories.

use serde_json::{Value, json};
use workflow_core::{
    Executor,
    node::agent::{AgentTurn, ToolCall, TurnOutput},
};

use crate::support::{
    Probe,
    agents::{Sent, checked, one_agent, registry, run_agent, script, tool},
    collect, failure, output_of,
};

const MIB: usize = 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn arguments_of_two_mebibytes_fail_the_turn() {
    let (_, sent, log) = run_agent(
        &one_agent(json!({})),
        script(|_| {
            AgentTurn::calls(vec![ToolCall::new(
                "t",
                json!({"text": "x".repeat(2 * MIB)}),
            )])
        }),
    )
    .await;
    assert_eq!(
        failure(&log),
        "output_too_large: the output has more than 1048576 bytes"
    );
    assert_eq!(sent.taken()["agent/0/turn"].len(), 1, "it is not retried");
    assert!(serde_json::to_string(&log).unwrap().len() < 10_000);
}

#[tokio::test(start_paused = true)]
async fn arguments_that_are_nested_too_deep_fail_the_turn() {
    let deep = (0..500).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let (_, _, log) = run_agent(
        &one_agent(json!({})),
        script(move |_| AgentTurn::calls(vec![ToolCall::new("t", deep.clone())])),
    )
    .await;
    assert!(failure(&log).starts_with("output_too_deep"));
}

#[tokio::test(start_paused = true)]
async fn a_state_of_five_mebibytes_fails_the_turn() {
    for (mebibytes, fails) in [(3, false), (5, true)] {
        let (_, sent, log) = run_agent(
            &one_agent(json!({})),
            script(move |_| {
                AgentTurn::answer("done").with_state("x".repeat(mebibytes * MIB).into())
            }),
        )
        .await;
        assert_eq!(sent.taken()["agent/0/turn"].len(), 1);
        if fails {
            assert!(
                failure(&log).starts_with("turn_state_too_large: "),
                "{}",
                failure(&log)
            );
        } else {
            assert_eq!(output_of(&log), "done");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_has_at_most_sixteen_mebibytes() {
    let tools = json!([tool("t", json!({}))]);
    let spec = one_agent(json!({"max_turns": 50, "tools": tools}));
    let calls = script(|request| {
        AgentTurn::calls(vec![ToolCall::new("t", json!({"n": request.turn}))])
            .with_state("x".repeat(3 * MIB).into())
    });
    let (_, sent, log) = run_agent(&spec, calls).await;
    let failure = failure(&log);
    assert!(failure.starts_with("history_too_large: "), "{failure}");
    assert!(failure.contains("at most 16777216"), "{failure}");
    assert_eq!(sent.taken().len(), 6, "five states of 3 MiB fit");
}

#[tokio::test(start_paused = true)]
async fn large_results_are_measured_as_they_are_sent() {
    // 18 results of 1 MB each, of which 64 KiB are sent.
    let work = json!({"output": "{{ 'x' * 1000000 }}"});
    let tools = json!([tool("t", work)]);
    let spec = one_agent(json!({"max_turns": 50, "tools": tools}));
    let calls = script(|request| match request.turn {
        2 => AgentTurn::answer("done"),
        turn => AgentTurn::calls(
            (0..9)
                .map(|n| ToolCall::new("t", json!({"n": 100 * turn + n})))
                .collect(),
        ),
    });
    let (_, _, log) = run_agent(&spec, calls).await;
    assert_eq!(output_of(&log), "done");
}

#[tokio::test(start_paused = true)]
async fn open_frames_of_agents_count() {
    let spec = one_agent(json!({"tools": [tool("t", json!({"millis": 5}))]}));
    let calls = script(|request| match request.turn {
        0 => AgentTurn::calls(
            (0..4)
                .map(|n| ToolCall::new("t", json!({"n": n})))
                .collect(),
        ),
        _ => AgentTurn::answer(json!(crate::support::agents::results(request))),
    });
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec, &registry(&probe, calls, &sent));
    let with = |frames: usize| Executor::new().with_max_open_frames(frames);
    for frames in [1, 2] {
        let log = collect(with(frames).run(workflow.clone(), "in".into())).await;
        assert!(
            failure(&log).starts_with("too_many_frames"),
            "{frames}: {}",
            failure(&log)
        );
    }
    let log = collect(with(3).run(workflow.clone(), "in".into())).await;
    let full = "too_many_frames";
    assert_eq!(output_of(&log), json!([full, full, full, full]));
    let log = collect(with(5).run(workflow.clone(), "in".into())).await;
    assert_eq!(output_of(&log), json!(["work", "work", full, full]));
    let log = collect(with(7).run(workflow, "in".into())).await;
    assert_eq!(output_of(&log), json!(["work", "work", "work", "work"]));
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_a_history_counts() {
    let tools = json!([tool("t", json!({}))]);
    let spec = one_agent(json!({"max_turns": 50, "tools": tools}));
    let calls = script(|request| {
        AgentTurn::of({
            let mut output = TurnOutput::default();
            output.calls = vec![ToolCall::new("t", json!({"n": request.turn}))];
            output
        })
        .with_state("x".repeat(MIB).into())
    });
    let (probe, sent) = (Probe::default(), Sent::default());
    let workflow = checked(&spec, &registry(&probe, calls, &sent));
    let executor = Executor::new().with_max_run_memory(4 * MIB);
    let log = collect(executor.run(workflow, "in".into())).await;
    assert!(
        failure(&log).starts_with("too_much_memory"),
        "{}",
        failure(&log)
    );
    assert_eq!(sent.taken().len(), 4);
}
