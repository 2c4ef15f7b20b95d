//! How an agent ends: an answer, its last turn, or a turn that makes no sense.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use workflow_core::node::agent::{AgentTurn, ToolCall, ToolChoice, TurnOutput};

use crate::support::{
    agents::{Script, event_of, one_agent, run_agent, script, tool},
    brief, failure, output_of,
};

fn calls_for_ever() -> Script {
    script(|request| {
        AgentTurn::calls(vec![ToolCall::new("t", json!({"n": request.turn}))]).with_text(
            if request.turn == 1 {
                "half an answer"
            } else {
                ""
            },
        )
    })
}

#[tokio::test(start_paused = true)]
async fn a_model_that_calls_for_ever_has_so_many_turns() {
    let spec = one_agent(json!({"max_turns": 3, "tools": [tool("t", json!({}))]}));
    let (probe, sent, log) = run_agent(&spec, calls_for_ever()).await;
    assert_eq!(
        failure(&log),
        "max_turns: there is no answer after 3 turns, the `max_turns` of the agent"
    );
    assert_eq!(
        probe.count("start work"),
        2,
        "the calls of the last turn are not made"
    );
    assert_eq!(sent.taken().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_agent_may_end_with_the_text_so_far() {
    let tools = json!([tool("t", json!({}))]);
    let spec = one_agent(json!({"max_turns": 3, "on_max_turns": "continue", "tools": tools}));
    let mut spec = spec;
    spec["nodes"].as_array_mut().unwrap().push(json!(
        {"id": "after", "type": "PromptNode", "data": {"template": "{{ agent.output }} {{ agent.exhausted }}"}}
    ));
    let (_, _, log) = run_agent(&spec, calls_for_ever()).await;
    assert_eq!(output_of(&log), "half an answer true");
    let completed = event_of(&log, "node.completed", "agent");
    assert_eq!(
        (&completed["exhausted"], &completed["turns"]),
        (&json!(true), &json!(3))
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_turn_forbids_calls_and_the_first_may_require_them() {
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let taken = Arc::clone(&seen);
    let calls = script(move |request| {
        let tools = request.tools.len();
        let seen = (request.tool_choice.clone(), request.is_last, tools);
        taken.lock().unwrap().push(seen);
        if request.is_last {
            return AgentTurn::answer("done");
        }
        AgentTurn::calls(vec![ToolCall::new("t", json!({"n": request.turn}))])
    });
    let tools = json!([tool("t", json!({}))]);
    let fields = json!({"max_turns": 3, "tool_choice": {"tool": "t"}, "tools": tools});
    run_agent(&one_agent(fields), Arc::clone(&calls)).await;
    let taken = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(
        taken,
        [
            (ToolChoice::Tool("t".into()), false, 1),
            (ToolChoice::Auto, false, 1),
            (ToolChoice::None, true, 1),
        ]
    );
    run_agent(
        &one_agent(json!({"max_turns": 1, "tool_choice": "required", "tools": tools})),
        calls,
    )
    .await;
    assert_eq!(seen.lock().unwrap()[..], [(ToolChoice::None, true, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_finishing_turn_gives_the_answer_its_form_without_tools() {
    let seen: Arc<Mutex<Vec<_>>> = Arc::default();
    let taken = Arc::clone(&seen);
    let calls = script(move |request| {
        let tools = request.tools.len();
        taken
            .lock()
            .unwrap()
            .push((request.is_finishing, tools, request.tool_choice.clone()));
        match (request.turn, request.is_finishing) {
            (0, _) => AgentTurn::calls(vec![ToolCall::new("t", json!({"n": 1}))]),
            (_, false) => AgentTurn::of(TurnOutput::to_finish("about five")),
            (_, true) => {
                let before = &request.history.last().unwrap().output;
                AgentTurn::answer(json!({"text": before.text, "n": 5}))
            }
        }
    });
    let spec = one_agent(json!({"max_turns": 3, "tools": [tool("t", json!({}))]}));
    let (_, _, log) = run_agent(&spec, calls).await;
    assert_eq!(output_of(&log), json!({"text": "about five", "n": 5}));
    assert_eq!(
        seen.lock().unwrap()[..],
        [
            (false, 1, ToolChoice::Auto),
            (false, 1, ToolChoice::Auto),
            (true, 0, ToolChoice::None)
        ]
    );
    let turns = brief(&log)
        .iter()
        .filter(|it| *it == "node.progress agent")
        .count();
    assert_eq!(turns, 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_its_form_is_none_in_the_last_turn() {
    let finish = || script(|_| AgentTurn::of(TurnOutput::to_finish("about five")));
    let (_, _, log) = run_agent(&one_agent(json!({"max_turns": 1})), finish()).await;
    assert!(failure(&log).starts_with("max_turns"));
    let fields = json!({"max_turns": 1, "on_max_turns": "continue"});
    let (_, _, log) = run_agent(&one_agent(fields), finish()).await;
    assert_eq!(output_of(&log), "about five");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_makes_no_sense_is_repeated_once() {
    let nothing = || {
        AgentTurn::of(TurnOutput::default())
            .with_text("hm")
            .with_state(json!(1))
    };
    let both = || {
        let mut turn = AgentTurn::answer("done");
        turn.output.calls = vec![ToolCall::new("t", json!({}))];
        turn
    };
    let flood = || AgentTurn::calls(vec![ToolCall::new("t", json!({})); 1_001]);
    for turn in [nothing, both, flood] {
        let (_, sent, log) = run_agent(&one_agent(json!({})), script(move |_| turn())).await;
        assert!(
            failure(&log).starts_with("malformed_turn"),
            "{}",
            failure(&log)
        );
        assert_eq!(sent.taken()["agent/0/turn"].len(), 2);
        assert_eq!(
            event_of(&log, "node.failed", "agent/0/turn")["usage"]["input_tokens"],
            10
        );
        let once: Script = Arc::new(move |cx, _| {
            Ok(if cx.failures() == 0 {
                turn()
            } else {
                AgentTurn::answer("done")
            })
        });
        let (_, _, log) = run_agent(&one_agent(json!({})), once).await;
        assert_eq!(output_of(&log), "done");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_any_json() {
    for output in [
        json!(null),
        json!(false),
        json!([1, {"a": null}]),
        json!(""),
    ] {
        let given = output.clone();
        let turn = script(move |_| AgentTurn::answer(given.clone()));
        let (_, _, log) = run_agent(&one_agent(json!({})), turn).await;
        assert_eq!(output_of(&log), output);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_agent_counts_all_of_it() {
    let tools = json!([tool("t", json!({"millis": 400}))]);
    let mut spec = one_agent(json!({"max_turns": 9, "tools": tools}));
    spec["nodes"][0]["timeout"] = "1s".into();
    let (probe, _, log) = run_agent(&spec, calls_for_ever()).await;
    assert_eq!(
        failure(&log),
        "timeout: it took longer than its `timeout` allows"
    );
    assert_eq!(probe.count("drop work"), 1);
    let cancelled: Vec<Value> = brief(&log)
        .into_iter()
        .filter(|it| it.starts_with("node.cancelled"))
        .map(Value::from)
        .collect();
    assert_eq!(
        cancelled,
        [
            "node.cancelled agent/2/t-0/work",
            "node.cancelled agent/2/t-0"
        ]
    );
}
