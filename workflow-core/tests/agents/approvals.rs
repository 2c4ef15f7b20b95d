//! Calls that a person approves, changes or refuses.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use workflow_core::{
    Executor, StepEvent, Workflow,
    executor::SignalError,
    node::agent::{AgentTurn, CallResult, ToolCall},
};

use crate::support::{
    Probe,
    agents::{Sent, checked, event_of, one_agent, open_wait, open_waits, registry, script, tool},
    brief, collect, failure, output_of,
};

fn refund(approve: Value) -> Value {
    let mut refund = tool(
        "refund",
        json!({"millis": 5, "output": {"paid": "{{ args.n }}"}}),
    );
    refund["approve"] = approve;
    refund["timeout"] = "1s".into();
    refund
}

/// A workflow of an agent that calls `refund` with 7, and then answers with what the model was told.
fn one_refund(probe: &Probe, agent: Value) -> Arc<Workflow> {
    let calls = script(|request| {
        let Some(past) = request.history.first() else {
            return AgentTurn::calls(vec![ToolCall::new("refund", json!({"n": 7.0}))]);
        };
        let results = past.results.iter().map(CallResult::for_model);
        AgentTurn::answer(json!(results.collect::<Vec<_>>()))
    });
    checked(&one_agent(agent), &registry(probe, calls, &Sent::default()))
}

async fn first(workflow: &Arc<Workflow>) -> Vec<StepEvent> {
    collect(Executor::new().run(Arc::clone(workflow), "in".into())).await
}

async fn answered(workflow: &Arc<Workflow>, log: &[StepEvent], answer: Value) -> Vec<StepEvent> {
    let run = Executor::new().signal(Arc::clone(workflow), log, open_wait(log), answer);
    let mut whole = log.to_vec();
    whole.extend(collect(run.unwrap()).await);
    whole
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_person_before_its_body() {
    let probe = Probe::default();
    let approve =
        json!({"message": "Refund {{ args.n }} of {{ input }}?", "expires": "{{ args.n }}h"});
    let workflow = one_refund(&probe, json!({"tools": [refund(approve)]}));
    let log = first(&workflow).await;
    let end: Vec<String> = brief(&log).split_off(6);
    assert_eq!(
        end,
        [
            "node.started agent/0/refund-0",
            "node.waiting agent/0/refund-0",
            "run.suspended"
        ]
    );
    let waiting = event_of(&log, "node.waiting", "agent/0/refund-0");
    assert_eq!(waiting["kind"], "approval");
    assert_eq!(waiting["message"], "Refund 7 of in?");
    assert_eq!(
        waiting["call"],
        json!({"tool": "refund", "args": {"n": 7}, "input": tool("refund", json!({}))["input"]})
    );
    let wait = open_waits(&log)[0];
    let since = log[log.len() - 2].time;
    assert_eq!(
        wait.expires_at.unwrap().since(since),
        Duration::from_secs(7 * 3600)
    );
    assert_eq!(probe.count("start work"), 0);

    let log = answered(&workflow, &log, json!({"action": "approve"})).await;
    assert_eq!(output_of(&log), json!([{"output": {"paid": 7}}]));
    assert_eq!(probe.count("start work"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_person_may_change_the_arguments_and_the_model_is_told() {
    let probe = Probe::default();
    let workflow = one_refund(
        &probe,
        json!({"tools": [refund(json!({"message": "{{ args.n }}?"}))]}),
    );
    let log = first(&workflow).await;
    let log = answered(
        &workflow,
        &log,
        json!({"action": "approve", "args": {"n": 5.0}}),
    )
    .await;
    assert_eq!(
        output_of(&log),
        json!([{"output": {"paid": 5}, "changed_arguments": {"n": 5}}])
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_is_not_made() {
    let probe = Probe::default();
    let workflow = one_refund(
        &probe,
        json!({"tools": [refund(json!({"message": "{{ args.n }}?"}))]}),
    );
    let log = first(&workflow).await;
    let told = |log: &[StepEvent]| output_of(log)[0]["error"].as_str().unwrap().to_owned();
    let answer = json!({"action": "refuse", "reason": "too much"});
    let with_reason = answered(&workflow, &log, answer).await;
    assert_eq!(
        told(&with_reason),
        "refused: a person refused the call: too much"
    );
    let silent = answered(&workflow, &log, json!({"action": "refuse"})).await;
    assert_eq!(told(&silent), "refused: a person refused the call");
    let reason = "é".repeat(100_000);
    let answer = json!({"action": "refuse", "reason": reason});
    let cut = answered(&workflow, &log, answer).await;
    assert!(told(&cut).len() <= 2_048);
    assert_eq!(probe.count("start work"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_may_fail_the_agent() {
    let probe = Probe::default();
    let mut refund = refund(json!({"message": "{{ args.n }}?"}));
    refund["on_error"] = "fail".into();
    let workflow = one_refund(&probe, json!({"tools": [refund]}));
    let log = first(&workflow).await;
    let log = answered(&workflow, &log, json!({"action": "refuse"})).await;
    assert_eq!(failure(&log), "refused: a person refused the call");
}

#[tokio::test(start_paused = true)]
async fn answers_of_another_shape_are_refused() {
    let probe = Probe::default();
    let workflow = one_refund(
        &probe,
        json!({"tools": [refund(json!({"message": "{{ args.n }}?"}))]}),
    );
    let log = first(&workflow).await;
    for answer in [
        json!(true),
        json!({}),
        json!({"action": "do"}),
        json!({"action": "approve", "args": 5}),
        json!({"action": "approve", "args": {"n": "five"}}),
        json!({"action": "approve", "args": {}}),
        json!({"action": "approve", "reason": "fine"}),
        json!({"action": "refuse", "args": {"n": 5}}),
        json!({"action": "refuse", "reason": 5}),
        json!({"approve": true}),
    ] {
        let wait = open_wait(&log);
        let refused = Executor::new().signal(Arc::clone(&workflow), &log, wait, answer.clone());
        let Err(SignalError::Invalid(faults)) = refused else {
            panic!("{answer} is accepted");
        };
        assert!(!faults.is_empty());
    }
    let wait = open_wait(&log);
    let answer = json!({"action": "approve", "args": {"n": "five"}});
    let refused = Executor::new().signal(Arc::clone(&workflow), &log, wait, answer);
    let Err(SignalError::Invalid(faults)) = refused else {
        panic!("it is accepted");
    };
    assert_eq!(faults[0].pointer, "#/args/n");
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_answered_once() {
    let probe = Probe::default();
    let workflow = one_refund(
        &probe,
        json!({"tools": [refund(json!({"message": "{{ args.n }}?"}))]}),
    );
    let log = first(&workflow).await;
    let wait = open_wait(&log);
    let log = answered(&workflow, &log, json!({"action": "approve"})).await;
    let again = Executor::new().signal(workflow, &log, wait, json!({"action": "refuse"}));
    assert!(matches!(again, Err(SignalError::Answered(_))));
}

#[tokio::test(start_paused = true)]
async fn an_approval_that_nobody_gives_expires_and_the_model_is_told() {
    let probe = Probe::default();
    let approve = json!({"message": "{{ args.n }}?", "expires": "1ms"});
    let workflow = one_refund(&probe, json!({"tools": [refund(approve)]}));
    let mut log = first(&workflow).await;
    let wait = open_wait(&log);
    // The log says when it was: the clock of this host is past that.
    std::thread::sleep(Duration::from_millis(5));
    log.extend(collect(Executor::new().resume(Arc::clone(&workflow), &log).unwrap()).await);
    assert_eq!(
        output_of(&log),
        json!([{"error": "expired: nobody answered in time"}])
    );
    let late = Executor::new().signal(workflow, &log, wait, json!({"action": "approve"}));
    assert!(matches!(late, Err(SignalError::Expired(_))));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_tool_counts_from_the_answer() {
    let probe = Probe::default();
    let mut slow = refund(json!({"message": "{{ args.n }}?"}));
    slow["nodes"][0]["data"]["millis"] = 5_000.into();
    let workflow = one_refund(&probe, json!({"tools": [slow]}));
    let log = first(&workflow).await;
    let started = event_of(&log, "node.started", "agent/0/refund-0");
    assert_eq!(started.get("deadline"), None);
    let begun = tokio::time::Instant::now();
    let log = answered(&workflow, &log, json!({"action": "approve"})).await;
    assert_eq!(
        output_of(&log),
        json!([{"error": "timeout: it took longer than its `timeout` allows"}])
    );
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_keeps_its_place() {
    let probe = Probe::default();
    let calls = script(|request| match request.turn {
        0 => AgentTurn::calls(
            (0..3)
                .map(|n| ToolCall::new("refund", json!({"n": n})))
                .collect(),
        ),
        _ => AgentTurn::answer("done"),
    });
    let approve = json!({"message": "{{ args.n }}?"});
    let spec = one_agent(json!({"concurrency": 2, "tools": [refund(approve)]}));
    let workflow = checked(&spec, &registry(&probe, calls, &Sent::default()));
    let log = first(&workflow).await;
    let open = |log: &[StepEvent]| {
        let waits = open_waits(log);
        waits
            .iter()
            .map(|wait| wait.step.path().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(open(&log), ["agent/0/refund-0", "agent/0/refund-1"]);
    let log = answered(&workflow, &log, json!({"action": "refuse"})).await;
    assert_eq!(open(&log), ["agent/0/refund-1", "agent/0/refund-2"]);
    let log = answered(&workflow, &log, json!({"action": "approve"})).await;
    assert_eq!(open(&log), ["agent/0/refund-2"]);
    let log = answered(&workflow, &log, json!({"action": "approve"})).await;
    assert_eq!(output_of(&log), "done");
    assert_eq!(probe.count("end work"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_made_asks_nobody() {
    let probe = Probe::default();
    let calls = script(|request| match request.turn {
        0 => AgentTurn::calls(vec![ToolCall::new("refund", json!({"n": "seven"}))]),
        _ => AgentTurn::answer("done"),
    });
    let spec = one_agent(json!({"tools": [refund(json!({"message": "{{ args.n }}?"}))]}));
    let workflow = checked(&spec, &registry(&probe, calls, &Sent::default()));
    let log = first(&workflow).await;
    assert_eq!(output_of(&log), "done");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_cannot_be_rendered_fails_the_call() {
    let probe = Probe::default();
    let mut asks = refund(json!({"message": "{{ args.m }}?"}));
    asks["input"]["properties"]["m"] = json!({"type": "string"});
    let workflow = one_refund(&probe, json!({"tools": [asks]}));
    let log = first(&workflow).await;
    let told = output_of(&log)[0]["error"].as_str().unwrap().to_owned();
    assert!(told.starts_with("template_error: "), "{told}");
    assert_eq!(probe.count("start work"), 0);
}
