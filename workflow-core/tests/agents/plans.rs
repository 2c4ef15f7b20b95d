//! Reuse of turns, what-if runs, predictions and budgets of agents.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use workflow_core::{
    EngineError, EventKind, LocalEngine, NewRun, RunId, RunStatus, Runs, StepEvent, WorkflowId,
    Workflows,
    engine::Retry,
    event::WaitKind,
    node::agent::{AgentTurn, ToolCall},
    value::{Budget, StepPath},
    view::{PredictedStatus, Prediction},
};

use crate::support::{
    agents::{Script, Sent, event_of, one_agent, register, results, script},
    brief, output_of,
    planned::{Service, planned_registry},
};

struct Host {
    service: Service,
    sent: Sent,
    engine: LocalEngine,
}

impl Host {
    fn new(script: Script) -> Self {
        let (service, sent) = (Service::new("small"), Sent::default());
        let mut registry = planned_registry(&service);
        register(&mut registry, script, &sent);
        let engine = LocalEngine::builder(registry).build();
        Self {
            service,
            sent,
            engine,
        }
    }

    async fn store(&self, spec: Value) -> WorkflowId {
        self.engine.create_workflow(spec).await.unwrap().record.id
    }

    async fn start(&self, new: NewRun) -> RunId {
        let run = self.engine.start(new).await.unwrap().id;
        self.rest(run).await;
        run
    }

    async fn retry(&self, retry: Retry) -> RunId {
        let run = self.engine.retry(retry).await.unwrap().id;
        self.rest(run).await;
        run
    }

    async fn rest(&self, run: RunId) {
        for _ in 0..1_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let status = self.engine.run_record(run).await.unwrap().head.status;
            if !matches!(status, RunStatus::Queued | RunStatus::Running) {
                return;
            }
        }
        panic!("it neither rests nor ends");
    }

    async fn log(&self, run: RunId) -> Vec<StepEvent> {
        self.engine.read_events(run, 0, 10_000).await.unwrap()
    }

    /// Answers the only open wait.
    async fn answer(&self, run: RunId, answer: Value) {
        let waits = self.engine.run_report(run).await.unwrap().waits;
        assert_eq!(waits.len(), 1);
        self.engine
            .answer(run, waits[0].wait_id, answer)
            .await
            .unwrap();
        self.rest(run).await;
    }

    async fn faults(&self, retry: Retry) -> Vec<String> {
        let Err(EngineError::InvalidRetry(faults)) = self.engine.retry(retry).await else {
            panic!("it was accepted");
        };
        faults
            .iter()
            .map(|it| format!("{} {}", it.code, it.detail))
            .collect()
    }
}

/// Looks something up, refunds it after an approval, and answers with the results.
fn support() -> Value {
    let n = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
    one_agent(json!({"tools": [
        {"name": "find", "input": n, "nodes": [
            {"id": "get", "type": "Paid", "data": {"prompt": "find {{ args.n }}"}}]},
        {"name": "refund", "input": n, "on_ambiguous": "fail",
            "approve": {"message": "Refund {{ args.n }}?"}, "nodes": [
            {"id": "pay", "type": "Paid", "data": {"prompt": "pay {{ args.n }}", "acts": true}}]},
    ]}))
}

fn agent() -> Script {
    script(|request| match request.turn {
        0 => AgentTurn::calls(vec![
            ToolCall::new("find", json!({"n": 1})),
            ToolCall::new("find", json!({"n": 2})),
        ])
        .with_state(json!({"signature": "S0"})),
        1 => AgentTurn::calls(vec![ToolCall::new("refund", json!({"n": 1}))])
            .with_state(json!({"signature": "S1"})),
        _ => AgentTurn::answer(json!(results(request))),
    })
}

async fn supported(host: &Host) -> (WorkflowId, RunId) {
    let workflow = host.store(support()).await;
    let run = host.start(NewRun::new(workflow, json!("in"))).await;
    host.answer(run, json!({"action": "approve"})).await;
    let log = host.log(run).await;
    assert_eq!(
        output_of(&log),
        json!(["small(find 1)", "small(find 2)", "small(pay 1)"])
    );
    assert_eq!(host.sent.taken().len(), 3);
    host.service.taken();
    (workflow, run)
}

#[tokio::test(start_paused = true)]
async fn a_continued_run_pays_for_no_turn_again_and_asks_again_for_approval() {
    let host = Host::new(agent());
    let (_, first) = supported(&host).await;
    let second = host.retry(Retry::unchanged(first)).await;
    assert_eq!(
        host.sent.taken().len(),
        0,
        "the turns are reused with their states"
    );
    assert_eq!(host.service.taken().len(), 0);
    let waits = host.engine.run_report(second).await.unwrap().waits;
    assert_eq!(waits[0].kind, Some(WaitKind::Approval));
    host.answer(second, json!({"action": "approve", "args": {"n": 9}}))
        .await;
    assert_eq!(
        host.service.taken(),
        [("pay 9".to_owned(), 1), ("render pay 9".to_owned(), 0)]
            .into_iter()
            .filter(|(_, times)| *times > 0)
            .collect::<BTreeMap<_, _>>()
    );
    let log = host.log(second).await;
    assert_eq!(
        output_of(&log),
        json!(["small(find 1)", "small(find 2)", "small(pay 9)"])
    );
    let turn = event_of(&log, "node.completed", "agent/1/turn");
    assert_eq!(
        (&turn["reused"], &turn["state"]),
        (&json!(true), &json!({"signature": "S1"}))
    );
    // The history has another result, so the turn after it is another one.
    let sent = host.sent.taken();
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["agent/2/turn"]);
    assert!(sent["agent/2/turn"][0].contains(r#"{"signature":"S1"}"#));
    // What was reused is available once more.
    let third = host.retry(Retry::unchanged(second)).await;
    host.answer(third, json!({"action": "approve", "args": {"n": 9}}))
        .await;
    assert_eq!(host.sent.taken().len(), 0);
    assert_eq!(output_of(&host.log(third).await)[2], "small(pay 9)");
}

#[tokio::test(start_paused = true)]
async fn calls_that_act_are_held_in_a_what_if_run_and_turns_are_not() {
    let host = Host::new(agent());
    let (_, first) = supported(&host).await;
    let mut what_if = Retry::whole(first);
    what_if.overrides = [(StepPath::from("agent/0/find-1"), json!("nothing"))].into();
    let run = host.retry(what_if).await;
    assert_eq!(host.sent.taken().len(), 2, "a turn does nothing but cost");
    host.answer(run, json!({"action": "approve"})).await;
    let waits = host.engine.run_report(run).await.unwrap().waits;
    assert_eq!(waits[0].kind, Some(WaitKind::Effect));
    assert_eq!(waits[0].step.path().as_str(), "agent/1/refund-0/pay");
    assert!(!host.service.taken().contains_key("pay 1"));
    host.answer(run, json!({"action": "complete", "output": "as if"}))
        .await;
    let log = host.log(run).await;
    assert_eq!(
        output_of(&log),
        json!(["small(find 1)", "nothing", "as if"])
    );
    assert_eq!(
        event_of(&log, "node.completed", "agent/0/find-1")["overridden"],
        true
    );
    assert!(!brief(&log).iter().any(|it| it.contains("find-1/get")));
}

#[tokio::test(start_paused = true)]
async fn a_turn_can_be_set() {
    let host = Host::new(agent());
    let (_, first) = supported(&host).await;
    let mut what_if = Retry::whole(first);
    let set = |path: &str, output| [(StepPath::from(path), output)].into();
    what_if.overrides = set("agent/1/turn", json!({"output": "set"}));
    let run = host.retry(what_if.clone()).await;
    assert_eq!(output_of(&host.log(run).await), "set");
    what_if.overrides = set(
        "agent/0/turn",
        json!({"calls": [{"tool": "find", "args": {"n": 5}}]}),
    );
    let run = host.retry(what_if.clone()).await;
    host.answer(run, json!({"action": "refuse"})).await;
    assert_eq!(
        output_of(&host.log(run).await),
        json!(["small(find 5)", "refused"])
    );

    what_if.overrides = set("agent/0/turn", json!("text"));
    assert_eq!(
        host.faults(what_if.clone()).await,
        ["invalid_value the output of a turn has `text`, and `calls`, `output` or `needs_finish`"]
    );
    for path in [
        "agent/turn",
        "agent/0",
        "agent/10/turn",
        "agent/0/find",
        "agent/0/find-x",
        "agent/0/find-01",
        "agent/0/other-0",
        "agent/0/unknown-0/get",
        "agent/0/find-0/other",
        "agent/0/turn/x",
    ] {
        what_if.overrides = set(path, json!(1));
        assert_eq!(
            host.faults(what_if.clone()).await,
            [format!(
                "unknown_reference the workflow has no step `{path}`"
            )]
        );
    }
    for path in ["agent/9/unknown-3", "agent/3/find-7/get"] {
        what_if.overrides = set(path, json!(1));
        let run = host.engine.retry(what_if.clone()).await.unwrap().id;
        host.engine.cancel(run).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_step_is_the_agent_or_outside_of_it() {
    let host = Host::new(agent());
    let (_, first) = supported(&host).await;
    let mut only = Retry::whole(first);
    for path in ["agent/0/find-0/get", "agent/1/turn", "agent/0/find-0"] {
        only.only = Some(path.into());
        assert_eq!(
            host.faults(only.clone()).await,
            [format!(
                "not_applicable `{path}` is within a turn of an agent, which depends on the turns before"
            )]
        );
    }
    only.only = Some("agent".into());
    let run = host.retry(only).await;
    host.answer(run, json!({"action": "refuse"})).await;
    let log = host.log(run).await;
    assert_eq!(
        output_of(&log),
        json!(["small(find 1)", "small(find 2)", "refused"])
    );
}

/// The status of each step, by path.
fn statuses(prediction: &Prediction) -> BTreeMap<String, PredictedStatus> {
    let steps = prediction.steps.iter();
    steps
        .map(|it| (it.step.path().to_string(), it.status))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_has_at_least_one_turn_and_the_rest_is_not_known() {
    let host = Host::new(agent());
    let mut spec = support();
    spec["nodes"].as_array_mut().unwrap().push(json!(
        {"id": "after", "type": "Paid", "data": {"prompt": "{{ agent.output }}"}}
    ));
    let workflow = host.store(spec).await;
    let prediction = host
        .engine
        .predict(NewRun::new(workflow, json!("in")))
        .await
        .unwrap();
    let statuses = statuses(&prediction);
    assert_eq!(
        statuses,
        [
            ("after".to_owned(), PredictedStatus::Unknown),
            ("agent".to_owned(), PredictedStatus::Runs),
            ("agent/0/turn".to_owned(), PredictedStatus::Runs),
        ]
        .into()
    );
    assert_eq!(prediction.cost.max, None);
    assert!(
        prediction
            .cost
            .unbounded
            .contains(&"how much `agent` does is known only when it runs".to_owned()),
        "{:?}",
        prediction.cost
    );
    let turn = &prediction
        .steps
        .iter()
        .find(|it| it.step.path().as_str() == "agent/0/turn");
    assert_eq!(
        *turn.unwrap().request.clone().unwrap(),
        json!({"prompt": "in", "turn": 0})
    );
    // The agent counts once, as what is unknown.
    assert_eq!(prediction.count(PredictedStatus::Runs), 1);
    assert_eq!(prediction.count(PredictedStatus::Unknown), 2);
    assert_eq!(host.sent.taken().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_turns_and_calls_of_a_continued_run_are_predicted() {
    let host = Host::new(agent());
    let (_, first) = supported(&host).await;
    let prediction = host
        .engine
        .predict_retry(Retry::unchanged(first))
        .await
        .unwrap();
    let statuses = statuses(&prediction);
    let status = |path: &str| statuses.get(path).copied();
    assert_eq!(status("agent/0/turn"), Some(PredictedStatus::Reused));
    assert_eq!(status("agent/0/find-1/get"), Some(PredictedStatus::Reused));
    assert_eq!(status("agent/1/turn"), Some(PredictedStatus::Reused));
    assert_eq!(status("agent/1/refund-0"), Some(PredictedStatus::Asks));
    assert_eq!(status("agent/1/refund-0/pay"), None);
    assert_eq!(status("agent/2/turn"), None);
    assert!(prediction.cost.max.is_none());
    assert_eq!(host.sent.taken().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn turns_and_leaves_in_calls_share_the_budget_of_the_run() {
    let host = Host::new(agent());
    let workflow = host.store(support()).await;
    let mut new = NewRun::new(workflow, json!("in"));
    new.budget = Some(Budget::calls(2));
    let run = host.start(new.clone()).await;
    let log = host.log(run).await;
    // A turn and one of two calls. The other one is answered, and the next turn does not start.
    let failed = event_of(&log, "node.failed", "agent/0/find-1/get");
    assert_eq!(failed["error"]["code"], "budget_exceeded");
    assert_eq!(
        event_of(&log, "node.failed", "agent/0/find-1")["handled"],
        true
    );
    let EventKind::RunFailed(failed) = &log.last().unwrap().kind else {
        panic!("{:#?}", brief(&log));
    };
    assert_eq!(failed.error.code, "budget_exceeded");
    assert_eq!(
        failed.step.as_ref().unwrap().path().as_str(),
        "agent/1/turn"
    );
    // Three turns and three leaves.
    new.budget = Some(Budget::calls(6));
    let run = host.start(new).await;
    host.answer(run, json!({"action": "approve"})).await;
    assert_eq!(output_of(&host.log(run).await)[2], "small(pay 1)");
}

#[tokio::test(start_paused = true)]
async fn an_agent_may_have_a_budget_of_its_own() {
    let host = Host::new(agent());
    let mut spec = support();
    spec["nodes"][0]["data"]["budget"] = json!({"calls": 3, "when_exceeded": "ask"});
    spec["nodes"].as_array_mut().unwrap().push(json!(
        {"id": "after", "type": "Paid", "needs": ["agent"], "data": {"prompt": "{{ agent.output }}"}}
    ));
    let workflow = host.store(spec.clone()).await;
    let run = host.start(NewRun::new(workflow, json!("in"))).await;
    let log = host.log(run).await;
    let waiting = event_of(&log, "node.waiting", "agent/1/turn");
    assert_eq!(
        (&waiting["kind"], &waiting["budget_of"]),
        (&json!("budget"), &json!("agent"))
    );
    let message = waiting["message"].as_str().unwrap();
    assert!(
        message.contains("the budget of the agent `agent` has 0 requests left"),
        "{message}"
    );
    host.answer(run, json!({"action": "raise", "by": {"calls": 3}}))
        .await;
    host.answer(run, json!({"action": "approve"})).await;
    assert!(
        output_of(&host.log(run).await)
            .as_str()
            .unwrap()
            .starts_with("small(")
    );

    spec["nodes"][0]["data"]["budget"] = json!({"calls": 0});
    let Err(EngineError::Invalid(invalid)) = host.engine.create_workflow(spec).await else {
        panic!("it is accepted");
    };
    assert_eq!(invalid.faults()[0].pointer, "#/nodes/0/data/budget/calls");
}

#[tokio::test(start_paused = true)]
async fn a_tool_has_the_budget_of_its_workflow() {
    let host = Host::new(script(|request| match request.turn {
        0 => AgentTurn::calls(vec![ToolCall::new("ask", json!({}))]),
        _ => AgentTurn::answer(json!(results(request))),
    }));
    let paid = |id: &str| json!({"id": id, "type": "Paid", "data": {"prompt": id}});
    host.store(json!({"name": "ask", "budget": {"calls": 1}, "nodes": [paid("a"), paid("b")]}))
        .await;
    let spec = one_agent(json!({"tools": [
        {"name": "ask", "workflow": "ask", "input": {"type": "object"}, "on_ambiguous": "retry"}]}));
    let workflow = host.store(spec).await;
    let run = host.start(NewRun::new(workflow, json!("in"))).await;
    let log = host.log(run).await;
    assert_eq!(output_of(&log), json!(["budget_exceeded"]));
    let failed = event_of(&log, "node.failed", "agent/0/ask-0");
    let detail = failed["error"]["detail"].as_str().unwrap();
    assert!(
        detail.contains("the budget of the workflow that `agent/0/ask-0` calls"),
        "{detail}"
    );
}

#[tokio::test(start_paused = true)]
async fn reports_and_pages_show_no_state() {
    let host = Host::new(agent());
    let (_, run) = supported(&host).await;
    let report = host.engine.run_report(run).await.unwrap();
    let report = serde_json::to_string(&report).unwrap();
    assert!(!report.contains("S0") && !report.contains("sha256"));
    let history = host
        .engine
        .step_history(run, &"agent/0/turn".into())
        .await
        .unwrap();
    let history = serde_json::to_value(&history).unwrap();
    assert_eq!(history["attempts"][0]["state"]["bytes"], 18);
    let agent = host
        .engine
        .step_history(run, &"agent".into())
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(&agent).unwrap()["attempts"][0]["turns"],
        3
    );
}

#[tokio::test(start_paused = true)]
async fn an_expression_reads_what_a_step_of_a_call_could_read() {
    let host = Host::new(agent());
    let (_, run) = supported(&host).await;
    let read = async |at: &str, expression: &str| {
        let at = StepPath::from(at);
        host.engine
            .evaluate(run, &at, expression)
            .await
            .map_err(|error| error.to_string())
    };
    assert_eq!(read("agent/0/find-1/get", "args.n").await, Ok(json!(2)));
    assert_eq!(read("agent/0/turn", "input").await, Ok(json!("in")));
    assert!(read("agent/0/find-1", "args.n").await.is_err());
}
