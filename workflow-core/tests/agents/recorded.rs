//! Recorded runs of agents as tests: turns are answered from the recording, and so are persons.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::{
    EngineError, NewRun, Registry, RunId, Runs, StepEvent, Workflows,
    node::agent::{AgentTurn, ToolCall},
    testing::{Expected, RecordedTest, Recording, TestEngine, TestedRun, run_in_virtual_time},
};

use crate::support::{
    Probe,
    agents::{Script, Sent, one_agent, registry, results, script, tool},
    output_of,
};

/// Looks something up after a failed attempt, and refunds it after an approval.
fn agent() -> Script {
    let script = script(|request| match request.turn {
        0 => AgentTurn::calls(vec![ToolCall::new("find", json!({"n": 1}))])
            .with_state(json!({"signature": "S0"})),
        1 => AgentTurn::calls(vec![ToolCall::new("refund", json!({"n": 2}))])
            .with_state(json!({"signature": "S1"})),
        _ => AgentTurn::answer(json!(results(request))),
    });
    Arc::new(move |cx, request| {
        if request.turn == 1 && cx.failures() == 0 {
            return Err(workflow_core::NodeError::new("busy", "later").with_retry());
        }
        script(cx, request)
    })
}

/// An agent that must not be asked.
fn nobody() -> Script {
    script(|_| panic!("the model is called"))
}

fn types(script: Script) -> Registry {
    registry(&Probe::default(), script, &Sent::default())
}

fn spec(prompt: &str) -> Value {
    let mut refund = tool(
        "refund",
        json!({"millis": 5, "output": {"paid": "{{ args.n }}"}}),
    );
    refund["approve"] = json!({"message": "Refund {{ args.n }}?"});
    let mut spec = one_agent(json!({"tools": [tool("find", json!({})), refund]}));
    spec["nodes"][0]["data"]["prompt"] = prompt.into();
    spec
}

/// The log of a run, in which the refund is approved with other arguments.
async fn recorded() -> Result<Vec<StepEvent>, EngineError> {
    let engine = TestEngine::new(|| types(agent())).start();
    let workflow = engine.create_workflow(spec("{{ input }}")).await?.record.id;
    let run: RunId = engine.start(NewRun::new(workflow, json!("in"))).await?.id;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let report = engine.run_report(run).await?;
        if let Some(wait) = report.waits.first() {
            let answer = json!({"action": "approve", "args": {"n": 7}});
            engine.answer(run, wait.wait_id, answer).await?;
        }
        if report.record.head.status.has_ended() {
            return engine.read_events(run, 0, 10_000).await;
        }
    }
}

async fn tested(spec: Value) -> Result<TestedRun, EngineError> {
    let recording = Recording::of_events(recorded().await?).unwrap();
    RecordedTest::new(types(nobody()), spec, recording)
        .run()
        .await
}

#[test]
fn turns_calls_and_persons_answer_as_they_did() {
    let run = run_in_virtual_time(tested(spec("{{ input }}"))).unwrap();
    assert_eq!(Expected::default().faults(&run), []);
    assert_eq!(output_of(&run.log), json!(["work", {"paid": 7}]));
    let state = |log: &[StepEvent]| {
        let events = log.iter().filter_map(StepEvent::report);
        events
            .filter_map(|report| report.state.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        state(&run.log).len(),
        2,
        "the next turn needs the state of the one before"
    );
    let retries = run
        .log
        .iter()
        .filter(|event| event.kind.name() == "node.retrying");
    assert_eq!(retries.count(), 1);
}

#[test]
fn a_turn_that_was_not_recorded_is_a_fault_with_the_difference() {
    let run = run_in_virtual_time(tested(spec("Please: {{ input }}"))).unwrap();
    let [missing] = &run.not_recorded[..] else {
        panic!("{:?}", run.not_recorded);
    };
    assert_eq!(missing.path.as_str(), "agent/0/turn");
    assert!(
        missing.detail.contains("did something else"),
        "{}",
        missing.detail
    );
}
